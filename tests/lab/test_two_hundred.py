"""Two hundred targets at once, near half of them with a fault: nothing is lost and nobody waits.

Real ssh to real addresses (`faults.py`); each fault alone is in `test_faults.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.faults import Crowd, Watched, crowd, small_disk
from tests.lab.program import comparable, left_over
from tests.lab.use import Lab

MEBIBYTE = 1024 * 1024
HOST = "plain-any"  # behind the whole addresses

# The collector runs at some and costs what it costs, on this machine's cores; the others replay
# its answer, over the same ssh.
WHOLE = {"whole": 30, "replayed": 80}
# How many of a place, and what its error has to be called.
FAULTS = {
    "refused": (20, "refused"),
    "mute": (20, "timeout"),
    "halfway": (10, "timeout"),
    "flood": (10, "output-limit"),
    "other-key": (10, "host-key-changed"),
    "killed": (10, "died"),
    "garbage": (10, "protocol"),
}
TIMEOUT = 30
DEADLINE = 180.0
# What a busy machine may take to end it all: reports included.
MARGIN = 15.0
MOST_MEMORY = 300 * MEBIBYTE
DESCRIPTORS = 1000
FEW = ("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", "--")


@pytest.fixture(scope="module")
def addresses(lab: Lab) -> Iterator[Crowd]:
    # The cheapest key exchange: all hosts are on this machine, which is busy enough.
    with crowd(lab.host(HOST).pid, more="    KexAlgorithms curve25519-sha256") as found:
        found.record()
        yield found


def scan(
    addresses: Crowd, *argv: str, seconds: float = 120, under: tuple[str, ...] = ()
) -> Watched:
    words = ("scan", f"--ssh-config={addresses.config}", "--format=json", *argv)
    return addresses.run(*words, seconds=seconds, under=under)


def by_place(addresses: Crowd, report: dict[str, Any]) -> Counter[tuple[str, str, str]]:
    """How many hosts of each place have which state and which kind of error."""
    return Counter(
        (addresses.place(host["target"]), host["state"], (host["error"] or {}).get("kind", ""))
        for host in report["hosts"]
    )


# ---- all at once --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def storm(addresses: Crowd) -> Watched:
    """Floods first and so at the same time; the other faults in between the first whole hosts."""
    order = [(0.0, address) for address in addresses.addresses("flood", FAULTS["flood"][0])]
    counts = {place: count for place, (count, _) in FAULTS.items()}
    for place, count in {**WHOLE, **counts}.items():
        late = 1.0 if place in WHOLE else 0.2
        if place != "flood":
            for number, address in enumerate(addresses.addresses(place, count)):
                order.append((late * (number + 1) / count, address))
    targets = [address for _, address in sorted(order)]
    words = (f"--timeout={TIMEOUT}", f"--deadline={DEADLINE:g}", "--concurrency=32")
    return scan(addresses, *words, *targets, seconds=DEADLINE + 60, under=FEW)


def test_each_of_two_hundred_has_its_name(addresses: Crowd, storm: Watched) -> None:
    expected = {(place, "scanned", ""): count for place, count in WHOLE.items()}
    for place, (count, kind) in FAULTS.items():
        expected[place, "unreachable", kind] = count
    assert by_place(addresses, storm.report) == expected
    for host in storm.report["hosts"]:
        if host["error"]:
            assert host["target"] in host["error"]["message"]
            assert host["error"]["hint"]
            assert host["results"] == []
    assert storm.code == 1
    summary = storm.report["summary"]["hosts"]
    assert (summary["scanned"], summary["partial"], summary["unreachable"]) == (110, 0, 90)


def test_whole_results_are_as_if_alone(addresses: Crowd, lab: Lab, storm: Watched) -> None:
    alone = addresses.run(
        "scan", f"--ssh-config={lab.ssh_config}", "--format=json", HOST, seconds=60
    )
    (real,) = alone.report["hosts"]
    expected = {**comparable(real, places=False), "hostname": ""}
    whole = [host for host in storm.report["hosts"] if host["state"] == "scanned"]
    for host in whole:
        assert {**comparable(host, places=False), "hostname": ""} == expected
        assert host["same_as"] == ""
    assert len({host["hostname"] for host in whole}) == len(whole) == 110


def test_the_storm_costs_little_and_leaves_nothing(addresses: Crowd, storm: Watched) -> None:
    assert storm.seconds < DEADLINE + MARGIN
    assert storm.descriptors == []
    assert storm.children == []
    assert storm.threads == 1
    assert storm.peak <= MOST_MEMORY, f"{storm.peak / MEBIBYTE:.0f} MiB"
    assert left_over(str(addresses.config)) == []


# ---- bounds -------------------------------------------------------------------------------------


def test_the_deadline_ends_what_hangs(addresses: Crowd) -> None:
    """The deadline is the run's: of hosts that hang, of those whose turn never came, of all."""
    hanging = [*addresses.addresses("halfway", 10), *addresses.addresses("mute", 20)]
    done = scan(addresses, "--deadline=6", "--concurrency=16", "--timeout=100", *hanging)
    assert 6 <= done.seconds < 6 + MARGIN
    assert by_place(addresses, done.report) == {
        ("halfway", "unreachable", "deadline"): 10,
        ("mute", "unreachable", "deadline"): 20,
    }
    assert done.code == 3
    assert (done.descriptors, done.children) == ([], [])
    assert left_over(str(addresses.config)) == []


def test_more_at_once_than_descriptors_allow(addresses: Crowd) -> None:
    """A run takes five of them and its start eight: 220 at once are more than there are."""
    targets = [*addresses.addresses("whole", 5), *addresses.addresses("mute", 215)]
    words = ("--concurrency=220", "--ssh-option=ConnectTimeout=4", f"--timeout={TIMEOUT}")
    done = scan(addresses, *words, *targets, under=FEW)
    assert by_place(addresses, done.report) == {
        ("whole", "scanned", ""): 5,
        ("mute", "unreachable", "timeout"): 215,
    }
    assert (done.descriptors, done.children) == ([], [])


# ---- a full disk --------------------------------------------------------------------------------


def test_a_full_disk_tears_nothing(addresses: Crowd) -> None:
    """What is known stays, the reason is said, and where there is room again the rest follows."""
    targets = addresses.addresses("whole", 8)
    with small_disk(kibibytes=150) as disk:
        under = tuple(disk.under)
        report = "--report=html=/mnt/report.html"
        full = scan(addresses, "--out=/mnt/run", report, "--concurrency=2", *targets, under=under)
        assert full.code == 4
        assert "results.jsonl" in full.err
        assert "No space left on device" in full.err
        assert "Traceback" not in full.err
        assert not disk.path("report.html").exists()
        before = disk.path("run/results.jsonl").read_bytes()
        known = [json.loads(line)["report"]["target"] for line in before.splitlines()]
        assert before.endswith(b"\n")
        assert 0 < len(known) < len(targets)

        disk.resize(kibibytes=8000)
        done = addresses.run("scan", "--resume=/mnt/run", seconds=60, under=under)
        assert done.code == 1
        after = disk.path("run/results.jsonl").read_bytes()
        assert after.startswith(before), "a host that was done was asked again"
        assert len(after.splitlines()) == len(targets)
        hosts = done.report["hosts"]
        assert [host["target"] for host in hosts] == targets
        assert {host["state"] for host in hosts} == {"scanned"}
        assert disk.path("report.html").read_bytes().endswith(b"</html>\n")
    assert (full.descriptors, full.children) == ([], [])
