"""What containers say to each other between hosts, in clear."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.effective.version import Version, parse_version
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Network, swarm
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

_FLAW = "CVE-2023-28840"


@check(
    id="network-overlay-encrypted",
    title="Overlay networks that are not encrypted",
    severity=Severity.MEDIUM,
    over=Network,
    rationale="Overlay networks carry containers' traffic from host to host in plain VXLAN "
    "packets: whoever sits on the way reads it and adds his own.",
    remediation="docker network create --driver overlay --opt encrypted NAME, move the services "
    "(docker service update --network-add NAME --network-rm OLD SERVICE), remove the old one. "
    "RHEL-like: the kernel needs xt_bpf (kernel-modules-extra); Debian-like: nothing more. "
    f"Engines before 20.10.24 and 23.0.3 have {_FLAW}: upgrade.",
    quiet="The network has the option `encrypted`, and the engine is not one that sends in clear "
    f"all the same ({_FLAW}; a distribution's changelog that names it counts as repaired). The "
    "ingress network and those of one host are not meant. A worker knows only the networks of its "
    "own tasks, so it is unknown there unless one is in clear. On a swarm of one node the severity "
    "is low.",
    references=frameworks.cis("7.3") + frameworks.SWARM,
    profiles=LEVEL_1,
)
def overlay_encrypted(network: Network, settings: Settings) -> Outcomes:
    place = known(swarm.membership(network.host, network.engine))
    if place.state == "inactive":
        yield NotApplicable(f"{network.engine.name} is in no swarm")
        return
    if not place.manager:
        name, active = network.engine.name, place.state == "active"
        why = "knows only the networks of its own tasks: scan a manager"
        yield Unread(f"{name} {why if active else f'is no active node, but {place.state}'}")
    if network.seen.driver != "overlay" or network.seen.ingress:
        yield NotApplicable("no overlay network but ingress")
    else:
        yield from _judged(network, place)


def _judged(network: Network, place: Membership) -> Iterator[Finding]:
    options = network.seen.options
    severity = Severity.LOW if place.manager and place.nodes == 1 else None
    evidence = (network.said("Options", tuple(options)), place.said("Nodes", place.nodes))
    # The engine looks for the name, whatever the value.
    if "encrypted" not in options:
        message = f"{network.resource} is not encrypted"
        yield Finding(network.resource, message, evidence, severity)
        return
    version = known(network.engine.version, f"whether {network.resource} is sent in clear")
    numbers = known(parse_version(version) or Unread(f"engine version {version} is none"))
    if _sends_clear(numbers) and not _repaired(network):
        said = (*evidence, Evidence("GET /version", f"Version {version}"))
        message = f"{network.resource} is encrypted, but engine {version} has {_FLAW}"
        message += ": it takes and sends clear packets all the same"
        yield Finding(network.resource, message, said, severity)


def _sends_clear(version: Version) -> bool:
    return version < (20, 10, 24) or (23, 0, 0) <= version < (23, 0, 3)


def _repaired(network: Network) -> bool:
    """Whether the changelog of a distribution's package says so: numbers stay the same there."""
    packages = network.host.facts.packages
    return any(
        not isinstance(each.fixed, Unread) and _FLAW in each.fixed
        for each in (() if isinstance(packages, Unread) else packages)
    )
