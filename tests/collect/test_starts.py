"""When a daemon was started is systemd's word, whatever the clock was set to since then."""

import re

import pytest

from dockeraudit.collect import parse
from dockeraudit.collect.units import starts
from dockeraudit.facts import HostFacts, Names, Unit, Unread
from tests.collect.record import FOLDER, NONCE


def daemon_started(output: bytes) -> int | None:
    facts: HostFacts = parse(output, NONCE, target="x", collected_at=0, duration=0.0)
    assert not isinstance(facts.processes, Unread)
    (found,) = (each.started for each in facts.processes if each.role == "dockerd")
    return found


@pytest.mark.parametrize("seconds", [-86400, -25, 25, 86400])
def test_a_clock_that_was_set_since_then_moves_no_start(seconds: int) -> None:
    output = (FOLDER / "broken-next.out").read_bytes()
    moved = re.sub(rb"\|btime (\d+)", lambda m: b"|btime %d" % (int(m[1]) + seconds), output)
    assert moved != output
    assert daemon_started(moved) == daemon_started(output)


def test_without_systemd_it_is_counted_from_boot() -> None:
    output = (FOLDER / "busybox.out").read_bytes()
    moved = re.sub(rb"\|btime (\d+)", lambda m: b"|btime %d" % (int(m[1]) + 25), output)
    before, after = daemon_started(output), daemon_started(moved)
    assert before is not None
    assert after == before + 25


@pytest.mark.parametrize(
    ("pid", "stamp", "expected"),
    [
        ("90", "Tue 2026-11-24 16:58:18 UTC", {90: 1795539498}),
        ("90", "Wed 2026-11-25 01:58:18 KST", {}),
        ("90", "", {}),
        ("90", "Tue 2026-13-41 16:58:18 UTC", {}),
        ("0x", "Tue 2026-11-24 16:58:18 UTC", {}),
        ("9" * 40, "Tue 2026-11-24 16:58:18 UTC", {}),
    ],
)
def test_what_systemd_says(pid: str, stamp: str, expected: dict[int, int]) -> None:
    values: dict[str, str | None] = {"MainPID": pid, "ExecMainStartTimestamp": stamp}
    assert starts([Unit("docker.service", (), Names(values))]) == expected
    assert starts([Unit("docker.service", (), Unread("no systemd"))]) == {}
