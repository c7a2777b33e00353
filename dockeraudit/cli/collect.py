"""`dockeraudit collect`: save hosts' facts, to be judged later or elsewhere."""

import os
import re

import click

from dockeraudit.cli.options import limits, named_targets, target_options, transport_options
from dockeraudit.exits import CLEAN, INCOMPLETE, INTERNAL
from dockeraudit.facts import encode
from dockeraudit.output import OutputError, write
from dockeraudit.scan import Plan, gather
from dockeraudit.targets import Target
from dockeraudit.transport import TransportError
from dockeraudit.transport.process import Cancel


@click.command("collect", short_help="Save hosts' facts, to be judged later.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@target_options
@click.option("-o", "--output", "folder", default=".", show_default=True, metavar="FOLDER")
def command(targets: tuple[str, ...], folder: str, **connection: object) -> None:
    """Write one facts file for each TARGET into FOLDER; with no target, of this machine.

    \b
      dockeraudit collect web1 db1 -o facts && dockeraudit scan facts
    """
    plan = Plan(checks=(), options=transport_options(connection), limits=limits(connection))
    status = CLEAN
    for target in named_targets(targets, connection):
        status = max(status, _collect(target, plan, folder))
    raise click.exceptions.Exit(status)


def _collect(target: Target, plan: Plan, folder: str) -> int:
    try:
        facts = gather(target, plan, Cancel()).facts
    except TransportError as error:
        click.echo(f"{target.spec}: {error.kind}: {error} ({error.hint})", err=True)
        return INCOMPLETE
    path = os.path.join(folder, file_name(target.spec))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        write(path, [encode(facts).decode() + "\n"])
    except (OSError, OutputError) as error:
        click.echo(f"dockeraudit: {path}: {error}", err=True)
        return INTERNAL
    click.echo(f"wrote {path}", err=True)
    return CLEAN


def file_name(target: str) -> str:
    """A file name for a target: its letters, digits, dots and dashes, others as `_`."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", target).strip("_.") + ".facts.json"
