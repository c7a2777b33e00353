"""The daemon leaves the packet filter alone."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-iptables",
    title="Engine may not set the packet filter rules of its networks",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="The rules keep networks apart and unpublished ports closed. Without them whatever "
    "routes to the bridge reaches every port of every container.",
    remediation='Remove "iptables": false and "ip6tables": false from /etc/docker/daemon.json and '
    "the arguments --iptables=false and --ip6tables=false, " + _shared.RESTART + " Engines before "
    '27 filter IPv6 only with "ip6tables": true and "experimental": true.',
    quiet="iptables is on; ip6tables too, or the engine is older than 27 (where off is the "
    "default) and has no ipv6. Networks made with IPv6 of their own on such an engine are not "
    "looked at, nor are the rules themselves.",
    references=frameworks.cis("2.4") + frameworks.NETWORK,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def iptables(daemon: Daemon, settings: Settings) -> Outcomes:
    when = _shared.when(daemon.engine)
    four = in_force.option(daemon, "iptables", True)
    if four.value is False:
        yield Finding("iptables", f"{when}iptables is off", (four.evidence,))
    current = in_force.release(daemon.engine) >= (27, 0, 0)
    six = in_force.option(daemon, "ip6tables", current)
    if six.value is True:
        return
    ipv6 = in_force.option(daemon, "ipv6", False)
    if ipv6.value is True:
        message = f"{when}the default bridge has IPv6 and ip6tables is off"
        yield Finding("ip6tables", message, (six.evidence, ipv6.evidence))
    elif current:
        message = f"{when}ip6tables is off"
        yield Finding("ip6tables", message, (six.evidence,), Severity.MEDIUM)
