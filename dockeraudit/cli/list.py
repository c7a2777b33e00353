"""`dockeraudit list`: the checks there are."""

from typing import Any

import click
import msgspec

from dockeraudit.check import Check
from dockeraudit.cli.explain import head
from dockeraudit.cli.loaded import known_checks
from dockeraudit.cli.options import OneOf
from dockeraudit.cli.streams import say
from dockeraudit.exits import CLEAN
from dockeraudit.output import write
from dockeraudit.selection import EVERYTHING, SelectionError, select


@click.command("list", short_help="Show the checks there are.")
@click.option(
    "--profile",
    default=EVERYTHING,
    metavar="NAME",
    show_default=True,
    help="Only those of a profile.",
)
@click.option(
    "--format",
    "shown",
    type=OneOf(["table", "json"]),
    default="table",
    show_default=True,
    help="`json` has the whole head of each.",
)
def command(profile: str, shown: str) -> int:
    """Show every check: its id, severity and the defect that it finds.

    \b
      dockeraudit list --profile daemon
      dockeraudit list --format json
    """
    try:
        chosen = select(known_checks(), profile, (), ())
    except SelectionError as error:
        raise click.UsageError(str(error)) from error
    if shown == "json":
        document = [head(check) for check in chosen]
        text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
        write("-", [text, "\n"])
    else:
        write("-", [_row(check) for check in chosen])
        say(f"{len(chosen)} checks; `dockeraudit explain ID` says more of one.")
    return CLEAN


def _row(check: Check[Any]) -> str:
    return f"{check.id:<38} {check.severity.value:<8}  {check.title}\n"
