"""Secrets of a real host stay there: canaries in every place, all that crosses is searched."""

import base64
import subprocess
from collections.abc import Iterator

import pytest

from dockeraudit.collect import build, parse
from dockeraudit.facts import encode
from tests.lab import lab as lab_module
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


@pytest.fixture(scope="module")
def host() -> Iterator[Lab]:
    lab = Lab(lab_module.up())
    lab.ssh(HOST, PLANT)
    yield lab
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
