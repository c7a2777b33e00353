"""Node certificates with a long life."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

from . import _shared

_DAY = 86_400 * 10**9
_MOST = 90 * _DAY


@check(
    id="swarm-node-cert-expiry",
    title="Certificates of swarm nodes are valid for more than 90 days",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Nodes get new certificates by themselves; with a long life, one that was stolen is "
    "good for as long.",
    remediation=f"docker swarm update --cert-expiry 720h on a manager ({_shared.ALIKE}).",
    quiet="90 days, which is the default, or less. Whether nodes do renew theirs, "
    "certificate-swarm-node looks. Only managers know.",
    references=frameworks.cis("7.7") + frameworks.SWARM,
    profiles=LEVEL_1,
)
@_shared.of_a_manager
def node_cert_expiry(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
    life = _shared.kept(daemon).spec.ca_config.node_cert_expiry
    if life > _MOST:
        message = f"certificates of nodes are valid for {life / _DAY:.10g} days"
        evidence = Evidence("GET /swarm", f"Spec.CAConfig.NodeCertExpiry {life}")
        yield Finding("NodeCertExpiry", message, (evidence,))
