"""CSV and JSON: a target a row, with groups, become and labels."""

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

from dockeraudit.words import nearest

from . import Entry, InventoryError
from .plain import expanded

COLUMNS = ("target", "groups", "become")
_LABEL = "labels."
_LABEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,62}")
_GROUP_NAME = re.compile(r"[\w.@/+-]{1,100}")
_LONGEST = 256
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def of_csv(file: str, text: str) -> Iterator[Entry]:
    """The rows of a CSV file with a line of names on top.

    Raises:
        InventoryError: a column or a row is wrong.
    """
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    names: list[str] = []
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise InventoryError(f"{file}:{reader.line_num}: no CSV: {error}") from error
        if row is None:
            break
        if not any(map(str.strip, row)):
            continue
        place = f"{file}:{reader.line_num}"
        if not names:
            names = [name.strip() for name in row]
            _check_columns(names, place)
            continue
        if len(row) != len(names):
            raise InventoryError(f"{place}: {len(row)} cells for {len(names)} columns")
        yield from _entries(
            {name: cell.strip() for name, cell in zip(names, row, strict=True)}, place
        )


def of_json(file: str, text: str) -> Iterator[Entry]:
    """A JSON list of targets or of objects, or what `ansible-inventory --list` prints.

    Raises:
        InventoryError: it is no JSON, or something in it is wrong.
    """
    start = len(text) - len(text.lstrip())
    if not text.startswith("[", start):
        try:
            value = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _no_json(file, text, error) from error
        if isinstance(value, dict) and isinstance(value.get("_meta"), dict):
            from .ansible import entries

            yield from entries(value, file)
            return
        if file == "-":
            raise InventoryError(
                "-:1: no list of targets, and not what `ansible-inventory --list` prints"
            )
        from .ansible import listed

        yield from listed(file)
        return
    for line, value in _elements(file, text, start):
        place = f"{file}:{line}"
        if isinstance(value, str):
            yield from _entries({"target": value}, place)
        elif isinstance(value, dict):
            labels = value.pop("labels", {})
            if not isinstance(labels, dict):
                raise InventoryError(f"{place}: labels are no object")
            value |= {f"{_LABEL}{name}": each for name, each in labels.items()}
            _check_columns(list(value), place)
            yield from _entries(value, place)
        else:
            raise InventoryError(f"{place}: neither a target nor an object with one")


def _elements(file: str, text: str, start: int) -> Iterator[tuple[int, Any]]:
    """The elements of a list, each with the line that it begins in."""
    decoder = json.JSONDecoder()
    blank = re.compile(r"[ \t\r\n]*")
    at, line, counted, first = start + 1, 1, 0, True
    while True:
        at = _after(blank, text, at)
        if text.startswith("]", at) and first:
            break
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _no_json(file, text, error) from error
        yield line, value
        first = False
        at = _after(blank, text, at)
        if text.startswith(",", at):
            at += 1
            continue
        if text.startswith("]", at):
            break
        raise InventoryError(f"{file}:{text.count(chr(10), 0, at) + 1}: no JSON: no , or ]")
    if text[at + 1 :].strip():
        raise InventoryError(f"{file}:{text.count(chr(10), 0, at) + 1}: no JSON: text after the ]")


def _after(blank: re.Pattern[str], text: str, at: int) -> int:
    found = blank.match(text, at)
    return found.end() if found else at


def _no_json(file: str, text: str, error: Exception) -> InventoryError:
    if isinstance(error, json.JSONDecodeError):
        return InventoryError(f"{file}:{error.lineno}: no JSON: {error.msg}")
    return InventoryError(f"{file}:1: no JSON: nested too deeply")


def _check_columns(names: list[str], place: str) -> None:
    if "target" not in names:
        raise InventoryError(f"{place}: there is no column `target`")
    for name in names:
        if names.count(name) > 1:
            raise InventoryError(f"{place}: the column {name!r} is there twice")
        if name in COLUMNS:
            continue
        if not name.startswith(_LABEL):
            instead = nearest(name, COLUMNS) or f" There are: {', '.join(COLUMNS)}, labels.NAME."
            raise InventoryError(f"{place}: unknown column {name!r}.{instead}")
        if not _LABEL_NAME.fullmatch(name.removeprefix(_LABEL)):
            raise InventoryError(f"{place}: no name of a label: {name!r}")


def _entries(row: dict[str, Any], place: str) -> Iterator[Entry]:
    word = row["target"]
    if not isinstance(word, str) or not word.strip():
        raise InventoryError(f"{place}: no target")
    groups = _groups(row.get("groups"), place)
    become = _become(row.get("become"), place)
    labels = tuple(
        (name.removeprefix(_LABEL), text)
        for name, value in row.items()
        if name.startswith(_LABEL) and (text := _label(name, value, place))
    )
    for each in expanded(word.strip(), place):
        yield Entry(place, each, groups=groups, labels=labels, become=become)


def _groups(value: Any, place: str) -> tuple[str, ...]:
    names = re.split(r"[,;\s]+", value) if isinstance(value, str) else value
    if names is None:
        return ()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InventoryError(f"{place}: groups are no list of names")
    for name in names:
        if name and not _GROUP_NAME.fullmatch(name):
            raise InventoryError(f"{place}: no name of a group: {name!r}")
    return tuple(dict.fromkeys(name for name in names if name))


def _become(value: Any, place: str) -> bool | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    found = _BOOLS.get(str(value).lower())
    if found is None:
        raise InventoryError(f"{place}: become is {value!r}: write true or false")
    return found


def _label(name: str, value: Any, place: str) -> str:
    """A label's text; empty: it has none here."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise InventoryError(f"{place}: {name} is no text")
    text = str(value).strip()
    if not text.isprintable() or len(text) > _LONGEST:
        raise InventoryError(f"{place}: {name} is no single line of at most {_LONGEST} characters")
    return text
