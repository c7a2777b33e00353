"""The start that will fail: the daemon runs today, and is gone after a reboot."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="service-next-start",
    title="Engine's next start fails",
    severity=Severity.HIGH,
    over=Engine,
    rationale="What the files say now stops the daemon at its next start: after a reboot or an "
    "upgrade it stays down with all its containers.",
    remediation="Correct the setting that is named. The usual one: `hosts` in "
    "/etc/docker/daemon.json while the unit has -H fd://; then give docker.service a drop-in "
    "(systemctl edit docker.service) with an empty ExecStart= and ExecStart=/usr/sbin/dockerd "
    "(Debian) or /usr/bin/dockerd (docker-ce, RHEL-like). Try with dockerd --validate "
    "--config-file=/etc/docker/daemon.json (23.0 and newer).",
    quiet="Computed as the daemon does it, from unit, environment files, daemon.json and keys; "
    "what only the real start meets (storage, network, plugins) is not seen. Unknown where a file "
    "or name that decides it could not be read.",
    references=frameworks.AVAILABILITY,
    profiles=_shared.PROFILES,
)
def next_start(engine: Engine, settings: Settings) -> Outcomes:
    outcome = engine.configured
    if outcome is None:
        yield NotApplicable(f"nothing is set up to start {engine.name}")
    elif isinstance(outcome, Unread):
        yield outcome
    elif outcome.starts is None:
        yield Unread(outcome.undecided or "whether the next start succeeds can't be told")
    elif not outcome.starts:
        error = outcome.error or "the daemon ends before it listens"
        evidence = [Evidence("the daemon's start, computed", error)]
        if engine.unit is not None:
            said = ", ".join(engine.unit.sources)
            evidence.append(Evidence(_shared.label(engine.unit), f"is made of {said}"))
        now = "it runs now, but " if engine.process is not None else ""
        yield Finding(
            resource=_shared.resource(engine),
            message=f"{now}the next start fails: {error}",
            evidence=tuple(evidence),
        )
