"""Checks of a team's own in the gate."""

from __future__ import annotations

import pytest

from tests.gate.conftest import Gate
from tests.test_plugins import good

pytest_plugins = ["pytester"]

OPEN = "--dockeraudit-target=web1.facts.json"


@pytest.fixture
def web1(gate: Gate) -> Gate:
    """A recorded host, and a folder with a check."""
    gate.record("plain-any", "web1")
    folder = gate.path / "own"
    folder.mkdir(mode=0o755)
    (folder / "one.py").write_text(good("one"))
    return gate


@pytest.mark.parametrize("ini", [False, True])
def test_they_are_items(web1: Gate, ini: bool) -> None:
    if ini:
        (web1.path / "pytest.ini").write_text("[pytest]\ndockeraudit_checks_dir = own\n")
    option = () if ini else ("--dockeraudit-checks-dir=own",)
    run = web1(OPEN, *option, "-k", "acme-one")
    run.assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("nowhere", "nowhere: No such file or directory"),
        ("own", "broken.py:1: no Python: "),
    ],
)
def test_a_check_that_is_lost_ends_the_run(web1: Gate, folder: str, said: str) -> None:
    (web1.path / "own" / "broken.py").write_text("syntax(")
    run = web1(OPEN, f"--dockeraudit-checks-dir={folder}")
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines([f"*--dockeraudit-checks-dir: *{said}*"])
