"""The network diagnostic server is on."""

from dockeraudit.check import Finding, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Engine
from dockeraudit.settings import Settings


@check(
    id="listener-network-diagnostic",
    title="Network diagnostic server is on",
    severity=Severity.HIGH,
    over=Engine,
    rationale="`network-diagnostic-port` starts a server without authentication that reads and "
    "changes the engine's network database.",
    remediation="Remove `network-diagnostic-port` from daemon.json and from the daemon's "
    "arguments, then `systemctl restart docker`.",
    quiet="The option is unset or 0.",
)
def network_diagnostic(engine: Engine, settings: Settings) -> Outcomes:
    setting = known(engine.effective).setting("network-diagnostic-port")
    if setting is not None and setting.value:
        yield Finding(
            resource=f"port {setting.value}",
            message=f"the network diagnostic server listens on port {setting.value}",
            evidence=(Evidence(setting.origin.source, str(setting.value)),),
        )
