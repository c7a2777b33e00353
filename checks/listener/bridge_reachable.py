"""Containers can call the API."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="listener-bridge-reachable",
    title="Docker API open to containers",
    severity=Severity.HIGH,
    over=Engine,
    rationale="A listener on the bridge's address or on every address is one connection away for "
    "code in any container, which then controls the host.",
    remediation=_shared.PROTECT,
    quiet="No TCP listener on a bridge or wildcard address, or client certificates are demanded "
    "there.",
)
def bridge_reachable(engine: Engine, settings: Settings) -> Outcomes:
    reachable = [each for each in _shared.tcp(engine) if each.reach in ("BRIDGE", "ANY")]
    if not reachable:
        yield NotApplicable("the API is on no address that containers reach")
    for listener in reachable:
        if isinstance(listener.mode, Unread):
            yield Unread(f"{listener.address}: {listener.mode.reason}")
        elif listener.anonymous:
            yield Finding(
                resource=listener.address,
                message=f"every container can call the API on {listener.address} ({listener.mode})",
                evidence=listener.evidence,
            )
