"""Listeners beside the daemon's own: relays in containers, registries, IPv6, ports of nobody."""

from typing import Any

import msgspec
import pytest

from dockeraudit.effective.model import Origin, Outcome, Setting
from dockeraudit.facts import (
    Account,
    ContainerFacts,
    Filters,
    Group,
    ImageFacts,
    Interface,
    Socket,
    Wire,
)
from dockeraudit.host import Engine, Host
from dockeraudit.plugins import checks
from tests.build import (
    Unread,
    container,
    directory,
    engine,
    file,
    host,
    image,
    inventory,
    keeping,
    listener,
    process,
    stopped,
)
from tests.checks.run import verdict

IDS = (
    "listener-debug-endpoints",
    "listener-ipv6-exposed",
    "listener-registry-container",
    "listener-relay-container",
    "listener-responds-unowned",
)
SOCKET = {"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/d.sock", "RW": False}
OPEN = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}
NEAR = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}
PROXY = "registry.example/tecnativa/docker-socket-proxy:0.3"
PROXY_ENV = ("PATH=set", "LOG_LEVEL=set", "EVENTS=set", "EXEC=set", "POST=set", "VERSION=set")
Case = tuple[str, str, Engine | Host, str, list[str]]


def kept(*seen: ContainerFacts, images: tuple[ImageFacts, ...] = (), **changes: Any) -> Host:
    return host(keeping(inventory(*seen, images=images or (image(),))), **changes)


def with_socket(name: str = "web", *, mount: Any = SOCKET, **changes: Any) -> ContainerFacts:
    """A container with the engine's socket, in a network of its own."""
    base: dict[str, Any] = {"NetworkSettings": {"Networks": {"front": None, "own": {}}}}
    return container(name, **{"Mounts": [mount]} | base | changes)


def published(ports: Any, networks: Any = None) -> dict[str, Any]:
    return {"Ports": ports, "Networks": networks or {"front": None, "own": {}}}


def proxy(*env: str, ports: Any = OPEN, cmd: tuple[str, ...] = (), name: str = PROXY) -> Host:
    """A filtering proxy that was given some variables, in front of those of its image."""
    names = {each.partition("=")[0] for each in env}
    own = [each for each in PROXY_ENV if each.partition("=")[0] not in names]
    config = {"Image": name, "Env": [*env, *own], "Cmd": list(cmd)}
    made = image(name, Config={"Env": list(PROXY_ENV)})
    return kept(with_socket(Config=config, NetworkSettings=published(ports)), images=(made,))


def registry(*env: str, ports: Any = OPEN, **changes: Any) -> ContainerFacts:
    config = {"Image": "registry:2", "Env": ["PATH=set", *env]}
    return container("hub", **{"Config": config, "NetworkSettings": {"Ports": ports}} | changes)


CERTIFICATE, AUTH = "REGISTRY_HTTP_TLS_CERTIFICATE=path", "REGISTRY_AUTH=set"
OTHER = container("other", Id="d" * 64, NetworkSettings={"Networks": {"front": None, "own": {}}})
ALONE = with_socket()
OPENED = with_socket(NetworkSettings=published(OPEN))
CONTAINERS: list[Case] = [
    ("relay-container", "no container", kept(), "not-applicable", []),
    ("relay-container", "no socket", kept(container()), "pass", []),
    ("relay-container", "alone", kept(ALONE), "pass", []),
    ("relay-container", "no network", kept(with_socket(HostConfig={"NetworkMode": "none"})),
     "pass", []),
    ("relay-container", "published", kept(OPENED), "fail", ["container web"]),
    ("relay-container", "its folder",
     kept(with_socket(mount=SOCKET | {"Source": "/var/run"}, NetworkSettings=published(OPEN))),
     "fail", ["container web"]),
    ("relay-container", "containerd's",
     kept(with_socket(mount=SOCKET | {"Source": "/run/containerd/containerd.sock"},
                      NetworkSettings=published(OPEN))), "fail", ["container web"]),
    # docker-bench looks for a name: this is no engine's socket.
    ("relay-container", "a socket of that name",
     kept(with_socket(mount=SOCKET | {"Source": "/srv/docker.sock.d"},
                      NetworkSettings=published(OPEN)),
          files={"/": directory(), "/srv": directory(), "/srv/docker.sock.d": directory()}),
     "pass", []),
    ("relay-container", "a place that was not looked at",
     kept(with_socket(mount=SOCKET | {"Source": "/srv/engine"},
                      NetworkSettings=published(OPEN))), "unknown", []),
    ("relay-container", "the host's network",
     kept(with_socket(HostConfig={"NetworkMode": "host"})), "fail", ["container web"]),
    ("relay-container", "another's network",
     kept(with_socket(HostConfig={"NetworkMode": f"container:{'e' * 64}"})), "fail",
     ["container web"]),
    ("relay-container", "a shared network", kept(ALONE, OTHER), "fail", ["container web"]),
    ("relay-container", "stopped",
     kept(stopped("web", Mounts=[SOCKET], HostConfig={"PortBindings": OPEN})), "fail",
     ["container web"]),
    ("relay-container", "no inventory", host(keeping(Unread("curl failed"))), "unknown", []),
    ("relay-container", "volumes unread",
     host(keeping(inventory(
         with_socket(mount={"Type": "volume", "Name": "v", "Driver": "local"}),
         volumes=Unread("denied")))), "unknown", []),
    ("registry-container", "no registry", kept(container()), "not-applicable", []),
    ("registry-container", "a name alike",
     kept(container(Config={"Image": "acme/registry-ui:1"}, NetworkSettings={"Ports": OPEN})),
     "not-applicable", []),
    ("registry-container", "not published", kept(registry(ports={})), "pass", []),
    ("registry-container", "on loopback", kept(registry(ports=NEAR)), "pass", []),
    ("registry-container", "secured", kept(registry(CERTIFICATE, AUTH)), "pass", []),
    ("registry-container", "open", kept(registry()), "fail", ["container hub"]),
    ("registry-container", "no users", kept(registry(CERTIFICATE)), "fail", ["container hub"]),
    ("registry-container", "an empty variable",
     kept(registry(CERTIFICATE, "REGISTRY_AUTH=empty")), "fail", ["container hub"]),
    ("registry-container", "a configuration of its own",
     kept(registry(Mounts=[{"Type": "bind", "Source": "/srv/c.yml",
                            "Destination": "/etc/distribution/config.yml"}])), "manual",
     ["container hub"]),
    ("registry-container", "no inventory", host(keeping(Unread("curl failed"))), "unknown", []),
]  # fmt: skip


def debugged(*listeners: Any, debug: Any = True, **changes: Any) -> Host:
    """A running engine with a socket of group docker, and what debug is."""
    running = Outcome(True, settings=(Setting("debug", debug, Origin("flag --debug")),))
    known = (listener("/run/docker.sock"), *listeners)
    accounts = (Account("root", 0, 0, "/root"), Account("ann", 1000, 1000, "/home/ann"))
    base: dict[str, Any] = {
        "accounts": accounts,
        "groups": (Group("root", 0), Group("docker", 999)),
        "files": {"/run/docker.sock": file(0o660, 0, 999, "socket")},
    }
    return host(engine(*known, running=running), **base | changes)


ANN = (Group("root", 0), Group("docker", 999, ("ann",)))
DEBUG: list[Case] = [
    ("debug-endpoints", "off", debugged(debug=False, groups=ANN), "pass", []),
    ("debug-endpoints", "root only", debugged(), "pass", []),
    ("debug-endpoints", "a member", debugged(groups=ANN), "fail", ["debug"]),
    ("debug-endpoints", "a primary member",
     debugged(accounts=(Account("ann", 1000, 999, "/home/ann"),)), "fail", ["debug"]),
    ("debug-endpoints", "a socket of root's", debugged(
        groups=ANN, files={"/run/docker.sock": file(0o600, 0, 0, "socket")}), "pass", []),
    ("debug-endpoints", "over TCP", debugged(listener("0.0.0.0:2376", "MTLS")), "fail", ["debug"]),
    ("debug-endpoints", "by its own word",
     host(keeping(inventory(), {"Debug": True}), groups=ANN), "fail", ["debug"]),
    ("debug-endpoints", "off by its own word",
     host(keeping(inventory(), {"Debug": False}), groups=ANN), "pass", []),
    ("debug-endpoints", "not known", engine(running=Unread("cmdline: denied")), "unknown", []),
    ("debug-endpoints", "does not run", engine(process=None), "not-applicable", []),
]  # fmt: skip

ADDRESSES = (
    Interface("lo", "::1/128"),
    Interface("eth0", "192.0.2.10/24"),
    Interface("eth0", "2001:db8::10/64"),
    Interface("eth0", "fe80::1/64"),
    Interface("docker0", "172.17.0.1/16"),
)
CLOSED = ("*filter", ":INPUT ACCEPT", "-A INPUT -p tcp -m tcp --dport 2375 -j DROP", "COMMIT")


def filtered(
    four: Any = CLOSED, six: Any = (), nft: Any = (), at: str = "[::]:2375", **changes: Any
) -> Host:
    base: dict[str, Any] = {"interfaces": ADDRESSES, "filters": Filters(four, six, nft)}
    return host(engine(listener(at, changes.pop("mode", "PLAIN"))), **base | changes)


IPV6: list[Case] = [
    ("ipv6-exposed", "no TCP", engine(listener("/run/docker.sock")), "not-applicable", []),
    ("ipv6-exposed", "IPv4 only", filtered(at="0.0.0.0:2375"), "not-applicable", []),
    ("ipv6-exposed", "no global address", filtered(interfaces=ADDRESSES[:2]), "not-applicable", []),
    ("ipv6-exposed", "loopback", host(
        engine(listener("[::1]:2375", reach="LOOPBACK")), interfaces=ADDRESSES,
        filters=Filters(CLOSED, (), ())), "not-applicable", []),
    ("ipv6-exposed", "both filtered", filtered(six=CLOSED), "pass", []),
    ("ipv6-exposed", "neither filtered", filtered(four=()), "pass", []),
    ("ipv6-exposed", "filtered by nft for both", filtered(nft=(
        "table inet f {", "chain input {", "type filter hook input priority 0; policy drop;",
        "}", "}")), "pass", []),
    ("ipv6-exposed", "only IPv4", filtered(), "fail", ["[::]:2375"]),
    ("ipv6-exposed", "another port", filtered(six=("*filter", ":INPUT ACCEPT",
        "-A INPUT -p tcp --dport 22 -j DROP", "COMMIT")), "fail", ["[::]:2375"]),
    ("ipv6-exposed", "one address", host(
        engine(listener("[2001:db8::10]:2375", reach="ADDR")), interfaces=ADDRESSES,
        filters=Filters(CLOSED, (), ())), "fail", ["[2001:db8::10]:2375"]),
    ("ipv6-exposed", "rules unread", filtered(six=Unread("denied")), "unknown", []),
    ("ipv6-exposed", "not looked at", filtered(filters=Unread("not looked at")), "unknown", []),
    ("ipv6-exposed", "addresses unread", filtered(interfaces=Unread("no ip")), "unknown", []),
]  # fmt: skip


def asked(*wires: Wire, argv: tuple[str, ...] = ("/usr/bin/proxy",), **changes: Any) -> Host:
    """A host whose port 4444 is held by a process, and what the scanner was answered."""
    held = Socket("tcp", "0.0.0.0", 4444, 9, (950,))
    other = process(pid=950, role="other", argv=argv, exe=argv[0])
    base: dict[str, Any] = {"sockets": (held,), "processes": (process(), other), "wires": wires}
    return host(engine(listener("0.0.0.0:2376", "MTLS")), **base | changes)


def wire(port: int = 4444, plain: Any = "api", tls: Any = None, vantage: Any = "scanner") -> Wire:
    return Wire(vantage, "192.0.2.10", port, plain, tls)


UNOWNED: list[Case] = [
    ("responds-unowned", "not asked", asked(), "not-applicable", []),
    ("responds-unowned", "asked from the host only", asked(wire(2376, vantage="host")),
     "not-applicable", []),
    ("responds-unowned", "no API", asked(wire(plain="other", tls="failed")), "pass", []),
    ("responds-unowned", "the engine's own", asked(wire(2376)), "pass", []),
    ("responds-unowned", "certificates wanted",
     asked(wire(plain="tls-server", tls="client-certificate-required")), "pass", []),
    ("responds-unowned", "a relay that is judged elsewhere",
     asked(wire(), argv=("/usr/bin/socat", "TCP-LISTEN:4444", "UNIX:/run/docker.sock")), "pass",
     []),
    ("responds-unowned", "the API", asked(wire()), "fail", ["port 4444"]),
    ("responds-unowned", "the API over TLS", asked(wire(plain="tls-server", tls="api")), "fail",
     ["port 4444"]),
    ("responds-unowned", "no engine", Host(asked(wire()).facts, ()), "fail", ["port 4444"]),
]  # fmt: skip
# responds-unowned is never unknown: what was not asked does not apply.
CASES = [*CONTAINERS, *DEBUG, *IPV6, *UNOWNED]


@pytest.mark.parametrize(
    ("name", "subject", "status", "resources"),
    [pytest.param(*case[:1], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_listener(name: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(f"listener-{name}", subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_every_check_has_cases() -> None:
    assert {f"listener-{case[0]}" for case in CASES} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_profiles(id: str) -> None:
    strict = id in ("listener-debug-endpoints", "listener-registry-container")
    assert ("daemon" in checks()[id].profiles) is not strict


@pytest.mark.parametrize(
    ("subject", "severity", "words"),
    [
        pytest.param(kept(OPENED), "critical", "0.0.0.0:8080", id="published"),
        pytest.param(
            kept(with_socket(NetworkSettings=published(NEAR))), "high", "127.0.0.1:8080",
            id="loopback",
        ),
        pytest.param(
            kept(with_socket(NetworkSettings=published(NEAR)), OTHER), "critical", "by other",
            id="loopback and shared",
        ),
        pytest.param(proxy(), "medium", "nothing but its defaults", id="a proxy as it comes"),
        pytest.param(proxy("IMAGES=set"), "medium", "given IMAGES", id="a proxy that reads more"),
        pytest.param(proxy("POST=set", "IMAGES=set"), "critical", "given POST, IMAGES", id="POST"),
        pytest.param(proxy("ALLOW_START=set"), "critical", "ALLOW_START", id="ALLOW_START"),
        pytest.param(
            proxy(cmd=("-allowPOST=***",), name="wollomatic/socket-proxy:1"), "critical",
            "-allowPOST", id="by an option",
        ),
        pytest.param(
            proxy("POST=set", ports=NEAR), "high", "POST", id="POST on loopback"
        ),
        pytest.param(
            kept(with_socket(
                Config={"Image": "portainer/portainer-ce:2"}, NetworkSettings=published(OPEN))),
            "critical", "portainer-ce acts", id="portainer",
        ),
    ],
)  # fmt: skip
def test_how_bad_a_relay_is(subject: Host, severity: str, words: str) -> None:
    result = verdict("listener-relay-container", subject)
    assert (result.status, result.severity) == ("fail", severity)
    assert words in result.message


def test_mutual_tls_over_ipv6_is_less() -> None:
    assert verdict("listener-ipv6-exposed", filtered(mode="MTLS")).severity == "medium"
    assert verdict("listener-ipv6-exposed", filtered()).severity == "high"


def test_the_process_behind_a_port_is_named() -> None:
    (finding,) = verdict("listener-responds-unowned", asked(wire())).findings
    assert [(each.source, each.detail) for each in finding.evidence] == [
        (
            "connection from the scanner to 192.0.2.10:4444",
            "plain HTTP: the Docker API answered",
        ),
        ("/proc/950/cmdline", "/usr/bin/proxy"),
    ]


def test_a_container_s_own_port_is_its_own_check_s() -> None:
    ports = {"80/tcp": [{"HostIp": "", "HostPort": "4444"}]}
    relay = keeping(inventory(with_socket(NetworkSettings=published(ports))))
    facts = msgspec.structs.replace(asked(wire()).facts)
    assert verdict("listener-responds-unowned", Host(facts, (relay,))).status == "pass"


MUTATIONS: dict[str, tuple[Host, Host]] = {
    "listener-relay-container": (
        kept(ALONE, container("other", Id="d" * 64)),
        kept(
            with_socket(NetworkSettings={"Networks": {"front": {}, "own": None}}),
            container("other", Id="d" * 64),
        ),
    ),
    "listener-registry-container": (
        kept(registry(CERTIFICATE, AUTH, ports={"5000/tcp": OPEN["80/tcp"]})),
        kept(registry(CERTIFICATE, ports={"5000/tcp": OPEN["80/tcp"]})),
    ),
    "listener-debug-endpoints": (
        debugged(groups=ANN, files={"/run/docker.sock": file(0o600, 0, 0, "socket")}),
        debugged(groups=ANN, files={"/run/docker.sock": file(0o660, 0, 999, "socket")}),
    ),
    "listener-ipv6-exposed": (filtered(six=CLOSED), filtered()),
    "listener-responds-unowned": (asked(wire(plain="other", tls="failed")), asked(wire())),
}


@pytest.mark.parametrize("id", IDS)
def test_the_one_change_fails(id: str) -> None:
    sound, changed = MUTATIONS[id]
    assert verdict(id, sound).status == "pass"
    assert verdict(id, changed).status == "fail"
