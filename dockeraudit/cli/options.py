"""Options that commands share: which targets, and how to reach them."""

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from dockeraudit.targets import FACTS_ENDINGS, Target, TargetError, facts_folder, parse
from dockeraudit.transport import Limits, TransportError, TransportOptions

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "-i",
        "--inventory",
        "inventories",
        multiple=True,
        metavar="FILE",
        help="Read targets from a file, one a line, `#` starts a comment; `-` is stdin.",
    ),
    click.option("--become", is_flag=True, help="Become root by `sudo -n`; never asks."),
    click.option("--ssh-config", metavar="FILE", help="Use this ssh_config instead of your own."),
    click.option(
        "--ssh-option",
        "ssh_options",
        multiple=True,
        metavar="KEY=VALUE",
        help="An ssh -o option; may be repeated.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=1),
        default=60.0,
        show_default=True,
        help="Seconds a host may take in all.",
    ),
)


def target_options(function: F) -> F:
    """Add the shared options to a command; they reach it as keyword arguments."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def transport_options(connection: dict[str, Any]) -> TransportOptions:
    """How to reach hosts, from the shared options."""
    return TransportOptions(
        ssh_config=connection["ssh_config"],
        ssh_options=connection["ssh_options"],
        become=connection["become"],
    )


def limits(connection: dict[str, Any]) -> Limits:
    """Deadlines, from the shared options."""
    timeout = connection["timeout"]
    return Limits(timeout=timeout, connect_timeout=min(10.0, timeout))


def named_targets(words: tuple[str, ...], connection: dict[str, Any]) -> tuple[Target, ...]:
    """The targets that were named, each once; this machine if nothing was named.

    A bad word, or a bad line of an inventory, stops the run before it starts.
    """
    found: dict[Target, None] = {}
    for where, word in (*(("", word) for word in words), *_inventory(connection["inventories"])):
        try:
            found |= dict.fromkeys(_expanded(word))
        except (TargetError, TransportError) as error:
            raise click.UsageError(f"{where}{error}") from error
    if not found and (words or connection["inventories"]):
        raise click.UsageError("no target: what was named is empty")
    return tuple(found) or (parse("local"),)


def _inventory(files: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for file in files:
        try:
            with open(sys.stdin.fileno() if file == "-" else file, encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    word = line.partition("#")[0].strip()
                    if word:
                        yield f"{file}:{number}: ", word
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"-i {file}: {error}") from error


def _expanded(word: str) -> Iterator[Target]:
    """A folder's facts files, or the word itself."""
    target = parse(word, facts_folder)
    if target.kind == "facts" and os.path.isdir(word):
        for name in sorted(os.listdir(word)):
            if name.endswith(FACTS_ENDINGS):
                yield parse(os.path.join(word, name))
    elif target.kind == "testinfra":
        from dockeraudit.transport.foreign import expand

        yield from expand(target)
    else:
        yield target
