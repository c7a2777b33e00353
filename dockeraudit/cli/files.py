"""Files that the user names on the command line."""

import click

MAX_FILE = 16 * 1024 * 1024
"""Bytes; a file without an end (a pipe, a device) is refused past them."""


def named_file(option: str, path: str) -> bytes:
    """A file's content; it may be a pipe.

    Raises:
        click.UsageError: it can't be read, or is too large.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise click.UsageError(f"{option} {path}: {reason}") from error
    if len(content) > MAX_FILE:
        raise click.UsageError(f"{option} {path}: larger than {MAX_FILE >> 20} MiB")
    return content
