"""Hosts on which checks pass: recorded ones, some of them set up a little further."""

from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dockeraudit.facts import HostFacts, Pem, decode
from tests.build_certificates import CA, SERVER_AUTH, Issued, issue, key_of, pem
from tests.mutations import steps
from tests.mutations.engine import Base, Step, derived

RECORDED = Path(__file__).parents[1] / "collect" / "recorded"

TLS = "/etc/docker/tls"
CA_FILE = f"{TLS}/ca.pem"
CERTIFICATE = f"{TLS}/server-cert.pem"
KEY = f"{TLS}/server-key.pem"


def recorded(name: str) -> Base:
    """A host of the lab."""

    @cache
    def facts() -> HostFacts:
        return decode((RECORDED / f"{name}.facts.json").read_bytes())

    return facts


hardened = recorded("hardened")
"""Debian, client certificates on one address, the unix socket from systemd."""

wildcard = recorded("mtls")
"""The same on every address, with an engine of 20.10."""

relayed = recorded("relay")
"""As packaged, on the unix socket only, with a relay beside it."""

sysconfig = recorded("rhel-like")
"""With the units and files of the RHEL family."""

twofold = recorded("two-daemons")
"""A second daemon, started by hand."""


def without_relay(facts: HostFacts) -> HostFacts:
    """The relay is stopped."""
    pids = [each.pid for each in steps.processes_of(facts) if "socat" in str(each.argv)]
    return steps.ended(*pids)(facts)


packaged = derived(relayed, without_relay)
"""As packaged, on the unix socket only."""


def certified(*, ca: Issued = CA, key: Pem | None = None, **changes: Any) -> Step:
    """The daemon's CA, certificate and key; the certificate is a sound one but for `changes`.

    The daemon serves it. `leaf` is another certificate altogether.
    """

    def step(facts: HostFacts) -> HostFacts:
        host = facts.machine.hostname
        sound = {"ca": False, "san": (host, steps.address_of(facts)), "usages": SERVER_AUTH}
        given = {"by": ca, **sound, **changes}
        leaf = given.pop("leaf", None) or issue(host, given.pop("by"), **given)
        held = {CA_FILE: pem(ca), CERTIFICATE: pem(leaf), KEY: key or key_of(leaf)}
        facts = replace(facts, pems={**facts.pems, **held})
        return steps.wire(certificates=leaf.pem)(facts)

    return step


own_ca = derived(hardened, certified(serial=7))
"""The hardened host with certificates of a CA whose key the tests have."""

current = derived(
    hardened,
    steps.version(
        Platform={"Name": "Docker Engine - Community"}, Version="29.6.0", MinAPIVersion="1.40"
    ),
    steps.components(engine="29.6.0", containerd="v2.2.1", runc="1.3.4"),
)
"""The newest release of everything, by Docker."""
