"""Writes what is generated in docs/: a page for each check, and the manual pages.

`python docs/generate.py` writes; `--check` says which files are stale, and ends with status 1.
"""

import sys
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from click_man.core import write_man_pages  # type: ignore[import-untyped]

from dockeraudit import __version__
from dockeraudit.cli import program
from dockeraudit.cli.explain import page
from dockeraudit.plugins import checks

DOCS = Path(__file__).resolve().parent


def files() -> dict[str, str]:
    """Every generated file by its path below docs/."""
    pages = {f"checks/{id}.md": page(check) for id, check in checks().items()}
    return {"checks/README.md": index(), **pages, **manual()}


def index() -> str:
    """The list of all checks, by family."""
    parts = ["# Checks\n\nGenerated from the checks' heads by `make docs`.\n"]
    for family, members in groupby(checks().values(), key=lambda check: check.family):
        rows = [
            f"| [{check.id}]({check.id}.md) | {check.severity.value} | {check.title} |"
            for check in members
        ]
        head = f"\n## {family}\n\n| check | severity | found |\n|---|---|---|\n"
        parts.append(head + "\n".join(rows) + "\n")
    return "".join(parts)


def manual() -> dict[str, str]:
    """The manual pages of the program and its commands, from their help."""
    context = click.Context(program)
    commands = {name: program.get_command(context, name) for name in program.list_commands(context)}
    whole = click.Group(
        "dockeraudit",
        commands={name: each for name, each in commands.items() if each is not None},
        help=program.help,
        params=program.params,
    )
    with TemporaryDirectory() as folder:
        write_man_pages(
            "dockeraudit", whole, version=__version__, target_dir=folder, date=f"v{__version__}"
        )
        return {
            f"man/{path.name}": path.read_text(encoding="utf-8")
            for path in sorted(Path(folder).iterdir())
        }


def stale() -> list[str]:
    """The files that are missing, differ, or are left over."""
    wanted = files()
    found = [*DOCS.glob("checks/*.md"), *DOCS.glob("man/*.1")]
    there = {str(path.relative_to(DOCS)): path.read_text(encoding="utf-8") for path in found}
    return sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))


def main() -> int:
    """Write the files, or with `--check` only compare them."""
    if "--check" in sys.argv:
        print("\n".join(stale()))
        return 1 if stale() else 0
    for name in stale():
        (DOCS / name).unlink(missing_ok=True)
    for name, text in files().items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
