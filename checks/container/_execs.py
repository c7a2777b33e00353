"""What is known of commands that were started in running containers: all for a person."""

from collections.abc import Iterator

from dockeraudit.check import Manual, NotApplicable, Outcomes
from dockeraudit.facts import Audit, Evidence, Unread
from dockeraudit.host import Container, Daemon

from . import _shared

QUIET = (
    "Never: which commands were started with which options stands only in logs. The report has "
    "the rules of the kernel's audit that watch docker or its socket, and the commands that run "
    "now. Where the engine has no containers it does not apply."
)
LOGS = (
    "Read what the audit recorded, on Debian- and RHEL-like hosts alike: ausearch -i -x "
    "/usr/bin/docker (the rule: -w /usr/bin/docker -k docker in /etc/audit/rules.d/docker.rules, "
    'then augenrules --load). The engine\'s log names each exec with "debug": true only. '
)


def for_a_person(daemon: Daemon, option: str) -> Outcomes:
    """One matter for the whole engine."""
    found = _shared.containers(daemon)
    if isinstance(found, NotApplicable | Unread):
        yield found
        return
    kept, _ = found
    rules = tuple(_rules(daemon.host.facts.audit))
    watched = rules[0].source == "auditctl -l"
    message = f"whether docker exec was used with {option} stands only in the audit log, "
    message += "which rules fill: read it" if watched else "and no rule is known to fill it"
    yield Manual(f"docker exec {option}", message, (*rules, *_live(kept)))


def _rules(audit: Audit | Unread) -> Iterator[Evidence]:
    """The loaded rules that watch docker, or why there are none; always at least one item."""
    loaded = audit if isinstance(audit, Unread) else audit.loaded
    if isinstance(loaded, Unread):
        yield Evidence("audit rules", f"not read: {loaded.reason}")
        return
    found = [Evidence("auditctl -l", rule) for rule in loaded if any(map(_watches, rule.split()))]
    yield from found or [Evidence("audit rules", "none that is loaded watches docker")]


def _watches(word: str) -> bool:
    """Whether a word of a rule is the path of docker's client or its socket."""
    path = word.rpartition("=")[2]
    return path.startswith("/") and path.rpartition("/")[2] in ("docker", "docker.sock")


def _live(kept: list[Container]) -> Iterator[Evidence]:
    for container in kept:
        if container.seen.exec_ids:
            ids = [each[:12] for each in container.seen.exec_ids]
            yield container.said("ExecIDs", ids)
