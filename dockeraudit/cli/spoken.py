"""`--lang`: in which language a command writes for people."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dockeraudit import language
from dockeraudit.cli.options import OneOf

F = TypeVar("F", bound=Callable[..., Any])

_KEY = f"{__name__}.language"


def lang_option(function: F) -> F:
    """Add `--lang` to a command, which asks `spoken` for it."""
    return click.option(
        "--lang",
        type=OneOf(language.LANGUAGES),
        metavar="NAME",
        expose_value=False,
        callback=_keep,
        help="Write for people in English (en) or Korean (ko); else as LC_ALL, LC_MESSAGES or "
        "LANG say. Machine formats are English.",
    )(function)


def _keep(context: click.Context, parameter: click.Parameter, named: str | None) -> None:
    context.meta[_KEY] = named or language.chosen(os.environ)


def spoken() -> str:
    """The language of the running command; English for one that has no `--lang`."""
    context = click.get_current_context(silent=True)
    return str(context.meta.get(_KEY, language.SOURCE)) if context else language.SOURCE
