"""`dockeraudit explain ID`: why a check exists, what to do, and what it does not claim."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import click
import msgspec

from dockeraudit.check import Check
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.loaded import known_checks
from dockeraudit.cli.options import OneOf, checks_option
from dockeraudit.cli.spoken import lang_option, spoken
from dockeraudit.config import Loaded
from dockeraudit.examples import Example, examples
from dockeraudit.exits import CLEAN
from dockeraudit.language import gettext, marked, prose, speaking
from dockeraudit.lines import wrap
from dockeraudit.output import write
from dockeraudit.sentences import message
from dockeraudit.words import nearest, one_line


@click.command("explain", short_help="Explain a check.")
@click.argument("id")
@click.option(
    "--format",
    "show_as",
    type=OneOf(["text", "json"]),
    default="text",
    show_default=True,
    help="`text` is Markdown.",
)
@checks_option
@lang_option
@config_option
def command(id: str, show_as: str, checks_dirs: tuple[str, ...], config: Loaded) -> int:
    """Explain the check ID: why it matters, what it looks like, what to do, when it stays quiet.

    \b
      dockeraudit explain listener-tcp-plain
      dockeraudit explain listener-tcp-plain --format json
    """
    known = known_checks(config, checks_dirs)
    if id not in known:
        raise click.UsageError(
            f"no check {id!r}.{nearest(id, known) or ' `dockeraudit list` shows them all.'}"
        )
    if show_as == "json":
        document = head(known[id]) | {"example": examples().get(id)}
        text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
        write("-", [text, "\n"])
    else:
        with speaking(spoken()):
            write("-", [page(known[id])])
    return CLEAN


def head(check: Check[Any]) -> dict[str, Any]:
    """A check's head as plain data."""
    return {
        "id": check.id,
        "title": check.title,
        "family": check.family,
        "severity": check.severity.value,
        "over": check.over.__name__.lower(),
        "rationale": check.rationale,
        "remediation": check.remediation,
        "quiet": check.quiet,
        "references": [msgspec.to_builtins(each) for each in check.references],
        "profiles": list(check.profiles),
    }


def page(check: Check[Any]) -> str:
    """The page of a check as Markdown; also what lies in docs/checks/."""
    references = ", ".join(f"{each.framework} {each.id}" for each in check.references)
    profiles = gettext("profiles {names}").format(names=", ".join(check.profiles))
    line = f"**{gettext(check.title)}** · {gettext(check.severity.value)} · {profiles}"
    parts = [
        f"# {check.id}",
        _filled(f"{line} · {references}" if references else line),
        f"## {gettext('Why it matters')}\n{_filled(prose(check.rationale))}",
        *_seen(check.id, examples().get(check.id)),
        f"## {gettext('What to do')}\n{_filled(prose(check.remediation))}",
        f"## {gettext('When it stays quiet')}\n{_filled(prose(check.quiet))}",
    ]
    return "\n\n".join(parts) + "\n"


def _seen(check: str, example: Example | None) -> Iterator[str]:
    """What a lab host really gave."""
    if example is None:
        return
    lines = [one_line(message(check, example.message), _WIDTH * 4)]
    sources = [one_line(proof.source, _WIDTH) for proof in example.evidence]
    width = min(30, max((len(source) for source in sources), default=0))
    for source, proof in zip(sources, example.evidence, strict=True):
        lines.append(f"  {source:<{width}}  {one_line(proof.detail, _WIDTH)}")
    block = "\n".join(f"    {line.rstrip()}" for line in lines)
    seen = gettext(_SEEN["fail" if example.status == "fail" else "manual"]).format(
        host=example.host
    )
    yield f"## {gettext('What it looks like')}\n{seen}\n\n{block}"


_SEEN = {
    "fail": marked("Seen on the lab host `{host}`:"),
    "manual": marked("For a person to judge, seen on the lab host `{host}`:"),
}


_WIDTH = 120


def _filled(text: str) -> str:
    """Paragraphs filled to a readable width; indented lines (commands) are blocks of their own."""
    blocks: list[str] = []
    for code, lines in groupby(text.strip("\n").split("\n"), lambda line: line.startswith("    ")):
        if code:
            blocks.append("\n".join(lines))
        else:
            blocks += ["\n".join(wrap(line, 96)) for line in lines if line]
    return "\n\n".join(blocks)
