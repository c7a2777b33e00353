"""The network family: what is found in networks, and what is not."""

from typing import Any

import pytest

from dockeraudit.facts import NetworkFacts, Package
from dockeraudit.host import Engine, Host
from tests.build import Unread, engine, facts, host, inventory, keeping, network
from tests.checks.run import verdict

ID = "network-overlay-encrypted"
FLAW = "CVE-2023-28840"
ACTIVE = {"LocalNodeState": "active", "ControlAvailable": True, "Managers": 3, "Nodes": 5}
WORKER = {"LocalNodeState": "active", "ControlAvailable": False}


def overlay(name: str = "back", **changes: Any) -> NetworkFacts:
    given = {"Driver": "overlay", "Scope": "swarm", "Options": {"encrypted": ""}} | changes
    return network(name, **given)


CLEAR = overlay(Options=None)
INGRESS = overlay("ingress", Options=None, Ingress=True)


def node(*networks: NetworkFacts, swarm: dict[str, Any] = ACTIVE, **changes: Any) -> Engine:
    """A manager, or what `swarm` says, with its bridges and these networks."""
    own = (network("bridge"), network("docker_gwbridge"), *networks)
    return keeping(inventory(networks=own), {"Swarm": swarm}, **changes)


def packaged(version: str, *fixed: str) -> Host:
    package = Package("docker.io", version, fixed)
    return host(node(overlay(), version=version), packages=(package,))


SOUND = node(overlay(), INGRESS)

CASES: list[tuple[str, Engine | Host, str, list[str]]] = [
    ("encrypted", SOUND, "pass", []),
    ("in clear", node(CLEAR), "fail", ["network back"]),
    ("one of two", node(CLEAR, overlay("other")), "fail", ["network back"]),
    ("the key counts, not the value", node(overlay(Options={"encrypted": "x"})), "pass", []),
    ("another option", node(overlay(Options={"vxlanid_list": "4097"})), "fail", ["network back"]),
    ("ingress alone", node(INGRESS), "not-applicable", []),
    ("bridges alone", node(), "not-applicable", []),
    ("in no swarm", keeping(inventory()), "not-applicable", []),
    ("no networks", keeping(inventory(networks=()), {"Swarm": ACTIVE}), "not-applicable", []),
    ("not running", engine(process=None), "not-applicable", []),
    ("no engine", Host(facts(), ()), "not-applicable", []),
    ("a worker", node(overlay(), swarm=WORKER), "unknown", []),
    ("a worker without one", node(swarm=WORKER), "unknown", []),
    ("a worker, in clear", node(CLEAR, swarm=WORKER), "fail", ["network back"]),
    ("locked", node(swarm={"LocalNodeState": "locked"}), "unknown", []),
    ("networks unread", keeping(inventory(networks=Unread("no"))), "unknown", []),
    ("API not reached", engine(), "unknown", []),
    ("info unread", keeping(Unread("HTTP status 500")), "unknown", []),
    ("20.10.23", node(overlay(), version="20.10.23"), "fail", ["network back"]),
    ("20.10.24", node(overlay(), version="20.10.24+dfsg1"), "pass", []),
    ("19.03", node(overlay(), version="19.03.15"), "fail", ["network back"]),
    ("23.0.2", node(overlay(), version="23.0.2"), "fail", ["network back"]),
    ("23.0.3", node(overlay(), version="23.0.3"), "pass", []),
    ("version unread", node(overlay(), version=Unread("no API")), "unknown", []),
    ("version is none", node(overlay(), version="dev"), "unknown", []),
    ("in clear, version unread", node(CLEAR, version=Unread("no")), "fail", ["network back"]),
    ("repaired by the distribution", packaged("20.10.5+dfsg1", FLAW), "pass", []),
    ("not repaired", packaged("20.10.5+dfsg1", "CVE-2022-36109"), "fail", ["network back"]),
]


@pytest.mark.parametrize(
    ("subject", "status", "resources"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_overlay_encrypted(subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(ID, subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_severity_on_one_node() -> None:
    assert verdict(ID, node(CLEAR)).severity == "medium"
    assert verdict(ID, node(CLEAR, swarm=ACTIVE | {"Nodes": 1})).severity == "low"
    assert verdict(ID, node(CLEAR, swarm=WORKER)).severity == "medium"


def test_the_flaw_is_named() -> None:
    assert FLAW in verdict(ID, node(overlay(), version="23.0.0")).message


def test_a_worker_is_told_why() -> None:
    message = verdict(ID, node(overlay(), swarm=WORKER)).message
    assert message == "docker knows only the networks of its own tasks: scan a manager"


MUTATIONS: dict[str, tuple[Host, Host]] = {ID: (host(SOUND), host(node(CLEAR, INGRESS)))}
