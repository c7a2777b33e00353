"""`dockeraudit list`: the checks there are, and which of them answer a framework's items."""

import re
from collections.abc import Iterable
from typing import Any

import click
import msgspec

from dockeraudit.check import Check
from dockeraudit.cli.configured import config_option, placed
from dockeraudit.cli.explain import head
from dockeraudit.cli.loaded import known_checks
from dockeraudit.cli.options import OneOf, checks_option
from dockeraudit.cli.spoken import lang_option, spoken
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded
from dockeraudit.exits import CLEAN
from dockeraudit.language import gettext, speaking
from dockeraudit.lines import pad
from dockeraudit.output import write
from dockeraudit.selection import EVERYTHING, SelectionError, select
from dockeraudit.words import nearest


@click.command("list", short_help="Show the checks there are.")
@click.option(
    "--profile",
    "wanted",
    default=EVERYTHING,
    metavar="NAME",
    show_default=True,
    help="Only those of a profile.",
)
@click.option(
    "--framework",
    metavar="NAME",
    help="The items of a framework, such as cis-1.8, with the checks that answer each.",
)
@click.option(
    "--format",
    "show_as",
    type=OneOf(["table", "json"]),
    default="table",
    show_default=True,
    help="`json` has the whole head of each.",
)
@checks_option
@lang_option
@config_option
def command(
    wanted: str,
    framework: str | None,
    show_as: str,
    checks_dirs: tuple[str, ...],
    config: Loaded,
) -> int:
    """Show every check: its id, severity and the defect that it finds.

    \b
      dockeraudit list --profile daemon
      dockeraudit list --framework cis-1.8
      dockeraudit list --format json
    """
    known = known_checks(config, checks_dirs)
    try:
        chosen = select(known, wanted, (), (), config.values.profiles)
    except SelectionError as error:
        raise click.UsageError(placed(config, str(error))) from error
    if framework is not None:
        return _of_framework(framework, known.values(), chosen, show_as)
    if show_as == "json":
        _write_json([head(check) for check in chosen])
    else:
        with speaking(spoken()):
            write("-", [_row(check) for check in chosen])
        say(f"{len(chosen)} checks; `dockeraudit explain ID` says more of one.")
    return CLEAN


def _row(check: Check[Any]) -> str:
    return f"{check.id:<38} {pad(gettext(check.severity.value), 8)}  {gettext(check.title)}\n"


def _of_framework(
    framework: str, known: Iterable[Check[Any]], chosen: tuple[Check[Any], ...], show_as: str
) -> int:
    from dockeraudit.frameworks import ITEMS

    named = {each.framework for check in known for each in check.references} | {*ITEMS}
    if framework not in named:
        near = nearest(framework, named)
        raise click.UsageError(
            f"no framework {framework!r}.{near} There are: {', '.join(sorted(named))}."
        )
    answers = _answers(framework, chosen, ITEMS.get(framework, ()))
    if show_as == "json":
        items = [{"item": item, "checks": ids} for item, ids in answers.items()]
        _write_json({"framework": framework, "items": items})
        return CLEAN
    width = max((len(item) for item in answers), default=0)
    write("-", (f"{item:<{width}}  {', '.join(ids) or '-'}\n" for item, ids in answers.items()))
    missing = [item for item, ids in answers.items() if not ids]
    text = f"no check answers {', '.join(missing)}" if missing else "each has a check"
    say(f"{framework}: {len(answers)} items; {text}.")
    return CLEAN


def _answers(
    framework: str, checks: Iterable[Check[Any]], items: tuple[str, ...]
) -> dict[str, list[str]]:
    """Ids by item: in the framework's own order, where all its items are known."""
    found: dict[str, list[str]] = {item: [] for item in items}
    for check in checks:
        for item in dict.fromkeys(r.id for r in check.references if r.framework == framework):
            found.setdefault(item, []).append(check.id)
    return found if items else dict(sorted(found.items(), key=lambda each: _natural(each[0])))


def _natural(item: str) -> list[tuple[int, str]]:
    """`AC-6` before `AC-17(2)`, and 3.4.3 before 3.10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", item)
    ]


def _write_json(document: object) -> None:
    write("-", [msgspec.json.format(msgspec.json.encode(document), indent=2).decode(), "\n"])
