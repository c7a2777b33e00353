"""`dockeraudit waivers lint`: whether a file of waivers can be used, and what needs a hand."""

import datetime

import click

from dockeraudit import waivers
from dockeraudit.cli import configured
from dockeraudit.cli.config import Commands
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.loaded import known_checks
from dockeraudit.cli.options import checks_option
from dockeraudit.cli.streams import say
from dockeraudit.config import ConfigError, Loaded
from dockeraudit.exits import CLEAN, FINDINGS
from dockeraudit.output import visible, write

DEFAULT_FILE = "waivers.toml"


@click.group("waivers", cls=Commands, short_help="Check a file of waivers.")
def command() -> None:
    """Check a file of waivers."""


@command.command("lint", short_help="Say what is wrong with a file of waivers.")
@click.argument("file", required=False, metavar="[FILE]")
@click.option(
    "--max-days",
    type=click.IntRange(min=1),
    metavar="N",
    help="No waiver may last longer than that many days from today.",
)
@checks_option
@config_option
def lint(
    file: str | None, max_days: int | None, checks_dirs: tuple[str, ...], config: Loaded
) -> int:
    """Say what is wrong with FILE: that of the configuration, else waivers.toml.

    \b
    Exit codes: 0 it can be used, and nothing in it needs a hand; 1 a waiver is
    expired, or lasts longer than --max-days; 2 it can't be used.

    \b
      dockeraudit waivers lint --max-days 180
    """
    path = file or default_file(config)
    known = known_checks(config, checks_dirs)
    try:
        entries = waivers.load(path, known)
    except ConfigError as error:
        configured.refuse(error)
    today = datetime.datetime.now(datetime.UTC).date()
    lines = []
    wrong = 0
    for each in entries:
        left = (each.expires - today).days
        problem = ""
        if each.expired(today):
            problem = f"expired on {each.expires}"
        elif max_days is not None and left > max_days:
            problem = f"lasts until {each.expires}, {left} days: longer than {max_days}"
        wrong += bool(problem)
        if not problem and each.expiring(today):
            problem = f"ends on {each.expires}, in {left} days"
        if problem:
            name = f"{each.check} for {each.target}"
            lines.append(visible(f"{each.source}: the waiver of {name} {problem} ({each.owner})"))
    write("-", (f"{line}\n" for line in lines))
    say(f"{path}: {len(entries)} waivers, {wrong} to be attended to")
    return FINDINGS if wrong else CLEAN


def default_file(config: Loaded) -> str:
    """The file of waivers of the configuration, else the usual name beside it."""
    if config.values.waivers is not None:
        return config.beside(config.values.waivers)
    return configured.nearby(DEFAULT_FILE, config)
