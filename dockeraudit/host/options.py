"""A daemon option that is in force, or why it can't be told which."""

from typing import Any

from msgspec import Struct

from dockeraudit.effective.model import Outcome
from dockeraudit.facts import FileFacts, Unread
from dockeraudit.host.host import Daemon


class Option(Struct, frozen=True):
    """A value, and where it was set."""

    value: Any
    origin: str


def option(daemon: Daemon, name: str) -> Option | Unread | None:
    """An option under its name in daemon.json; None: the release has no such option.

    A file that was written after the start is no witness of what the daemon read, so only flags
    count then.
    """
    outcome = daemon.engine.effective
    if not isinstance(outcome, Outcome):
        return Unread(f"{name}: {outcome.reason}")
    setting = outcome.setting(name)
    if setting is None:
        if outcome.starts is None:
            return Unread(f"{name}: {outcome.undecided or 'it was not computed'}")
        return None
    kept = ("rewritten", daemon.engine.name)
    path = daemon.host.once(kept, lambda: _rewritten(daemon, outcome))
    if path and not str(setting.origin).startswith("flag "):
        return Unread(f"{name}: {path} was written after the start, and nothing else says it")
    return Option(setting.value, str(setting.origin))


def _rewritten(daemon: Daemon, outcome: Outcome) -> str:
    """The configuration file, if it is newer than the running daemon; else empty."""
    process = daemon.engine.process
    setting = outcome.setting("config-file")
    path = str(setting.value or "") if setting is not None else "/etc/docker/daemon.json"
    if process is None or process.started is None:
        return ""
    for place in (path, daemon.host.resolved(path)[0]):
        seen = daemon.host.file(place)
        # Starts are known in whole seconds.
        if isinstance(seen, FileFacts) and seen.mtime > process.started + 1:
            return path
    return ""
