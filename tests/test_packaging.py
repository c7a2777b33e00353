"""What is built is whole: the wheel, the sdist, the wheel from the sdist, and a run of it."""

import shutil
import site
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cli.program import ROOT, environment, facts

PACKAGES = {
    "dockeraudit": "dockeraudit",
    "checks": "dockeraudit/checks",
    "reports": "dockeraudit/reports",
}
DATA = {".py", ".sh", ".html", ".css", ".js", ".json", ".typed", ".toml", ".po", ".mo"}


def call(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(arguments), cwd=cwd, capture_output=True, text=True, check=False, env=environment()
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `wheel/` (from the tree), `sdist/` (with the wheel made of it)."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    source.mkdir()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file() and (path.suffix in (".toml", ".md", ".in") or path.name == "LICENSE"):
            shutil.copy(path, source)
    # Without a setuptools that is new enough here, build fetches one.
    new = int(version("setuptools").partition(".")[0]) >= 77
    here = ["--no-isolation"] if new else []
    runs: tuple[list[str | Path], ...] = (
        ["--wheel", "-o", folder / "wheel"],
        ["-o", folder / "sdist"],
    )
    for options in runs:
        done = call(sys.executable, "-m", "build", *here, *options, source)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def wheel_in(folder: Path) -> Path:
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_has_every_file_and_no_other(built: Path) -> None:
    inside = {name for name in contents(wheel_in(built / "wheel")) if ".dist-info/" not in name}
    expected = {
        f"{target}/{path.relative_to(built / 'source' / folder)}"
        for folder, target in PACKAGES.items()
        for path in (built / "source" / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == expected
    assert {Path(name).suffix for name in inside} <= DATA


def test_the_wheel_of_the_sdist_is_the_same(built: Path) -> None:
    ours, theirs = (contents(wheel_in(built / name)) for name in ("wheel", "sdist"))
    assert ours == theirs


def test_the_sdist_holds_what_it_takes_to_build(built: Path) -> None:
    (path,) = (built / "sdist").glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "checks/__init__.py", "reports/html/page.html"} <= names
    assert not [name for name in names if ".venv" in name or "__pycache__" in name]


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a fresh environment; what it depends on is taken from this one."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    assert call(sys.executable, "-m", "venv", "--without-pip", venv).returncode == 0
    python = venv / "bin" / "python"
    done = call(
        *(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps"),
        *("--no-index", wheel_in(built / "wheel")),
    )
    assert done.returncode == 0, done.stderr
    (packages,) = venv.glob("lib/python3*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return venv


@pytest.mark.parametrize("start", [["bin/dockeraudit"], ["bin/python", "-m", "dockeraudit"]])
def test_it_runs_from_anywhere(installed: Path, start: list[str], tmp_path: Path) -> None:
    program: list[str | Path] = [installed / start[0], *start[1:]]
    where = "import dockeraudit.plugins as p; print(p.__file__)"
    assert str(installed) in call(installed / "bin/python", "-c", where, cwd=tmp_path).stdout
    done = call(*program, "list", cwd=tmp_path)
    assert (done.returncode, done.stdout.count("\n") > 50) == (0, True)
    done = call(
        *(*program, "scan", facts("plain-any"), "--report", "html=r.html"),
        *("--report", "json=r.json", "--report", "junit=r.xml"),
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    assert "listener-tcp-plain" in (tmp_path / "r.html").read_text("utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {"r.html", "r.json", "r.xml"}


def test_one_name_is_installed(installed: Path) -> None:
    (packages,) = installed.glob("lib/python3*/site-packages")
    names = {path.name.partition("-")[0] for path in packages.iterdir()}
    assert names == {"dockeraudit", "dependencies.pth"}
