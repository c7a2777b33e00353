"""`dockeraudit collect`: save hosts' facts, to be judged later or elsewhere."""

import re
import threading
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
    target_options,
    transport_options,
)
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded
from dockeraudit.exits import CLEAN, INCOMPLETE, INTERNAL
from dockeraudit.facts import FactsError
from dockeraudit.facts_files import ENDING, FolderError, make_folder, pack, save
from dockeraudit.output import OutputError
from dockeraudit.scan import Plan, gather, in_turn
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
        work = partial(
            _collect, plan=plan, folder=folder, names=_Names(), cancel=interruption.cancel
        )
        statuses: list[int] = []
        in_turn(named, work, connection["concurrency"], statuses.append, interruption.cancel)
    return interruption.status or max(statuses, default=CLEAN)


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


def _collect(target: Target, plan: Plan, folder: str, names: _Names, cancel: Cancel) -> int:
    """Save one host's facts; whatever goes wrong is said in a line."""
    try:
        facts = gather(target, plan, cancel).facts
        path = save(folder, names.of(facts.target), pack(facts))
    except Cancelled:
        say(f"{target.spec}: interrupted before it answered")
        return INCOMPLETE
    except TransportError as error:
        hint = f" ({error.hint})" if error.hint else ""
        say(f"{target.spec}: {error.kind}: {error}{hint}")
        return INCOMPLETE
    except FactsError as error:
        say(f"{target.spec}: {error}")
        return INCOMPLETE
    except OutputError as error:
        say(f"dockeraudit: {error}")
        return INTERNAL
    except Exception as error:  # our own mistake over one host costs that host and nothing else
        say(f"{target.spec}: dockeraudit itself failed: {type(error).__name__}: {error}")
        return INTERNAL
    say(f"wrote {path}")
    return CLEAN
