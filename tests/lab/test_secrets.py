"""Secrets stay on the host: one of each kind in every place, and all that leaves it is searched."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import re
import secrets
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from dockeraudit import __version__
from dockeraudit.collect import standalone
from tests.lab import throwaway
from tests.lab.api import CONTAINER_IMAGE, Api
from tests.lab.hosts import DROP_IN, File, Host, Truth
from tests.lab.program import Started, scan
from tests.lab.throwaway import Throwaway
from tests.lab.use import Lab

# Stores and forwards, so that nothing is lost however the two ends are read.
RECORDER = """\
#!/bin/sh
n=$RECORDED/$$.$(date +%s%N)
printf '%s\\n' "$@" >"$n.argv"
cat >"$n.in"
@SSH@ "$@" <"$n.in" >"$n.out" 2>"$n.err"
status=$?
cat "$n.err" >&2
cat "$n.out"
exit $status
"""

# What the running daemon was started with. {NAME} is that canary.
START = File(
    DROP_IN,
    "[Service]\n"
    "# {unit_comment}\n"
    "; {unit_comment}\n"
    "Environment=HTTP_PROXY=http://proxyuser:{unit_proxy}@127.0.0.1:3128\n"
    'Environment="HTTPS_PROXY=http://proxyuser:{unit_proxy}@127.0.0.1:3128" "PLAIN={unit_plain}"\n'
    "Environment=DOCKER_CUSTOM_HEADERS={unit_header} 'MORE={unit_plain}' NO_PROXY=localhost\n"
    "SetCredential=db:{unit_credential}\n"
    "EnvironmentFile=-/etc/app/secret.env\n"
    "ExecStartPre=/bin/sh -c 'PASSWORD={unit_shell} true'\n"
    "ExecStartPre=-/bin/true --password {unit_flag} --token={unit_flag} http://u:{unit_flag}@h/x\n"
    "ExecStartPre=-/bin/true login -u ci -p {unit_login} r.example\n"
    "ExecStartPre=-/bin/true -u user:{unit_login} --user ci:{unit_login} https://h.example\n"
    "ExecStart=\n"
    "ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock"
    " --log-driver=splunk --log-opt splunk-url=https://127.0.0.1:1"
    " --log-opt splunk-token={argv_log} --log-opt=env=x --label=api_key={argv_label} $DOCKER_OPTS"
    " --label registry-password={argv_label}\n",
)
SECRET_ENV = File(
    "/etc/app/secret.env",
    "# TOKEN={envfile_comment}\n"
    "AWS_SECRET_ACCESS_KEY={envfile}\n"
    'QUOTED="{envfile} {envfile}"\n'
    "JUST_A_NAME={envfile}\n",
    0o600,
)
DEFAULT = File(
    "/etc/default/docker",
    "# export HTTP_PROXY=http://user:{default_comment}@proxy:3128/\n"
    '#DOCKER_OPTS="--log-opt splunk-token={default_comment}"\n'
    'export HTTP_PROXY="http://user:{default_export}@127.0.0.1:3128/"\n'
    "export REGISTRY_PASSWORD={default_export}\n"
    "export https_proxy='http://user:{default_export}@127.0.0.1:3128/'; true\n"
    'DOCKER_OPTS="--label=auth={default_opts}"\n'
    'DOCKER_LABELS="{default_plain}"\n',
)
HOST = Host("canary", "trixie", "Secrets everywhere.", Truth(), files=(START, SECRET_ENV, DEFAULT))

# Files that are written while the daemon runs: its own start would refuse some of them.
LATER = {
    "/etc/docker/daemon.json": (
        '{{\n  "log-driver": "splunk",\n'
        '  "log-opts": {{"splunk-url": "https://127.0.0.1:1", "splunk-token": "{json_log}",\n'
        '    "awslogs-credentials-endpoint": "/x?token={json_log}"}},\n'
        '  "proxies": {{"http-proxy": "http://user:{json_proxy}@127.0.0.1:3128",\n'
        '    "https-proxy": "http:\\/\\/user:{json_proxy}@127.0.0.1:3128"}},\n'
        '  "registry-mirrors": ["https://mirror:{json_mirror}@mirror.example/"],\n'
        '  "labels": ["api_key={json_label}", "a=b", "password:{json_label}"],\n'
        '  "storage-opts": ["x.password={json_label}"],\n'
        '  "tlscacert": "/etc/ssl/private/ca-key-in-disguise.pem"\n}}\n'
    ),
    "/root/.docker/config.json": (
        '{{"auths": {{"r.example": {{"auth": "{client_auth}", "password": "{client_auth}",\n'
        '  "identitytoken": "{client_identity}", "registrytoken": "{client_registry}"}}}},\n'
        ' "HttpHeaders": {{"X-Meta": "{client_header}", "Authorization": "Basic {client_header}"}},'
        '\n "credsStore": "pass", "credHelpers": {{"r.example": "secretservice"}},\n'
        ' "proxies": {{"default": {{"httpProxy": "http://user:{client_proxy}@h:1"}}}},\n'
        ' "plugins": {{"scan": {{"token": "{client_plugin}"}}}}}}\n'
    ),
    "/home/audit/.docker/config.json": (
        '{{"auths": {{"r.example": {{"auth": "{client_user}"}}}},\n'
        ' "HttpHeaders": {{"X": "{client_user}"}}}}\n'
    ),
    "/root/.dockercfg": '{{"r.example": {{"auth": "{dockercfg}", "email": "a@b.example"}}}}\n',
    "/root/.docker/contexts/meta/x/meta.json": (
        '{{"Name": "x", "Metadata": {{"Token": "{context}"}}, "Endpoints": {{"docker": \n'
        '  {{"Host": "tcp://user:{context}@h:2376"}}}}}}\n'
    ),
    "/etc/containerd/config.toml": (
        'version = 2\n# token = "{toml_comment}"\n'
        '[plugins."io.containerd.grpc.v1.cri".registry.configs."r.example".auth]\n'
        '  username = "{toml_table}"\n  password = "{toml_table}"\n  auth = "{toml_table}"\n'
        '  identitytoken = "{toml_table}"\n'
        '[plugins."io.containerd.grpc.v1.cri".registry.configs."s.example"]\n'
        '  auth = {{ username = "u", password = "{toml_inline}" }}\n'
        '[proxy_plugins.x]\n  address = "http://user:{toml_inline}@h"\n'
    ),
    "/etc/crontab": (
        "* * * * * root PASSWORD={cron} /usr/sbin/dockerd --password {cron} --x-token={cron}\n"
        "* * * * * root curl -u user:{cron_other} http://h/\n"
        "@reboot root systemctl restart docker # password: {cron}\n"
    ),
    "/etc/nginx/nginx.conf": (
        "server {{ # {nginx_other}\n"
        "  location / {{ proxy_pass http://unix:/run/docker.sock:/; proxy_set_header Authorization"
        ' "Basic {nginx}"; }}\n'
        "  location /b {{ proxy_pass http://user:{nginx}@unix:/run/docker.sock; }}\n"
        "  auth_basic_user_file /etc/nginx/pw; set $password {nginx_other};\n}}\n"
    ),
    "/etc/haproxy/haproxy.cfg": (
        "backend b\n  server docker unix@/run/docker.sock password {haproxy}\n"
        "  stats auth admin:{haproxy_other}\n"
    ),
    "/etc/rc.local": "DB_PASSWORD={rclocal} dockerd --log-opt splunk-token={rclocal} &\n",
}
# Private keys, each at its place; lines of their bodies are canaries too.
KEYS = (
    "/etc/docker/tls/server-key.pem",
    "/etc/docker/certs.d/r.example/client.key",
    "/etc/ssl/private/ca-key-in-disguise.pem",
    "/root/.docker/key.pem",
    "/root/.ssh/id_rsa",
    "/root/keys/ssh.pem",
    "/root/left-over-key.pem",
    "/home/audit/.docker/key.pem",
)
MAKE_KEYS = """
set -eu
mkdir -p /etc/docker/tls /etc/docker/certs.d/r.example /root/keys /home/audit/.docker
openssl genpkey -algorithm RSA -out /etc/docker/tls/server-key.pem 2>/dev/null
openssl genpkey -algorithm RSA -out /etc/docker/certs.d/r.example/client.key 2>/dev/null
# A key that another label stands over, where a certificate is expected.
openssl genpkey -algorithm RSA 2>/dev/null | sed 's/PRIVATE KEY/CERTIFICATE/' \
    >/etc/ssl/private/ca-key-in-disguise.pem
openssl genrsa -traditional -out /root/.docker/key.pem 2048 2>/dev/null
rm -f /root/.ssh/id_rsa /root/keys/ssh.pem
ssh-keygen -q -t rsa -b 2048 -N '' -f /root/.ssh/id_rsa
ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f /root/keys/ssh.pem
openssl genpkey -algorithm RSA -aes256 -pass pass:secret -out /root/left-over-key.pem 2>/dev/null
openssl genpkey -algorithm RSA -out /home/audit/.docker/key.pem 2>/dev/null
chown -R audit /home/audit/.docker
"""
# Processes: one holds the engine's socket in its arguments, one a TCP listener.
PROCESSES = """
EXAMPLE_SECRET={process_env} setsid socat -lp 'x' TCP-LISTEN:4711,fork,reuseaddr \
    'SYSTEM:true --password {process_argv} http://u:{process_argv}@h' </dev/null >/dev/null 2>&1 &
RELAY_SECRET={relay_env} setsid socat TCP-LISTEN:4712,fork,reuseaddr \
    UNIX-CONNECT:/run/docker.sock,password={relay_argv} </dev/null >/dev/null 2>&1 &
i=0
while ! ss -ltn | grep -q :4711 || ! ss -ltn | grep -q :4712; do
    i=$((i + 1)); [ $i -lt 100 ] || exit 1; sleep 0.1
done
"""
CONTAINER = {
    "Env": ["SECRET={container_env}", "HTTP_PROXY=http://u:{container_env}@h"],
    "Labels": {"token": "{container_label}", "plain": "{container_label}"},
    "Cmd": [
        "/bin/sh",
        "-c",
        "exec nc -l -p 4713 0.0.0.0 -e /bin/true {container_command}; exec sleep 86400",
    ],
    "Healthcheck": {
        "Test": ["CMD-SHELL", "echo {container_health}; exit 1"],
        "Interval": 1_000_000_000,
        "Timeout": 1_000_000_000,
    },
    "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"tag": "{container_log}"}}},
}
CONTAINER_ON_HOST = {
    **CONTAINER,
    "Cmd": ["/bin/sh", "-c", "nc -ll -p 4714 -e /bin/true --password {container_host}"],
    "HostConfig": {"LogConfig": {"Type": "json-file"}, "NetworkMode": "host"},
}
# What else an engine keeps: requests of its API.
DOCKERFILE = (
    f"FROM {CONTAINER_IMAGE}\n"
    "ARG NPM_TOKEN={image_argument}\n"
    'ENV API_TOKEN={image_env} PLAIN="a --{image_env} {image_plain}"\n'
    "RUN true --password {image_run} -p{image_run} A_B={image_run} http://u:{image_run}@h/x\n"
    "ADD Dockerfile /srv/Dockerfile\n"
    "LABEL secret={image_label}\n"
    "HEALTHCHECK CMD wget --header {image_health} http://127.0.0.1/\n"
    'ENTRYPOINT ["/bin/sh", "-c", "exec sleep 86400", "{image_entrypoint}"]\n'
    'CMD ["{image_command}"]\n'
)
KEPT = {
    "/volumes/create": {
        "Name": "share",
        "Driver": "local",
        "DriverOpts": {
            "type": "cifs",
            "device": "//u:{volume_device}@server/share",
            "o": "addr=10.0.0.1,username=me%{volume_user},password={volume_password},rw",
        },
        "Labels": {"x": "{volume_label}"},
    },
    "/networks/create": {
        "Name": "canary",
        "Options": {"x.password": "{network_option}"},
        "Labels": {"x": "{network_label}"},
    },
}
SERVICE = {
    "Name": "canary",
    "Labels": {"x": "{service_label}"},
    "TaskTemplate": {
        "ContainerSpec": {
            "Image": CONTAINER_IMAGE,
            "Command": ["sleep", "{service_command}"],
            "Env": ["TOKEN={service_env}"],
            "Labels": {"x": "{service_label}"},
        }
    },
    "Mode": {"Replicated": {"Replicas": 0}},
    "EndpointSpec": {"Mode": "dnsrr"},
}
PLACES = sorted(
    set(
        re.findall(
            r"(?<!\{)\{(\w+)\}(?!\})",
            "".join(file.text for file in HOST.files)
            + "".join(LATER.values())
            + PROCESSES
            + DOCKERFILE
            + str((CONTAINER, CONTAINER_ON_HOST, KEPT, SERVICE)),
        )
    )
)


@dataclass(frozen=True)
class Planted:
    """The host, its secrets by the place they lie in, and what of them was looked for."""

    host: Throwaway
    canaries: Mapping[str, str]

    def found(self, where: str, data: bytes) -> list[str]:
        """The canaries that are in some bytes, in whatever dress."""
        # Newlines apart, so that a wrapped text is found too; upper case for hex and URLs.
        flat = re.sub(rb"\s|\\n|[|]", b"", data)
        upper = flat.upper()
        return [
            f"{place} in {where}"
            for place, canary in self.canaries.items()
            if any(dress in flat for dress in _dresses(canary))
            or any(dress in upper for dress in _hexed(canary))
        ]


def _dresses(canary: str) -> Iterator[bytes]:
    """Its two halves as they are, in Base64 at each of the three offsets, and backwards."""
    raw = canary.encode()
    yield from (raw[:10], raw[-10:], raw[::-1])
    for offset in range(3):
        coded = base64.b64encode(b"x" * offset + raw)
        # Characters that also depend on the neighbours are left out.
        yield coded[4:-4] if offset else coded[:-4]


def _hexed(canary: str) -> tuple[bytes, ...]:
    digits = canary.encode().hex().upper()
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    joints = ("", "%", "\\X", ":", "\\U00")
    return tuple(joint.join(pairs).encode() for joint in joints)


@pytest.fixture(scope="module")
def planted(lab: Lab) -> Iterator[Planted]:
    del lab
    canaries = {place: f"cn{secrets.token_hex(9)}" for place in PLACES}
    filled = Host(
        HOST.name,
        HOST.image,
        HOST.summary,
        HOST.truth,
        files=tuple(File(f.path, f.text.format(**canaries), f.mode) for f in HOST.files),
    )
    with throwaway.booted(filled) as (host,):
        host.sh("".join(_write(path, text.format(**canaries)) for path, text in LATER.items()))
        host.sh("chmod 600 /root/.dockercfg /root/.docker/config.json; chmod 755 /etc/rc.local")
        host.sh(MAKE_KEYS)
        for path in KEYS:
            # The first lines of an RSA key are its public half, which may cross.
            body = host.sh(f"grep -v -e ----- -e : {path}").split()[-12:-1]
            canaries |= {f"key {path} line {at - 12}": line for at, line in enumerate(body)}
        host.sh(PROCESSES.format(**canaries))
        for name, config in (("one", CONTAINER), ("two", CONTAINER_ON_HOST)):
            host.api.run_container(name, _filled(config, canaries))
        yield Planted(host, canaries | _keep(host.api, canaries))


def _filled(template: Any, canaries: Mapping[str, str]) -> Any:
    text = json.dumps(template)
    for place, canary in canaries.items():
        text = text.replace(f"{{{place}}}", canary)
    return json.loads(text)


def _keep(api: Api, canaries: Mapping[str, str]) -> dict[str, str]:
    """An image, a container of it, a volume, a network, a swarm with a service; the swarm's
    own secrets."""
    dockerfile = _filled(DOCKERFILE, canaries).encode()
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        tar.addfile(entry, io.BytesIO(dockerfile))
    said = api.call("POST", "/build?t=built", raw=context.getvalue())
    assert "Successfully built" in said, said
    # The daemon's own log driver can't be reached.
    logs = {"LogConfig": {"Type": "json-file"}}
    api.run_container("built", {"Image": "built", "Cmd": None, "HostConfig": logs})
    for path, body in KEPT.items():
        api.call("POST", path, _filled(body, canaries))
    local = {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1"}
    api.call("POST", "/swarm/init", local)
    api.call("POST", "/services/create", _filled(SERVICE, canaries))
    tokens = api.call("GET", "/swarm")["JoinTokens"]
    return {f"swarm {role}": token.rpartition("-")[2] for role, token in tokens.items()}


ENGINE = ("containers/one", "containers/two", "containers/built", "images/built")


def _write(path: str, text: str) -> str:
    folder = os.path.dirname(path)
    coded = base64.b64encode(text.encode()).decode()
    return f"mkdir -p {folder}\nprintf %s {coded} | base64 -d >{path}\n"


@dataclass(frozen=True)
class Crossed:
    """Everything that left the host in some runs: what, and its bytes."""

    pieces: Mapping[str, bytes]
    facts: str
    verdicts: Mapping[str, str]


@pytest.fixture(scope="module", params=["root", "user"])
def crossed(
    planted: Planted, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Crossed:
    """A scan with all reports and a collection, with all that goes through ssh recorded."""
    folder = tmp_path_factory.mktemp("secrets")
    recorded, programs, saved = folder / "recorded", folder / "bin", folder / "facts"
    for each in (recorded, programs):
        each.mkdir()
    recorder = programs / "ssh"
    recorder.write_text(RECORDER.replace("@SSH@", shutil.which("ssh") or "ssh"))
    recorder.chmod(0o755)
    config = throwaway.config(folder, [planted.host])
    target = planted.host.name + ("-user" if request.param == "user" else "")
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "RECORDED": str(recorded)}
    done = scan("-v", f"--ssh-config={config}", target, env=env)
    assert done.host(target)["state"] == ("partial" if request.param == "user" else "scanned")
    collected = Started(["collect", f"--ssh-config={config}", target, "-o", str(saved)], env=env)
    assert collected.finish(60).code == 0
    facts = [gzip.decompress(path.read_bytes()) for path in saved.iterdir()]
    # At least one round each: the recorder was in between.
    assert len([path for path in recorded.iterdir() if path.suffix == ".out"]) >= 2
    pieces = {path.name: path.read_bytes() for path in recorded.iterdir()}
    pieces |= {f"report {name}": data for name, data in done.files.items()}
    pieces |= {"stdout": done.out, "stderr": done.err.encode("utf-8", "surrogateescape")}
    pieces |= {"collect's stdout": b"", "facts": facts[0]}
    if request.param == "root":
        printed = planted.host.sh(standalone(__version__).decode())
        assert " done " in printed.splitlines()[-1]
        pieces["pushed.out"] = printed.encode("utf-8", "surrogateescape")
    return Crossed(pieces, facts[0].decode(), done.verdicts(target))


def test_the_search_finds_each_dress() -> None:
    canary = f"cn{secrets.token_hex(9)}"
    planted = Planted(None, {"x": canary})  # type: ignore[arg-type]
    raw = canary.encode()
    for dress in (
        raw,
        raw[:12],
        raw.hex().encode(),
        raw.hex().upper().encode(),
        base64.b64encode(b"user:" + raw + b"!"),
        base64.b64encode(b"users:" + raw),
        base64.b64encode(b"user" + raw + b"password"),
        "".join(f"%{byte:02x}" for byte in raw).encode(),
        raw[:5] + b"\n|" + raw[5:],
    ):
        assert planted.found("here", b"before" + dress + b"after") == ["x in here"]
    assert planted.found("here", b"nothing") == []


def test_every_canary_lies_on_the_host(planted: Planted) -> None:
    """A canary that isn't there is never found anywhere."""
    said = planted.host.sh(
        "cat /etc/systemd/system/docker.service.d/lab.conf /etc/app/secret.env /etc/default/docker "
        + " ".join((*LATER, *KEYS))
        + "\nfor p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/cmdline; tr '\\0' '\\n' <$p/environ; done"
        " 2>/dev/null; true"
    )
    paths = [*(f"/{each}/json" for each in ENGINE), "/images/built/history"]
    paths += ["/volumes", "/networks", "/services", "/swarm"]
    kept = json.dumps([planted.host.api.call("GET", path) for path in paths])
    missing = [p for p, canary in planted.canaries.items() if canary not in said + kept]
    assert missing == []


def test_the_daemon_itself_was_started_with_secrets(planted: Planted) -> None:
    pid = "$(pidof dockerd)"
    argv = planted.host.sh(f"tr '\\0' ' ' </proc/{pid}/cmdline; tr '\\0' ' ' </proc/{pid}/environ")
    for place in ("argv_log", "argv_label", "default_opts", "unit_proxy", "envfile"):
        assert planted.canaries[place] in argv, place


def test_no_secret_leaves_the_host(planted: Planted, crossed: Crossed) -> None:
    found = [hit for where, data in crossed.pieces.items() for hit in planted.found(where, data)]
    assert not found, "\n".join([*found, *_contexts(planted, crossed)])


def _contexts(planted: Planted, crossed: Crossed) -> Iterator[str]:
    """The lines of the host's answers that a canary is in, for whoever has to mend it."""
    for where, data in crossed.pieces.items():
        for line in data.splitlines() if where.endswith(".out") else ():
            for place, canary in planted.canaries.items():
                at = line.find(canary.encode())
                if at >= 0:
                    yield f"{place}: {line[max(0, at - 100) : at + 60]!r}"


@pytest.mark.parametrize("crossed", ["root"], indirect=True)
def test_the_places_were_looked_at(planted: Planted, crossed: Crossed) -> None:
    """What isn't read can't leak: as root each of these is in the facts, masked."""
    facts = json.loads(crossed.facts)
    for path in (*LATER, *(file.path for file in HOST.files)):
        if path in ("/etc/crontab", "/etc/rc.local"):
            assert path in facts["boot"]["lines"], path
        elif path in ("/etc/nginx/nginx.conf", "/etc/haproxy/haproxy.cfg"):
            assert path in facts["relay_lines"], path
        else:
            assert path in facts["texts"], path
    for path in KEYS:
        if "/.ssh/" not in path:
            assert path in facts["pems"], path
    assert planted.host.running.host.name in crossed.facts
    assert "splunk-token=***" in crossed.facts
    (kept,) = [api["inventory"] for api in facts["apis"]]
    assert {container["Name"] for container in kept["containers"]} == {"/one", "/two", "/built"}
    assert [image["RepoTags"] for image in kept["images"]].count(["built:latest"]) == 1
    assert "HTTP_PROXY=url-credentials" in crossed.facts
    assert "API_TOKEN=***" in crossed.facts
    assert kept["volumes"][0]["Options"]["o"].endswith("password=***,rw")
    assert kept["services"][0]["Spec"]["Name"] == "canary"
    assert kept["swarm"]["Spec"]
    assert kept["missing"] == []
    assert "4711" in crossed.facts
    assert set(crossed.verdicts.values()) >= {"pass", "fail"}
