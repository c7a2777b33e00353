"""The lab's hosts: how each is made, and what is then true. Data; provision.py carries it out.

In files and scripts ``@ADDRESS@`` and ``@NAME@`` stand for the host's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

from tests.lab import contents, daemons
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
    shows: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # sh, and what it prints


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
    contents: str = field(default="", repr=False)  # sh, run over ssh as root when the engine
    # answers and has the image lab-busybox


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


def _settings(values: object, mode: int = 0o644) -> File:
    return File("/etc/docker/daemon.json", json.dumps(values, indent=2) + "\n", mode)


def _context(name: str, host: str, *, skip_verify: bool = False) -> File:
    path, text = daemons.context(name, host, skip_verify=skip_verify)
    return File(f"/root/.docker/{path}", text)


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

CONTAINERS_TRUTH = """\
follower running
host-namespaces running
privileged running
published running
right running
root-mounted running
run-mounted running
secrets running
socket running
sshd running
stopped-privileged exited
unconfined running
unhealthy running
"""
TRAPS_TRUTH = """\
data-root running
dropbear running
modern running
never-started created
new-privileges running
no-limits running
one-address running
one-capability running
quota running
renamed-socket running
seccomp-only running
shareable running
sharer running
volume-of-etc running
"""
HEALTH = "docker inspect -f '{{.Name}} {{.State.Health.Status}}' unhealthy right"
SERVICE = "web 1/1 *:8080->8080/tcp"
OVERLAYS = "ingress\nplain\nsealed"
AUTHORIZED = "[lab-authz] syslog"
UID_MAP = "0     231072      65536"
AUDIT_REFUSED = "Error sending rule list data request (Operation not permitted)"
ROOTLESS = "unix:///run/user/1000/docker.sock"
UNCONFINED = "vfs none [name=seccomp,profile=unconfined]"
LOOSE_SOCKETS = "audit 646\naudit 606"
LOOSE_SETTINGS = "".join(
    f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in daemons.LOOSE.items()
)

# The slow ones come first: dockerd waits 16 seconds before it serves, or fails at, plain TCP, and
# containers take time.
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
        "containers",
        "trixie",
        "13 containers, 12 running: one sound, the others each with faults of their own; built"
        " images with secrets, set-uid files and names that moved on.",
        Truth(
            shows=(
                ("docker ps -a --format '{{.Names}} {{.State}}' | sort", CONTAINERS_TRUTH),
                (HEALTH, "/unhealthy unhealthy\n/right healthy\n"),
                ("docker top sshd | grep -c 'sshd: /usr/sbin/sshd'", "1\n"),
            )
        ),
        contents=contents.CONTAINERS,
    ),
    Host(
        "containers-2",
        "bookworm-extra",
        "14 containers, 13 running, of an older engine: what is easily taken for wrong or for"
        " right, such as limits by quota, a renamed engine socket, a volume that is /etc.",
        Truth(
            shows=(
                ("docker ps -a --format '{{.Names}} {{.State}}' | sort", TRAPS_TRUTH),
                ("docker top dropbear | grep -c /usr/sbin/dropbear", "1\n"),
            )
        ),
        contents=contents.TRAPS,
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
        # Starts are known to a second; a file that is only that much newer counts as read.
        after="""sleep 3
printf '{"hosts": ["unix:///var/run/docker.sock"]}\\n' >/etc/docker/daemon.json""",
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
            _daemon_json(
                '"fd://", "tcp://@ADDRESS@:2376"', '  "ip": "127.0.0.1",\n  "live-restore": true,\n'
            ),
        ),
        tls=Tls(),
        # dockerd closes it only where it turns forwarding on itself.
        after="iptables -P FORWARD DROP",
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
    Host(
        "swarm",
        "bookworm",
        "A swarm of this one manager, autolock off: two overlay networks, one of them encrypted, a"
        " service with a published port and a password in its environment, one secret.",
        Truth(
            tcp=("[::]:2377",),
            shows=(
                ("docker info -f '{{.Swarm.LocalNodeState}} {{.Swarm.Managers}}'", "active 1"),
                ("docker service ls --format '{{.Name}} {{.Replicas}} {{.Ports}}'", SERVICE),
                ("docker network ls --filter driver=overlay --format '{{.Name}}' | sort", OVERLAYS),
                ("docker secret ls --format '{{.Name}}'", "password"),
            ),
        ),
        contents=contents.SWARM,
    ),
    Host(
        "swarm-locked",
        "trixie",
        "A swarm of this one manager, right but for being one: autolock, certificates of 30 days,"
        " listening on one address, data on another, its overlay network encrypted, the service's"
        " password a secret.",
        Truth(
            tcp=("@ADDRESS@:2377",),
            shows=(
                ("docker info -f '{{.Swarm.LocalNodeState}} {{.Swarm.Managers}}'", "active 1"),
                ("docker service ls --format '{{.Name}} {{.Replicas}}'", "quiet 1/1"),
                ("docker info -f '{{.Swarm.Cluster.Spec.EncryptionConfig}}'", "{true}"),
            ),
        ),
        contents=contents.SWARM_LOCKED,
    ),
    Host(
        "userns",
        "bookworm-extra",
        "The daemon as CIS section 2 wants it: user namespaces, an authorization plug-in, logs over"
        " TLS to a collector, no icc, no new privileges, live restore, no userland proxy; content"
        " trust on. Two containers run, one of them in the host's user namespace.",
        Truth(
            shows=(
                ("docker info -f '{{.Plugins.Authorization}} {{.LoggingDriver}}'", AUTHORIZED),
                ("docker info -f '{{.SecurityOptions}}' | grep -c name=userns", "1"),
                ("docker ps --format '{{.Names}}' | sort", "mapped\nnot-mapped"),
                ("cat /proc/$(docker inspect -f '{{.State.Pid}}' mapped)/uid_map", UID_MAP),
                ("grep CONTENT_TRUST /etc/environment", "DOCKER_CONTENT_TRUST=1"),
            )
        ),
        files=(
            _settings(daemons.BY_SECTION_2),
            File("/usr/local/sbin/lab-authz", daemons.AUTHZ_PLUGIN, 0o755),
            File("/etc/systemd/system/lab-authz.service", daemons.AUTHZ_UNIT),
            File("/etc/systemd/system/lab-logs.service", daemons.LOGS_UNIT),
            File("/etc/environment", "DOCKER_CONTENT_TRUST=1\n"),
        ),
        before=(
            f"{daemons.LOGS_BEFORE}useradd --system --shell /usr/sbin/nologin dockremap\n"
            "echo dockremap:231072:65536 | tee -a /etc/subuid >>/etc/subgid\n"
            "systemctl enable lab-authz.service lab-logs.service"
        ),
        contents=contents.MAPPED,
    ),
    Host(
        "clients",
        "bookworm",
        "The engine is on the unix socket only; the clients' files are wrong: credentials, plain"
        " and unverified contexts, DOCKER_HOST, proxies with passwords, plug-ins that all may"
        " write, insecure registries, a registry's client key that all may read; and the user audit"
        " is in the docker group.",
        Truth(
            shows=(
                ("id -nG audit", "audit docker"),
                ("DOCKER_HOST= docker context ls -q | sort", "default\nplain\nunverified"),
                ("docker info -f '{{.RegistryConfig.Mirrors}}'", "[http://mirror.example/]"),
                ("sh -lc 'echo $DOCKER_HOST'", "tcp://192.0.2.12:2375"),
            )
        ),
        files=(
            _settings(daemons.INSECURE_REGISTRIES),
            File("/root/.docker/config.json", json.dumps(daemons.CLIENT_CONFIG)),
            _context("plain", "tcp://192.0.2.10:2375"),
            _context("unverified", "tcp://192.0.2.11:2376", skip_verify=True),
            File("/etc/profile.d/docker.sh", "export DOCKER_HOST=tcp://192.0.2.12:2375\n"),
            File("/home/audit/.bashrc", "export DOCKER_TLS_VERIFY=0\n"),
            File("/etc/buildkit/buildkitd.toml", daemons.BUILDKIT),
            File("/root/.docker/buildx/buildkitd.default.toml", daemons.BUILDKIT),
        ),
        before=daemons.CLIENTS_BEFORE,
    ),
    Host(
        "audited",
        "bookworm-audit",
        "auditd is installed and its rules are on disk, some good and some that only seem to be;"
        " the kernel refuses it in a container, so nothing is loaded.",
        Truth(shows=(("auditctl -l 2>&1", AUDIT_REFUSED),)),
        files=(
            File("/etc/audit/rules.d/docker.rules", daemons.AUDIT_RULES, 0o640),
            _settings({}),
        ),
    ),
    Host(
        "rootless",
        "bookworm-extra",
        "Two engines: the usual one, and a rootless one of the user audit with --iptables=false, by"
        " a user unit with lingering, as docker's own tool sets it up; a container runs in each.",
        Truth(
            shows=(
                (
                    f"docker -H {ROOTLESS} info -f '{{{{.SecurityOptions}}}}' | grep -c rootless",
                    "1",
                ),
                (f"docker -H {ROOTLESS} ps --format '{{{{.Names}}}}'", "in-rootless"),
                ("docker ps --format '{{.Names}}'", "in-rootful"),
                ("loginctl show-user audit -p Linger --value", "yes"),
            )
        ),
        before=(
            "mkdir /dev/net && mknod -m 666 /dev/net/tun c 10 200\nchown -R audit:audit /home/audit"
        ),
        volumes=("/var/lib/docker", "/home/audit/.local/share/docker"),
        contents=contents.ROOTLESS,
    ),
    Host(
        "loose",
        "trixie",
        "The daemon against CIS section 2 and its files against section 3: wrong owners and modes"
        " on every one, some with small numbers; the data root on the root file system with vfs; a"
        " user whose primary group is docker. Mutual TLS on every address is right.",
        Truth(
            tcp=("[::]:2376",),
            shows=(
                (
                    "docker info -f '{{.Driver}} {{.LoggingDriver}} {{.SecurityOptions}}'",
                    UNCONFINED,
                ),
                ("docker ps --format '{{.Names}}'", "ordinary"),
                ("stat -c '%U %a' /run/docker.sock /run/containerd/containerd.sock", LOOSE_SOCKETS),
                ("id -gn builder", "docker"),
            ),
        ),
        files=(
            _exec_start("/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock"),
            _daemon_json('"fd://", "tcp://0.0.0.0:2376"', LOOSE_SETTINGS),
            File("/etc/systemd/system/docker.socket.d/lab.conf", daemons.LOOSE_SOCKET),
            File("/etc/docker/certs.d/registry.example/ca.crt", "Not a certificate.\n"),
            _options(""),
            File("/etc/sysconfig/docker", "OPTIONS=\n"),
        ),
        tls=Tls(),
        before=daemons.LOOSE_BEFORE,
        contents=contents.LOOSE,
        volumes=(),
    ),
)
BY_NAME = {host.name: host for host in HOSTS}
