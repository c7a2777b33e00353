"""`--engine dask`: who looks at the hosts, where that is not this process."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click

from dockeraudit.cli.streams import say
from dockeraudit.scan import Looking, here
from dockeraudit.targets import Target

F = TypeVar("F", bound=Callable[..., Any])

DASK = "dask"

_OPTIONS = (
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Of --engine dask: where the scheduler of the workers that look at the hosts is.",
    ),
    click.option(
        "--worker-group",
        "worker_groups",
        multiple=True,
        metavar="NAME",
        help="Of --engine dask: only workers with a resource of this name look at the hosts of "
        "this group; may be repeated.",
    ),
)


def engine_options(function: F) -> F:
    """Add to a command what `--engine dask` needs."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def looking(given: dict[str, Any], targets: tuple[Target, ...]) -> Looking:
    """Who looks at the targets.

    Raises:
        click.UsageError: the options don't fit together, or the engine can't begin.
    """
    scheduler, groups = given["scheduler"], given["worker_groups"]
    if given["engine"] != DASK:
        for option, value in (("--scheduler", scheduler), ("--worker-group", groups)):
            if value:
                raise click.UsageError(f"{option} is of --engine dask")
        return here
    if not scheduler:
        raise click.UsageError("--engine dask needs --scheduler ADDRESS")
    from dockeraudit import distributed

    try:
        distributed.ready(targets, scheduler)
    except distributed.Misused as error:
        raise click.UsageError(str(error)) from error
    run = partial(distributed.run, scheduler=scheduler, groups=groups, tell=say)

    def look(*words: Any) -> None:
        try:
            run(*words)
        except distributed.EngineError as error:
            raise click.ClickException(str(error)) from error

    return look
