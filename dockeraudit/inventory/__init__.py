"""Where targets come from: lists, tables, Ansible's inventories, ssh's and Docker's configuration.

Each source gives entries, which name one target each and where that stands. How a file is read
is told by its ending, and where that says nothing by what is in it (`form`).
"""

import os
import re
import sys
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from dockeraudit.targets import Target, facts_folder

Form = Literal["plain", "ansible", "csv", "json"]

MAX_FILE = 64 * 1024 * 1024

_ENDINGS: dict[str, Form] = {
    ".csv": "csv",
    ".cfg": "ansible",
    ".ini": "ansible",
    ".yaml": "ansible",
    ".yml": "ansible",
}
_JSON = re.compile(r"\s*(\{|\[\s*[\[{\"\]])")
_SECTION = re.compile(r"\[[^\[\]:\s]+(:children|:vars)?\]\s*([#;].*)?")
_VARIABLE = re.compile(r"[^\s#;]+\s+[A-Za-z_]\w*=.*")
_YAML = re.compile(r"---(\s.*)?|[\w.-]+:\s*(#.*)?")


class InventoryError(ValueError):
    """A source that can't be used; the text is one line, and begins with the place."""


class Entry(Struct, frozen=True):
    """One line of a source."""

    place: str
    """`hosts:3`."""
    word: str
    """A target as the command line takes it."""
    target: Target | None = None
    """The target itself, where the source says more than a word can."""
    groups: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    become: bool | None = None


def read(file: str) -> Iterator[Entry]:
    """The entries of a file, of a folder or a program of Ansible's, or of stdin (`-`).

    Raises:
        InventoryError: it can't be read, or a line in it is wrong.
    """
    if _is_ansible(file):
        from .ansible import listed

        return listed(file)
    text = _text(file)
    found = form(file, text)
    if found == "plain":
        from .plain import entries

        return entries(file, text)
    if found == "csv":
        from .table import of_csv

        return of_csv(file, text)
    if found == "json":
        from .table import of_json

        return of_json(file, text)
    if file == "-":
        raise InventoryError(
            "-: an inventory of Ansible's can't come from stdin: name its file, "
            "or give what `ansible-inventory --list` prints"
        )
    from .ansible import listed

    return listed(file)


def form(file: str, text: str) -> Form:
    """How a text is to be read: by the file's ending, else by what is in it."""
    ending = os.path.splitext(file)[1].lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if _JSON.match(text):
        return "json"
    lines = (line.strip() for line in text.splitlines())
    told = [line for line in lines if line and not line.startswith(("#", ";"))]
    if told and "target" in [cell.strip().strip('"') for cell in told[0].split(",")]:
        return "csv"
    if told and _YAML.fullmatch(told[0]):
        return "ansible"
    if any(_SECTION.fullmatch(line) or _VARIABLE.fullmatch(line) for line in told):
        return "ansible"
    return "plain"


def _is_ansible(file: str) -> bool:
    """Whether only Ansible can read it: a folder, or a program."""
    if file == "-" or "\0" in file:
        return False
    if os.path.isdir(file):
        if facts_folder(file):
            raise InventoryError(f"{file}: a folder of facts is a TARGET, not an inventory")
        return True
    return is_program(file)


def is_program(file: str) -> bool:
    """Whether a file is to be run; on some file systems everything has the bit for that."""
    if not os.path.isfile(file) or not os.access(file, os.X_OK):
        return False
    try:
        with open(file, "rb") as program:
            return program.read(4).startswith((b"#!", b"\x7fELF"))
    except OSError:
        return False


def _text(file: str) -> str:
    try:
        with open(sys.stdin.fileno() if file == "-" else file, "rb", closefd=file != "-") as opened:
            data = opened.read(MAX_FILE + 1)
    except OSError as error:
        raise InventoryError(f"{file}: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the path
        raise InventoryError(f"{file}: {error}") from error
    if len(data) > MAX_FILE:
        raise InventoryError(f"{file}: larger than {MAX_FILE >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InventoryError(f"{file}:{line}: it is no text in UTF-8") from error
