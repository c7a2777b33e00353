"""The lab's hosts: how each is made, and what is then true. Data; provision.py carries it out.

In files and scripts ``@ADDRESS@`` and ``@NAME@`` stand for the host's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tests.lab.certs import Pki

TLS = "/etc/docker/tls"
DROP_IN = "/etc/systemd/system/docker.service.d/lab.conf"


@dataclass(frozen=True)
class File:
    """A file of a host, written before the host starts."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True)
class Tls:
    """A host's certificates under /etc/docker/tls, and what was done wrong with the files."""

    pki: Pki = field(default_factory=Pki)
    key_mode: int = 0o400
    ca_key_left: bool = False


@dataclass(frozen=True)
class Truth:
    """What must be seen on the host before it counts as up."""

    active: str = "active"  # systemctl is-active docker.service; "" where there is no systemd
    enabled: str = "enabled"  # systemctl is-enabled docker.service
    tcp: tuple[str, ...] = ()  # all TCP listeners on ports 2300 to 2399
    answers: bool = True  # the engine answers on /run/docker.sock


@dataclass(frozen=True)
class Host:
    """One host of the lab."""

    name: str
    image: str
    summary: str
    truth: Truth
    files: tuple[File, ...] = ()
    tls: Tls | None = None
    before: str = ""  # sh, run in the host before its init starts
    after: str = ""  # sh, run over ssh as root when the host is up
    sudo: Literal["no", "password", "nopasswd"] = "no"  # what the user `audit` may do
    volumes: tuple[str, ...] = ("/var/lib/docker",)  # real file systems, for overlay2 in the host


def _options(text: str) -> File:
    return File("/etc/default/docker", f'DOCKER_OPTS="{text}"\n')


def _exec_start(command: str) -> File:
    return File(DROP_IN, f"[Service]\nExecStart=\nExecStart={command}\n")


def _daemon_json(hosts: str, more: str = "") -> File:
    return File(
        "/etc/docker/daemon.json",
        f'{{\n{more}  "hosts": [{hosts}],\n  "tlsverify": true,\n  "tlscacert": "{TLS}/ca.pem",\n'
        f'  "tlscert": "{TLS}/server-cert.pem",\n  "tlskey": "{TLS}/server-key.pem"\n}}\n',
    )


# Fedora's unit for moby-engine, less its systemd cgroup driver.
RHEL_UNIT = """\
[Unit]
Description=Docker Application Container Engine
After=network-online.target docker.socket firewalld.service containerd.service
Wants=network-online.target containerd.service
Requires=docker.socket

[Service]
Type=notify
EnvironmentFile=-/etc/sysconfig/docker
EnvironmentFile=-/etc/sysconfig/docker-storage
EnvironmentFile=-/etc/sysconfig/docker-network
ExecStart=/usr/bin/dockerd --host=fd:// $OPTIONS $DOCKER_STORAGE_OPTIONS $DOCKER_NETWORK_OPTIONS
ExecReload=/bin/kill -s HUP $MAINPID
LimitNOFILE=1048576
TimeoutStartSec=0
Restart=on-abnormal

[Install]
WantedBy=multi-user.target
"""
RELAY_UNIT = """\
[Unit]
Description=Docker API for the build server
After=docker.socket

[Service]
ExecStart=/usr/bin/socat TCP-LISTEN:2375,reuseaddr,fork UNIX-CONNECT:/var/run/docker.sock
Restart=always

[Install]
WantedBy=multi-user.target
"""
BY_FLAGS = f"--tlscacert={TLS}/ca.pem --tlscert={TLS}/server-cert.pem --tlskey={TLS}/server-key.pem"

# The slow ones come first: dockerd waits 16 seconds before it serves, or fails at, plain TCP.
HOSTS: tuple[Host, ...] = (
    Host(
        "malformed",
        "bookworm",
        "DOCKER_OPTS has tcp://0.0.0.0.2375, a name that does not resolve: dockerd fails, nothing"
        " is exposed.",
        Truth(active="failed", answers=False),
        files=(_options("-H tcp://0.0.0.0.2375"),),
    ),
    Host(
        "plain-any",
        "bookworm",
        "Plain TCP on every address, by DOCKER_OPTS in /etc/default/docker.",
        Truth(tcp=("[::]:2375",)),
        files=(_options("-H tcp://0.0.0.0:2375"),),
        sudo="password",
    ),
    Host(
        "rhel-like",
        "bookworm",
        "Plain TCP on every address, by OPTIONS in /etc/sysconfig/docker; the TLS flags in"
        " /etc/default/docker are without effect.",
        Truth(tcp=("[::]:2375",)),
        files=(
            File("/usr/lib/systemd/system/docker.service", RHEL_UNIT),
            File("/etc/sysconfig/docker", 'OPTIONS="-H tcp://0.0.0.0:2375"\n'),
            _options(f"-H tcp://0.0.0.0:2376 --tlsverify {BY_FLAGS}"),
            File(
                "/usr/lib/os-release",
                'NAME="Lab Enterprise Linux"\nID=label\nID_LIKE="rhel centos fedora"\n'
                'VERSION_ID="9.9"\n'
                'PRETTY_NAME="Lab Enterprise Linux 9.9"\n',
            ),
        ),
        before="mv /usr/sbin/dockerd /usr/bin/dockerd\nrm -f /etc/debian_version",
    ),
    Host(
        "plain-loopback",
        "bullseye",
        "Plain TCP on 127.0.0.1; dockerd started by hand over ssh, service and socket disabled.",
        Truth(active="inactive", enabled="disabled", tcp=("127.0.0.1:2375",)),
        before="systemctl disable docker.service docker.socket",
        after=(
            "cd / && nohup dockerd -H unix:///var/run/docker.sock -H tcp://127.0.0.1:2375"
            " </dev/null >/var/log/dockerd.log 2>&1 &"
        ),
    ),
    Host(
        "tls-noauth",
        "trixie",
        "TLS without client authentication on every address, by flags in a drop-in.",
        Truth(tcp=("[::]:2376",)),
        files=(
            _exec_start(
                "/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2376"
                " --containerd=/run/containerd/containerd.sock"
                f" --tlsverify=false --tlscert={TLS}/server-cert.pem --tlskey={TLS}/server-key.pem"
            ),
        ),
        tls=Tls(Pki("rsa-2048")),
    ),
    Host(
        "mtls",
        "bookworm",
        "Mutual TLS on every address, by daemon.json, with a drop-in that empties ExecStart.",
        Truth(tcp=("[::]:2376",)),
        files=(
            _exec_start("/usr/sbin/dockerd"),
            _daemon_json('"unix:///var/run/docker.sock", "tcp://0.0.0.0:2376"'),
        ),
        tls=Tls(Pki("rsa-3072")),
        sudo="nopasswd",
    ),
    Host(
        "weak-certs",
        "bookworm",
        "Mutual TLS with a 1024-bit, SHA-1 signed certificate that expires in 5 days, its key"
        " readable by all, and the CA's unencrypted key left beside it.",
        Truth(tcp=("[::]:2376",)),
        files=(
            _exec_start("/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock"),
            _daemon_json('"fd://", "tcp://0.0.0.0:2376"'),
        ),
        tls=Tls(
            Pki("rsa-1024", days=5, ca_key="rsa-2048", sha1=True), key_mode=0o644, ca_key_left=True
        ),
    ),
    Host(
        "broken-next",
        "trixie",
        "Runs well on the unix socket, but daemon.json has since been given `hosts`, which the"
        " unit's -H forbids: the next start fails.",
        Truth(),
        after="""printf '{"hosts": ["unix:///var/run/docker.sock"]}\\n' >/etc/docker/daemon.json""",
    ),
    Host(
        "socket-tcp",
        "bookworm",
        "Plain TCP on every address, by a ListenStream in a drop-in of docker.socket.",
        Truth(tcp=("[::]:2375",)),
        files=(
            File("/etc/systemd/system/docker.socket.d/tcp.conf", "[Socket]\nListenStream=2375\n"),
        ),
    ),
    Host(
        "relay",
        "bookworm",
        "dockerd itself is on the unix socket only; socat, a service, relays TCP 2375 to it.",
        Truth(tcp=("0.0.0.0:2375",)),
        files=(File("/etc/systemd/system/docker-relay.service", RELAY_UNIT),),
        before="systemctl enable docker-relay.service",
    ),
    Host(
        "no-engine",
        "bookworm",
        "No engine at all: docker.io, containerd and runc purged, no docker group.",
        Truth(active="inactive", enabled="", answers=False),
        before=(
            "dpkg --purge docker.io containerd runc\n"
            "rm -rf /etc/docker /var/lib/docker /var/lib/containerd\n"
            "! getent group docker >/dev/null || groupdel docker"
        ),
        volumes=(),
    ),
    Host(
        "hardened",
        "trixie",
        "Everything right: mutual TLS on one address, good certificates and modes, nobody in the"
        " docker group.",
        Truth(tcp=("@ADDRESS@:2376",)),
        files=(
            _exec_start("/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock"),
            _daemon_json('"fd://", "tcp://@ADDRESS@:2376"', '  "live-restore": true,\n'),
        ),
        tls=Tls(),
    ),
    Host(
        "sid",
        "sid",
        "sysvinit; systemd is installed but not running. Mutual TLS on every address, by flags in"
        " /etc/default/docker.",
        Truth(active="", enabled="", tcp=("[::]:2376",)),
        files=(
            _options(
                f"-H unix:///var/run/docker.sock -H tcp://0.0.0.0:2376 --tlsverify {BY_FLAGS}"
            ),
        ),
        tls=Tls(),
    ),
    Host(
        "busybox",
        "busybox",
        "busybox tools and OpenRC; plain TCP on 127.0.0.1, by DOCKER_OPTS in /etc/conf.d/docker.",
        Truth(active="", enabled="", tcp=("127.0.0.1:2375",)),
        files=(
            File(
                "/etc/conf.d/docker",
                'DOCKERD_BINARY="/usr/sbin/dockerd"\n'
                'DOCKER_OPTS="-H unix:///var/run/docker.sock -H tcp://127.0.0.1:2375"\n',
            ),
        ),
    ),
    Host(
        "two-daemons",
        "bookworm",
        "The service on the unix socket only, and a second dockerd by hand with a configuration of"
        " its own and plain TCP on 127.0.0.1:2385.",
        Truth(tcp=("127.0.0.1:2385",)),
        files=(
            File(
                "/etc/docker2/daemon.json",
                '{"hosts": ["unix:///run/docker2.sock", "tcp://127.0.0.1:2385"]}\n',
            ),
        ),
        # A bridge of its own: with `--bridge none` it would remove the first daemon's docker0.
        after=(
            "ip link add docker1 type bridge && ip address add 172.29.0.1/24 dev docker1\n"
            "ip link set docker1 up\n"
            "cd / && nohup dockerd --config-file /etc/docker2/daemon.json"
            " --data-root /var/lib/docker2 --exec-root /run/docker2 -p /run/docker2.pid"
            " --bridge docker1 --iptables=false --containerd-namespace moby2"
            " --containerd-plugins-namespace plugins.moby2"
            " </dev/null >/var/log/dockerd2.log 2>&1 &"
        ),
        volumes=("/var/lib/docker", "/var/lib/docker2"),
    ),
)
BY_NAME = {host.name: host for host in HOSTS}
