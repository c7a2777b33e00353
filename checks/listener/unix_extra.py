"""The API is on further unix sockets."""

from dockeraudit.check import Finding, Outcomes, Severity, check, known
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

_EXPECTED = ("/run/docker.sock",)


@check(
    id="listener-unix-extra",
    title="Docker API on a further unix socket",
    severity=Severity.MEDIUM,
    over=Engine,
    rationale="Each unix socket of the API is a door of its own: an extra one is easily forgotten "
    "in rules of access, and is what gets mounted into containers.",
    remediation="Remove the `unix://` host that is not needed from the daemon's arguments or from "
    "`hosts` in daemon.json, then `systemctl restart docker`.",
    quiet="Only the usual socket is served. Its permissions are permissions-docker-socket-mode's.",
)
def unix_extra(engine: Engine, settings: Settings) -> Outcomes:
    paths = [each for each in known(engine.exposed) if each.transport == "unix"]
    usual = [each for each in paths if each.address in _EXPECTED]
    for listener in paths:
        if usual and listener not in usual:
            yield Finding(
                resource=listener.address,
                message=f"{listener.address} serves the API beside {usual[0].address}",
                evidence=listener.evidence,
            )
