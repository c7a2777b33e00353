"""The metrics address is open to the network."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Engine
from dockeraudit.settings import Settings


@check(
    id="listener-metrics",
    title="Engine metrics open to the network",
    severity=Severity.MEDIUM,
    over=Engine,
    rationale="The address of `metrics-addr` is plain HTTP without any authentication, whatever "
    "the API's own TLS settings are: it tells versions, load and the number of containers.",
    remediation='Bind it to loopback: `"metrics-addr": "127.0.0.1:9323"` in daemon.json, then '
    "`systemctl restart docker`; let a local agent or a proxy with authentication fetch it.",
    quiet="`metrics-addr` is unset or on loopback.",
)
def metrics(engine: Engine, settings: Settings) -> Outcomes:
    outcome = known(engine.effective)
    setting = outcome.setting("metrics-addr")
    address = str(setting.value) if setting and setting.value else ""
    if setting is None or not address:
        return
    if not outcome.starts:
        yield NotApplicable("the daemon does not run and would not start")
        return
    name = address.rpartition(":")[0].strip("[]")
    if not name.startswith("127.") and name not in ("localhost", "::1"):
        yield Finding(
            resource=address,
            message=f"engine metrics are served on {address} to anyone",
            evidence=(Evidence(setting.origin.source, f"metrics-addr {address}"),),
        )
