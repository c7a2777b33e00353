"""Containers that run as root."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-user",
    title="Container that runs as root",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="Root in a container is root on the host as soon as it gets out of its namespaces, "
    "or to a mounted folder.",
    remediation="Add USER to the image's Dockerfile, start it with --user 1000:1000, or have users "
    "remapped (daemon-userns). " + _shared.AGAIN,
    quiet="Its first process is not root in the host's own numbers, whatever its settings say: "
    "many images start as root and drop it. Of one that does not run the settings count, unless "
    "users are remapped or the engine is rootless; that a name is not root's is believed. Further "
    "processes, and those of docker exec, are not looked at.",
    references=frameworks.cis("4.1") + frameworks.ISOLATION,
    profiles=LEVEL_1,
)
def user(container: Container, settings: Settings) -> Outcomes:
    name = container.seen.config.user
    said = container.said("Config.User", name)
    process = _shared.task(container)
    if process is not None:
        if process.uid == 0:
            proof = (_shared.task_evidence(container, "Uid", 0), said)
            yield Finding(container.resource, f"{container.label} runs as root of the host", proof)
    elif container.remapped or not is_root(name):
        return
    elif container.running:
        yield Unread(f"as whom {container.label} runs: {_why(container)}")
    else:
        yield Finding(container.resource, f"{container.label} starts as root", (said,))


def is_root(user: str) -> bool:
    """Whether `USER` or `USER:GROUP` of an image or a container is root.

    >>> [is_root(user) for user in ("", "root:app", "00", "0:5", "1000", "app:root")]
    [True, True, True, True, False, False]
    """
    name = user.partition(":")[0]
    return name in ("", "root") or (name.isdecimal() and int(name) == 0)


def _why(container: Container) -> str:
    seen = container.seen.task
    return seen.reason if isinstance(seen, Unread) else "its first process was not seen"
