"""The command line: `dockeraudit COMMAND`. Each command is a module here, imported when called."""

import signal
import sys
from importlib import import_module
from typing import NoReturn

import click

from dockeraudit import __version__
from dockeraudit.words import nearest

COMMANDS = ("scan", "collect", "effective", "explain", "list")

EPILOG = """\b
Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 wrong use or
configuration; 3 incomplete; 4 an error of dockeraudit's own; 130/143
interrupted.
"""


class _Commands(click.Group):
    """Loads a command's module only when it is needed, and suggests names for mistyped ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

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
    from dockeraudit.exits import INTERNAL, SIGNALLED

    try:
        status = int(program.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        status = SIGNALLED + signal.SIGINT
    except BrokenPipeError:
        _silence_stdout()
        status = 0
    except Exception as error:
        import os

        if os.environ.get("DOCKERAUDIT_DEBUG"):
            raise
        click.echo(
            f"dockeraudit {__version__} failed: {type(error).__name__}: {error}. This is a mistake "
            "of dockeraudit itself; run again with DOCKERAUDIT_DEBUG=1 for where it happened.",
            err=True,
        )
        status = INTERNAL
    sys.exit(status)


def _silence_stdout() -> None:
    """Keep the interpreter from complaining about a closed pipe when it ends."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
