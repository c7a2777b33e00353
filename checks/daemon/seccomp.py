"""Containers may make every system call."""

from collections.abc import Iterator

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_2, Finding, Manual, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-seccomp",
    title="Containers run without the engine's system call filter",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="The built-in profile refuses some fifty system calls that containers don't need "
    "and that break-outs go through.",
    remediation="Remove seccomp-profile from /etc/docker/daemon.json and the arguments, "
    + _shared.RESTART
    + " Where the engine reports no seccomp at all, the kernel lacks CONFIG_SECCOMP_FILTER.",
    quiet="The built-in profile is in use (called default up to 20.10, builtin from 23 on). A file "
    "of the user's is for a person to compare. Without the API it is not known whether the kernel "
    "has seccomp. Containers started with seccomp=unconfined are not looked at here.",
    references=frameworks.cis("2.17", "2.18") + frameworks.ISOLATION,
    profiles=LEVEL_2,
)
@_shared.where_it_starts
def seccomp(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    told = in_force.security(engine)
    if told is None:
        told = in_force.option(daemon, "seccomp-profile", "")
        profile: str | None = told.text
    else:
        profile = next(_profiles(told.items), None)
    if profile is None:
        yield Finding("seccomp", "the engine has no seccomp: no call is filtered", (told.evidence,))
    elif profile == "unconfined":
        message = f"{_shared.when(engine)}the seccomp profile is unconfined"
        yield Finding("seccomp", message, (told.evidence,))
    elif profile not in ("", _own(daemon)):
        message = f"{_shared.when(engine)}the seccomp profile is {profile}: compare its calls"
        yield Manual("seccomp", message, (told.evidence,))
    elif told.evidence.source != "GET /info":
        yield Unread("whether the kernel has seccomp: the engine's API says it, and did not answer")


def _own(daemon: Daemon) -> str:
    """What the engine calls its own profile."""
    return "builtin" if in_force.release(daemon.engine) >= (23, 0, 0) else "default"


def _profiles(options: list[str]) -> Iterator[str]:
    for option in options:
        name, _, rest = option.partition(",")
        if name == "name=seccomp":
            yield rest.removeprefix("profile=")
