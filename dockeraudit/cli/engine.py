"""`--engine dask`: who looks at the hosts, where that is not this process."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dockeraudit.cli import configured
from dockeraudit.cli.streams import say
from dockeraudit.report import HostError
from dockeraudit.results import Looked
from dockeraudit.scan import Looking, Plan, here, unreachable
from dockeraudit.targets import Target
from dockeraudit.transport.process import Cancel

if TYPE_CHECKING:
    from dockeraudit.runner import Pace

F = TypeVar("F", bound=Callable[..., Any])

DASK = "dask"
LOST = "engine"
"""The kind of error of hosts that nobody looked at, since the engine was lost."""

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
    if configured.said("concurrency"):
        raise click.UsageError("--concurrency: with --engine dask it is the threads of the workers")
    from dockeraudit import distributed

    try:
        distributed.ready(targets, scheduler)
    except distributed.Misused as error:
        raise click.UsageError(str(error)) from error
    return partial(
        _over_dask,
        partial(distributed.run, scheduler=scheduler, groups=groups, tell=_tell),
        distributed.EngineError,
    )


def _tell(line: str) -> None:
    say(f"dockeraudit: {line}")


def _over_dask(
    run: Callable[..., None],
    lost: type[Exception],
    targets: Iterable[tuple[int, Target]],
    plan: Plan,
    pace: "Pace",
    finished: Callable[[int, Looked], object],
    cancel: Cancel,
    several: bool,
) -> None:
    """Look at targets from the workers; those that are left when the engine is lost say so."""
    left = dict(targets)

    def known(number: int, looked: Looked) -> None:
        del left[number]
        finished(number, looked)

    try:
        run([*left.items()], plan, pace, known, cancel, several)
    except lost as error:
        _tell(str(error))
        problem = HostError(
            LOST, str(error), "mend it and scan again; with --out, --resume goes on"
        )
        for number, target in left.items():
            finished(number, Looked(unreachable(target, problem, 0)))
