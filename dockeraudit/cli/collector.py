"""`dockeraudit collector`: the collector as a script, for hosts that nobody logs in to."""

import click

from dockeraudit import __version__
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.loaded import known_checks, lost_files
from dockeraudit.cli.options import checks_option
from dockeraudit.collect import MOST_PATHS, standalone
from dockeraudit.config import Loaded
from dockeraudit.exits import CLEAN, INCOMPLETE
from dockeraudit.output import write


@click.command("collector", short_help="Print a script that collects a host's facts there.")
@click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="PATH",
    help="Also read this file on the host, if a scan says it was not looked at. May be repeated.",
)
@checks_option
@config_option
def command(paths: tuple[str, ...], checks_dirs: tuple[str, ...], config: Loaded) -> int:
    """Print a stand-alone POSIX sh script; what it prints on a host is a facts file.

    \b
    For hosts that no one may log in to: run it there as root by cron, cloud-init
    or configuration management, and bring its output back any way you like.

    \b
      dockeraudit collector > collect.sh
      sh collect.sh > "$(uname -n).facts.out"     on the host
      dockeraudit scan web1.facts.out             or a folder of them
    """
    for path in paths:
        if not path.startswith("/") or not path.isprintable():
            raise click.UsageError(f"--path {path!r} is no absolute path of printable characters")
    checks = known_checks(config, checks_dirs).values() if checks_dirs else ()
    asked = tuple(dict.fromkeys(path for check in checks for path in check.paths))
    if len(paths) + len(asked) > MOST_PATHS:
        raise click.UsageError(f"more than {MOST_PATHS} further paths")
    write("-", [standalone(__version__, paths, asked)])
    return INCOMPLETE if lost_files(config, checks_dirs) else CLEAN
