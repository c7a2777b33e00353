"""Clients from long ago are let in."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import STRICT, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.effective.version import Version
from dockeraudit.facts import Document, Evidence, Unread
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared

_VARIABLE = "DOCKER_MIN_API_VERSION"


@check(
    id="daemon-min-api",
    title="API versions below the engine's own minimum are allowed",
    severity=Severity.LOW,
    over=Daemon,
    rationale="Old versions of the API lack checks that newer ones make, and are kept for clients "
    "that get no more repairs.",
    remediation="Remove DOCKER_MIN_API_VERSION from the daemon's environment (drop-ins of "
    "docker.service, /etc/default/docker on Debian-like, /etc/sysconfig/docker on RHEL-like) and "
    "min-api-version from /etc/docker/daemon.json, upgrade the clients, " + _shared.RESTART,
    quiet="The minimum is the release's default or above (1.24 in 25 to 28, 1.44 in 29.0 to 29.2, "
    "1.40 since). Older engines have a fixed one: not applicable.",
    references=frameworks.CONFIGURATION,
    profiles=STRICT,
)
@_shared.where_it_starts
def min_api(daemon: Daemon, settings: Settings) -> Outcomes:
    version = in_force.release(daemon.engine)
    if version < (25, 0, 0):
        yield NotApplicable(f"the lowest API version of engine {daemon.engine.version} is fixed")
        return
    told = _told(daemon, version)
    if isinstance(told, Unread):
        yield told
    elif told is not None and _numbers(told.text) < _numbers(_default(version)):
        message = f"{_shared.when(daemon.engine)}API versions from {told.text} on are allowed, "
        message += f"{_default(version)} is the default"
        yield Finding("min-api-version", message, (told.evidence,))


def _told(daemon: Daemon, version: Version) -> in_force.Told | Unread | None:
    """By `GET /version`, else by the option, which wins over the variable."""
    engine = daemon.engine
    answer = engine.api.version if engine.api is not None else None
    if isinstance(answer, Document) and answer.value.get("MinAPIVersion"):
        lowest = str(answer.value["MinAPIVersion"])
        return in_force.Told(lowest, Evidence("GET /version", f"MinAPIVersion {lowest}"))
    if version >= (29, 0, 0):
        option = in_force.option(daemon, "min-api-version", "")
        if option.text:
            return option
    environment = _shared.environment(engine)
    if isinstance(environment, Unread):
        return Unread(f"{_VARIABLE}: {environment.reason}")
    value = environment.values.get(_VARIABLE, "")
    if value is None:
        return Unread(f"{_VARIABLE}: its value was withheld")
    return in_force.Told(value, Evidence("environment", f"{_VARIABLE}={value}")) if value else None


def _default(version: Version) -> str:
    if version < (29, 0, 0):
        return "1.24"
    return "1.44" if version < (29, 3, 0) else "1.40"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in text.split("."))
