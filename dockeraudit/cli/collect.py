"""`dockeraudit collect`: save hosts' facts, to be judged later or elsewhere."""

import re
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from dockeraudit.cli import configured
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.interruption import Interruption
from dockeraudit.cli.loaded import known_checks
from dockeraudit.cli.options import (
    checks_option,
    limits,
    named_targets,
    pace,
    target_options,
    transport_options,
)
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded
from dockeraudit.exits import CLEAN, INCOMPLETE, INTERNAL
from dockeraudit.facts import FactsError
from dockeraudit.facts_files import ENDING, FolderError, make_folder, pack, save
from dockeraudit.output import OutputError
from dockeraudit.report import HostError, HostReport
from dockeraudit.results import Looked
from dockeraudit.scan import Plan, each, gather, not_reached, unreachable
from dockeraudit.targets import Target
from dockeraudit.transport import TransportError
from dockeraudit.transport.process import Cancel, Cancelled


@click.command("collect", short_help="Save hosts' facts, to be judged later.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@target_options
@click.option(
    "-o",
    "--output",
    "folder",
    default=".",
    show_default=True,
    metavar="FOLDER",
    help="Where the files go, made if it isn't there; or a URL such as s3://PLACE/FOLDER.",
)
@click.option("--probe/--no-probe", help="Also connect from here to the listeners found.")
@checks_option
@config_option
def command(
    targets: tuple[str, ...],
    folder: str,
    probe: bool,
    checks_dirs: tuple[str, ...],
    config: Loaded,
    **connection: Any,
) -> int:
    """Write one facts file for each TARGET into FOLDER; with no target, of this machine.

    Facts hold no secrets; what they say is judged by the time of the collection.
    With --checks-dir they have what these checks will ask about. The files are
    compressed and carry a checksum: a torn or changed one is no host's word.

    \b
      dockeraudit collect web1 db1 -o facts && dockeraudit scan facts
    """
    plan = Plan(
        checks=tuple(known_checks(config, checks_dirs).values()) if checks_dirs else (),
        options=transport_options(connection),
        limits=limits(connection),
        probe=probe,
    )
    words, connection = configured.targets(config, targets, connection)
    named = named_targets(words, connection)
    for target in named:
        if target.kind == "facts":
            raise click.UsageError(f"{target.spec} holds facts already: there is no host to ask")
    try:
        make_folder(folder)
    except FolderError as error:
        say(f"dockeraudit: {error}")
        return INTERNAL
    with Interruption() as interruption:
        cancel = interruption.cancel
        work = partial(_collect, plan=plan, folder=folder, names=_Names(), cancel=cancel)
        statuses = {CLEAN}

        def finished(number: int, looked: Looked) -> None:
            statuses.add(_told(looked.report))

        each(enumerate(named), work, plan, pace(connection), finished, cancel)
    return interruption.status or max(statuses)


class _Names:
    """A file name for each target, no name twice in one run."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        self._lock = threading.Lock()

    def of(self, target: str) -> str:
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", target).strip("_.-") or "host"
        name = name[:200]
        with self._lock:
            number = self._taken[name] = self._taken.get(name, 0) + 1
        if number > 1:
            name = f"{name}_{number}"
        return f"{name}{ENDING}"


_OURS = ("internal", "output")
"""Kinds of errors that are not the host's."""


def _told(report: HostReport) -> int:
    """Say in a line why there is no facts file; a saved one was said when it was written."""
    error = report.error
    if error is None:
        return CLEAN
    if error.kind in _OURS:
        say(error.message)
        return INTERNAL
    hint = f" ({error.hint})" if error.hint else ""
    kind = f"{error.kind}: " if error.kind not in ("interrupted", "facts") else ""
    say(f"{report.target}: {kind}{error.message}{hint}")
    return INCOMPLETE


def _collect(
    target: Target,
    plan: Plan,
    folder: str,
    names: _Names,
    cancel: Cancel,
    connecting: Callable[[], object] | None,
) -> Looked:
    """Save one host's facts; whatever goes wrong is in the answer."""
    started = time.monotonic()
    try:
        facts = gather(target, plan, cancel, connecting).facts
        path = save(folder, names.of(facts.target), pack(facts))
    except Cancelled:
        problem = HostError("interrupted", "interrupted before it answered", "")
    except TransportError as error:
        problem = not_reached(error)
    except FactsError as error:
        problem = HostError("facts", str(error), "")
    except OutputError as error:
        problem = HostError("output", f"dockeraudit: {error}", "")
    except Exception as error:  # our own mistake over one host costs that host and nothing else
        what = f"dockeraudit itself failed: {type(error).__name__}: {error}"
        problem = HostError("internal", f"{target.spec}: {what}", "")
    else:
        say(f"wrote {path}")
        return Looked(HostReport(target.spec, facts.machine.hostname, "", "scanned", None))
    return Looked(unreachable(target, problem, time.monotonic() - started))
