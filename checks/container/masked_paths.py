"""Containers that see all of /proc and /sys."""

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-masked-paths",
    title="Container that sees all of /proc and /sys",
    severity=Severity.HIGH,
    over=Container,
    rationale="What the engine hides there changes the kernel's behaviour (/proc/sys, "
    "/proc/sysrq-trigger) or shows its memory and keys (/proc/kcore, /proc/keys).",
    remediation="Leave out --security-opt systempaths=unconfined. " + _shared.AGAIN,
    quiet="Paths are hidden and paths are read-only; whether these are all the usual ones is not "
    "looked at. Where the API names no list, as with containers of old engines, the usual one is "
    "in force. A privileged container has none: container-privileged reports it.",
    references=frameworks.ISOLATION,
    profiles=STRICT,
)
def masked_paths(container: Container, settings: Settings) -> Outcomes:
    asked = container.seen.host_config
    if asked.privileged:
        yield NotApplicable(f"{container.resource} is privileged: see container-privileged")
        return
    lists = (
        ("MaskedPaths", asked.masked_paths, "hidden"),
        ("ReadonlyPaths", asked.readonly_paths, "read-only"),
    )
    bare = [(field, what) for field, paths, what in lists if paths == ()]
    if bare:
        how = " or ".join(what for _, what in bare)
        said = tuple(container.said(f"HostConfig.{field}", "[]") for field, _ in bare)
        message = f"nothing of /proc and /sys is {how} in {container.label}"
        yield Finding(container.resource, message, said)
