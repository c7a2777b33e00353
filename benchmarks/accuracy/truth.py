"""What is true of each lab host, by CIS 1.6 number: read from truth.toml, written by hand."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from dockeraudit.frameworks import ITEMS

State = Literal["right", "wrong", "absent", "person", "outside"]
"""`absent`: there is nothing that the item speaks of. `person`: no fact of the host decides it.
`outside`: the lab can't show it, so nobody is judged by it."""

STATES: tuple[State, ...] = ("right", "wrong", "absent", "person", "outside")
ITEMS_1_6 = ITEMS["cis-1.6"]
FILE = Path(__file__).with_name("truth.toml")


class TruthError(Exception):
    """The file says two things of one item, or nothing."""


def read(path: Path = FILE) -> dict[str, dict[str, State]]:
    """Each host's items in order.

    Raises:
        TruthError: an item has no state or two, or a pattern matches none.
    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    default = _states("default", document.pop("default"))
    missing = set(ITEMS_1_6) - default.keys()
    if missing:
        raise TruthError(f"default says nothing of {', '.join(sorted(missing))}")
    return {
        host: {item: own.get(item, default[item]) for item in ITEMS_1_6}
        for host, table in document["host"].items()
        for own in [_states(host, table)]
    }


def _states(host: str, table: dict[str, list[str]]) -> dict[str, State]:
    found: dict[str, State] = {}
    for state, patterns in table.items():
        if state not in STATES:
            raise TruthError(f"{host}: no state {state!r}")
        for pattern in patterns:
            named = [item for item in ITEMS_1_6 if fnmatchcase(item, pattern)]
            twice = [item for item in named if found.get(item, state) != state]
            if not named or twice:
                raise TruthError(f"{host}: {pattern} names no item or one twice: {twice}")
            found |= dict.fromkeys(named, state)
    return found
