"""The metrics address is open to the network."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.host.options import option
from dockeraudit.settings import Settings


@check(
    id="listener-metrics",
    title="Engine metrics open to the network",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="The address of `metrics-addr` is plain HTTP without any authentication, whatever "
    "the API's own TLS settings are: it tells versions, load and the number of containers.",
    remediation='Bind it to loopback: `"metrics-addr": "127.0.0.1:9323"` in daemon.json, then '
    "`systemctl restart docker`; let a local agent or a proxy with authentication fetch it.",
    quiet="`metrics-addr` is unset or on loopback.",
)
def metrics(daemon: Daemon, settings: Settings) -> Outcomes:
    told = known(option(daemon, "metrics-addr"))
    if told is None or not told.value:
        return
    if known(daemon.engine.effective).starts is False:
        yield NotApplicable("the daemon does not run and would not start")
        return
    address = str(told.value)
    name = address.rpartition(":")[0].strip("[]")
    if not name.startswith("127.") and name not in ("localhost", "::1"):
        yield Finding(
            resource=address,
            message=f"engine metrics are served on {address} to anyone",
            evidence=(Evidence(told.origin, f"metrics-addr {address}"),),
        )
