"""A TOML file whose every key knows its line; what is wrong with one, as `file:line: …`."""

import re
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from dockeraudit.words import nearest

MAX_FILE = 1 << 20

Path = tuple[str | int, ...]
"""Keys and indexes from the top: `("waiver", 0, "check")`."""

_LINE = r" ?\(at line (\d+), column \d+\)$"
_PLACE = r" - at `\$(.*)`$"


class ConfigError(Exception):
    """A file that can't be used: every mistake in it, one line each, with its place."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class Document(Struct, frozen=True):
    """A TOML file that was read."""

    path: str
    """As it was named; it stands in messages."""
    text: str
    table: dict[str, Any]
    lines: dict[Path, int]

    def line(self, place: Path) -> int:
        """The line of a key, or of the nearest table around it; 1 for the whole file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def at(self, place: Path) -> str:
        """`file:line` of a key."""
        return f"{self.path}:{self.line(place)}"


def read(path: str) -> Document:
    """A TOML file.

    Raises:
        ConfigError: it can't be read, or is no TOML, and where.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError([f"{path}: {reason}"]) from error
    return parse(path, data)


def parse(path: str, data: bytes) -> Document:
    """TOML that was read from a path.

    Raises:
        ConfigError: it is no TOML, and where.
    """
    import tomllib

    from dockeraudit.config.places import places  # what it compiles is for files only

    if len(data) > MAX_FILE:
        raise ConfigError([f"{path}: larger than {MAX_FILE >> 20} MiB"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}:{line}: no text in UTF-8"]) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_no_toml(path, text, str(error))]) from error
    except RecursionError as error:
        raise ConfigError([f"{path}: nested too deeply"]) from error
    return Document(path, text, table, places(text))


def _no_toml(path: str, text: str, message: str) -> str:
    found = re.search(_LINE, message)
    line = found[1] if found else str(text.count("\n") + 1)
    return f"{path}:{line}: no TOML: {re.sub(_LINE, '', message)}"


def problems(document: Document, kind: type[Struct], place: Path = ()) -> Iterator[str]:
    """What is wrong with a table that should be of a kind: unknown and missing keys, types."""
    table = _inside(document, place)
    if not isinstance(table, dict):
        yield f"{document.at(place)}: {shown(place)}: expected a table, got {_name(table)}"
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        here = (*place, key)
        if key not in fields:
            yield f"{document.at(here)}: unknown key {shown(here)}.{_instead(key, fields)}"
        else:
            yield from _of_value(document, here, value, fields[key].type)
    for key, field in fields.items():
        if field.required and key not in table:
            yield f"{document.at(place)}: {shown(place) or 'the file'} has no {key}"


def shown(place: Path) -> str:
    """A key as one writes it: `groups.web.fail-on`, `waiver[2].owner`."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            bare = step.replace("-", "").replace("_", "")
            name = step if bare.isalnum() and bare.isascii() else repr(step)
            text += f".{name}" if text else name
    return text


def _inside(document: Document, place: Path) -> Any:
    value: Any = document.table
    for step in place:
        value = value[step]
    return value


def _of_value(document: Document, place: Path, value: Any, wanted: Any) -> Iterator[str]:
    for kind in alternatives(wanted):
        if isinstance(kind, type) and issubclass(kind, Struct):
            yield from problems(document, kind, place)
            return
        if get_origin(kind) is dict and isinstance(value, dict):
            for key, each in value.items():
                yield from _of_value(document, (*place, key), each, get_args(kind)[1])
            return
    try:
        msgspec.convert(value, wanted)
    except (msgspec.ValidationError, OverflowError) as error:
        message = str(error)
        found = re.search(_PLACE, message)
        index = re.match(r"\[(\d+)\]", found[1]) if found else None
        here = (*place, int(index[1])) if index else place
        yield f"{document.at(here)}: {shown(here)}: {_words(message, value, wanted)}"


def _words(message: str, value: Any, wanted: Any) -> str:
    """msgspec's message, with the nearest right word where one of a few is wanted."""
    text = re.sub(_PLACE, "", message).replace("`", "").replace("object", "table")
    words = [
        word
        for kind in alternatives(wanted)
        if get_origin(kind) is Literal
        for word in get_args(kind)
    ]
    if isinstance(value, str) and words:
        return f"no such value {value!r}.{nearest(value, words)} There are: {', '.join(words)}."
    if "date" in text:
        return f"no day: {value!r}; write it as YYYY-MM-DD"
    return text[:1].lower() + text[1:]


def alternatives(wanted: Any) -> Iterator[Any]:
    """The types that a value may have, without what surrounds them."""
    if get_origin(wanted) is Annotated:
        yield from alternatives(get_args(wanted)[0])
    elif get_origin(wanted) in (Union, UnionType):
        for each in get_args(wanted):
            yield from alternatives(each)
    else:
        yield wanted


def _name(value: Any) -> str:
    names = {str: "str", bool: "bool", int: "int", float: "float", list: "array"}
    return names.get(type(value), type(value).__name__)


def _instead(key: str, fields: dict[str, FieldInfo]) -> str:
    usual = key.replace("_", "-").lower()
    if usual in fields:
        return f" Did you mean {usual!r}?"
    return nearest(key, fields) or f" There are: {', '.join(fields)}."
