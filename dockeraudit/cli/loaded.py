"""The checks and writers there are; a plug-in that can't be used is named once and left out."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from threading import Thread
from typing import Any, overload

import click

from dockeraudit import plugins
from dockeraudit.check import Check
from dockeraudit.cli import configured
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded

Checks = dict[str, Check[Any]]


class Soon(Sequence[Check[Any]]):
    """Checks that a thread loads; who looks at them waits until they are there.

    Loading all of them takes about as long as a host takes to answer.
    """

    def __init__(self, load: Callable[[], tuple[Check[Any], ...]]) -> None:
        self._load = load
        self._found: tuple[Check[Any], ...] = ()
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found = self._load()
        except Exception as error:  # raised where they are looked at
            self._error = error

    def _all(self) -> tuple[Check[Any], ...]:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, number: int) -> Check[Any]: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Check[Any], ...]: ...

    def __getitem__(self, number: int | slice) -> Check[Any] | tuple[Check[Any], ...]:
        return self._all()[number]

    def __iter__(self) -> Iterator[Check[Any]]:
        return iter(self._all())

    def __reduce__(self) -> tuple[type, tuple[tuple[Check[Any], ...]]]:
        return tuple, (self._all(),)


@cache
def _name(problem: str) -> None:
    end = " It is left out." if problem.endswith((".", "?")) else "; it is left out"
    say(f"dockeraudit: {problem}{end}")


def known_checks(config: Loaded | None = None, folders: tuple[str, ...] = ()) -> Checks:
    """Every check that can be used, by id; with those of `--checks-dir`.

    Raises:
        click.UsageError: a folder can't be used at all.
    """
    return _all(config, folders)[0]


def lost_files(config: Loaded, folders: tuple[str, ...]) -> tuple[str, ...]:
    """The files of `--checks-dir` that are left out, whole or in part."""
    return _all(config, folders)[1] if folders else ()


def _all(config: Loaded | None, folders: tuple[str, ...]) -> tuple[Checks, tuple[str, ...]]:
    if not folders:
        return plugins.checks(_name), ()
    from dockeraudit.checks_folder import FolderError

    try:
        return _with(folders)
    except FolderError as error:
        place = config.origin("checks-dir") if config is not None else ""
        if place and not configured.said("checks_dirs"):
            raise click.UsageError(f"{place}: checks-dir: {error}") from error
        raise click.UsageError(f"--checks-dir {error}") from error


@cache
def _with(folders: tuple[str, ...]) -> tuple[Checks, tuple[str, ...]]:
    """The checks with those of folders, whose files are run once; and the files left out.

    Raises:
        FolderError: a folder can't be used at all.
    """
    from dockeraudit.checks_folder import added

    both, found = added(plugins.checks(_name), folders)
    for lost in found.lost:
        *others, last = lost.problems
        for problem in others:
            _say(problem)
        _name(last)
    return both, tuple(dict.fromkeys(lost.path for lost in found.lost))


@cache
def _say(problem: str) -> None:
    say(f"dockeraudit: {problem}")


def known_formats() -> list[str]:
    """The names of the report formats there are."""
    return plugins.formats(_name)


def known_writer(format: str) -> plugins.Writer:
    """The writer of a format that is among `known_formats`.

    Raises:
        click.UsageError: its plug-in can't be loaded.
    """
    try:
        return plugins.writer(format, _name)
    except plugins.PluginError as error:
        raise click.UsageError(str(error)) from error


def known_recognised(format: str, head: bytes) -> bool:
    """Whether a file that begins so is a report, of that format or of another."""
    return plugins.recognised(format, head, _name)
