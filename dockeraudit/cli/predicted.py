"""`scan --daemon-json FILE --unit FILE …`: reads the files to judge, and says what is assumed."""

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from dockeraudit.check import Check
from dockeraudit.cli.files import named_file
from dockeraudit.cli.streams import say
from dockeraudit.effective.version import parse_version
from dockeraudit.report import HostReport

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--daemon-json",
        metavar="FILE",
        help="Judge files instead of a host: this one as its daemon.json.",
    ),
    click.option(
        "--unit",
        "units",
        multiple=True,
        metavar="FILE",
        help="… as docker.service (*.service), or as a drop-in of it (*.conf); may be repeated.",
    ),
    click.option(
        "--socket-unit",
        "socket_units",
        multiple=True,
        metavar="FILE",
        help="… as docker.socket (*.socket), or as a drop-in of it (*.conf); may be repeated.",
    ),
    click.option(
        "--env-file",
        "env_files",
        multiple=True,
        metavar="[PATH=]FILE",
        help="… as the unit's EnvironmentFile; may be repeated.",
    ),
    click.option(
        "--file",
        "files",
        multiple=True,
        metavar="PATH=FILE",
        help="… as the file at PATH, for example a certificate; may be repeated.",
    ),
    click.option(
        "--engine",
        metavar="VERSION|dask",
        help="… and the engine that will read them. Or `dask`: its workers look at the hosts.",
    ),
)
NAMES = ("daemon_json", "units", "socket_units", "env_files", "files", "engine")


def prediction_options(function: F) -> F:
    """Add the options that name files to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def predicted(
    given: dict[str, Any], chosen: tuple[Check[Any], ...], judge: Callable[..., HostReport]
) -> HostReport:
    """The report of the host that will have the files; `judge(host, checks)` makes it.

    Raises:
        click.UsageError: a file can't be read, or the files are none of a daemon.
    """
    from dockeraudit.host import Host
    from dockeraudit.prediction import REASON, Files, PredictionError, predict

    engine = given["engine"] or ""
    if engine and parse_version(engine) is None:
        raise click.UsageError(f"--engine {engine}: write a version, for example 28.5.2")
    path = given["daemon_json"]
    files = Files(
        daemon_json=named_file("--daemon-json", path) if path is not None else None,
        units=_named("--unit", given["units"]),
        socket_units=_named("--socket-unit", given["socket_units"]),
        environment=tuple(_pair("--env-file", each) for each in given["env_files"]),
        others=tuple(_pair("--file", each, path=True) for each in given["files"]),
        engine=engine,
    )
    try:
        prediction = predict(files, int(time.time()))
    except PredictionError as error:
        raise click.UsageError(str(error)) from error
    checks = _told(chosen, prediction.checks)
    say(f"{REASON}: {len(checks)} checks; what needs a host is left out")
    for each in prediction.assumptions:
        say(f"assumed: {each}")
    report = judge(Host(prediction.facts), checks)
    return msgspec.structs.replace(report, os={**report.os, "name": REASON})


def _told(chosen: tuple[Check[Any], ...], patterns: tuple[str, ...]) -> tuple[Check[Any], ...]:
    from fnmatch import fnmatchcase

    kept = tuple(
        check for check in chosen if any(fnmatchcase(check.id, pattern) for pattern in patterns)
    )
    if not kept:
        raise click.UsageError(
            "none of the checks that were chosen can be told from these files; "
            f"these can: {', '.join(patterns)}"
        )
    return kept


def _named(option: str, paths: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
    return tuple((os.path.basename(path), named_file(option, path)) for path in paths)


def _pair(option: str, word: str, *, path: bool = False) -> tuple[str, bytes]:
    place, separator, file = word.partition("=")
    if not separator and not path:
        place, file = os.path.basename(word), word
    elif not separator or not place.startswith("/") or not file:
        form = "PATH=FILE, with the PATH that it will have on the host"
        raise click.UsageError(f"{option} {word}: write it as {form}")
    return place, named_file(option, file)
