"""Snapshots, schemas and a browser for the tests of the report writers.

`pytest tests/reports --accept` keeps what the writers write now; read the diff before committing.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

ROOT = Path(__file__).resolve().parents[2]

_CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Only heard of when pytest is started with this folder; elsewhere nothing is accepted."""
    parser.addoption("--accept", action="store_true", help="keep the reports as written now")


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file kept under a name; `--accept` keeps the new text."""

    def compare(name: str, text: str) -> None:
        file = request.path.parent / "expected" / name
        if request.config.getoption("--accept", default=False):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        assert file.exists(), f"no snapshot {name}: pytest tests/reports --accept"
        assert text == file.read_bytes().decode()

    return compare


def missing(what: str) -> None:
    """Skip by name where something outside the project is missing; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must not skip this")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def jenkins_schema() -> Path:
    """Jenkins' junit-10.xsd, which lies beside the repository and is not part of it."""
    places = [folder / "shared" / "schemas" / "junit-10.xsd" for folder in ROOT.parents]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        missing("../shared/schemas/junit-10.xsd")
    assert found
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator["BrowserContext"]:
    """A headless Chromium with a profile of its own, and no network to speak of."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("chromium")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=path, headless=True, args=list(_CHROMIUM_FLAGS)
        )
        yield context
        context.close()


@pytest.fixture
def stripped() -> Callable[[str], str]:
    """An HTML page without what is the same on all of them: style, script, words, their hashes."""

    def strip(page: str) -> str:
        page = re.sub(r"(<style>).*(</style>)", r"\1…\2", page, flags=re.DOTALL)
        page = re.sub(r"(<script>).*(</script>)", r"\1…\2", page, flags=re.DOTALL)
        page = re.sub(r"(<svg class=\"sprites\").*?(</svg>\n<header)", r"\1…\2", page, flags=re.S)
        page = re.sub(r"(class=\"words\">).*(</script>)", r"\1…\2", page)
        page = re.sub(r"<tr [^>]*class=\"unchecked\">.*</tr>\n", "", page)
        return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", page)

    return strip
