"""The JSON report: the contract itself (DESIGN.md, JSON report; `report.schema.json`).

Read by `dockeraudit report`, `dockeraudit diff` and the user's own programs.
"""

import re
from collections.abc import Iterator

import msgspec

from dockeraudit.output import whole_characters
from dockeraudit.report import SCHEMA_VERSION, HostReport, Report

EXTENSION = "json"

_BEGINNING = (
    f'{{\n  "schema_version": "{SCHEMA_VERSION}",\n  "tool": {{\n    "name": "dockeraudit",\n'
).encode()

# What JSON may hold as it is, though a terminal or an editor obeys it: C1 controls, zero-width
# and bidirectional marks, line separators, tags. Escaped, the data is the same.
_STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(_BEGINNING)


def render(report: Report) -> Iterator[str]:
    """The report host by host, so that memory holds one host's text at a time."""
    head = _text(msgspec.structs.replace(report, hosts=()))
    before, _, after = head.rpartition("[]")
    if not report.hosts:
        yield head + "\n"
        return
    yield before + "[\n"
    for index, host in enumerate(report.hosts):
        yield (",\n    " if index else "    ") + _text(host, "\n    ")
    yield "\n  ]" + after + "\n"


def _text(value: Report | HostReport, line_end: str = "\n") -> str:
    try:
        data = msgspec.json.encode(value, order="deterministic")
    except UnicodeEncodeError:
        # Not sorted as a whole: fields stay in the order of their struct, `hosts` last.
        data = msgspec.json.encode(_whole(msgspec.to_builtins(value, order="deterministic")))
    text = msgspec.json.format(data, indent=2).decode()
    # Line by line, since few have a character for which a search is worth its time.
    return line_end.join(
        line if line.isascii() else _STEERING.sub(_escape, line) for line in text.split("\n")
    )


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _whole(value: object) -> object:
    """Plain data without lone surrogates, which JSON in UTF-8 can't carry."""
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value
