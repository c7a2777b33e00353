"""The command line: `dockeraudit COMMAND`. Each command is a module here, imported when called.

A command returns its exit status. What it prints as data goes through `dockeraudit.output`, what
it says to people through `streams.say`: so a closed pipe, a full disk or a missing descriptor is
handled in one place.
"""

import os
import signal
import sys
from importlib import import_module
from typing import NoReturn

import click

from dockeraudit import __version__
from dockeraudit.cli import streams
from dockeraudit.exits import CLEAN, INTERNAL, SIGNALLED, USAGE
from dockeraudit.words import nearest

COMMANDS = (
    "scan",
    "collect",
    "probe",
    "collector",
    "report",
    "effective",
    "explain",
    "list",
    "init",
    "config",
    "baseline",
    "waive",
    "waivers",
    "history",
    "diff",
    "bundle",
    "schedule",
)

EPILOG = """\b
Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 wrong use or
configuration; 3 incomplete; 4 an error of dockeraudit's own; 130/143
interrupted.
"""


class _Commands(click.Group):
    """Loads a command's module only when it is needed, and suggests names for mistyped ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS]  # `list` is a command here, and a module of this package

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"{__name__}.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"no command {args[0]!r}.{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dockeraudit", message="%(prog)s %(version)s")
def program() -> None:
    """Tells the truth about Docker hosts: what the daemon really does, over SSH or here.

    \b
      dockeraudit scan                     this machine
      dockeraudit scan web1 root@db1:2222  two hosts over SSH
      dockeraudit explain listener-tcp-plain
    """


def main() -> NoReturn:
    """The entry point: whatever happens ends in one line and a documented exit code."""
    streams.open_missing()
    status = _guarded(sys.argv[1:])
    error = streams.finish()
    if error is not None and status != INTERNAL:
        streams.say(f"dockeraudit: can't write standard output: {error.strerror or error}")
        status = INTERNAL
    sys.exit(status)


def _guarded(arguments: list[str]) -> int:
    """Run a command, and make of every exception its line and its exit code."""
    try:
        return _run(arguments)
    except click.UsageError as error:
        streams.say(_usage(error))
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        streams.say("interrupted")
        return SIGNALLED + signal.SIGINT
    except BrokenPipeError:
        return CLEAN
    except Exception as error:
        from dockeraudit.output import OutputError
        from dockeraudit.plugins import PluginError

        if os.environ.get("DOCKERAUDIT_DEBUG"):
            raise
        if isinstance(error, OSError):
            streams.say(f"dockeraudit: {error.strerror or error}")
        elif isinstance(error, OutputError | PluginError | click.ClickException):
            streams.say(f"dockeraudit: {error}")
        else:
            streams.say(
                f"dockeraudit {__version__} failed: {type(error).__name__}: {error}. This is a "
                "mistake of dockeraudit itself; DOCKERAUDIT_DEBUG=1 shows where it happened."
            )
        return INTERNAL


def _run(arguments: list[str]) -> int:
    if "_DOCKERAUDIT_COMPLETE" in os.environ:
        program.main(arguments, "dockeraudit")  # for the shell's completion; it ends the process
    if not arguments:
        context = program.make_context("dockeraudit", [], resilient_parsing=True)
        click.echo(program.get_help(context), err=True)
        return USAGE
    try:
        with program.make_context("dockeraudit", arguments) as context:
            status = program.invoke(context)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    return status if isinstance(status, int) else CLEAN


def _usage(error: click.UsageError) -> str:
    """Wrong use in one line, with the nearest name there is."""
    place = error.ctx.command_path if error.ctx else "dockeraudit"
    text = error.format_message()
    if isinstance(error, click.NoSuchOption):
        known = (
            [name for each in error.ctx.command.params for name in each.opts] if error.ctx else []
        )
        text = f"no option {error.option_name!r}.{nearest(error.option_name, known)}"
        if place.endswith(" effective"):
            text += " The daemon's own options stand behind `--`."
    if type(error) is not click.UsageError and "Did you mean" not in text:
        text += f" `{place} --help` says more."
    return f"{place}: {text}"
