"""Jump hosts that are down, told from targets that are, over the system's ssh and real sshds."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dockeraudit.bastions import SEVERAL, Bastions
from dockeraudit.report import HostError, HostReport
from dockeraudit.results import Looked
from dockeraudit.runner import Pace, run
from dockeraudit.scan import not_reached, unreachable
from dockeraudit.targets import Target
from dockeraudit.transport import Limits, TransportError, TransportOptions, open_transport
from dockeraudit.transport.jump import jump_host, silence
from dockeraudit.transport.process import Cancel
from tests.transport.server import Server, _free_port

PATIENT = Limits(timeout=60, connect_timeout=50)
HASTY = Limits(timeout=60, connect_timeout=1)
"""For ports where nobody ever answers."""

CONFIG = """
Host lost*
  ProxyJump down
Host hush*
  ProxyJump mute
Host past-refused*
  ProxyJump good
  Port {closed}
Host past-mute*
  ProxyJump good
  Port {mute}
Host past-well*
  ProxyJump good
Host later*
  ProxyJump second
Host chain
  ProxyJump down,good
Host none
  ProxyJump none
Host second
  Port {second}
  HostKeyAlias [127.0.0.1]:{port}
Host down
  Port {closed}
"""


class Place:
    """An ssh_config with hosts behind many jump hosts, and ways to ask them."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.second = _free_port()
        mute = next(
            line.split()[1] for line in _below(Path(server.config).read_text(), "Host mute")
        )
        text = CONFIG.format(closed=server.closed, mute=mute, second=self.second, port=server.port)
        config = folder / "config"
        config.write_text(text + Path(server.config).read_text())
        self.options = TransportOptions(ssh_config=str(config))

    def work(self, target: Target) -> Looked:
        limits = HASTY if "mute" in target.host or "hush" in target.host else PATIENT
        try:
            open_transport(target, self.options).run(["true"], b"", limits)
        except TransportError as error:
            return Looked(unreachable(target, not_reached(error), 0.1))
        return Looked(HostReport(target.spec, target.host, "", "scanned", None))

    def run(self, *names: str, bastions: Bastions | None = None) -> dict[str, HostError | None]:
        cancel = Cancel()
        found: dict[str, HostError | None] = {}

        def finished(number: int, looked: Looked) -> None:
            found[looked.report.target] = looked.report.error

        run(
            enumerate(map(host, names)),
            self.work,
            Pace(concurrency=2),
            finished,
            cancel,
            bastions=bastions or Bastions(self.options, cancel),
        )
        return found

    @contextmanager
    def second_sshd(self) -> Iterator[None]:
        import shutil

        program = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/bin")
        assert program
        process = subprocess.Popen(
            [
                program,
                "-D",
                "-e",
                "-f",
                f"{self.server.folder}/sshd_config",
                "-p",
                f"{self.second}",
            ],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: not silence("second", self.options, Cancel()))
            yield
        finally:
            process.terminate()
            process.wait()


def _below(text: str, head: str) -> list[str]:
    lines = text.splitlines()
    return [lines[lines.index(head) + 1]]


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def host(name: str) -> Target:
    return Target(name, "ssh", host=name)


def kinds(found: dict[str, HostError | None]) -> Counter[str]:
    return Counter(error.kind if error else "" for error in found.values())


@pytest.fixture
def place(server: Server, tmp_path: Path) -> Place:
    return Place(server, tmp_path)


def test_a_bastion_that_refuses_is_asked_a_few_times_only(place: Place) -> None:
    others = [f"past-well{n}" for n in range(3)]
    found = place.run(*(f"lost{n}" for n in range(40)), *others)
    counted = kinds(found)
    assert SEVERAL <= counted["refused"] <= SEVERAL + 2
    assert counted["bastion"] == 40 - counted["refused"]
    assert counted[""] == 3, "hosts behind another one are nothing to it"
    error = found["lost39"]
    assert error is not None
    assert error.message.startswith("lost39: not tried, since its jump host down is down: ssh: con")
    assert error.message.endswith("Connection refused")


def test_a_bastion_that_works_while_targets_refuse(place: Place) -> None:
    found = place.run(*(f"past-refused{n}" for n in range(8)))
    assert kinds(found) == {"refused": 8}


def test_a_bastion_that_takes_connections_and_says_nothing(place: Place) -> None:
    found = place.run(*(f"hush{n}" for n in range(20)))
    counted = kinds(found)
    assert counted["timeout"] + counted["bastion"] == 20
    assert counted["bastion"] >= 5
    error = found["hush19"]
    assert error is not None
    assert "no answer from 127.0.0.1 port" in error.message


def test_targets_that_say_nothing_behind_a_bastion_that_works(place: Place) -> None:
    found = place.run(*(f"past-mute{n}" for n in range(7)))
    assert kinds(found) == {"timeout": 7}


def test_hosts_without_a_jump_host(place: Place) -> None:
    assert kinds(place.run(*["refused"] * 1, "nowhere", "mute", "none")) == {
        "refused": 1, "dns": 1, "timeout": 1, "": 1,
    }  # fmt: skip


def test_after_a_pause_one_is_let_through(place: Place) -> None:
    now = 0.0
    bastions = Bastions(place.options, Cancel(), pause=30, clock=lambda: now)

    def tried(name: str) -> str:
        refusal = bastions.refusal(host(name))
        if refusal is not None:
            return refusal.kind
        report = place.work(host(name)).report
        bastions.learn(host(name), report)
        return report.error.kind if report.error else "well"

    assert [tried(f"later{n}") for n in range(5)] == [*["refused"] * 3, "bastion", "bastion"]
    now = 29
    assert tried("later5") == "bastion"
    now = 31
    assert tried("later6") == "refused", "the trial"
    assert tried("later7") == "bastion", "it failed, so the others wait once more"
    now = 62
    assert bastions.refusal(host("later8")) is None
    assert tried("later9") == "bastion", "one at a time"
    with place.second_sshd():
        report = place.work(host("later8")).report
        assert report.state == "scanned"
        bastions.learn(host("later8"), report)
        assert [tried(f"later{n}") for n in range(10, 13)] == ["well"] * 3


def test_failures_that_are_not_in_a_row(place: Place) -> None:
    """Two failures, a success, two failures: nothing is refused."""
    bastions = Bastions(place.options, Cancel())
    bad = place.work(host("later0")).report
    assert bad.error is not None
    for _ in range(3):
        for _ in range(SEVERAL - 1):
            bastions.learn(host("later0"), bad)
        bastions.learn(host("later1"), HostReport("later1", "later1", "", "scanned", None))
    assert bastions.refusal(host("later2")) is None
    for _ in range(SEVERAL):
        bastions.learn(host("later0"), bad)
    assert bastions.refusal(host("later2")) is not None


@pytest.mark.parametrize(
    ("name", "jump"),
    [("lost1", "down"), ("chain", "down,good"), ("none", ""), ("good", ""), ("elsewhere", "")],
)
def test_ssh_itself_says_which_one_it_is(place: Place, name: str, jump: str) -> None:
    assert jump_host(host(name), place.options, Cancel()) == jump


def test_an_option_names_the_jump_host_too(place: Place) -> None:
    options = TransportOptions(place.options.ssh_config, ("ProxyJump=ops@gate:2222",))
    assert jump_host(host("good"), options, Cancel()) == "ops@gate:2222"


def test_whether_a_jump_host_answers(place: Place) -> None:
    assert silence("good", place.options, Cancel()) == ""
    assert silence(f"ops@127.0.0.1:{place.server.port}", place.options, Cancel()) == ""
    assert silence(f"127.0.0.1:{place.server.closed},good", place.options, Cancel()) == (
        f"127.0.0.1 port {place.server.closed}: Connection refused"
    )
    assert "Name or service" in silence("nowhere", place.options, Cancel())
    assert silence("past-well1", place.options, Cancel()) == "", "it is behind another: who knows"
