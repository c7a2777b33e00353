"""The values that say where something was seen, or why it was not."""

from typing import Any

from msgspec import Struct


class Unread(Struct, frozen=True, tag="unread", tag_field="is"):
    """A fact that could not be read. Absence of evidence, with its reason."""

    reason: str


class Absent(Struct, frozen=True, tag="absent", tag_field="is"):
    """A path that certainly does not exist: its folder could be searched."""


class Document(Struct, frozen=True, tag="document", tag_field="is"):
    """A JSON object that was read whole, for example an API's answer."""

    value: dict[str, Any]


class Names(Struct, frozen=True, tag="names", tag_field="is"):
    """Names with their values; None stands for a value that was withheld on the host."""

    values: dict[str, str | None]


class Evidence(Struct, frozen=True):
    """What a statement rests on: a place, and what it said word for word."""

    source: str
    """A path (with `:line`), a command, a socket, or `default`."""
    detail: str
