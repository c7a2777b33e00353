"""Containers are started by a program other than the engine's own."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import STRICT, Manual, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared

_OWN = ("", "runc", "io.containerd.runc.v2", "io.containerd.runtime.v1.linux")
_SANDBOXES = ("io.containerd.runsc.v1", "io.containerd.kata.v2")


@check(
    id="daemon-default-runtime",
    title="Default runtime is not the engine's own",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="The runtime runs as root and builds every container's walls: another one may add "
    "hooks, build none, or be a file that somebody can replace.",
    remediation="Remove default-runtime from /etc/docker/daemon.json and the arguments unless it "
    "is wanted, then systemctl reload docker. Where it is, its program belongs to root, mode 0755.",
    quiet="runc, or the sandboxes of containerd by their own names (runsc, kata). Any other is for "
    "a person to confirm: owner and mode of its program are not looked at, nor are runtimes that "
    "single containers choose.",
    references=frameworks.ISOLATION,
    profiles=STRICT,
)
@_shared.where_it_starts
def default_runtime(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    told = in_force.said(engine, "DefaultRuntime") or in_force.option(
        daemon, "default-runtime", "runc"
    )
    if told.text in (*_OWN, *_SANDBOXES):
        return
    listed = in_force.said(engine, "Runtimes") or in_force.option(daemon, "runtimes", {})
    entry = listed.table.get(told.text)
    named = entry if isinstance(entry, dict) else {}
    program = named.get("path") or named.get("runtimeType") or "not said"
    message = f"the default runtime is {told.text} ({program}): confirm that it is wanted"
    yield Manual("default-runtime", f"{_shared.when(engine)}{message}", (told.evidence,))
