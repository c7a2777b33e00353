"""Profiles of the user's own, through the real program."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Done, facts, run

PLAIN = facts("plain-any")
CONFIG = """\
profile = "acme"

[profiles.acme]
base = "daemon"
add = ["daemon-log-*"]
remove = ["listener-*"]
fail-on = "critical"

[profiles.tcp]
add = ["listener-tcp-plain"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dockeraudit.toml").write_text(CONFIG)
    return tmp_path


def report(done: Done) -> dict[str, Any]:
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found


def ids(done: Done) -> set[str]:
    return {each["check"] for host in report(done)["hosts"] for each in host["results"]}


def listed(*arguments: str, cwd: Path) -> set[str]:
    return {
        head["id"] for head in json.loads(run("list", "--format", "json", *arguments, cwd=cwd).out)
    }


def test_the_file_and_the_command_line_choose_them(folder: Path) -> None:
    done = run("scan", PLAIN, "--format", "json", cwd=folder)
    assert report(done)["profile"] == "acme"
    assert "daemon-log-level" in ids(done)
    assert not any(id.startswith("listener-") for id in ids(done))
    assert ids(done) == listed("--profile", "acme", cwd=folder)
    assert ids(run("scan", PLAIN, "--profile", "tcp", "--format", "json", cwd=folder)) == {
        "listener-tcp-plain"
    }
    assert "listener-tcp-plain" in ids(
        run("scan", PLAIN, "--profile", "daemon", "--format", "json", cwd=folder)
    )
    assert listed(cwd=folder) > listed("--profile", "acme", cwd=folder), "all, unless asked"


def test_fail_on_of_a_profile(folder: Path) -> None:
    done = run("scan", PLAIN, "--format", "json", cwd=folder)
    assert report(done)["fail_on"] == "critical"
    given = run("scan", PLAIN, "--format", "json", "--fail-on", "info", cwd=folder)
    assert report(given)["fail_on"] == "info", "the command line goes before it"
    other = run("scan", PLAIN, "--format", "json", "--profile", "tcp", cwd=folder)
    assert report(other)["fail_on"] == "low"


def test_a_group_may_have_one(folder: Path) -> None:
    with (folder / "dockeraudit.toml").open("a") as file:
        file.write('[groups.all]\ntargets = ["*"]\nprofile = "acme"\n')
    done = run("scan", PLAIN, "--format", "json", cwd=folder)
    assert report(done)["hosts"][0]["profile"] == "acme"
    assert report(done)["hosts"][0]["fail_on"] == "critical"


def test_config_show(folder: Path) -> None:
    shown = run("config", "show", "--format", "json", cwd=folder)
    values = {each["key"]: each for each in json.loads(shown.out)["values"]}
    assert values["profile"]["value"] == "acme"
    assert values["fail-on"] == {
        "key": "fail-on", "value": "critical", "origin": "dockeraudit.toml:7"
    }  # fmt: skip
    assert values["profiles.acme.add"]["value"] == ["daemon-log-*"]
    assert values["profiles.acme.base"]["origin"] == "dockeraudit.toml:4"
    assert "profiles.tcp.base" not in values
    given = run("config", "show", "--format", "json", "--fail-on", "low", cwd=folder)
    rows = {each["key"]: each for each in json.loads(given.out)["values"]}
    assert rows["fail-on"]["origin"] == "option --fail-on"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'base = "daemon"',
            'base = "deamon"',
            "4: profiles.acme.base: no profile 'deamon'. Did you",
        ),
        ("daemon-log-*", "daemon-lgo", "5: profiles.acme.add[1]: no check 'daemon-lgo'"),
        ("listener-*", "lstener-*", "6: profiles.acme.remove[1]: no check 'lstener-*'"),
        (
            'profile = "acme"',
            'profile = "acm"',
            "1: profile: no profile 'acm'. Did you mean 'acme'?",
        ),
        ("[profiles.tcp]", "[profiles.strict]", "9: profiles.strict: no profile can be called"),
        ("base =", "bases =", "4: unknown key profiles.acme.bases. Did you mean 'base'?"),
        ('"critical"', '"criticl"', "7: profiles.acme.fail-on: no such value 'criticl'. Did you"),
    ],
)
@pytest.mark.parametrize("command", [("scan", PLAIN), ("list",)])
def test_mistakes(
    command: tuple[str, ...], before: str, after: str, said: str, folder: Path
) -> None:
    (folder / "dockeraudit.toml").write_text(CONFIG.replace(before, after))
    done = run(*command, cwd=folder)
    if command == ("list",) and before.startswith("profile ="):
        assert done.status == 0, "list shows all checks, whatever profile a scan has"
        return
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert f"dockeraudit.toml:{said}" in done.err
