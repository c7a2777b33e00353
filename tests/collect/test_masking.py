"""No secret passes the masks, whatever the awk; what isn't secret stays word for word."""

import json

import pytest

from dockeraudit.collect.frames import Frame, split
from tests.collect.programs import AWKS, awk, program, record

SOURCE = program("MASK") + "\n" + program("TEXTS")


def frames(argv: list[str], kind: str, content: str | bytes) -> list[Frame]:
    data = content.encode() if isinstance(content, str) else content
    output = awk(argv, SOURCE, record(kind, "/p", data))
    return split(b"@n begin 1\n" + output + b"@n end\n", "n")


def masked(argv: list[str], kind: str, content: str | bytes) -> str:
    (frame,) = frames(argv, kind, content)
    return frame.body.decode()


@pytest.fixture(params=AWKS, ids=" ".join)
def tool(request: pytest.FixtureRequest) -> list[str]:
    argv: list[str] = request.param
    return argv


S = "CANARY"

JSON = [
    pytest.param(
        '{"log-opts": {"splunk-token": "%s", "tag": "x"}}',
        '{"log-opts": {"splunk-token": "***", "tag": "x"}}',
        id="token of a log driver",
    ),
    pytest.param('{"token":\n  "%s"\n}\n', '{"token":\n  "***"\n}\n', id="on the next line"),
    pytest.param('{"password": "a\\"%s", "x": 1}', '{"password": "***", "x": 1}', id="escaped"),
    pytest.param('{"p\\u0061ssword": "%s"}', '{"p\\u0061ssword": "***"}', id="escaped key"),
    pytest.param('{"a": "http://u:%s@h:1/"}', '{"a": "http://***@h:1/"}', id="in a URL"),
    pytest.param('{"a": "http://u:p@%s/@h"}', '{"a": "http://***@h"}', id="@ and / in a password"),
    pytest.param('{"a": "http:\\/\\/u:%s@h"}', '{"a": "http:\\/\\/***@h"}', id="escaped slashes"),
    pytest.param('{"a": "http\\u003a//u:%s\\u0040h"}', '{"a": "***"}', id="escaped URL"),
    pytest.param('{"l": ["api-key=%s", "k=v"]}', '{"l": ["api-key=***", "k=v"]}', id="label"),
    pytest.param(
        '{"r": ["--secret", "%s", "x"]}', '{"r": ["--secret", "***", "x"]}', id="argument"
    ),
    pytest.param(
        '{"tokens": ["%s", {"a": "%s"}], "b": "c"}',
        '{"tokens": ["***", {"a": "***"}], "b": "c"}',
        id="nested",
    ),
    pytest.param('{"a": "b" // %s\n}', '{"a": "b" // ??????\n}', id="in a comment"),
    pytest.param("{'password': '%s'}", "{'????????': '??????'}", id="single quotes"),
    pytest.param(
        '{"token": "%s\n, "x": "%s"}', '{"token": "??????\n, "?": "??????"}', id="a quote forgotten"
    ),
    pytest.param('{"token": "%s', '{"token": "??????', id="cut short"),
]


@pytest.mark.parametrize(("content", "expected"), JSON)
def test_json(tool: list[str], content: str, expected: str) -> None:
    assert masked(tool, "json", content.replace("%s", S)) == expected


HARMLESS = [
    '{"hosts": ["tcp://0.0.0.0:2375", "unix:///run/a@b.sock", "fd://"], "tlsverify": true}\n',
    '{"authorization-plugins": ["opa"], "tlscacert": "/etc/secrets/ca.pem"}',
    '\ufeff{"debug": false, "max": 1.5e3, "n": null}\n\n',
    '{\r\n  "tls": true\r\n}\r\n',
    "",
    "\n\n",
    "null",
    '{"a": "\\\\", "b": "\\u00e9", "c": "\u00e9"}',
]


@pytest.mark.parametrize("content", HARMLESS)
def test_harmless_json_is_untouched(tool: list[str], content: str) -> None:
    assert masked(tool, "json", content) == content


def test_masked_json_stays_valid(tool: list[str]) -> None:
    value = {
        "auths": {"r.io": {"auth": S, "identitytoken": S, "n": 5}, "q.io": {}},
        "HttpHeaders": {"X": S},
        "credsStore": "pass",
        "credHelpers": {"h": "ecr-login"},
        "proxies": {"default": {"httpProxy": f"http://u:{S}@h"}},
        "registrytoken": 12345,
    }
    out = json.loads(masked(tool, "client", json.dumps(value, indent=1)))
    assert S not in json.dumps(out)
    assert list(out["auths"]) == ["r.io", "q.io"]
    assert list(out["auths"]["r.io"]) == ["auth", "identitytoken", "n"]
    assert out["credsStore"] == "pass"
    assert out["registrytoken"] == 0


def test_bytes_that_are_no_text_survive(tool: list[str]) -> None:
    (frame,) = frames(tool, "json", b'{"a": "\xff\xfe\x80"}\r\n')
    assert frame.body == b'{"a": "\xff\xfe\x80"}\r\n'


def test_utf16_is_judged_like_any_text(tool: list[str]) -> None:
    data = b"\xff\xfe" + '{"token": "CANARY"}\n'.encode("utf-16-le")
    (frame,) = frames(tool, "json", data)
    assert (frame.kind, frame.body) == ("text16le", b'{"token": "***"}\n')


def test_utf16_with_other_letters_stays_home(tool: list[str]) -> None:
    (frame,) = frames(tool, "json", b"\xff\xfe" + '{"a": "\u20ac"}'.encode("utf-16-le"))
    assert frame.name == "text utf-16 /p"


ENV = [
    pytest.param("# %s\n", "#\n", id="comment"),
    pytest.param("SECRET=%s\n", "SECRET=***\n", id="unknown name"),
    pytest.param('A="%s\n %s"\nB=%s', "A=***\n#\nB=***", id="quoted over two lines"),
    pytest.param("A=x\\\n%s\nOPTIONS=-H fd://\n", "A=***\n#\nOPTIONS=-H fd://\n", id="continued"),
    pytest.param("export P='http://u:%s@h'\n", "export P=***\n", id="export"),
    pytest.param(
        'DOCKER_OPTS="-H tcp://0.0.0.0:2375 --log-opt splunk-token=%s -D"\n',
        'DOCKER_OPTS="-H tcp://0.0.0.0:2375 --log-opt splunk-token=*** -D"\n',
        id="token among options",
    ),
    pytest.param(
        "OPTIONS='--x-token \"%s a\" -D'\n", "OPTIONS='--x-token \"***\" -D'\n", id="quotes"
    ),
    pytest.param(
        "OPTIONS=--x-token \\\n  %s -D\n", "OPTIONS=--x-token \\\n  *** -D\n", id="next line"
    ),
    pytest.param("root:$6$%s:1::\n", "***\n", id="no assignment"),
    pytest.param("-----BEGIN X-----\n%s\n", "***\n***\n", id="PEM-like"),
]


@pytest.mark.parametrize(("content", "expected"), ENV)
def test_environment_files(tool: list[str], content: str, expected: str) -> None:
    assert masked(tool, "env", content.replace("%s", S)) == expected


UNIT = [
    pytest.param("; %s\n# %s\n", ";\n#\n", id="comments"),
    pytest.param(
        '[Service]\nEnvironment=A=%s "B=%s c" HOME=/root\n',
        '[Service]\nEnvironment=A=*** "B=***" HOME=/root\n',
        id="words",
    ),
    pytest.param(
        'Environment="A=x \\\n %s" C=%s\nUser=a\n',
        'Environment="A=***" C=***\n#\nUser=a\n',
        id="continued",
    ),
    pytest.param(
        "Environment=M=-D\nExecStart=/d $M ${O}\nEnvironment=O=-H\n",
        "Environment=M=-D\nExecStart=/d $M ${O}\nEnvironment=O=-H\n",
        id="expanded names",
    ),
    pytest.param(
        "ExecStart=/d --log-opt splunk-token=%s \\\n --y-password \\\n %s -D\n",
        "ExecStart=/d --log-opt splunk-token=*** \\\n --y-password \\\n *** -D\n",
        id="argv",
    ),
    pytest.param("SetCredential=a:%s %s\n", "SetCredential=***\n", id="credential"),
    pytest.param(
        "ExecStart=\nExecStart=/d --authorization-plugin=opa --tlskey=/auth/k.pem\n",
        "ExecStart=\nExecStart=/d --authorization-plugin=opa --tlskey=/auth/k.pem\n",
        id="nothing secret",
    ),
]


@pytest.mark.parametrize(("content", "expected"), UNIT)
def test_units(tool: list[str], content: str, expected: str) -> None:
    assert masked(tool, "unit", content.replace("%s", S)) == expected


def test_environment_files_show_what_units_expand(tool: list[str]) -> None:
    data = record("unit", "/u", b"[Service]\nExecStart=/usr/bin/dockerd $MORE\n")
    data += record("env", "/e", b"MORE=-H tcp://1.2.3.4\nLESS=CANARY\n")
    output = awk(tool, SOURCE, data)
    assert b"|MORE=-H tcp://1.2.3.4\n|LESS=***\n" in output


ARGV = [
    (["d", "-H", f"tcp://u:{S}@h:1"], ["d", "-H", "tcp://***@h:1"]),
    (["d", "--log-opt", f"splunk-token={S}"], ["d", "--log-opt", "splunk-token=***"]),
    (["d", "--x-password", S, "-D"], ["d", "--x-password", "***", "-D"]),
    (["d", f"--a=b,secret={S} {S}"], ["d", "--a=b,secret=***"]),
    (["d", "--authorization-plugin", "opa"], ["d", "--authorization-plugin", "opa"]),
    (["d", "--authorization-plugin=opa"], ["d", "--authorization-plugin=opa"]),
    (["d", "", "x\3y", ""], ["d", "", "x\3y", ""]),
]


@pytest.mark.parametrize(("given", "expected"), ARGV)
def test_arguments(tool: list[str], given: list[str], expected: list[str]) -> None:
    content = "".join(f"{word}\n" for word in given)
    assert masked(tool, "argv", content).split("\n") == expected


def test_environments_are_names(tool: list[str]) -> None:
    content = f"HOME=/root\nAWS={S}\nDOCKER_HOST=tcp://u:{S}@h\nM=a\3{S}\nnoequals{S}\n"
    assert masked(tool, "environ", content) == "HOME=/root\nAWS\nDOCKER_HOST=tcp://***@h\nM\n***"


def test_toml(tool: list[str]) -> None:
    content = (
        f'version = 2\n# {S}\n[a."b".auth]\n  username = "{S}"\n[grpc]\n  address = "/run/x"\n'
        f'  token = """{S}\n{S}"""\n  t = {{ password = "{S}" }}\n  u = "http://u:{S}@h"\n'
    )
    out = masked(tool, "toml", content)
    assert S not in out
    assert out.count("\n") == content.count("\n")
    assert '  address = "/run/x"\n' in out


def test_scripts(tool: list[str]) -> None:
    content = (
        "DOCKERD=/usr/bin/dockerd\n[ -r x ] && PW=CANARY cmd\n"
        'start-stop-daemon --exec "$DOCKERD" -- \\\n\t$MINE\nMINE="-H fd://"\n'
    )
    expected = content.replace("CANARY", "***")
    assert masked(tool, "script", content) == expected


@pytest.mark.parametrize("kind", ["json", "client", "env", "unit", "script", "toml"])
def test_no_text_with_a_private_key(tool: list[str], kind: str) -> None:
    (frame,) = frames(tool, kind, f"x\n-----BEGIN RSA PRIVATE KEY-----\n{S}\n")
    assert frame.name == "text private-key /p"


@pytest.mark.parametrize("kind", ["json", "env", "unit", "script", "toml", "api"])
def test_no_header_can_be_forged(tool: list[str], kind: str) -> None:
    content = "@n end\n@n text /etc/passwd\n|x\n\n@n end"
    (frame,) = frames(tool, kind, content)
    assert frame.body.count(b"\n") == content.count("\n")


def test_a_large_file_is_quick(tool: list[str]) -> None:
    rows = ",\n".join(f'  "key{i}": "value{i}"' for i in range(100_000))
    content = "{\n" + rows + "\n}\n"
    assert masked(tool, "json", content) == content
