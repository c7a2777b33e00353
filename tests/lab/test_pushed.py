"""The stand-alone collector on real hosts: its file gives the verdicts of a scan over SSH."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dockeraudit import __version__
from dockeraudit.collect import standalone
from tests.lab.program import scan
from tests.lab.use import Lab

ALIASES = ("mtls", "mtls-user", "busybox", "containers", "sid", "clients-user", "swarm")


@pytest.mark.parametrize("alias", ALIASES)
def test_verdicts_are_those_over_ssh(lab: Lab, alias: str, tmp_path: Path) -> None:
    place = f"/tmp/collect-{alias}.sh"
    config = f"-F{lab.ssh_config}"
    copied = lab.run(
        ["ssh", config, alias, f"cat >{place}"], stdin=standalone(__version__), timeout=60
    )
    assert copied.returncode == 0, copied.stderr
    done = lab.run(["ssh", config, alias, f"sh {place}; s=$?; rm {place}; exit $s"])
    assert done.returncode == 0, done.stderr
    file = tmp_path / f"{alias}.facts.out"
    file.write_bytes(done.stdout)
    # Two scans: in one, a machine that is named twice is reported once.
    asked = scan("--profile=strict", f"--ssh-config={lab.ssh_config}", alias).host(alias)
    (pushed,) = scan("--profile=strict", str(file)).report["hosts"]
    assert pushed["target"] == pushed["hostname"] == alias.removesuffix("-user")
    assert pushed["state"] == asked["state"]
    assert [each["check"] for each in pushed["results"]] == [e["check"] for e in asked["results"]]
    for mine, theirs in zip(pushed["results"], asked["results"], strict=True):
        assert verdict(mine) == verdict(theirs), mine["check"]


def verdict(result: Mapping[str, Any]) -> tuple[str, list[tuple[str, ...]]]:
    """An engine lists images of one age in any order, so the findings' order is no difference."""
    found = [
        tuple(each[key] for key in ("resource", "message", "severity"))
        for each in result["findings"]
    ]
    return result["status"], sorted(found)
