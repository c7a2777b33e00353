"""`dockeraudit config show`: every value in force, and where it is from."""

from typing import Any

import click
import msgspec

from dockeraudit.cli import configured, scan
from dockeraudit.cli.options import OneOf
from dockeraudit.cli.predicted import NAMES
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded
from dockeraudit.exits import CLEAN
from dockeraudit.output import visible, write
from dockeraudit.words import nearest


class Commands(click.Group):
    """Suggests the nearest name for a mistyped one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"no command {args[0]!r}.{nearest(args[0], self.commands)}", ctx)
        return super().resolve_command(ctx, args)


@click.group("config", cls=Commands, short_help="Show the configuration in force.")
def command() -> None:
    """Show the configuration in force."""


@command.command("show", short_help="Print every value with its origin.")
@click.option(
    "--format",
    "show_as",
    type=OneOf(["table", "json"]),
    default="table",
    show_default=True,
    help="`json` has the values as they are.",
)
@click.pass_context
def show(context: click.Context, /, config: Loaded, show_as: str, **values: Any) -> int:
    """Print every value with its origin: file and line, option, or default.

    It takes the options of `scan`, and shows what a scan with them would do.

    \b
      dockeraudit config show
      dockeraudit config show --profile strict --fail-on high
      dockeraudit config show --format json
    """
    rows = configured.rows(context, config)
    if show_as == "json":
        document = {
            "file": config.path or None,
            "values": [
                {"key": key, "value": value, "origin": origin} for key, value, origin in rows
            ],
        }
        write("-", [msgspec.json.format(msgspec.json.encode(document), indent=2).decode(), "\n"])
        return CLEAN
    say(f"configuration: {config.path or 'no file'}")
    texts = [(key, _text(value), origin) for key, value, origin in rows]
    keys = max(len(key) for key, _, _ in texts)
    width = min(40, max(len(text) for _, text, _ in texts))
    write("-", (f"{key:<{keys}}  {text:<{width}}  {origin}\n" for key, text, origin in texts))
    return CLEAN


def _text(value: Any) -> str:
    """A value as the file has it."""
    if value is None:
        return "(none)"
    return visible(msgspec.json.encode(value).decode())


_LEFT_OUT = {*NAMES, "verbose", "shown"}
show.params += [each for each in scan.command.params if each.name not in _LEFT_OUT]
