"""Checks of a user's own, in a folder: Python files, and TOML or YAML files of simple checks.

Each file stands by itself. One that can't be used is left out, with every mistake in it named by
line; the others count. Python is executed, so what everybody may write is not touched.
"""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from types import ModuleType, TracebackType
from typing import Any

from msgspec import Struct

from dockeraudit.check import Check
from dockeraudit.plugins import checks_of, unusable

MAX_FILE = 1 << 20
SIMPLE = (".toml", ".yaml", ".yml")


class FolderError(Exception):
    """A folder that can't be used at all; one sentence says why."""


class Lost(Struct, frozen=True):
    """A file that is left out, or one check of it, and every reason."""

    path: str
    problems: tuple[str, ...]


class Found(Struct, frozen=True):
    """What folders hold, each check with the file that it is from."""

    checks: tuple[tuple[Check[Any], str], ...] = ()
    lost: tuple[Lost, ...] = ()


@cache
def checks_in(folder: str) -> Found:
    """The checks of a folder, file by file in the order of names.

    Raises:
        FolderError: it is no folder, or everybody may write in it.
    """
    checks: list[tuple[Check[Any], str]] = []
    lost: list[Lost] = []
    for path in _files(folder):
        try:
            checks += [(check, path) for check in _checks(path)]
        except _BrokenFile as broken:
            lost.append(Lost(path, broken.problems))
    return Found(tuple(checks), tuple(lost))


def added(known: dict[str, Check[Any]], folders: tuple[str, ...]) -> tuple[dict[str, Any], Found]:
    """The known checks with those of folders, by id; no id is taken from another check.

    Raises:
        FolderError: as `checks_in`.
    """
    found = dict(known)
    origins: dict[str, str] = {}
    lost: list[Lost] = []
    own: list[tuple[Check[Any], str]] = []
    for folder in dict.fromkeys(folders):
        inside = checks_in(folder)
        lost += inside.lost
        for check, path in inside.checks:
            if check.id in found:
                other = origins.get(check.id) or found[check.id].function.__module__
                twice = f"{path}: the id {check.id} is taken: it is a check of {other}"
                lost.append(Lost(path, (twice,)))
            else:
                found[check.id] = check
                origins[check.id] = path
                own.append((check, path))
    return dict(sorted(found.items())), Found(tuple(own), tuple(lost))


class _BrokenFile(Exception):
    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _files(folder: str) -> Iterator[str]:
    try:
        seen = os.stat(folder)
        names = sorted(os.listdir(folder))
    except (OSError, ValueError) as error:
        raise FolderError(f"{folder}: {getattr(error, 'strerror', None) or error}") from error
    if seen.st_mode & stat.S_IWOTH:
        raise FolderError(f"{folder}: everybody may write in it, and what is in it is executed")
    for name in names:
        if not name.startswith(("_", ".")) and name.endswith((".py", *SIMPLE)):
            yield os.path.join(folder, name)


def _checks(path: str) -> tuple[Check[Any], ...]:
    data = _content(path)
    if path.endswith(".py"):
        found = _of_module(_executed(path, data), path)
    else:
        from dockeraudit.config.document import ConfigError
        from dockeraudit.simple import read

        try:
            found = read(path, data)
        except ConfigError as error:
            raise _BrokenFile(*error.problems) from error
    if not found:
        raise _BrokenFile(f"{path}: there is no check in it")
    return found


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IWOTH:
                raise _BrokenFile(f"{path}: everybody may write it")
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise _BrokenFile(f"{path}: {error.strerror or error}") from error
    if len(data) > MAX_FILE:
        raise _BrokenFile(f"{path}: larger than {MAX_FILE >> 20} MiB")
    return data


def _executed(path: str, data: bytes) -> ModuleType:
    """The file as a module of its own: nothing is added to sys.path, and no bytecode is written.

    What it prints goes to stderr, for stdout is a report's.
    """
    from importlib.util import module_from_spec, spec_from_file_location

    name = f"dockeraudit_checks_of:{os.path.abspath(path)}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        with redirect_stdout(sys.stderr):
            exec(compile(data, path, "exec", dont_inherit=True), module.__dict__)
    except SyntaxError as error:
        del sys.modules[name]
        at = error.lineno if error.filename == path else _line(error.__traceback__, path)
        raise _BrokenFile(f"{path}:{at or 1}: no Python: {error.msg}") from error
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise _BrokenFile(f"{path}:{_line(error.__traceback__, path)}: {said}") from error
    return module


def _line(at: TracebackType | None, path: str) -> int:
    """The last line of the file that the way to an error leads through."""
    line = 1
    while at is not None:
        if at.tb_frame.f_code.co_filename == path:
            line = at.tb_lineno
        at = at.tb_next
    return line


def _of_module(module: ModuleType, path: str) -> tuple[Check[Any], ...]:
    own = tuple({id(each): each for each in checks_of(module) if _is_from(each, module)}.values())
    problems = [
        f"{path}:{_start(check)}: {problem}" for check in own if (problem := unusable(check))
    ]
    if problems:
        raise _BrokenFile(*problems)
    return own


def _is_from(check: Check[Any], module: ModuleType) -> bool:
    """Whether it was made here, not imported."""
    return getattr(check.function, "__module__", module.__name__) == module.__name__


def _start(check: Check[Any]) -> int:
    code = getattr(check.function, "__code__", None)
    return code.co_firstlineno if code is not None else 1
