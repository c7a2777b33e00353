"""A swarm node's certificate is not renewed."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Absent, FileFacts, Unread
from dockeraudit.host import Engine, Host
from dockeraudit.settings import Settings
from dockeraudit.words import days

from . import _shared


@check(
    id="certificate-swarm-node",
    title="The swarm node's certificate is not renewed",
    severity=Severity.HIGH,
    over=Host,
    rationale="A node renews its own certificate from half of its life on, so one that is nearly"
    " over means that renewal fails. At its end the node falls out of the swarm, and its tasks with"
    " it.",
    remediation="Look on the node: `journalctl -u docker | grep -i certificate`, on Debian and RHEL"
    " alike. On a manager `docker node ls` and `docker swarm ca --rotate`; if it has expired,"
    " `docker swarm leave` and `docker swarm join` with a new token.",
    quiet="Nodes that are not active. More than seven days left.",
    references=_shared.REFERENCES,
)
def swarm_node(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, ("swarm-node",))
    states = [_state(engine, host) for engine in host.engines]
    if not any(isinstance(state, Unread) or state == "active" for state in states):
        yield NotApplicable("no engine is an active node of a swarm")
        return
    if "active" not in states and not found:
        yield next(state for state in states if isinstance(state, Unread))
        return
    yield from gaps
    for held in found:
        end = held.certificate.not_after
        left = (end - settings.now) // _shared.DAY
        if held.leaf and end - settings.now <= 7 * _shared.DAY:
            said = f"expired {days(-left)} ago" if left < 0 else f"expires in {days(left)}"
            evidence = (_shared.cited(held, f"notAfter {_shared.moment(end)}"), *_shared.skew(host))
            yield Finding(held.resource, f"{held.resource} {said}", evidence)


def _state(engine: Engine, host: Host) -> str | Unread:
    """Whether the engine is part of a swarm, as its API says, or its data-root."""
    if engine.process is None:
        return host.unseen or "stopped"
    if engine.api is None or isinstance(engine.api.info, Unread):
        if _has_no_folder(engine, host):
            return "inactive"
        why = engine.api.info.reason if engine.api and isinstance(engine.api.info, Unread) else ""
        return Unread(f"whether {engine.name} is in a swarm: {why or 'its API was not asked'}")
    swarm = engine.api.info.value.get("Swarm")
    state = swarm.get("LocalNodeState") if isinstance(swarm, dict) else None
    return state if isinstance(state, str) else "inactive"


def _has_no_folder(engine: Engine, host: Host) -> bool:
    """Whether the data-root was seen, and holds no certificates of a swarm."""
    outcome = engine.effective
    setting = None if isinstance(outcome, Unread) else outcome.setting("data-root")
    root = str(setting.value) if setting is not None else ""
    folder = f"{root}/swarm/certificates"
    if isinstance(host.file(root), FileFacts) and f"{root}/swarm" not in host.facts.files:
        return True
    return isinstance(host.file(folder), Absent)
