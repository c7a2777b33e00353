"""`dockeraudit list`: the checks there are."""

import click
import msgspec

from dockeraudit.check import Check
from dockeraudit.cli.explain import head
from dockeraudit.plugins import PluginError, checks
from dockeraudit.selection import EVERYTHING, SelectionError, select


@click.command("list", short_help="Show the checks there are.")
@click.option("--profile", default=EVERYTHING, show_default=True, help="Only those of a profile.")
@click.option(
    "--format", "shown", type=click.Choice(["table", "json"]), default="table", show_default=True
)
def command(profile: str, shown: str) -> None:
    """Show every check: its id, severity and the defect that it finds."""
    try:
        chosen = select(checks(), profile, (), ())
    except (SelectionError, PluginError) as error:
        raise click.UsageError(str(error)) from error
    if shown == "json":
        document = [head(check) for check in chosen]
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    for check in chosen:
        click.echo(_row(check))
    click.echo(f"\n{len(chosen)} checks; `dockeraudit explain ID` says more of one.", err=True)


def _row(check: Check) -> str:  # type: ignore[type-arg]
    return f"{check.id:<38} {check.severity.value:<8}  {check.title}"
