"""The project agrees with itself: packages, heads, pages, and what must not be in it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dockeraudit.check import Check
from dockeraudit.plugins import checks

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SHARED_FILES = {"permissions": "files", "host": "audit"}
CHECKS = list(checks().values())
REFERENCES = re.compile(r"cis-1\.[678]|nist-800-190|nist-800-53|mitre-attack|pci-dss-4\.0")


def folders(name: str) -> set[str]:
    """The packages below a folder, as dotted names."""
    return {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / name).rglob("__init__.py")
    }


def test_the_packages_that_are_installed_are_those_in_the_tree() -> None:
    installed = {f"dockeraudit.{name}" for name in folders("checks") | folders("reports")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == installed | folders("dockeraudit")


def test_version_is_one() -> None:
    from dockeraudit import __version__

    assert PROJECT["project"]["version"] == __version__


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_head(check: Check[Any]) -> None:
    assert not check.title.startswith(("Ensure", "Check ")), "the title names the defect"
    assert not check.title.endswith("."), "the title is no sentence"
    for text in (check.rationale, check.remediation, check.quiet):
        assert text.strip(), "every part of the head is written"
    assert check.rationale.endswith("."), "the rationale is made of sentences"
    assert "daemon" in check.profiles or "strict" in check.profiles or check.profiles
    for reference in check.references:
        assert REFERENCES.fullmatch(reference.framework), reference.framework


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_the_path_is_the_id(check: Check[Any]) -> None:
    folder = ROOT / "checks" / check.family
    own = folder / f"{check.id.removeprefix(check.family + '-').replace('-', '_')}.py"
    table = f".{check.family}.{SHARED_FILES.get(check.family)}"
    assert own.exists() or check.function.__module__.endswith(table)


def test_pages_are_fresh() -> None:
    answer = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, f"stale, run `make docs`:\n{answer.stdout}"


TEXTS = [
    path
    for path in (
        ROOT / name
        for name in subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\n")
    )
    if path.suffix in {".py", ".sh", ".md", ".toml", ".html"} and path.exists()
]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_machine_and_no_registry_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    here = str(ROOT)
    assert here not in text, "an absolute path of a machine"
    for host in ("docker." + "io/", "ghcr" + ".io", "quay" + ".io", "pypi" + ".org"):
        assert host not in text, "a registry's host name"
