"""Whoever may use the API may profile the daemon."""

from dockeraudit import frameworks
from dockeraudit.check import (
    STRICT,
    Finding,
    NotApplicable,
    Outcomes,
    Severity,
    check,
    known,
)
from dockeraudit.facts import Document, Evidence, FileFacts, Unread
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="listener-debug-endpoints",
    title="Debugging endpoints of the daemon are open to others than root",
    severity=Severity.LOW,
    over=Daemon,
    rationale="With debug on the API serves /debug/pprof: profiles and traces of the daemon, that "
    "cost it time, and goroutine dumps that tell what others' calls are doing. No authorization "
    "plug-in sorts these from other calls.",
    remediation='Remove "debug": true from /etc/docker/daemon.json and -D or --debug from the '
    "arguments, then `systemctl reload docker` (restart, if it was an argument; Debian- and "
    "RHEL-like hosts alike).",
    quiet="debug is off, or only root uses the API: no TCP listener, and nobody but root in the "
    "group of the socket.",
    references=frameworks.REMOTE,
    profiles=STRICT,
)
def debug_endpoints(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    if engine.process is None:
        yield NotApplicable(f"{engine.name} does not run")
        return
    told = _debug(daemon)
    if told is None:
        return
    tcp = [each.address for each in _shared.tcp(engine)]
    people = [] if engine.rootless else _members(daemon)
    if isinstance(people, Unread):
        if not tcp:
            yield people
        people = []
    users = [f"whoever reaches {address}" for address in tcp]
    users += [f"account {name}" for name in people]
    if users:
        yield Finding(
            resource="debug",
            message=f"debug is on, so /debug/pprof is open to {', '.join(users[:5])}",
            evidence=(told,),
        )


def _debug(daemon: Daemon) -> Evidence | None:
    """What says that debug is on; by the daemon's own word first."""
    engine = daemon.engine
    info = engine.api.info if engine.api is not None else None
    if isinstance(info, Document) and isinstance(info.value.get("Debug"), bool):
        return Evidence("GET /info", "Debug true") if info.value["Debug"] else None
    outcome = known(engine.effective, "debug")
    setting = outcome.setting("debug")
    if setting is None and outcome.starts is None:
        known(Unread(f"debug: {outcome.undecided or 'it was not computed'}"))
    on = setting is not None and setting.value is True
    return Evidence(str(setting.origin), "debug true") if on and setting is not None else None


def _members(daemon: Daemon) -> list[str] | Unread:
    """The accounts, root not counted, that may use the engine's sockets by their group."""
    facts = daemon.host.facts
    gids: set[int] = set()
    for listener in daemon.engine.exposures:
        if listener.transport != "unix":
            continue
        seen = daemon.host.route(listener.address).seen
        if isinstance(seen, FileFacts):
            gids |= {seen.gid} if seen.mode & 0o020 else set()
        else:
            gids |= {group.gid for group in facts.groups if group.name == "docker"}
    if not facts.groups and gids:
        return Unread("the members of the socket's group: groups were not read")
    named = {name for group in facts.groups if group.gid in gids for name in group.members}
    named |= {account.name for account in facts.accounts if account.gid in gids}
    return sorted(named - {account.name for account in facts.accounts if account.uid == 0})
