"""Options that commands share: which targets, how to reach them, and how many at a time."""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec
from click.core import ParameterSource

from dockeraudit.cli.streams import say
from dockeraudit.targets import Target, TargetError, facts_folder, parse
from dockeraudit.transport import Limits, TransportError, TransportOptions, client_missing
from dockeraudit.words import nearest

if TYPE_CHECKING:
    from dockeraudit.inventory import Entry
    from dockeraudit.runner import Pace

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


class Number(click.FloatRange):
    """A number above 0 that ends."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number) or number < 0.001:
            self.fail(f"{value} is not a number from 0.001 on.", param, ctx)
        return number


def moment(_context: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """A day or a moment, as seconds since the epoch; without a zone it is UTC."""
    if value is None:
        return None
    from datetime import UTC, datetime

    try:
        given = datetime.fromisoformat(value)
        seconds = int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        seconds = -1
    if seconds < 0:
        raise click.BadParameter(
            f"{value!r} is no time such as 2027-01-31 or 2027-01-31T12:00:00Z."
        )
    return seconds


_OPTIONS = (
    click.option(
        "-i",
        "--inventory",
        "inventories",
        multiple=True,
        metavar="FILE",
        help="Read targets from a list, a table (CSV, JSON) or an Ansible inventory; `-` is stdin.",
    ),
    click.option(
        "--limit",
        metavar="PATTERN",
        help="Only these of the targets: names, globs and groups, as for Ansible: web*:!web3.",
    ),
    click.option(
        "--from-ssh-config",
        "ssh_hosts",
        multiple=True,
        metavar="GLOB",
        help="Also the hosts that ssh_config names so; may be repeated.",
    ),
    click.option(
        "--from-docker-contexts",
        "docker_contexts",
        is_flag=True,
        help="Also the hosts of Docker's contexts that are ssh://.",
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
        "--ssh-client",
        type=OneOf(("openssh", "asyncssh")),
        default="openssh",
        show_default=True,
        help="The system's ssh, or the extra asyncssh, which takes less CPU for each host.",
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
    click.option(
        "--connect-rate",
        type=Number(),
        metavar="N",
        help="At most so many new connections a second.",
    ),
    click.option(
        "--retry-unreachable",
        type=click.IntRange(0, 10),
        default=0,
        metavar="N",
        show_default=True,
        help="Try a host that was not reached up to N times more, with growing pauses.",
    ),
    click.option(
        "--deadline",
        type=Seconds(),
        metavar="SECONDS",
        help="What the whole run may take; what is not done then is reported as not reached.",
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
    if (missing := client_missing(connection["ssh_client"])) is not None:
        raise click.UsageError(f"--ssh-client: {missing}")
    return TransportOptions(
        ssh_config=config,
        ssh_options=connection["ssh_options"],
        become=connection["become"],
        client=connection["ssh_client"],
    )


def limits(connection: dict[str, Any]) -> Limits:
    """Deadlines, from the shared options."""
    timeout = connection["timeout"]
    return Limits(timeout=timeout, connect_timeout=min(10.0, timeout))


def pace(connection: dict[str, Any]) -> "Pace":
    """How fast, how often and how long, from the shared options.

    Where fewer files may be open than so many hosts at a time need, that is said.
    """
    from dockeraudit.runner import Pace, affordable

    wanted = connection["concurrency"]
    concurrency = affordable(wanted)
    if concurrency < wanted:
        say(
            f"dockeraudit: {concurrency} hosts at a time instead of {wanted}: no more files may be "
            "open (ulimit -n)"
        )
    return Pace(
        concurrency=concurrency,
        rate=connection["connect_rate"],
        retries=connection["retry_unreachable"],
        deadline=connection["deadline"],
    )


def named_targets(words: tuple[str, ...], connection: dict[str, Any]) -> tuple[Target, ...]:
    """The targets that were named, each once; this machine if nothing was named.

    A bad word, or a bad line of an inventory, stops the run before it starts.
    """
    if not words and not any(connection[name] for name in SOURCES):
        found: tuple[Target, ...] = (parse("local"),)
    else:
        found = _each_once((*_of_words(words), *_of_sources(connection)))
        if not found:
            raise click.UsageError("no target: what was named is empty")
    if _said("become"):
        found = tuple(msgspec.structs.replace(each, become=None) for each in found)
    pattern = connection["limit"]
    if pattern is not None:
        from dockeraudit.inventory.limit import limited

        found = limited(found, pattern, lambda line: say(f"dockeraudit: {line}"))
        if not found:
            raise click.UsageError(f"--limit {pattern}: no target is left")
    return found


SOURCES = ("inventories", "ssh_hosts", "docker_contexts")
"""Parameters that bring targets, beside the arguments."""


def _said(parameter: str) -> bool:
    """Whether the command line has a parameter, or only the configuration or nothing."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def _of_words(words: tuple[str, ...]) -> Iterator[tuple[str, Target]]:
    for word in words:
        try:
            yield from (("", target) for target in _expanded(word))
        except (TargetError, TransportError) as error:
            raise click.UsageError(str(error)) from error


def _of_sources(connection: dict[str, Any]) -> Iterator[tuple[str, Target]]:
    if not any(connection[name] for name in SOURCES):
        return
    from dockeraudit.inventory import InventoryError

    try:
        for entry in _entries(connection):
            try:
                named = [entry.target] if entry.target is not None else [*_expanded(entry.word)]
            except (TargetError, TransportError) as error:
                raise click.UsageError(f"{entry.place}: {error}") from error
            for target in named:
                yield (
                    entry.place,
                    msgspec.structs.replace(
                        target, groups=entry.groups, labels=entry.labels, become=entry.become
                    ),
                )
    except InventoryError as error:
        raise click.UsageError(str(error)) from error


def _entries(connection: dict[str, Any]) -> "Iterator[Entry]":
    from dockeraudit.inventory import read

    for file in connection["inventories"]:
        yield from read(file)
    for pattern in connection["ssh_hosts"]:
        from dockeraudit.inventory import ssh_config

        yield from ssh_config.entries(pattern, connection["ssh_config"])
    if connection["docker_contexts"]:
        from dockeraudit.inventory import docker_contexts

        yield from docker_contexts.entries(lambda line: say(f"dockeraudit: {line}"))


def _each_once(named: Iterable[tuple[str, Target]]) -> tuple[Target, ...]:
    """The targets, those that are one thing only once, with the groups and labels of both."""
    found: dict[tuple[object, ...], Target] = {}
    ways: dict[str, tuple[str, Target]] = {}
    repeated = []
    for place, target in named:
        known = found.get(target.way)
        if known is not None:
            found[target.way] = _joined(known, target)
            if known.spec != target.spec:
                repeated.append(f"{target.spec} is {known.spec}")
            continue
        other = ways.setdefault(target.spec, (place, target))[1]
        if other is not target:
            places = " and ".join(filter(None, (ways[target.spec][0], place)))
            raise click.UsageError(
                f"{places}: two hosts are called {target.spec}: they have different addresses"
            )
        found[target.way] = target
    if repeated:
        more = f" and {len(repeated) - 3} more" if len(repeated) > 3 else ""
        say(f"dockeraudit: named twice, asked once: {', '.join(repeated[:3])}{more}")
    return tuple(found.values())


def _joined(one: Target, other: Target) -> Target:
    return msgspec.structs.replace(
        one,
        groups=tuple(dict.fromkeys((*one.groups, *other.groups))),
        labels=tuple((dict(other.labels) | dict(one.labels)).items()),
        become=other.become if one.become is None else one.become,
    )


def _expanded(word: str) -> Iterator[Target]:
    """A folder's facts files, or the word itself."""
    target = parse(word, facts_folder)
    if target.kind == "facts":
        from dockeraudit.facts_files import FolderError, listed

        try:
            yield from (parse(path) for path in listed(word))
        except FolderError as error:
            raise TargetError(str(error)) from error
    elif target.kind == "testinfra":
        from dockeraudit.transport.foreign import expand

        yield from expand(target)
    else:
        yield target
