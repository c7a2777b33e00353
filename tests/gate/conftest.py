"""pytest runs the plug-in as its users do: a process of its own, over recorded hosts.

`ssh` is a program that writes down whom it was asked for, and answers what a real host of the lab
answered to the collector; so connections are counted where they are made.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest

import dockeraudit.pytest_plugin.gate  # noqa: F401  pytester forgets what a run imports
from dockeraudit.facts_files import read_facts
from dockeraudit.host import Host
from dockeraudit.plugins import checks
from dockeraudit.report import Result
from dockeraudit.scan import Plan, report_host
from dockeraudit.selection import select

CHECKS = len(select(checks(), "daemon", (), ()))
RECORDED = Path(__file__).resolve().parents[1] / "collect" / "recorded"
NONCE = "5eed0f00d5eed"
PLUGIN = (
    ()
    if any(point.name == "dockeraudit" for point in entry_points(group="pytest11"))
    else ("-p", "dockeraudit.pytest_plugin")
)

ALWAYS = (*PLUGIN, "-p", "no:cacheprovider", "-p", "no:hypothesispytest")

SSH = f"""\
#!/bin/sh
while [ "$1" != -- ]; do shift; done
echo "$2" >>"$SSH_LOG"
if ! [ -e "{RECORDED}/$2.out" ]; then
  echo "ssh: connect to host $2 port 22: Connection refused" >&2
  exit 255
fi
[ "$3" != "sh -c id" ] || exec echo "uid=0(root) on $2"
IFS== read -r name nonce
cat >/dev/null
exec sed "s/{NONCE}/$nonce/g" "{RECORDED}/$2.out"
"""


def results(host: str, profile: str = "daemon") -> tuple[Result, ...]:
    """What dockeraudit itself says of a recorded host."""
    plan = Plan(checks=select(checks(), profile, (), ()))
    return report_host(Host(read_facts(str(RECORDED / f"{host}.facts.json"))), plan).results


def count(host: str, status: str) -> int:
    """How many of a recorded host's results have that status."""
    return sum(result.status == status for result in results(host))


class Gate:
    """A folder with recorded hosts, and pytest run in it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.path = pytester.path
        self._log = self.path / "ssh.log"

    def __call__(self, *args: str) -> pytest.RunResult:
        """Run pytest with the plug-in, in this process; workers of xdist are their own."""
        rewritten = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
        return self._pytester.runpytest_inprocess(*ALWAYS, *rewritten, *args)

    def alone(self, *args: str) -> pytest.RunResult:
        """Run pytest with the plug-in in a process of its own, with nothing imported before."""
        return self._pytester.runpytest_subprocess(*ALWAYS, *args)

    def record(self, host: str, name: str) -> str:
        """Put a lab host's facts into the folder, under another name."""
        path = self.path / f"{name}.facts.json"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(RECORDED / f"{host}.facts.json", path)
        return path.name

    def write(self, name: str, text: str) -> None:
        """Put a file into the folder."""
        (self.path / name).write_text(dedent(text), encoding="utf-8")

    @property
    def connections(self) -> list[str]:
        """Whom ssh was asked for, in alphabetical order."""
        if not self._log.exists():
            return []
        return sorted(self._log.read_text(encoding="utf-8").split())


@pytest.fixture
def gate(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """pytest in a folder of its own, with an `ssh` that counts."""
    programs = pytester.path / "programs"
    programs.mkdir()
    (programs / "ssh").write_text(SSH, encoding="utf-8")
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("SSH_LOG", str(pytester.path / "ssh.log"))
    monkeypatch.setenv("TMPDIR", str(pytester.path))
    monkeypatch.setattr(tempfile, "tempdir", str(pytester.path))
    monkeypatch.delenv("CI", raising=False)
    yield Gate(pytester)
    assert not list(pytester.path.glob("dockeraudit-*")), "what hosts said is left behind"
