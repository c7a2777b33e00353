"""The swarm family: a table for each check, of what it finds and what it does not."""

from typing import Any

import msgspec
import pytest

from dockeraudit.facts import (
    ApiFacts,
    Document,
    Interface,
    Inventory,
    ServiceFacts,
    Socket,
    SwarmFacts,
)
from dockeraudit.host import Engine, Host
from dockeraudit.plugins import checks
from dockeraudit.settings import Settings
from tests.build import NOW, Unread, engine, facts, host, inventory, keeping
from tests.build_certificates import CA
from tests.checks.run import verdict

IDS = sorted(id for id in checks() if id.startswith("swarm-"))
OF_MANAGERS = sorted(set(IDS) - {"swarm-disabled", "swarm-bind-address", "swarm-plane-separation"})
DAY = 86_400 * 10**9
MANAGER: dict[str, Any] = {
    "LocalNodeState": "active",
    "ControlAvailable": True,
    "NodeID": "n1",
    "NodeAddr": "192.0.2.10",
    "Managers": 3,
    "Nodes": 5,
    "RemoteManagers": [{"NodeID": "n1", "Addr": "192.0.2.10:2377"}],
}
WORKER: dict[str, Any] = {
    "LocalNodeState": "active",
    "ControlAvailable": False,
    "NodeID": "n9",
    "NodeAddr": "192.0.2.19",
    "RemoteManagers": [
        {"NodeID": "n2", "Addr": "192.0.2.11:2377"},
        {"NodeID": "n1", "Addr": "192.0.2.10:2377"},
    ],
}
OPEN = (Socket("tcp6", "::", 2377, 5, (800,)), Socket("tcp6", "::", 7946, 6, (800,)))
Case = tuple[str, str, Engine | Host, str, list[str]]


def kept(**changes: Any) -> Inventory:
    """What a manager keeps: a locked swarm, whose CA is ten days old or so."""
    given: dict[str, Any] = {
        "ID": "s1",
        "CreatedAt": "2026-11-01T10:00:00Z",
        "Spec": {
            "EncryptionConfig": {"AutoLockManagers": changes.pop("lock", True)},
            "CAConfig": {"NodeCertExpiry": changes.pop("life", 90 * DAY)},
        },
        "TLSInfo": {"TrustRoot": changes.pop("root", CA.pem)},
    }
    swarm = msgspec.convert({"is": "swarm", **given}, SwarmFacts)
    return inventory(**({"swarm": swarm} | changes))


def member(swarm: dict[str, Any], keeps: Inventory | Unread | None = None, **said: Any) -> Engine:
    """A running engine that says this of its swarm."""
    return keeping(kept() if keeps is None else keeps, {"Swarm": swarm | said})


def manager(**changes: Any) -> Engine:
    """A manager that keeps this."""
    return member(MANAGER, kept(**changes))


def managers(count: int, **said: Any) -> Engine:
    return member(MANAGER, Managers=count, **said)


def service(*env: str, name: str = "web", secrets: tuple[str, ...] = ()) -> ServiceFacts:
    spec = {"Env": env, "Secrets": [{"SecretName": each} for each in secrets]}
    given = {"ID": "1", "Spec": {"Name": name, "TaskTemplate": {"ContainerSpec": spec}}}
    return msgspec.convert(given, ServiceFacts)


def serving(*services: ServiceFacts, secrets: Any = 0) -> Engine:
    return manager(services=services, secrets=secrets)


def listening(
    *sockets: Socket, swarm: dict[str, Any] = MANAGER, seen: Any = None, **said: Any
) -> Host:
    return host(member(swarm, **said), sockets=sockets if seen is None else seen)


def socket(address: str, port: int = 2377, *pids: int) -> Socket:
    return Socket("tcp", address, port, 5, pids or (800,))


OUTSIDE = keeping(inventory())
LOCKED = member({"LocalNodeState": "locked", "NodeID": "n1"})
PENDING = member({"LocalNodeState": "pending"})
BROKEN = member({"LocalNodeState": "error", "Error": "certificate expired"})
SILENT = engine(
    api=ApiFacts("/run/docker.sock", Unread("HTTP status 500"), Unread("HTTP status 500"))
)
OLD = engine(api=ApiFacts("/run/docker.sock", Document({}), Document({})))
STOPPED = engine(process=None)
SOUND = manager()

CASES: list[Case] = [
    ("disabled", "no swarm", OUTSIDE, "pass", []),
    ("disabled", "an engine from before swarms", OLD, "pass", []),
    ("disabled", "a manager", SOUND, "fail", ["swarm"]),
    ("disabled", "a worker", member(WORKER), "fail", ["swarm"]),
    ("disabled", "locked", LOCKED, "fail", ["swarm"]),
    ("disabled", "in error", BROKEN, "fail", ["swarm"]),
    ("disabled", "silent API", SILENT, "unknown", []),
    ("disabled", "API not reached", engine(), "unknown", []),
    ("disabled", "not running", STOPPED, "not-applicable", []),
    ("manager-count", "3", managers(3), "pass", []),
    ("manager-count", "7", managers(7), "pass", []),
    ("manager-count", "1", managers(1), "manual", ["managers"]),
    ("manager-count", "2", managers(2), "fail", ["managers"]),
    ("manager-count", "4", managers(4), "fail", ["managers"]),
    ("manager-count", "9", managers(9), "fail", ["managers"]),
    ("manager-count", "0", managers(0), "fail", ["managers"]),
    ("manager-count", "no leader", managers(0, Error="no leader"), "unknown", []),
    (
        "bind-address",
        "everywhere",
        listening(*OPEN),
        "fail",
        ["port 2377", "port 7946"],
    ),
    (
        "bind-address",
        "gossip only",
        listening(socket("192.0.2.10"), OPEN[1]),
        "fail",
        ["port 7946"],
    ),
    ("bind-address", "one address", listening(socket("192.0.2.10")), "pass", []),
    (
        "bind-address",
        "IPv4 alone",
        listening(socket("0.0.0.0")),
        "fail",
        ["port 2377"],
    ),
    ("bind-address", "a worker", listening(OPEN[1], swarm=WORKER), "fail", ["port 7946"]),
    (
        "bind-address",
        "another port",
        listening(socket("::", 2444), RemoteManagers=[{"NodeID": "n1", "Addr": "192.0.2.10:2444"}]),
        "fail",
        ["port 2444"],
    ),
    (
        "bind-address",
        "holders not seen",
        listening(Socket("tcp6", "::", 2377, 5)),
        "fail",
        ["port 2377"],
    ),
    (
        "bind-address",
        "another program's",
        listening(socket("0.0.0.0", 2377, 900), socket("192.0.2.10", 7946)),
        "pass",
        [],
    ),
    ("bind-address", "nothing seen", listening(), "unknown", []),
    ("bind-address", "sockets unread", listening(seen=Unread("no /proc")), "unknown", []),
    ("secrets", "no services", SOUND, "not-applicable", []),
    ("secrets", "no variable", serving(service("PATH=set")), "manual", ["service web"]),
    (
        "secrets",
        "none kept, one in a variable",
        serving(service("DB_PASSWORD=set")),
        "fail",
        ["service web"],
    ),
    (
        "secrets",
        "another one kept is no excuse",
        serving(service("API=aws-key"), secrets=3),
        "fail",
        ["service web"],
    ),
    (
        "secrets",
        "by name, and secrets are kept",
        serving(service("DB_PASSWORD=set", secrets=("db",)), secrets=1),
        "fail",
        ["service web"],
    ),
    (
        "secrets",
        "a path",
        serving(service("DB_PASSWORD_FILE=path", secrets=("db",)), secrets=1),
        "manual",
        ["service web"],
    ),
    (
        "secrets",
        "one of two",
        serving(service("TOKEN=token", name="a"), service(name="b")),
        "fail",
        ["service a"],
    ),
    ("secrets", "services unread", manager(services=Unread("HTTP status 500")), "unknown", []),
    ("secrets", "count unread", serving(service(), secrets=Unread("no")), "unknown", []),
    ("autolock", "on", SOUND, "pass", []),
    ("autolock", "off", manager(lock=False), "fail", ["AutoLockManagers"]),
    ("autolock", "swarm unread", manager(swarm=Unread("HTTP status 500")), "unknown", []),
    ("autolock", "not asked", manager(swarm=None), "unknown", []),
    ("autolock-rotation", "on", SOUND, "manual", ["unlock key"]),
    ("autolock-rotation", "off", manager(lock=False), "not-applicable", []),
    ("node-cert-expiry", "90 days", SOUND, "pass", []),
    ("node-cert-expiry", "left to the default", manager(life=0), "pass", []),
    ("node-cert-expiry", "two days", manager(life=2 * DAY), "pass", []),
    ("node-cert-expiry", "a bit more", manager(life=90 * DAY + 1), "fail", ["NodeCertExpiry"]),
    ("node-cert-expiry", "a year", manager(life=365 * DAY), "fail", ["NodeCertExpiry"]),
    ("ca-rotation", "one", SOUND, "manual", ["swarm CA"]),
    ("ca-rotation", "not shown", manager(root=""), "unknown", []),
    (
        "ca-rotation",
        "broken",
        manager(root="-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"),
        "unknown",
        [],
    ),
    ("plane-separation", "a manager", SOUND, "manual", ["data-path-addr"]),
    ("plane-separation", "a worker", member(WORKER), "manual", ["data-path-addr"]),
]


@pytest.mark.parametrize(
    ("name", "subject", "status", "resources"),
    [pytest.param(*case[:1], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_swarm(name: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(f"swarm-{name}", subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_every_check_has_cases() -> None:
    assert {f"swarm-{case[0]}" for case in CASES} == set(IDS)


@pytest.mark.parametrize("id", sorted(set(IDS) - {"swarm-disabled"}))
def test_nodes_only(id: str) -> None:
    for subject in (OUTSIDE, OLD, STOPPED, Host(facts(), ())):
        assert verdict(id, subject).status == "not-applicable"
    for subject in (LOCKED, PENDING, BROKEN, SILENT, engine()):
        assert verdict(id, subject).status == "unknown"
    assert "locked" in verdict(id, LOCKED).message
    assert "certificate expired" in verdict(id, BROKEN).message


@pytest.mark.parametrize("id", OF_MANAGERS)
def test_workers_do_not_know(id: str) -> None:
    result = verdict(id, member(WORKER, inventory()))
    assert result.status == "unknown"
    assert result.message == (
        "docker is a worker: only managers know, scan one (192.0.2.10:2377, 192.0.2.11:2377)"
    )


def test_a_swarm_that_is_wanted() -> None:
    settings = Settings(now=NOW, swarm=True)
    assert verdict("swarm-disabled", SOUND, settings).status == "pass"


def test_both_checks_of_ports_agree() -> None:
    for subject in (listening(*OPEN), listening(socket("192.0.2.10"))):
        own, other = (verdict(id, subject) for id in ("swarm-bind-address", "listener-swarm-ports"))
        assert own.status == other.status
        assert [each.message for each in own.findings] == [each.message for each in other.findings]
    assert verdict("listener-swarm-ports", host(OUTSIDE)).status == "not-applicable"


def test_facts_for_a_person() -> None:
    made = CA.certificate.not_valid_before_utc.timestamp()
    message = verdict("swarm-ca-rotation", SOUND).message
    assert message.startswith(f"the swarm's CA is {int(NOW - made) // 86_400} days old:")
    seen = host(SOUND, interfaces=(Interface("eth0", "192.0.2.10/24"),))
    evidence = verdict("swarm-plane-separation", seen).findings[0].evidence
    assert [each.detail for each in evidence] == [
        "Swarm.NodeAddr 192.0.2.10",
        "eth0 192.0.2.10/24",
    ]


WANTED = host(SOUND, sockets=(socket("192.0.2.10"), socket("192.0.2.10", 7946)))


def changed(other: Engine) -> tuple[Host, Host]:
    return WANTED, host(other, sockets=WANTED.facts.sockets)


MUTATIONS: dict[str, tuple[Host, Host]] = {
    "swarm-disabled": (host(OUTSIDE), host(member({"LocalNodeState": "active"}, inventory()))),
    "swarm-manager-count": changed(managers(4)),
    # listener-swarm-ports is the same rule for a whole host, and fails with it.
    "swarm-bind-address": (WANTED, host(SOUND, sockets=OPEN)),
    "swarm-secrets": (
        host(serving(service("PATH=set")), sockets=WANTED.facts.sockets),
        host(serving(service("DB_PASSWORD=set")), sockets=WANTED.facts.sockets),
    ),
    # Without autolock swarm-autolock-rotation has no key to speak of, and does not apply.
    "swarm-autolock": changed(manager(lock=False)),
    "swarm-autolock-rotation": (WANTED, WANTED),
    "swarm-node-cert-expiry": changed(manager(life=365 * DAY)),
    "swarm-ca-rotation": (WANTED, WANTED),
    "swarm-plane-separation": (WANTED, WANTED),
}
