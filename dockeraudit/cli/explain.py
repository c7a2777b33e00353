"""`dockeraudit explain ID`: why a check exists, what to do, and what it does not claim."""

import textwrap
from typing import Any

import click
import msgspec

from dockeraudit.check import Check
from dockeraudit.plugins import PluginError, checks
from dockeraudit.words import nearest


@click.command("explain", short_help="Explain a check.")
@click.argument("id")
@click.option(
    "--format", "shown", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(id: str, shown: str) -> None:
    """Explain the check ID: why it matters, what to do, when it stays quiet."""
    try:
        known = checks()
    except PluginError as error:
        raise click.UsageError(str(error)) from error
    if id not in known:
        raise click.UsageError(
            f"no check {id!r}.{nearest(id, known) or ' `dockeraudit list` shows them all.'}"
        )
    if shown == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(head(known[id])), indent=2).decode())
    else:
        click.echo(page(known[id]), nl=False)


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
    line = f"**{check.title}** · {check.severity.value} · profiles {', '.join(check.profiles)}"
    parts = [
        f"# {check.id}",
        _filled(f"{line} · {references}" if references else line),
        f"## Why it matters\n{_filled(check.rationale)}",
        f"## What to do\n{_filled(check.remediation)}",
        f"## When it stays quiet\n{_filled(check.quiet)}",
    ]
    return "\n\n".join(parts) + "\n"


def _filled(text: str) -> str:
    """Paragraphs filled to a readable width; indented lines (commands) stay as they are."""
    blocks = []
    for line in text.strip("\n").split("\n"):
        blocks.append(line if line.startswith("    ") else textwrap.fill(line, 96))
    return "\n".join(blocks)
