"""TLS without hosts: the daemon listens on loopback only, and on no unix socket."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="tls-hosts-lost",
    title="TLS is on without hosts, so the unix socket is lost",
    severity=Severity.MEDIUM,
    over=Engine,
    rationale="With TLS and an empty list of hosts dockerd listens on 127.0.0.1:2376 and on nothing"
    " else: neither the `docker` command here nor anybody from afar gets through, which was hardly"
    " meant.",
    remediation=_shared.MUTUAL_TLS,
    quiet="TLS is off, or hosts are named, or it does listen on a unix socket.",
    references=frameworks.AVAILABILITY,
)
def hosts_lost(engine: Engine, settings: Settings) -> Outcomes:
    if engine.process is None and engine.configured is None:
        yield NotApplicable(f"nothing starts {engine.name}")
        return
    if any(each.transport == "unix" for each in engine.listeners):
        return
    outcome = known(engine.effective, f"the settings of {engine.name}")
    if outcome.tls is None or not outcome.tls.enabled.value:
        yield NotApplicable(f"{engine.name} has TLS off")
        return
    enabled = outcome.tls.enabled
    lost = [each for each in outcome.endpoints if str(each.origin) == "default"]
    if lost and all(each.transport == "tcp" for each in outcome.endpoints):
        yield Finding(
            lost[0].address,
            f"{engine.name} has TLS on and no hosts, so it listens on {lost[0].address} only",
            (
                Evidence(str(enabled.origin), f"{enabled.name} {enabled.value}"),
                Evidence(str(lost[0].origin), f"listens on {lost[0].address}"),
            ),
        )
