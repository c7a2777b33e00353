"""Writes docs/checks/: a page for each check and their index, from the checks' heads.

`python docs/generate.py` writes; `--check` says which pages are stale, and ends with status 1.
"""

import sys
from itertools import groupby
from pathlib import Path

from dockeraudit.cli.explain import page
from dockeraudit.plugins import checks

FOLDER = Path(__file__).resolve().parent / "checks"


def pages() -> dict[str, str]:
    """Every page by file name."""
    found = {f"{id}.md": page(check) for id, check in checks().items()}
    return {"README.md": index(), **found}


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


def stale() -> list[str]:
    """The names of pages that are missing, differ, or belong to no check."""
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    return sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))


def main() -> int:
    """Write the pages, or with `--check` only compare them."""
    if "--check" in sys.argv:
        print("\n".join(stale()))
        return 1 if stale() else 0
    FOLDER.mkdir(exist_ok=True)
    for name in stale():
        (FOLDER / name).unlink(missing_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
