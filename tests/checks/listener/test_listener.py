"""The listener family: a table for each check, of what it finds and what it does not."""

from typing import Any

import msgspec
import pytest

from dockeraudit.effective.model import Origin, Outcome, Setting
from dockeraudit.facts import Absent, Evidence, Socket, Unread
from dockeraudit.host import Engine, Host
from dockeraudit.host.startup import Start
from dockeraudit.host.unitfile import Assigned
from tests.build import NOW, blind, engine, facts, file, host, listener, process
from tests.checks.run import verdict

OPEN = listener("[::]:2375")
LOOPBACK = listener("127.0.0.1:2375", reach="LOOPBACK")
BRIDGE = listener("172.17.0.1:2375", reach="BRIDGE")
NOAUTH = listener("[::]:2376", "TLS-NOAUTH")
MUTUAL = listener("[::]:2376", "MTLS")
ONE = listener("192.0.2.10:2376", "MTLS", "ADDR")
PUBLIC = listener("8.8.8.8:2376", "MTLS", "ADDR")
UNSEEN = listener("[::]:2375", Unread("no connection was tried"))
UNIX = listener("/run/docker.sock")
EXTRA = listener("/srv/own.sock")
BLIND = engine(running=Unread("cmdline: permission denied"))
UNDECIDED = engine(UNIX, running=Outcome(None, undecided="what daemon.json holds is not known"))
STOPPED = engine(process=None, configured=None)
PENDING = engine(process=None, upcoming=(OPEN,), configured=Outcome(True))


def with_setting(name: str, value: Any, **changes: Any) -> Engine:
    outcome = Outcome(True, settings=(Setting(name, value, Origin("/etc/docker/daemon.json:2")),))
    return engine(UNIX, running=outcome, **changes)


def with_socket(*streams: str, shown: Any = OPEN) -> Engine:
    start = Start(
        arguments=(),
        program="/usr/sbin/dockerd",
        origin="docker.service:1",
        environment={},
        sockets=tuple(Assigned(each, "docker.socket:3 ListenStream") for each in streams),
    )
    return engine(shown, start=start)


def relay(*argv: str, address: str = "0.0.0.0", **changes: Any) -> Host:
    other = process(pid=901, role="other")
    other = msgspec.structs.replace(other, argv=changes.pop("argv", argv), exe=argv[0])
    sockets = (Socket("tcp", address, 2375, 77, (901,)),)
    return host(**{"processes": (other,), "sockets": sockets} | changes)


def swarm(address: str) -> Host:
    return host(sockets=(Socket("tcp6", address, 2377, 5, (800,)),))


CONFIG = "/etc/containerd/config.toml"


def containerd(text: str) -> Host:
    return host(files={CONFIG: file()}, texts={CONFIG: text.encode()})


CASES: list[tuple[str, str, Engine | Host, str, list[str]]] = [
    ("listener-tcp-plain", "every address", engine(OPEN), "fail", ["[::]:2375"]),
    ("listener-tcp-plain", "loopback", engine(LOOPBACK), "fail", ["127.0.0.1:2375"]),
    ("listener-tcp-plain", "one of two", engine(ONE, LOOPBACK), "fail", ["127.0.0.1:2375"]),
    ("listener-tcp-plain", "stopped, set up to open", PENDING, "fail", ["[::]:2375"]),
    ("listener-tcp-plain", "unix only", engine(UNIX), "pass", []),
    ("listener-tcp-plain", "TLS without clients", engine(NOAUTH), "pass", []),
    ("listener-tcp-plain", "mode not known", engine(UNSEEN), "unknown", []),
    ("listener-tcp-plain", "nothing could be read", BLIND, "unknown", []),
    ("listener-tcp-plain", "no engine", Host(facts(), ()), "not-applicable", []),
    ("listener-tls-without-client-auth", "noauth", engine(NOAUTH), "fail", ["[::]:2376"]),
    ("listener-tls-without-client-auth", "mutual", engine(MUTUAL), "pass", []),
    ("listener-tls-without-client-auth", "plain", engine(OPEN), "pass", []),
    ("listener-tls-without-client-auth", "not known", engine(UNSEEN), "unknown", []),
    ("listener-tls-without-client-auth", "none", Host(facts(), ()), "not-applicable", []),
    ("listener-wildcard", "mutual TLS everywhere", engine(MUTUAL), "fail", ["[::]:2376"]),
    ("listener-wildcard", "one address", engine(ONE), "pass", []),
    ("listener-wildcard", "unix only", engine(UNIX), "not-applicable", []),
    ("listener-wildcard", "nothing could be read", BLIND, "unknown", []),
    ("listener-public-address", "public", engine(PUBLIC), "fail", ["8.8.8.8:2376"]),
    ("listener-public-address", "documentation range", engine(ONE), "pass", []),
    ("listener-public-address", "unix only", engine(UNIX), "not-applicable", []),
    ("listener-public-address", "nothing could be read", BLIND, "unknown", []),
    ("listener-bridge-reachable", "bridge", engine(BRIDGE), "fail", ["172.17.0.1:2375"]),
    ("listener-bridge-reachable", "wildcard", engine(OPEN), "fail", ["[::]:2375"]),
    ("listener-bridge-reachable", "mutual TLS", engine(MUTUAL), "pass", []),
    ("listener-bridge-reachable", "loopback", engine(LOOPBACK), "not-applicable", []),
    ("listener-bridge-reachable", "not known", engine(UNSEEN), "unknown", []),
    ("listener-socket-unit-tcp", "a port", with_socket("2375"), "fail", ["[::]:2375"]),
    ("listener-socket-unit-tcp", "mutual", with_socket("2376", shown=MUTUAL), "pass", []),
    ("listener-socket-unit-tcp", "path", with_socket("/run/docker.sock"), "pass", []),
    ("listener-socket-unit-tcp", "mode", with_socket("2375", shown=UNSEEN), "unknown", []),
    ("listener-socket-unit-tcp", "no start", engine(OPEN), "not-applicable", []),
    ("listener-unix-socket", "TCP only", engine(ONE), "fail", ["unix socket"]),
    ("listener-unix-socket", "both", engine(ONE, UNIX), "pass", []),
    ("listener-unix-socket", "nothing runs", STOPPED, "not-applicable", []),
    ("listener-unix-socket", "nothing could be read", BLIND, "unknown", []),
    ("listener-unix-extra", "two", engine(UNIX, EXTRA), "fail", ["/srv/own.sock"]),
    ("listener-unix-extra", "usual", engine(UNIX), "pass", []),
    ("listener-unix-extra", "moved", engine(EXTRA), "pass", []),
    ("listener-unix-extra", "nothing could be read", BLIND, "unknown", []),
    ("listener-unix-extra", "no engine", Host(facts(), ()), "not-applicable", []),
    (
        "listener-metrics",
        "open",
        with_setting("metrics-addr", "0.0.0.0:9323"),
        "fail",
        ["0.0.0.0:9323"],
    ),
    ("listener-metrics", "no host", with_setting("metrics-addr", ":9323"), "fail", [":9323"]),
    ("listener-metrics", "loopback", with_setting("metrics-addr", "127.0.0.1:9323"), "pass", []),
    ("listener-metrics", "IPv6 loopback", with_setting("metrics-addr", "[::1]:9"), "pass", []),
    ("listener-metrics", "unset", with_setting("metrics-addr", ""), "pass", []),
    ("listener-metrics", "nothing could be read", BLIND, "unknown", []),
    ("listener-metrics", "not decided", UNDECIDED, "unknown", []),
    (
        "listener-metrics",
        "the next start fails",
        engine(
            process=None,
            configured=Outcome(
                False, settings=(Setting("metrics-addr", "0.0.0.0:1", Origin("flag")),)
            ),
        ),
        "not-applicable",
        [],
    ),
    ("listener-metrics", "no engine", Host(facts(), ()), "not-applicable", []),
    (
        "listener-network-diagnostic",
        "on",
        with_setting("network-diagnostic-port", 2000),
        "fail",
        ["port 2000"],
    ),
    ("listener-network-diagnostic", "off", with_setting("network-diagnostic-port", 0), "pass", []),
    ("listener-network-diagnostic", "blind", BLIND, "unknown", []),
    ("listener-network-diagnostic", "not decided", UNDECIDED, "unknown", []),
    (
        "listener-network-diagnostic",
        "written after the start",
        host(
            with_setting("network-diagnostic-port", 0),
            files={"/etc/docker/daemon.json": file(mtime=NOW)},
        ),
        "unknown",
        [],
    ),
    ("listener-network-diagnostic", "none", Host(facts(), ()), "not-applicable", []),
    (
        "listener-api-cors",
        "any site",
        with_setting("api-cors-header", "*"),
        "fail",
        ["api-cors-header"],
    ),
    ("listener-api-cors", "unset", with_setting("api-cors-header", ""), "pass", []),
    ("listener-api-cors", "gone", with_setting("x", 1, version="28.5.2"), "not-applicable", []),
    ("listener-api-cors", "not decided", UNDECIDED, "unknown", []),
    ("listener-api-cors", "version", engine(version=Unread("no API")), "unknown", []),
    (
        "listener-swarm-ports",
        "set up, and processes unseen",
        host(
            engine(process=None),
            processes=Unread("no /proc"),
            sockets=(Socket("tcp6", "::", 2377, 5),),
        ),
        "unknown",
        [],
    ),
    ("listener-swarm-ports", "everywhere", swarm("::"), "fail", ["port 2377"]),
    ("listener-swarm-ports", "one address", swarm("192.0.2.10"), "pass", []),
    ("listener-swarm-ports", "no swarm", host(), "not-applicable", []),
    ("listener-swarm-ports", "sockets unread", host(sockets=Unread("no /proc")), "unknown", []),
    (
        "listener-relay-process",
        "socat",
        relay("/usr/bin/socat", "TCP-LISTEN:2375,fork", "UNIX-CONNECT:/var/run/docker.sock"),
        "fail",
        ["0.0.0.0:2375 socat"],
    ),
    (
        "listener-relay-process",
        "on loopback",
        relay("socat", "TCP-LISTEN:2375", "UNIX:/run/docker.sock", address="127.0.0.1"),
        "fail",
        ["127.0.0.1:2375 socat"],
    ),
    (
        "listener-relay-process",
        "an agent that listens",
        relay("/usr/bin/agent", "--docker=/run/docker.sock"),
        "manual",
        ["0.0.0.0:2375 agent"],
    ),
    (
        "listener-relay-process",
        "a process that names no socket",
        relay("/usr/sbin/sshd"),
        "pass",
        [],
    ),
    (
        "listener-relay-process",
        "a web proxy's configuration",
        host(
            relay_lines={"/etc/nginx/nginx.conf": ("7:proxy_pass http://unix:/run/docker.sock;",)}
        ),
        "fail",
        ["/etc/nginx/nginx.conf"],
    ),
    (
        "listener-relay-process",
        "holders of sockets unseen",
        host(sockets=(Socket("tcp", "0.0.0.0", 2375, 77),), privilege=blind()),
        "unknown",
        [],
    ),
    (
        "listener-relay-process",
        "a socket of the kernel's",
        host(sockets=(Socket("tcp", "0.0.0.0", 2049, 77),)),
        "pass",
        [],
    ),
    (
        "listener-relay-process",
        "holders of sockets unseen",
        host(sockets=(Socket("tcp", "0.0.0.0", 2375, 77),), privilege=blind()),
        "unknown",
        [],
    ),
    (
        "listener-relay-process",
        "a socket of the kernel",
        host(sockets=(Socket("tcp", "0.0.0.0", 2049, 77),)),
        "pass",
        [],
    ),
    (
        "listener-relay-process",
        "arguments unread",
        relay("x", argv=Unread("denied")),
        "unknown",
        [],
    ),
    (
        "listener-relay-process",
        "arguments unread, listens on nothing",
        relay("x", argv=Unread("denied"), sockets=()),
        "pass",
        [],
    ),
    ("listener-relay-process", "no /proc", host(processes=Unread("no /proc")), "unknown", []),
    ("listener-relay-process", "no engine", Host(facts(), ()), "not-applicable", []),
    (
        "listener-containerd-tcp",
        "open",
        containerd('[grpc]\ntcp_address = "0.0.0.0:4000"'),
        "fail",
        ["[grpc] 0.0.0.0:4000"],
    ),
    (
        "listener-containerd-tcp",
        "metrics",
        containerd('[metrics]\naddress = "10.0.0.1:1338"'),
        "fail",
        ["[metrics] 10.0.0.1:1338"],
    ),
    (
        "listener-containerd-tcp",
        "sockets",
        containerd(
            '[grpc]\naddress = "/run/c.sock"\n'
            '[debug]\naddress = "/run/debug.sock"\n[metrics]\naddress = "127.0.0.1:1338"'
        ),
        "pass",
        [],
    ),
    ("listener-containerd-tcp", "no file", host(files={CONFIG: Absent()}), "pass", []),
    ("listener-containerd-tcp", "garbage", containerd("[grpc"), "unknown", []),
    ("listener-containerd-tcp", "not read", host(files={CONFIG: Unread("denied")}), "unknown", []),
    ("listener-containerd-tcp", "no engine", Host(facts(), ()), "not-applicable", []),
    (
        "listener-containerd-tcp",
        "no /proc",
        Host(facts(processes=Unread("no /proc")), ()),
        "unknown",
        [],
    ),
]


@pytest.mark.parametrize(
    ("id", "subject", "status", "resources"),
    [pytest.param(*case[:1], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_listener(id: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(id, subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_loopback_is_less_severe() -> None:
    assert verdict("listener-tcp-plain", engine(OPEN)).severity == "critical"
    assert verdict("listener-tcp-plain", engine(LOOPBACK)).severity == "high"
    assert verdict("listener-wildcard", engine(OPEN)).severity == "high"
    assert verdict("listener-wildcard", engine(MUTUAL)).severity == "medium"


def test_a_stopped_engine_is_judged_by_its_next_start() -> None:
    assert "at the next start" in verdict("listener-tcp-plain", PENDING).message


def test_evidence_says_where_it_was_seen() -> None:
    proof = verdict("listener-tcp-plain", engine(OPEN)).findings[0].evidence[0]
    assert (proof.source, proof.detail) == ("/proc/800/net/tcp6", "LISTEN [::]:2375")
    assert isinstance(OPEN.evidence[0], Evidence)
