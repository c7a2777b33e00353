"""What was read for one start: the arguments and the file, before they are brought together."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dockeraudit.effective.daemon_json import Decoded, Entry
from dockeraudit.effective.flags import Parsed
from dockeraudit.effective.model import DaemonInput, Origin
from dockeraudit.effective.version import Version


class Reading(Struct, frozen=True):
    """The sources of every option."""

    given: DaemonInput
    version: Version
    parsed: Parsed
    path: str
    """Of the configuration file; empty if none is read."""
    decoded: Decoded
    entries: Mapping[str, Entry]
    """The file's own keys; of a key given twice the last one."""
    present: Mapping[str, Entry]
    """The same with the keys of unknown tables, which some of the daemon's tests see."""

    def at(self, entry: Entry) -> Origin:
        """The place of a key."""
        name = entry.key if entry.table is None else f"{entry.table}.{entry.key}"
        return Origin(f"{self.path}:{entry.line} {name}")
