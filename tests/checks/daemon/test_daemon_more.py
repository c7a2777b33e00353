"""The daemon's mirrors, published ports, proxies and packet filters: a table for each check."""

from typing import Any

import pytest

from dockeraudit.effective.model import Origin, Outcome, Setting
from dockeraudit.facts import ContainerFacts, Filters, Names, NetworkFacts
from dockeraudit.host import Engine, Host
from dockeraudit.host.startup import Start
from dockeraudit.host.unitfile import Assigned
from dockeraudit.plugins import checks
from tests.build import (
    Unread,
    container,
    engine,
    facts,
    host,
    inventory,
    keeping,
    network,
    process,
    stopped,
)
from tests.checks.run import verdict

IDS = (
    "daemon-default-publish-ip",
    "daemon-firewall-bypass",
    "daemon-proxy-credentials",
    "daemon-registry-mirrors-http",
)
JSON = "/etc/docker/daemon.json"
HOSTS = "/etc/containerd/certs.d/registry.example/hosts.toml"
BINDING = "com.docker.network.bridge.host_binding_ipv4"
GATEWAY = "com.docker.network.bridge.gateway_mode_ipv4"
Case = tuple[str, str, Engine | Host, str, list[str]]


def outcome(options: dict[str, Any]) -> Outcome:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return Outcome(True, settings=tuple(Setting(n, v, Origin(JSON)) for n, v in named.items()))


def told(**options: Any) -> Engine:
    """A running engine whose API is silent."""
    return engine(running=outcome(options))


def says(info: dict[str, Any], **options: Any) -> Engine:
    return keeping(inventory(), info, running=outcome(options))


def planned(**options: Any) -> Engine:
    return engine(process=None, configured=outcome(options))


def mirrors(*urls: str, **index: list[str]) -> Engine:
    named = {name.replace("_", "."): {"Mirrors": given} for name, given in index.items()}
    return says({"RegistryConfig": {"Mirrors": list(urls), "IndexConfigs": named}})


def containerd(text: bytes | Unread) -> Host:
    return host(mirrors(), texts={HOSTS: text})


MIRRORS: list[Case] = [
    ("registry-mirrors-http", "none", mirrors(), "pass", []),
    ("registry-mirrors-http", "TLS", mirrors("https://mirror.example/"), "pass", []),
    ("registry-mirrors-http", "loopback", mirrors("http://localhost:5000/"), "pass", []),
    ("registry-mirrors-http", "plain", mirrors("http://mirror.example/"), "fail",
     ["http://mirror.example/"]),
    ("registry-mirrors-http", "of one index", mirrors(registry_example=["HTTP://m.example/"]),
     "fail", ["HTTP://m.example/"]),
    ("registry-mirrors-http", "silent API", told(registry_mirrors=["http://m.example"]), "fail",
     ["http://m.example"]),
    ("registry-mirrors-http", "next start", planned(registry_mirrors=["http://m.example"]), "fail",
     ["http://m.example"]),
    ("registry-mirrors-http", "hosts.toml, TLS",
     containerd(b'server = "https://r.example"\n[host."https://m.example"]\nca = "/ca.crt"\n'),
     "pass", []),
    ("registry-mirrors-http", "hosts.toml, plain",
     containerd(b'[host."http://m.example"]\ncapabilities = ["pull"]\n'), "fail",
     [f"{HOSTS} http://m.example"]),
    ("registry-mirrors-http", "hosts.toml, loopback",
     containerd(b'[host."http://127.0.0.1:5000"]\n'), "pass", []),
    ("registry-mirrors-http", "hosts.toml, unverified",
     containerd(b'[host."https://m.example"]\nskip_verify = true\n'), "fail",
     [f"{HOSTS} https://m.example"]),
    ("registry-mirrors-http", "hosts.toml, unverified server",
     containerd(b'server = "https://r.example"\nskip_verify = true\n'), "fail",
     [f"{HOSTS} https://r.example"]),
    ("registry-mirrors-http", "hosts.toml unread", containerd(Unread("denied")), "unknown", []),
    ("registry-mirrors-http", "hosts.toml broken", containerd(b"[host"), "unknown", []),
]  # fmt: skip


def networks(*seen: NetworkFacts | Unread, ip: str = "127.0.0.1", **options: Any) -> Engine:
    known: Any = seen[0] if seen and isinstance(seen[0], Unread) else (network("bridge"), *seen)
    return keeping(inventory(networks=known), running=outcome({"ip": ip} | options))


PUBLISHED: list[Case] = [
    ("default-publish-ip", "default", told(), "fail", ["ip"]),
    ("default-publish-ip", "every IPv6 address", told(ip="::"), "fail", ["ip"]),
    ("default-publish-ip", "next start", planned(), "fail", ["ip"]),
    ("default-publish-ip", "next start on loopback", planned(ip="127.0.0.1"), "pass", []),
    ("default-publish-ip", "loopback", networks(), "pass", []),
    ("default-publish-ip", "one address", networks(ip="192.0.2.10"), "pass", []),
    # The option is for the default bridge only.
    ("default-publish-ip", "a network of its own", networks(network("front")), "fail",
     ["network front"]),
    ("default-publish-ip", "a network bound",
     networks(network("front", Options={BINDING: "127.0.0.1"})), "pass", []),
    ("default-publish-ip", "a network on every address",
     networks(network("front", Options={BINDING: "0.0.0.0"})), "fail", ["network front"]),
    ("default-publish-ip", "an internal network", networks(network("in", Internal=True)), "pass",
     []),
    ("default-publish-ip", "an overlay", networks(network("o", Driver="overlay")), "pass", []),
    ("default-publish-ip", "no default bridge", networks(ip="", bridge="none"), "pass", []),
    ("default-publish-ip", "networks unread", networks(Unread("denied")), "unknown", []),
    ("default-publish-ip", "silent API", told(ip="127.0.0.1"), "unknown", []),
]  # fmt: skip


def variables(*names: str, **changes: Any) -> Engine:
    """A running engine whose API is silent, with variables that stayed on the host."""
    return engine(
        process=process(environment=Names(dict.fromkeys(names))), running=outcome({}), **changes
    )


def starting(**environment: str) -> Engine:
    given = {name: Assigned(value, "docker.service:9") for name, value in environment.items()}
    how = Start((), "/usr/sbin/dockerd", "docker.service:8", given)
    return engine(process=None, start=how, configured=outcome({}))


URL, SECRET = "http://proxy.example:3128", "http://xxxxx:xxxxx@proxy.example:3128"
PROXIES: list[Case] = [
    ("proxy-credentials", "none", says({"HttpProxy": "", "HttpsProxy": ""}), "not-applicable", []),
    ("proxy-credentials", "silent API, none", told(), "not-applicable", []),
    ("proxy-credentials", "no user", says({"HttpProxy": URL}), "pass", []),
    ("proxy-credentials", "a user", says({"HttpProxy": URL, "HttpsProxy": SECRET}), "fail",
     ["https-proxy"]),
    ("proxy-credentials", "masked here", says({"HttpProxy": "http://***@p.example"}), "fail",
     ["http-proxy"]),
    ("proxy-credentials", "silent API, told", told(http_proxy="http://***@p.example"), "fail",
     ["http-proxy"]),
    ("proxy-credentials", "next start", planned(https_proxy="http://***@p.example"), "fail",
     ["https-proxy"]),
    ("proxy-credentials", "silent API, a variable", variables("HTTPS_PROXY"), "unknown", []),
    ("proxy-credentials", "silent API, a small variable", variables("http_proxy"), "unknown", []),
    ("proxy-credentials", "a variable for the next start", starting(HTTP_PROXY="***"), "unknown",
     []),
]  # fmt: skip

DROP = ("*filter", ":INPUT ACCEPT", ":FORWARD DROP", ":DOCKER-USER -", "COMMIT")
ACCEPT = tuple(line.replace("FORWARD DROP", "FORWARD ACCEPT") for line in DROP)
RETURN = (*DROP[:-1], "-A DOCKER-USER -j RETURN", "COMMIT")
RULE = (*DROP[:-1], "-A DOCKER-USER -i eth0 -j DROP", "-A DOCKER-USER -j RETURN", "COMMIT")
OPEN = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}]}
NEAR = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}


def walled(
    *seen: ContainerFacts,
    rules: Any = RETURN,
    firewalls: tuple[str, ...] = (),
    forwards: str = "1",
    info: dict[str, Any] | None = None,
    kept: Any = None,
    options: dict[str, Any] | None = None,
    **changes: Any,
) -> Host:
    """A host that forwards, whose firewall is in force or not."""
    running = outcome(options or {})
    made = keeping(inventory(*seen) if kept is None else kept, info, running=running, **changes)
    filters = Filters(rules, (), (), firewalls) if isinstance(rules, tuple) else rules
    parameters = {"net.ipv4.ip_forward": forwards} if forwards else {}
    return host(made, filters=filters, parameters=parameters)


def six(rules: tuple[str, ...], *, used: bool = True) -> Host:
    """A host that forwards IPv6, by these rules of ip6tables."""
    kept = inventory(networks=(network("six", EnableIPv6=used),))
    return host(
        keeping(kept, running=outcome({})),
        filters=Filters(DROP, rules, ()),
        parameters={"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"},
    )


WEB = container(NetworkSettings={"Ports": OPEN})
NFT = {"FirewallBackend": {"Driver": "nftables"}}
UFW = ("ufw",)
FIREWALL: list[Case] = [
    ("firewall-bypass", "no firewall", walled(WEB), "pass", []),
    ("firewall-bypass", "nothing published", walled(container(), firewalls=UFW), "pass", []),
    ("firewall-bypass", "loopback", walled(
        container(NetworkSettings={"Ports": NEAR}), firewalls=UFW), "pass", []),
    ("firewall-bypass", "stopped", walled(stopped(), firewalls=UFW), "pass", []),
    ("firewall-bypass", "published past ufw", walled(WEB, firewalls=UFW), "fail", ["DOCKER-USER"]),
    ("firewall-bypass", "no chain at all", walled(WEB, rules=DROP, firewalls=("firewalld",)),
     "fail", ["DOCKER-USER"]),
    ("firewall-bypass", "rules of its own", walled(WEB, rules=RULE, firewalls=UFW), "manual",
     ["DOCKER-USER"]),
    ("firewall-bypass", "nftables", walled(WEB, firewalls=UFW, info=NFT), "manual",
     ["published ports"]),
    ("firewall-bypass", "FORWARD accepts", walled(rules=ACCEPT), "fail", ["iptables FORWARD"]),
    ("firewall-bypass", "FORWARD drops at its end", walled(
        rules=(*ACCEPT[:-1], "-A FORWARD -j REJECT --reject-with icmp-port-unreachable", "COMMIT")),
     "pass", []),
    ("firewall-bypass", "IPv6 is forwarded", six(ACCEPT), "fail", ["ip6tables FORWARD"]),
    ("firewall-bypass", "IPv6 is dropped", six(DROP), "pass", []),
    ("firewall-bypass", "no network has IPv6", six(ACCEPT, used=False), "pass", []),
    ("firewall-bypass", "no forwarding", walled(rules=ACCEPT, forwards="0"), "pass", []),
    ("firewall-bypass", "forwarding not read", walled(rules=ACCEPT, forwards=""), "unknown", []),
    ("firewall-bypass", "nftables' FORWARD", walled(rules=ACCEPT, info=NFT), "pass", []),
    ("firewall-bypass", "direct routing", walled(options={"allow-direct-routing": True}), "fail",
     ["allow-direct-routing"]),
    ("firewall-bypass", "forwards all", planned(ip_forward_no_drop=True), "fail",
     ["ip-forward-no-drop"]),
    ("firewall-bypass", "next start", planned(), "pass", []),
    ("firewall-bypass", "unprotected", walled(kept=inventory(
        networks=(network("o", Options={GATEWAY: "nat-unprotected"}),))), "fail", ["network o"]),
    ("firewall-bypass", "routed", walled(kept=inventory(
        networks=(network("o", Options={GATEWAY: "routed"}),))), "pass", []),
    ("firewall-bypass", "no iptables", walled(options={"iptables": False}), "not-applicable", []),
    ("firewall-bypass", "rootless", walled(rootless=True), "not-applicable", []),
    ("firewall-bypass", "not looked at", walled(rules=Unread("not looked at")), "unknown", []),
    ("firewall-bypass", "iptables unread", walled(rules=Filters(Unread("denied"), (), ())),
     "unknown", []),
    ("firewall-bypass", "no inventory", walled(kept=Unread("curl failed")), "unknown", []),
]  # fmt: skip
CASES = [*MIRRORS, *PUBLISHED, *PROXIES, *FIREWALL]


@pytest.mark.parametrize(
    ("name", "subject", "status", "resources"),
    [pytest.param(*case[:1], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_daemon(name: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(f"daemon-{name}", subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_every_check_has_cases() -> None:
    assert {f"daemon-{case[0]}" for case in CASES} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_what_cannot_be_read_is_unknown(id: str) -> None:
    assert verdict(id, engine(running=Unread("cmdline: permission denied"))).status == "unknown"


@pytest.mark.parametrize("id", IDS)
def test_it_does_not_apply_where_nothing_starts(id: str) -> None:
    assert verdict(id, Host(facts(), ())).status == "not-applicable"
    assert verdict(id, engine(process=None)).status == "not-applicable"


@pytest.mark.parametrize("id", IDS)
def test_profiles(id: str) -> None:
    assert checks()[id].profiles == ("daemon", "strict")


def test_the_ports_are_named() -> None:
    result = verdict("daemon-firewall-bypass", walled(WEB, firewalls=UFW))
    assert result.message == "the published ports 8080/tcp (web) bypass ufw"
    assert result.severity == "high"


def test_newer_engines_drop_what_is_routed_directly() -> None:
    old = verdict("daemon-firewall-bypass", walled(rules=ACCEPT))
    new = verdict("daemon-firewall-bypass", walled(rules=ACCEPT, version="28.5.2"))
    assert (old.severity, new.severity) == ("medium", "low")


def test_no_password_is_printed() -> None:
    leaking = says({"HttpProxy": "http://ann:s3cret@proxy.example"})
    assert "s3cret" not in str(verdict("daemon-proxy-credentials", leaking))


MUTATIONS: dict[str, tuple[Host, Host]] = {
    "daemon-registry-mirrors-http": (
        host(mirrors("https://mirror.example/")),
        host(mirrors("http://mirror.example/")),
    ),
    "daemon-default-publish-ip": (host(networks()), host(networks(ip="0.0.0.0"))),
    "daemon-proxy-credentials": (
        host(says({"HttpProxy": URL})),
        host(says({"HttpProxy": SECRET})),
    ),
    "daemon-firewall-bypass": (walled(WEB), walled(WEB, firewalls=UFW)),
}


@pytest.mark.parametrize("id", IDS)
def test_the_one_change_fails(id: str) -> None:
    sound, changed = MUTATIONS[id]
    assert verdict(id, sound).status == "pass"
    assert verdict(id, changed).status == "fail"
