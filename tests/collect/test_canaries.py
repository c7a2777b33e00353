"""Secrets of a real host stay there: canaries in every place, all that crosses is searched."""

import base64
import contextlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from dockeraudit.collect import build, parse
from dockeraudit.facts import HostFacts, Inventory, SwarmFacts, Task, encode
from tests.lab import lab as lab_module
from tests.lab.api import CONTAINER_IMAGE, Api
from tests.lab.shell import LabError
from tests.lab.use import Lab

pytestmark = pytest.mark.lab

CANARY = "Canary7Rz"
HOST = "two-daemons"
PLANT = r"""
set -e
C=Canary7Rz
mkdir -p /root/.docker/contexts/meta/x /root/.docker/contexts/tls/x/docker \
    /etc/docker/certs.d/r.io \
    /etc/systemd/system/docker.service.d /home/audit/.docker /etc/sysconfig /etc/nginx
printf '{"auths":{"r.io":{"auth":"%s"}},"HttpHeaders":{"X":"%s"},' $C $C >/root/.docker/config.json
printf '"proxies":{"default":{"httpProxy":"http://u:%s@p"}}}' $C >>/root/.docker/config.json
cp /root/.docker/config.json /home/audit/.docker/config.json
printf '{"r.io":{"auth":"%s"}}' $C >/root/.dockercfg
printf '{"Name":"x","Endpoints":{"docker":{"Host":"tcp://u:%s@h:1"}}}' $C \
    >/root/.docker/contexts/meta/x/meta.json
openssl genpkey -algorithm RSA -out /root/.docker/key.pem 2>/dev/null
cp /root/.docker/key.pem /root/.docker/contexts/tls/x/docker/key.pem
cp /root/.docker/key.pem /etc/docker/certs.d/r.io/client.key
cp /root/.docker/key.pem /root/left-over-key.pem
D=/etc/systemd/system/docker.service.d/canary.conf
printf '[Service]\n# %s\nEnvironment=HTTP_PROXY=http://u:%s@p "MY=%s" SECRET=%s\n' $C $C $C $C >$D
echo 'EnvironmentFile=-/etc/canary.env' >>$D
printf '# %s\nPASSWORD=%s\nLONG="%s\n%s"\n' $C $C $C $C >/etc/canary.env
printf 'DOCKER_OPTS="--log-opt splunk-token=%s"\n' $C >>/etc/canary.env
cp /etc/canary.env /etc/sysconfig/docker
cp /etc/default/docker /root/.default-docker.before
cat /etc/canary.env >>/etc/default/docker
printf 'server { # %s\nproxy_pass http://u:%s@unix:/run/docker.sock; }\n' $C $C \
    >/etc/nginx/nginx.conf
PW=$C setsid sh -c 'sleep 300; true' /run/docker.sock --password $C "http://u:$C@h" \
    </dev/null >/dev/null 2>&1 &
echo $! >/run/canary.pid
"""
CLEAN = r"""
rm -rf /root/.docker /root/.dockercfg /root/left-over-key.pem /home/audit/.docker /etc/nginx \
    /etc/docker/certs.d /etc/canary.env /etc/sysconfig \
    /etc/systemd/system/docker.service.d/canary.conf
mv /root/.default-docker.before /etc/default/docker
kill -- "-$(cat /run/canary.pid)" || kill "$(cat /run/canary.pid)" || true
rm -f /run/canary.pid
rmdir /etc/systemd/system/docker.service.d 2>/dev/null || true
"""

# ---- what an engine keeps ----

IMAGE = "canary:1"
DOCKERFILE = f"""FROM {CONTAINER_IMAGE}
ARG NPM_TOKEN
ARG OTHER={CANARY}
ENV API_TOKEN={CANARY} PLAIN="a --{CANARY}"
COPY Dockerfile /srv/Dockerfile
RUN true apt-get update && true --password {CANARY} -p{CANARY} A_B={CANARY} http://u:{CANARY}@h/x
LABEL secret={CANARY} com.docker.compose.project=web
HEALTHCHECK CMD wget --header "Authorization: {CANARY}" http://127.0.0.1/
USER 1000
ENTRYPOINT ["/bin/sh", "-c", "exec sleep 86400 # {CANARY}"]
CMD ["{CANARY}"]
"""
CONTAINERS: dict[str, dict[str, Any]] = {
    "canary-one": {
        "Image": IMAGE,
        "Cmd": [CANARY],
        "Env": [
            f"SECRET={CANARY}",
            f"DATABASE_URL=postgres://u:{CANARY}@db/x",
            f"GH=ghp_{CANARY}",
            f"KEY=-----BEGIN RSA PRIVATE KEY-----\n{CANARY}",
        ],
        "Labels": {"token": CANARY},
        "Healthcheck": {
            "Test": ["CMD-SHELL", f"echo {CANARY}; exit 1"],
            "Interval": 1_000_000_000,
            "Timeout": 1_000_000_000,
        },
        "HostConfig": {
            "LogConfig": {"Type": "json-file", "Config": {"tag": CANARY}},
            "SecurityOpt": ["no-new-privileges:true"],
            "MaskedPaths": [],
        },
    },
    "canary-relay": {
        "Cmd": [
            "/bin/sh",
            "-c",
            f"exec sleep 86400; socat TCP-LISTEN:2375,fork,su={CANARY}"
            f" UNIX-CONNECT:/run/docker.sock --password {CANARY} --pw={CANARY} A_B={CANARY} tcp://u:{CANARY}@h:1",
        ]
    },
    "canary-ssh": {
        "Cmd": [
            "/bin/sh",
            "-c",
            "mkdir -p /tmp; cp /bin/busybox /tmp/sshd; ln -s sshd /tmp/sleep;"
            " exec /tmp/sleep 86400",
        ]
    },
}
VOLUME = {
    "Name": "canary-cifs",
    "Driver": "local",
    "DriverOpts": {
        "type": "cifs",
        "device": f"//u:{CANARY}@server/share",
        "o": f"addr=10.0.0.1,username=me%{CANARY},password={CANARY},more{CANARY},rw",
    },
    "Labels": {"x": CANARY},
}
NETWORK = {
    "Name": "canary-net",
    "Driver": "bridge",
    "Options": {"com.docker.network.bridge.enable_icc": "false", "x.password": CANARY},
    "Labels": {"y": CANARY},
}


def context() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(DOCKERFILE.encode())
        tar.addfile(entry, io.BytesIO(DOCKERFILE.encode()))
    return data.getvalue()


def plant(api: Api) -> None:
    api.load_image()
    arguments = quote(json.dumps({"NPM_TOKEN": CANARY}))
    api.call("POST", f"/build?t={IMAGE}&buildargs={arguments}", raw=context())
    api.call("POST", "/volumes/create", VOLUME)
    api.call("POST", "/networks/create", NETWORK)
    for name, config in CONTAINERS.items():
        api.run_container(name, config)
    api.call("POST", "/swarm/init", {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1"})
    data = base64.b64encode(CANARY.encode()).decode()
    secret = api.call("POST", "/secrets/create", {"Name": "canary", "Data": data})["ID"]
    reference = {
        "File": {"Name": "x", "UID": "0", "GID": "0", "Mode": 256},
        "SecretID": secret,
        "SecretName": "canary",
    }
    container = {
        "Image": CONTAINER_IMAGE,
        "Command": ["sleep", "100"],
        "Env": [f"TOKEN={CANARY}"],
        "Labels": {"l": CANARY},
        "Secrets": [reference],
    }
    service = {
        "Name": "canary-web",
        "Labels": {"a": CANARY},
        "TaskTemplate": {"ContainerSpec": container},
        "Mode": {"Replicated": {"Replicas": 0}},
        "EndpointSpec": {"Mode": "dnsrr"},
    }
    api.call("POST", "/services/create", service)


def clean(api: Api) -> None:
    for method, path in (
        ("POST", "/swarm/leave?force=1"),
        *(("DELETE", f"/containers/{name}?force=1&v=1") for name in CONTAINERS),
        ("DELETE", "/volumes/canary-cifs"),
        ("DELETE", "/networks/canary-net"),
        ("DELETE", "/networks/docker_gwbridge"),
        ("DELETE", f"/images/{IMAGE}"),
        ("DELETE", f"/images/{CONTAINER_IMAGE}"),
        ("POST", "/images/prune?filters=" + quote('{"dangling":["true"]}')),
    ):
        with contextlib.suppress(LabError):
            api.call(method, path)


@pytest.fixture(scope="module")
def host() -> Iterator[Lab]:
    lab = Lab(lab_module.up([HOST]))
    try:
        lab.ssh(HOST, PLANT)
        plant(lab.api(HOST))
        yield lab
    finally:
        clean(lab.api(HOST))
        lab.ssh(HOST, CLEAN)


def test_no_canary_crosses(host: Lab) -> None:
    key = host.ssh(HOST, "cat /root/.docker/key.pem").splitlines()[1:-1]
    nonce = "5eed0f00d5eed"
    argv = ["ssh", "-F", str(host.ssh_config), HOST, "sh"]
    done: subprocess.CompletedProcess[bytes] = host.run(argv, stdin=build(nonce), timeout=60)
    facts = parse(done.stdout, nonce, target=HOST, collected_at=0, duration=0.0)
    wire = done.stdout + done.stderr
    for secret in (CANARY.encode(), base64.b64encode(CANARY.encode()).rstrip(b"=")[:-1]):
        assert secret not in wire
        assert secret not in encode(facts)
    for line in key:
        assert line.encode() not in wire
    for path in (
        "/root/.docker/config.json",
        "/root/.docker/contexts/meta/x/meta.json",
        "/root/.dockercfg",
        "/home/audit/.docker/config.json",
        "/etc/canary.env",
        "/etc/sysconfig/docker",
        "/etc/systemd/system/docker.service.d/canary.conf",
    ):
        assert isinstance(facts.texts[path], bytes), path
    assert "/etc/nginx/nginx.conf" in facts.relay_lines
    for path in (
        "/root/left-over-key.pem",
        "/etc/docker/certs.d/r.io/client.key",
        "/root/.docker/contexts/tls/x/docker/key.pem",
    ):
        assert path in facts.pems
    assert facts.notes == ()


NONCE = "5eed0f00d5eed"
WITHOUT_CURL = (b"if have curl; then", b"if false; then")


def collected(host: Lab, script: bytes) -> tuple[bytes, HostFacts]:
    argv = ["ssh", "-F", str(host.ssh_config), HOST, "sh"]
    done = host.run(argv, stdin=script, timeout=60)
    facts = parse(done.stdout, NONCE, target=HOST, collected_at=0, duration=0.0)
    return done.stdout + done.stderr, facts


def of_the_service(facts: HostFacts) -> Inventory:
    (found,) = [api.inventory for api in facts.apis if api.socket.endswith("/docker.sock")]
    assert isinstance(found, Inventory)
    return found


def test_the_engine_holds_canaries(host: Lab) -> None:
    """One that isn't there is never found."""
    paths = ["/volumes", "/networks", "/services", f"/images/{IMAGE}/json"]
    paths += [f"/images/{IMAGE}/history", "/containers/canary-one/json", "/swarm"]
    paths += ["/containers/canary-relay/json"]
    for path in paths:
        said = json.dumps(host.api(HOST).call("GET", path))
        assert (CANARY if path != "/swarm" else "SWMTKN") in said, path


@pytest.mark.parametrize("how", ["curl", "docker"])
def test_no_canary_of_the_engine_crosses(host: Lab, how: str) -> None:
    script = build(NONCE)
    if how == "docker":
        assert WITHOUT_CURL[0] in script
        script = script.replace(*WITHOUT_CURL)
    wire, facts = collected(host, script)
    for secret in (CANARY.encode(), base64.b64encode(CANARY.encode()).rstrip(b"=")[:-1], b"SWMTKN"):
        assert secret not in wire
        assert secret not in encode(facts)
    found = of_the_service(facts)
    assert found.missing == ()
    assert isinstance(found.containers, tuple)
    named = {container.name: container for container in found.containers}
    assert set(named) >= {f"/{name}" for name in CONTAINERS}
    one = named["/canary-one"]
    assert set(one.config.env) >= {
        "SECRET=set",
        "DATABASE_URL=url-credentials",
        "GH=token",
        "KEY=private-key",
        "API_TOKEN=set",
    }
    assert isinstance(one.task, Task)
    assert (one.task.uid, one.task.no_new_privileges) == (1000, True)
    relay = named["/canary-relay"].config.cmd[-1]
    assert "TCP-LISTEN:2375,fork,su=***" in relay
    assert "UNIX-CONNECT:/run/docker.sock" in relay
    assert named["/canary-ssh"].ssh_servers == ("/tmp/sshd",)
    assert named["/canary-relay"].ssh_servers == ()
    assert isinstance(found.images, tuple)
    (image,) = [image for image in found.images if image.repo_tags == (f"{IMAGE}",)]
    assert isinstance(image.history, tuple)
    assert any("apt-get update &&" in step.created_by for step in image.history)
    assert isinstance(found.swarm, SwarmFacts)
    assert found.secrets == 1
    assert isinstance(found.services, tuple)
    assert found.services[0].spec.task_template.container_spec.env == ("TOKEN=set",)


def without_health(seen: Inventory) -> Inventory:
    """It may change from one collection to the next."""
    assert isinstance(seen.containers, tuple)
    containers = (replace(c, state=replace(c.state, health=None)) for c in seen.containers)
    return replace(seen, containers=tuple(containers))


def test_both_ways_tell_the_same(host: Lab) -> None:
    _, by_curl = collected(host, build(NONCE))
    _, by_command = collected(host, build(NONCE).replace(*WITHOUT_CURL))
    one, other = of_the_service(by_curl), of_the_service(by_command)
    assert without_health(one) == without_health(other)
