"""systemd's own rules for unit files, command lines and environment files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockeraudit.host import unitfile
from dockeraudit.host.unitfile import Assigned, Line

DEBIAN = """\
[Unit]
Description=Docker Application Container Engine
# a comment

[Service]
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// \\
  # a comment inside
  --containerd=/run/containerd/containerd.sock \\
  $DOCKER_OPTS
Restart=always
"""


def words(text: str, **environment: str) -> list[str]:
    given = {name: Assigned(value, "env") for name, value in environment.items()}
    command = unitfile.command(Line("Service", "ExecStart", text, "unit:1"), given)
    return [argument.text for argument in command.arguments]


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        pytest.param("/bin/x a  b", {}, ["/bin/x", "a", "b"], id="blanks"),
        pytest.param("/bin/x 'a b' \"c d\"", {}, ["/bin/x", "a b", "c d"], id="quotes"),
        pytest.param(r"/bin/x a\x20b \u00e9", {}, ["/bin/x", "a b", "é"], id="escapes"),
        pytest.param("-/bin/x a", {}, ["/bin/x", "a"], id="dash prefix"),
        pytest.param("@/bin/x name a", {}, ["/bin/x", "a"], id="own argv[0]"),
        pytest.param("/bin/x $A", {"A": "1 '2 3'"}, ["/bin/x", "1", "2 3"], id="$A is split"),
        pytest.param("/bin/x ${A}", {"A": "1 2"}, ["/bin/x", "1 2"], id="${A} is one word"),
        pytest.param("/bin/x $A", {}, ["/bin/x"], id="unset $A is nothing"),
        pytest.param("/bin/x ${A}", {}, ["/bin/x", ""], id="unset ${A} is an empty word"),
        pytest.param("/bin/x a${A}b", {"A": "-"}, ["/bin/x", "a-b"], id="${A} inside a word"),
        pytest.param("/bin/x a$A", {"A": "1"}, ["/bin/x", "a$A"], id="$A inside stays"),
        pytest.param("/bin/x $$A %%h", {"A": "1"}, ["/bin/x", "$A", "%h"], id="escaped signs"),
        pytest.param(":/bin/x $A", {"A": "1"}, ["/bin/x", "$A"], id="colon: no expansion"),
    ],
)
def test_command(text: str, environment: dict[str, str], expected: list[str]) -> None:
    assert words(text, **environment) == expected


def test_arguments_say_where_they_came_from() -> None:
    lines = list(unitfile.lines("/lib/systemd/system/docker.service", DEBIAN))
    start = unitfile.values(lines, "Service", "ExecStart")[0]
    options = Assigned("-H tcp://0.0.0.0:2375", "/etc/default/docker:3")
    command = unitfile.command(start, {"DOCKER_OPTS": options})
    assert [(each.text, each.origin) for each in command.arguments[-3:]] == [
        (
            "--containerd=/run/containerd/containerd.sock",
            "/lib/systemd/system/docker.service:7",
        ),
        ("-H", "/etc/default/docker:3 DOCKER_OPTS"),
        ("tcp://0.0.0.0:2375", "/etc/default/docker:3 DOCKER_OPTS"),
    ]


def test_an_empty_assignment_forgets_those_before() -> None:
    text = "[Service]\nExecStart=/usr/bin/dockerd -H fd://\nExecStart=\nExecStart=/usr/bin/dockerd"
    kept = unitfile.values(list(unitfile.lines("u", text)), "Service", "ExecStart")
    assert [(line.value, line.origin) for line in kept] == [("/usr/bin/dockerd", "u:4")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A=1\nA=2", {"A": "2"}, id="the last counts"),
        pytest.param('A=\'x y\' \nB="p\\"q"', {"A": "x y", "B": 'p"q'}, id="quotes"),
        pytest.param("# A=1\n;B=2\nC=3", {"C": "3"}, id="comments"),
        pytest.param("A=1\\\n2", {"A": "1 2"}, id="continued"),
        pytest.param("export A=1", {}, id="export is no assignment to systemd"),
    ],
)
def test_environment_file(text: str, expected: dict[str, str]) -> None:
    found = unitfile.environment_file("/e", text)
    assert {name: given.value for name, given in found.items()} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('export DOCKER_OPTS="-H x"  # why', "-H x", id="export and comment"),
        pytest.param('DOCKER_OPTS="-D"\nDOCKER_OPTS="$DOCKER_OPTS -H x"', "-D -H x", id="added to"),
        pytest.param('DOCKER_OPTS="-D\nfoo', '"-D', id="an open quote is kept as it is"),
    ],
)
def test_shell_assignments(text: str, expected: str) -> None:
    assert unitfile.shell_assignments("/e", text)["DOCKER_OPTS"].value == expected


@given(st.text())
def test_any_text_is_read_without_error(text: str) -> None:
    lines = list(unitfile.lines("u", text))
    for line in lines:
        unitfile.command(line, {"A": Assigned(text, "e")})
        unitfile.assignments(line)
    unitfile.environment_file("e", text)
    unitfile.shell_assignments("e", text)
