"""What is imported when: start-up is counted in tens of milliseconds."""

import subprocess
import sys

import pytest

from tests.cli.program import environment, facts

HEAVY = {"msgspec", "cryptography", "jinja2", "testinfra", "importlib.metadata", "asyncio",
         "dataclasses", "concurrent.futures", "pytest", "rich", "difflib", "json", "tomllib",
         "dockeraudit.scan", "dockeraudit.plugins", "dockeraudit.effective"}  # fmt: skip
LATE = {"cryptography", "testinfra", "jinja2", "asyncio", "importlib.metadata", "pytest", "rich",
        "concurrent.futures", "gzip", "shutil", "difflib", "dataclasses",
        "dockeraudit.probe", "dockeraudit.reports.html", "xml.etree",
        "dockeraudit.simple", "dockeraudit.checks_folder",
        "dockeraudit.examples", "yaml"}  # fmt: skip


def imported(*arguments: str) -> set[str]:
    """The modules that a run imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dockeraudit", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_version_imports_nothing_heavy() -> None:
    assert imported("--version") & HEAVY == set()


@pytest.mark.parametrize("host", ["plain-any", "relay", "no-engine", "broken-next"])
def test_a_host_without_tls_needs_no_cryptography(host: str) -> None:
    assert imported("scan", facts(host)) & LATE == set()


def test_a_host_with_tls_does() -> None:
    assert "cryptography.x509" in imported("scan", facts("mtls"))
