"""The API listens on every address of the machine."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="listener-wildcard",
    title="Docker API on every address of the host",
    severity=Severity.HIGH,
    over=Engine,
    rationale="A wildcard listener is on every network that the host has or will get, containers' "
    "bridges, VPNs and IPv6 included; `0.0.0.0` is served by a dual-stack socket.",
    remediation="Name the one address that clients use: `tcp://192.0.2.10:2376` instead of "
    "`tcp://0.0.0.0:2376`, then `systemctl restart docker`. An address that has to be a wildcard "
    "can be allowed in the settings.",
    quiet="Listeners on single addresses, and wildcard ones that were allowed by name.",
)
def wildcard(engine: Engine, settings: Settings) -> Outcomes:
    listeners = _shared.tcp(engine)
    if not listeners:
        yield _shared.NO_TCP
    for listener in listeners:
        if listener.reach == "ANY" and listener.address not in settings.allowed_listeners:
            mutual = listener.mode in ("MTLS", "MTLS-SYSROOTS")
            yield Finding(
                resource=listener.address,
                message=f"{listener.address} {_shared.tense(engine, 'listens on every address')}",
                evidence=listener.evidence,
                severity=Severity.MEDIUM if mutual else None,
            )
