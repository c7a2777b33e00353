"""The network diagnostic server is on."""

from dockeraudit.check import Finding, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.host.options import option
from dockeraudit.settings import Settings


@check(
    id="listener-network-diagnostic",
    title="Network diagnostic server is on",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="`network-diagnostic-port` starts a server without authentication that reads and "
    "changes the engine's network database.",
    remediation="Remove `network-diagnostic-port` from daemon.json and from the daemon's "
    "arguments, then `systemctl restart docker`.",
    quiet="The option is unset or 0.",
)
def network_diagnostic(daemon: Daemon, settings: Settings) -> Outcomes:
    told = known(option(daemon, "network-diagnostic-port"))
    if told is not None and told.value:
        yield Finding(
            resource=f"port {told.value}",
            message=f"the network diagnostic server listens on port {told.value}",
            evidence=(Evidence(told.origin, str(told.value)),),
        )
