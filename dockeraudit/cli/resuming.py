"""`--out` and `--resume`: a scan whose results are in a folder, and the same scan once more."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from dockeraudit import __version__
from dockeraudit.cli import configured
from dockeraudit.cli.streams import say
from dockeraudit.config.reading import NONE, Loaded
from dockeraudit.report import FailOnName, Tool
from dockeraudit.targets import Target

if TYPE_CHECKING:
    from dockeraudit.results import Results

OF_THE_RUN = frozenset(
    (
        *("targets", "inventories", "limit", "ssh_hosts", "docker_contexts", "out", "config"),
        *("profile", "only", "skip", "checks_dirs", "probe", "as_of"),
        *("daemon_json", "units", "socket_units", "env_files", "files"),
    )
)
"""Parameters that decide which hosts a run has and what is said of them: they stay as they were."""

MANY = 500
"""Targets from which on results are not held in memory."""

_GIVEN = f"{__name__}.given"
_RESULTS = f"{__name__}.results"


class Resumable(click.Command):
    """With `--resume FOLDER` the words that the run was begun with stand before those of now."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_GIVEN] = tuple(args)
        if not ctx.resilient_parsing and any(word.startswith("--resume") for word in args):
            found, _, order = self.make_parser(ctx).parse_args([*args])
            folder = found.get("resume")
            if isinstance(folder, str):
                self._refuse_what_stays(ctx, found, order)
                rest = super().parse_args(ctx, [*_begun(ctx, folder), *args])
                # The same report may well be asked for again.
                ctx.params["reports"] = tuple(dict.fromkeys(ctx.params["reports"]))
                return rest
        return super().parse_args(ctx, args)

    def _refuse_what_stays(
        self, ctx: click.Context, found: dict[str, Any], order: list[click.Parameter]
    ) -> None:
        for parameter in order:
            value = found.get(parameter.name or "")
            if parameter.name not in OF_THE_RUN or not (value or value is False):
                continue
            if not isinstance(value, str | list | tuple | bool):
                continue  # click's own word for an argument that is not there
            name = max(parameter.opts, key=len)
            what = "naming targets" if name == "targets" else name
            raise click.UsageError(
                f"{what} beside --resume: which hosts a run has, and what they are asked, stays "
                "as it was; begin another with --out",
                ctx,
            )


def _begun(ctx: click.Context, folder: str) -> list[str]:
    """Open the folder; the words that its run was begun with, without those that follow `--`."""
    from dockeraudit.results import Results, ResultsError

    try:
        results = Results.resume(folder)
    except ResultsError as error:
        raise click.UsageError(f"--resume: {error}", ctx) from error
    ctx.call_on_close(results.close)
    ctx.meta[_RESULTS] = results
    words = [*results.run.arguments]
    return words[: words.index("--")] if "--" in words else words


def resumed(profile: str) -> "Results | None":
    """The results to go on with, if there are some.

    Raises:
        click.UsageError: the configuration has changed meanwhile.
    """
    results: Results | None = click.get_current_context().meta.get(_RESULTS)
    if results is None:
        return None
    run = results.run
    if run.profile != profile:
        raise click.UsageError(
            f"--resume: the run has the profile {run.profile}, but the configuration now says "
            f"{profile}: begin another with --out"
        )
    if run.tool.version != __version__:
        say(f"dockeraudit: the run was begun by version {run.tool.version}, this is {__version__}")
    left = len(run.targets) - len(results.done)
    say(f"{len(results.done)} of {len(run.targets)} hosts have results; {left} are asked")
    return results


def kept(
    targets: tuple[Target, ...],
    out: str | None,
    config: Loaded,
    started: str,
    profile: str,
    fail_on: FailOnName,
) -> "Results | None":
    """Where the results of a new scan go; None: it has few, and they are held in memory.

    Raises:
        OutputError: they can't be written there.
    """
    if out is None and len(targets) <= MANY:
        return None
    from dockeraudit.results import Results, Run

    context = click.get_current_context()
    if out is None:
        results = Results.temporary(targets)
    else:
        run = Run(
            tool=Tool("dockeraudit", __version__),
            started=started,
            arguments=(*_configuration(config), *_without_addresses(context.meta[_GIVEN])),
            targets=targets,
            profile=profile,
            fail_on=fail_on,
        )
        results = Results.create(out, run)
    context.call_on_close(results.close)
    return results


def _without_addresses(words: Sequence[str]) -> Iterator[str]:
    """The words, without receivers of notes: their addresses may hold passwords. Files are kept."""
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield word
            yield from rest
        elif word == "--notify":
            address = next(rest, "@")
            if address.startswith("@"):
                yield from (word, address)
        elif not word.startswith("--notify=") or word.startswith("--notify=@"):
            yield word


def _configuration(config: Loaded) -> tuple[str, ...]:
    """The configuration that was found, by name: elsewhere another one would be."""
    import os

    if configured.said("config"):
        return ()
    return ("--config", os.path.abspath(config.path) if config.path else NONE)
