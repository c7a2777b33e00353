"""The recipes for CI systems: well-formed, and their shell steps do what they are for.

The steps run as they are written, in a folder in which two folders of recorded facts bear the
names of the recipes' hosts: a folder of facts wins over a host of its name. `pip` and `python3`,
which would install, only note that they were called.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from tests.gate.conftest import PLUGIN, RECORDED

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "how-to" / "ci"
HOSTS = ("web1.example.com", "web2.example.com")
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----"


def load(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def github() -> list[str]:
    job = load("github-actions.yml")["jobs"]["gate"]
    return [step["run"] for step in job["steps"] if "run" in step and "if" not in step]


def gitlab() -> list[str]:
    job = load("gitlab-ci.yml")["dockeraudit"]
    return [*job["before_script"], *job["script"]]


def azure() -> list[str]:
    return [step["script"] for step in load("azure-pipelines.yml")["steps"] if "script" in step]


def jenkins() -> list[str]:
    text = (FOLDER / "Jenkinsfile").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")
    # In Groovy's '''…''' a backslash before a line's end joins the lines.
    return [step.replace("\\\n", "") for step in re.findall(r"sh '''(.*?)'''", text, re.DOTALL)]


RECIPES = {"github": github, "gitlab": gitlab, "azure": azure, "jenkins": jenkins}
PUBLISHED = {
    "github": lambda: load("github-actions.yml")["jobs"]["gate"]["steps"][-1]["with"]["path"],
    "gitlab": lambda: load("gitlab-ci.yml")["dockeraudit"]["artifacts"]["reports"]["junit"],
    "azure": lambda: load("azure-pipelines.yml")["steps"][-1]["inputs"]["testResultsFiles"],
    "jenkins": lambda: re.findall(r"junit '(.*)'", (FOLDER / "Jenkinsfile").read_text())[0],
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout on a CI runner: programs on the path, and stand-ins for the hosts."""
    programs = tmp_path / "programs"
    programs.mkdir()
    venv = tmp_path / "work" / "venv" / "bin"
    venv.mkdir(parents=True)
    shims = {
        "pip": f'echo pip "$@" >>{tmp_path}/installed',
        "python3": f'echo python3 "$@" >>{tmp_path}/installed',
        "dockeraudit": f'exec {sys.executable} -m dockeraudit "$@"',
        "pytest": f'exec {sys.executable} -m pytest {shlex.join(PLUGIN)} "$@"',
    }
    for name, text in shims.items():
        for place in (programs, venv):
            (place / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (place / name).chmod(0o755)
    for variable in ("key", "known_hosts"):
        (tmp_path / variable).write_text(f"{KEY}\n", encoding="utf-8")
    return tmp_path / "work"


def run(workspace: Path, name: str, steps: list[str]) -> list[int]:
    """Run steps until one fails; their exit codes."""
    top = workspace.parent
    as_text = name == "github"
    environment = {
        "PATH": f"{top / 'programs'}:{os.environ['PATH']}",
        "HOME": str(top / "home"),
        "SSH_KEY": KEY if as_text else str(top / "key"),
        "SSH_KNOWN_HOSTS": KEY if as_text else str(top / "known_hosts"),
        "SSH_USER": "audit",
        "CI": "true",
    }
    (top / "home").mkdir(exist_ok=True)
    codes: list[int] = []
    for step in steps:
        argv = ["sh", "-e", "-c", step] if name == "jenkins" else ["bash", "-e", "-c", step]
        done = subprocess.run(
            argv, cwd=workspace, env=environment, capture_output=True, text=True, check=False
        )
        codes.append(done.returncode)
        if done.returncode:
            break
    return codes


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(
    ("host", "code"),
    [pytest.param("no-engine", 0, id="good"), pytest.param("plain-any", 1, id="open")],
)
def test_recipe(workspace: Path, recipe: str, host: str, code: int) -> None:
    for name, recorded in zip(HOSTS, ("no-engine", host), strict=True):
        (workspace / name).mkdir()
        shutil.copy(RECORDED / f"{recorded}.facts.json", workspace / name / "it.facts.json")
    steps = RECIPES[recipe]()
    codes = run(workspace, recipe, steps)
    assert codes == [*[0] * (len(steps) - 1), code]
    assert "pip install dockeraudit" in (workspace.parent / "installed").read_text()
    report = JUnitXml.fromfile(str(workspace / PUBLISHED[recipe]()))
    assert (report.failures > 0) == bool(code)
    (config,) = [*workspace.glob("ssh_config"), *workspace.parent.glob("home/*/ssh_config")]
    assert _understood(config) == {
        "user": "audit",
        "identitiesonly": "yes",
        "stricthostkeychecking": "ask",
    }


def _understood(config: Path) -> dict[str, str]:
    """What OpenSSH makes of a configuration; that its key exists, and nobody else reads it."""
    argv = ["ssh", "-G", "-F", str(config), HOSTS[0]]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    found = dict(line.split(" ", 1) for line in lines)
    assert Path(found["identityfile"]).stat().st_size > 0
    assert Path(found["userknownhostsfile"]).stat().st_size > 0
    return {name: found[name] for name in ("user", "identitiesonly", "stricthostkeychecking")}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_host_that_is_gone_fails_the_job(workspace: Path, recipe: str) -> None:
    steps = [step.replace(".example.com", ".invalid") for step in RECIPES[recipe]()]
    codes = run(workspace, recipe, steps)
    assert codes[-1] in (1, 3)
    assert len(codes) == len(steps)
    assert JUnitXml.fromfile(str(workspace / PUBLISHED[recipe]())).errors == 2


# ---- pre-commit ---------------------------------------------------------------------------------


def hooks() -> dict[str, dict[str, Any]]:
    own = ROOT / ".pre-commit-hooks.yaml"
    path = own if own.exists() else FOLDER / "pre-commit-hooks.yaml"
    return {hook["id"]: hook for hook in yaml.safe_load(path.read_text(encoding="utf-8"))}


def test_the_configuration_names_hooks_that_exist() -> None:
    (repository,) = load("pre-commit-config.yaml")["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == set(hooks())


def commit(hook: str, args: list[str], folder: Path, *files: str) -> int:
    """What pre-commit does with a hook: its entry, its arguments, the files that match."""
    assert all(re.search(hooks()[hook]["files"], file) for file in files)
    argv = [*shlex.split(hooks()[hook]["entry"]), *args, *files]
    path = f"{folder.parent / 'programs'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    return subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, check=False
    ).returncode


def test_facts_hook(workspace: Path) -> None:
    for host in ("no-engine", "plain-any"):
        shutil.copy(RECORDED / f"{host}.facts.json", workspace)
    check: Callable[..., int] = commit
    args = load("pre-commit-config.yaml")["repos"][0]["hooks"][0]["args"]
    assert check("dockeraudit-facts", args, workspace, "no-engine.facts.json") == 0
    both = ("no-engine.facts.json", "plain-any.facts.json")
    assert check("dockeraudit-facts", args, workspace, *both) == 1


def test_daemon_json_hook(workspace: Path) -> None:
    for name, text in (("a", '{"live-restore": true}'), ("b", '{"live-restor": true}')):
        (workspace / name).mkdir()
        (workspace / name / "daemon.json").write_text(text, encoding="utf-8")
    assert commit("dockeraudit-daemon-json", [], workspace, "a/daemon.json") == 0
    both = ("b/daemon.json", "a/daemon.json")
    assert commit("dockeraudit-daemon-json", [], workspace, *both) == 1


def test_hook_of_the_manual(workspace: Path) -> None:
    """`hosts` in the file beside the packaged unit's -H is what dockerd refuses."""
    page = (FOLDER.parent / "pytest-gate.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"(?m)^    - repo: local\n(?:      .*\n)+", page)
    entry = yaml.safe_load(block)[0]["hooks"][0]["entry"]
    (workspace / "etc").mkdir()
    path = f"{workspace.parent / 'programs'}:{os.environ['PATH']}"
    for text, code in (('{"live-restore": true}', 0), ('{"hosts": ["fd://"]}', 1)):
        (workspace / "etc" / "daemon.json").write_text(text, encoding="utf-8")
        argv, environment = shlex.split(entry), {**os.environ, "PATH": path}
        done = subprocess.run(
            argv, cwd=workspace, env=environment, capture_output=True, check=False
        )
        assert done.returncode == code
