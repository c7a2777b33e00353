"""A swarm's CA that stays the same."""

from datetime import UTC, datetime

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon
from dockeraudit.host.certificates import Certificate, certificates_in
from dockeraudit.host.swarm import Membership
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="swarm-ca-rotation",
    title="The swarm's CA may never have been changed",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Whoever copied the CA's key from a manager can make nodes of his own until the CA "
    "is changed.",
    remediation="docker swarm ca --rotate on a manager, regularly and after a manager was broken "
    f"into or given away ({_shared.ALIKE}). Nodes get new certificates by themselves.",
    quiet="Never a failure: how often is for a person to decide; the age of the CA's certificate "
    "is told. Only managers know.",
    references=frameworks.cis("7.8") + frameworks.SWARM,
    profiles=LEVEL_1,
)
@_shared.of_a_manager
def ca_rotation(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
    swarm = _shared.kept(daemon)
    found = list(certificates_in(swarm.tls_info.trust_root))
    if not found:
        yield Unread("the swarm does not show its CA's certificate")
    for certificate in found:
        if not isinstance(certificate, Certificate):
            yield Unread(f"the swarm's CA can't be parsed: {certificate}")
            continue
        days = (settings.now - certificate.not_before) // 86_400
        made = datetime.fromtimestamp(certificate.not_before, UTC).strftime("%Y-%m-%d")
        evidence = (
            Evidence("GET /swarm", f"TLSInfo.TrustRoot notBefore {made}"),
            Evidence("GET /swarm", f"RootRotationInProgress {swarm.root_rotation_in_progress}"),
        )
        message = f"the swarm's CA is {days} days old: decide whether it should be changed"
        yield Manual("swarm CA", message, evidence)
