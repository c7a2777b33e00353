"""What lab hosts really gave: one finding of each check that failed on any of them.

`docs/examples.py` writes the file from a scan of the lab.
"""

import os
from functools import cache

import msgspec
from msgspec import Struct

from dockeraudit.report import Proof


class Example(Struct, frozen=True):
    """A finding, and where it was seen."""

    host: str
    """The lab's name for it; tests/lab/hosts.py says what it is."""
    status: str
    """`fail` or `manual`."""
    resource: str
    message: str
    evidence: tuple[Proof, ...]


@cache
def examples() -> dict[str, Example]:
    """By the check's id."""
    with open(os.path.join(os.path.dirname(__file__), "examples.json"), "rb") as file:
        return msgspec.json.decode(file.read(), type=dict[str, Example])
