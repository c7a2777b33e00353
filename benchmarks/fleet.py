"""200 addresses, 32 at a time: `dockeraudit scan` against bare ssh; and against testinfra's way.

`python -m benchmarks.fleet [ADDRESSES [ROUNDS]]` as root, with the lab up. All hosts are on this
machine too, so what they do takes CPU from the controller. Two scans therefore: one of hosts that
replay an answer, which costs them nothing, as if they had CPUs of their own; and one of hosts that
run the collector, beside bare ssh that sends the same script to the same hosts. CPU is that of the
controller alone: the program with the ssh processes that it started, without sshd and the hosts.
A scan judges, keeps the results in a folder and prints a summary; `benchmarks.reports` has what
each further report takes.
"""

import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import measure
from dockeraudit.collect import build
from tests.lab import lab, paths
from tests.lab.engine import inside
from tests.lab.faults import Crowd, crowd

HOST = "plain-any"
AT_ONCE = 32
ASSERTIONS = '''
"""What a user of testinfra might write about a Docker host: 60 assertions."""
import pytest

PATHS = (
    "/etc/docker", "/etc/default/docker", "/lib/systemd/system/docker.service",
    "/lib/systemd/system/docker.socket", "/usr/sbin/dockerd", "/usr/bin/docker",
    "/usr/bin/containerd", "/usr/sbin/runc", "/var/lib/docker", "/run/docker.sock",
)

@pytest.mark.parametrize("path", PATHS)
def test_file(host, path):
    file = host.file(path)
    assert file.exists
    assert file.user == "root"
    assert file.uid == 0
    assert file.mode & 0o002 == 0
    assert file.group in ("root", "docker")

def test_service(host):
    assert host.service("docker").is_running
    assert host.service("docker").is_enabled
    assert host.process.filter(comm="dockerd")
    assert host.socket("unix:///run/docker.sock").is_listening
    assert host.socket("tcp://0.0.0.0:2375").is_listening
    assert host.group("docker").exists
    assert host.user("root").uid == 0
    assert host.package("docker.io").is_installed
    assert host.sysctl("net.ipv4.ip_forward") == 1
    assert host.run("docker info").rc == 0
'''


class Cost(NamedTuple):
    """What one run took for each host: CPU and wall seconds."""

    cpu: float
    wall: float


class Side:
    """What a side took, round by round; ratios are of one round, since a machine's load changes."""

    def __init__(self, run: Callable[[], Cost]) -> None:
        self.run = run
        self.rounds: list[Cost] = []

    @property
    def cpu(self) -> float:
        return statistics.median(cost.cpu for cost in self.rounds)

    @property
    def wall(self) -> float:
        return statistics.median(cost.wall for cost in self.rounds)

    def show(self, name: str, most: str = "") -> None:
        measure.row(f"  {name}: hosts/s", 1 / self.wall, "/s")
        measure.row(f"  {name}: CPU for a host{most}", self.cpu)

    def against(self, bare: "Side", rate: str = "", cpu: str = "") -> None:
        both = list(zip(self.rounds, bare.rounds, strict=True))
        rates = statistics.median(theirs.wall / ours.wall for ours, theirs in both)
        costs = statistics.median(ours.cpu / theirs.cpu for ours, theirs in both)
        measure.row(f"    ratio of rates{rate}", rates, "x")
        measure.row(f"    ratio of CPU{cpu}", costs, "x")


def main() -> None:
    """Measure and print."""
    count, rounds = (int(value) for value in (*sys.argv[1:], "200", "3")[:2])
    with crowd(lab.status()[HOST].pid) as addresses, tempfile.TemporaryDirectory() as folder:
        answer = addresses.record()
        fleet = _Fleet(addresses, Path(folder), count)
        print(f"{count} addresses, {AT_ONCE} at a time, an answer of {len(answer):,} bytes")
        bare = Side(fleet.bare("replayed", "true"))
        scan = Side(fleet.scan("replayed"))
        inside_it = Side(fleet.scan("replayed", "--ssh-client=asyncssh"))
        script = Side(fleet.bare("whole", "sh", build("5eed")))
        real = Side(fleet.scan("whole"))
        for _ in range(rounds):
            for side in (bare, scan, inside_it, script, real):
                side.rounds.append(side.run())
                print(".", end="", file=sys.stderr, flush=True)
    print("\nhosts that cost nothing:")
    bare.show("bare `ssh host true`")
    scan.show("dockeraudit scan")
    scan.against(bare, " (at least 0.8)", " (at most 1.5)")
    inside_it.show("dockeraudit scan, asyncssh", " (at most 10)")
    inside_it.against(bare)
    print("hosts that run the collector on the same cores:")
    script.show("bare `ssh host sh <collector`")
    real.show("dockeraudit scan")
    real.against(script)
    _beside_testinfra(rounds)


class _Fleet:
    def __init__(self, addresses: Crowd, folder: Path, count: int) -> None:
        self._addresses = addresses
        self._folder = folder
        self._count = count

    def bare(self, place: str, command: str, script: bytes = b"") -> Callable[[], Cost]:
        """A pool of ssh processes, kept by xargs, which itself costs next to nothing."""
        (self._folder / "script").write_bytes(script)
        ssh = f"ssh -F {self._addresses.config} -T -x -o BatchMode=yes -- {{}} {command}"
        if script:
            ssh = f"sh -c '{ssh} <{self._folder / 'script'}'"
        every = f"xargs -P {AT_ONCE} -I {{}} {ssh} <{self._list(place)} >/dev/null && echo well"

        def run() -> Cost:
            cost, said = self._cost(["sh", "-c", every])
            assert said.startswith(b"well\n"), said
            return cost

        return run

    def scan(self, place: str, *more: str) -> Callable[[], Cost]:
        """Our own way."""
        out = self._folder / "run"
        argv = [sys.executable, "-m", "dockeraudit", "scan", "-i", str(self._list(place))]
        argv += [f"--ssh-config={self._addresses.config}", f"--concurrency={AT_ONCE}"]
        argv += ["--timeout=120", f"--out={out}", "--format=nagios", *more]

        def run() -> Cost:
            cost, said = self._cost(argv)
            whole = (out / "results.jsonl").read_bytes().count(b'"state":"scanned"')
            assert whole == self._count, said[-2000:]
            shutil.rmtree(out)
            return cost

        return run

    def _cost(self, argv: Sequence[str]) -> tuple[Cost, bytes]:
        """What a command took for each host, and what it printed."""
        all_of_it = measure.run(inside(argv))
        cost = Cost(all_of_it.cpu / self._count, all_of_it.wall / self._count)
        return cost, all_of_it.output

    def _list(self, place: str) -> Path:
        file = self._folder / f"{place}.txt"
        file.write_text("\n".join(self._addresses.addresses(place, self._count)) + "\n")
        return file


def _beside_testinfra(rounds: int) -> None:
    config = paths.state() / "ssh_config"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test_docker.py"
        file.write_text(ASSERTIONS)
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
        theirs, ours = measure.in_turn(
            rounds,
            inside([*pytest, f"--hosts=ssh://{HOST}", f"--ssh-config={config}"]),
            inside([sys.executable, "-m", "dockeraudit", "scan", f"--ssh-config={config}", HOST]),
        )
    for cost in theirs:
        assert cost.output.count(b"passed") == 1, cost.output[-2000:]
        assert b"failed" not in cost.output, cost.output[-2000:]
    print("one host, interpreter and all:")
    measure.row("  testinfra over its ssh backend, 60 assertions: wall", measure.wall(theirs), "s")
    measure.row("  dockeraudit scan: wall", measure.wall(ours), "s")
    measure.row("    ratio", measure.wall(theirs) / measure.wall(ours), "x")
    measure.row("  testinfra: CPU", measure.cpu(theirs), "s")
    measure.row("  dockeraudit scan: CPU", measure.cpu(ours), "s")
    measure.row("    ratio", measure.cpu(theirs) / measure.cpu(ours), "x")


if __name__ == "__main__":
    main()
