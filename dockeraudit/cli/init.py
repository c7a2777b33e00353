"""`dockeraudit init`: a commented configuration file to start from."""

import os
from contextlib import suppress

import click

from dockeraudit.cli.streams import say
from dockeraudit.exits import CLEAN
from dockeraudit.output import OutputError


@click.command("init", short_help="Write a commented dockeraudit.toml to start from.")
@click.argument("file", default="dockeraudit.toml", metavar="[FILE]")
def command(file: str) -> int:
    """Write FILE (dockeraudit.toml) with every key, its meaning and its default.

    It changes nothing until a line is taken out of its comment. A file that is there is left alone.

    \b
      dockeraudit init && dockeraudit config show
    """
    from dockeraudit.config.start import text

    try:
        create(file, text())
    except FileExistsError as error:
        raise click.UsageError(f"{file} is there already, and is left alone") from error
    except OSError as error:
        raise OutputError(file, error.strerror or str(error), "check the folder") from error
    say(f"wrote {file}; `dockeraudit config show` prints what is in force")
    return CLEAN


def create(path: str, text: str) -> None:
    """A new file, whole or absent, for everybody to read as far as the umask lets.

    Raises:
        FileExistsError: something is there already, and stays.
        OSError: it can't be written.
    """
    beside = os.path.join(os.path.dirname(path), f".dockeraudit-{os.urandom(8).hex()}.tmp")
    with suppress(FileNotFoundError):
        os.lstat(path)
        raise FileExistsError(path)
    try:
        with open(beside, "x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)  # fails where something is, as a rename would not
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)
