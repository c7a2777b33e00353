"""Options that commands share: which targets, how to reach them, and how many at a time."""

import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from dockeraudit.targets import FACTS_ENDINGS, Target, TargetError, facts_folder, parse
from dockeraudit.transport import Limits, TransportError, TransportOptions
from dockeraudit.words import nearest

F = TypeVar("F", bound=Callable[..., Any])


class OneOf(click.Choice[str]):
    """A choice that names the nearest one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            known = ", ".join(self.choices)
            self.fail(f"{value!r}.{nearest(str(value), self.choices)} There are: {known}.", param)
        return str(value)


class Seconds(click.FloatRange):
    """A time that ends: at least one second, and neither infinite nor no number."""

    name = "number of seconds"

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


_OPTIONS = (
    click.option(
        "-i",
        "--inventory",
        "inventories",
        multiple=True,
        metavar="FILE",
        help="Read targets from a file, one a line, `#` starts a comment; `-` is stdin.",
    ),
    click.option("--become/--no-become", help="Become root by `sudo -n`; never asks."),
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
        type=Seconds(),
        default=60,
        metavar="SECONDS",
        show_default=True,
        help="What a host may take in all.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 1024),
        default=8,
        metavar="N",
        show_default=True,
        help="How many hosts at a time.",
    ),
)


def target_options(function: F) -> F:
    """Add the shared options to a command; they reach it as keyword arguments."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def checks_option(function: F) -> F:
    """Add `--checks-dir` to a command, which gets it as `checks_dirs`."""
    return click.option(
        "--checks-dir",
        "checks_dirs",
        multiple=True,
        metavar="FOLDER",
        help="Also use the checks in this folder: *.py, *.toml, *.yaml. May be repeated.",
    )(function)


def transport_options(connection: dict[str, Any]) -> TransportOptions:
    """How to reach hosts, from the shared options."""
    config = connection["ssh_config"]
    if config is not None and config != "none" and not os.access(config, os.R_OK):
        raise click.UsageError(f"--ssh-config {config}: there is no such file, or it can't be read")
    return TransportOptions(
        ssh_config=config,
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
            with open(
                sys.stdin.fileno() if file == "-" else file,
                encoding="utf-8-sig",
                closefd=file != "-",
            ) as lines:
                for number, line in enumerate(lines, 1):
                    word = line.partition("#")[0].strip()
                    if word:
                        yield f"{file}:{number}: ", word
        except OSError as error:
            raise click.UsageError(f"-i {file}: {error.strerror or error}") from error
        except ValueError as error:  # bytes that are no UTF-8, or a NUL in the path
            raise click.UsageError(f"-i {file}: it is no text in UTF-8 ({error})") from error


def _expanded(word: str) -> Iterator[Target]:
    """A folder's facts files, or the word itself."""
    target = parse(word, facts_folder)
    if target.kind == "facts" and os.path.isdir(word):
        paths = [
            os.path.join(word, name)
            for name in sorted(os.listdir(word))
            if name.endswith(FACTS_ENDINGS)
        ]
        if not paths:
            raise TargetError(f"the folder {word} holds no facts file (*.facts.json)")
        yield from (parse(path) for path in paths)
    elif target.kind == "testinfra":
        from dockeraudit.transport.foreign import expand

        yield from expand(target)
    else:
        yield target
