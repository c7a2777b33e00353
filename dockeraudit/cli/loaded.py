"""The checks and writers there are; a plug-in that can't be used is named once and left out."""

from functools import cache
from typing import Any

import click

from dockeraudit import plugins
from dockeraudit.check import Check
from dockeraudit.cli import configured
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded

Checks = dict[str, Check[Any]]


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
    return _all(config, folders)[1]


def _all(config: Loaded | None, folders: tuple[str, ...]) -> tuple[Checks, tuple[str, ...]]:
    known = plugins.checks(_name)
    if not folders:
        return known, ()
    from dockeraudit.checks_folder import FolderError, added

    try:
        both, found = added(known, folders)
    except FolderError as error:
        place = config.origin("checks-dir") if config is not None else ""
        if place and not configured.said("checks_dirs"):
            raise click.UsageError(f"{place}: checks-dir: {error}") from error
        raise click.UsageError(f"--checks-dir {error}") from error
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
