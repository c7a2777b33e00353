"""A daemon that stays down once it has ended."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unit, Unread
from dockeraudit.host import Daemon, Host, startup, unitfile
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="service-restart-policy",
    title="Engine is not restarted after a crash",
    severity=Severity.LOW,
    over=Daemon,
    rationale="A daemon that ends unexpectedly stays down until somebody notices.",
    remediation="On Debian- and RHEL-like hosts alike: systemctl edit docker.service, and there "
    "[Service] with Restart=always, as Docker ships it.",
    quiet="Any Restart= but `no` and `on-abort`. Inits other than systemd are not judged.",
    references=frameworks.AVAILABILITY,
    profiles=_shared.PROFILES,
)
def restart_policy(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    unit = engine.unit
    if unit is None or not _shared.by_systemd(host, engine):
        yield NotApplicable(f"systemd does not start {engine.name}")
        return
    policy = _policy(host, unit)
    if isinstance(policy, Unread):
        yield policy
    elif policy.detail in ("no", "on-abort"):
        what = f"{_shared.label(unit)} has Restart={policy.detail}: a crash leaves it down"
        yield Finding(_shared.resource(engine), what, (policy,))


def _policy(host: Host, unit: Unit) -> Evidence | Unread:
    """systemd's own word, else what the unit's files say."""
    said = _shared.prop(unit, "Restart")
    if said:
        return Evidence(f"systemctl show -p Restart {unit.name}", said)
    lines = startup.unit_lines(host.facts, unit)
    if isinstance(lines, Unread):
        return lines
    line = unitfile.last(lines, "Service", "Restart")
    return Evidence(line.origin, line.value) if line else Evidence("default", "no")
