"""The checks and writers there are; a plug-in that can't be used is named once and left out."""

from functools import cache
from typing import Any

import click

from dockeraudit import plugins
from dockeraudit.check import Check
from dockeraudit.cli.streams import say


@cache
def _name(problem: str) -> None:
    say(f"dockeraudit: {problem}; it is left out")


def known_checks() -> dict[str, Check[Any]]:
    """Every check that can be used, by id."""
    return plugins.checks(_name)


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
