"""A scan by Dask's workers: nothing is lost and no host gets two results, whoever dies."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest

from dockeraudit import distributed, elsewhere, plugins
from dockeraudit.checks_folder import added
from dockeraudit.distributed import EngineError, Misused, ready
from dockeraudit.facts import decode
from dockeraudit.facts_files import pack
from dockeraudit.results import Looked
from dockeraudit.runner import Pace
from dockeraudit.scan import Looking, Plan, here
from dockeraudit.targets import Target, parse
from dockeraudit.transport import Limits, TransportOptions
from dockeraudit.transport.process import Cancel
from tests.cli import program
from tests.transport.server import Server

RECORDED = Path(__file__).parent / "collect" / "recorded"
FACTS = decode((RECORDED / "mtls.facts.json").read_bytes())

OWN = '''
"""Says which worker judged a host, takes its time, and kills the worker of one that wants it."""

import os
import signal
import time

from dockeraudit.check import Finding, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Host


def pause():
    time.sleep(0.15)


@check(
    id="own-worker", title="Judged", severity=Severity.LOW, over=Host, rationale="Because.",
    remediation="None.", quiet="Never.",
)
def worker(host, settings):
    pause()
    if host.facts.target == "killer":
        os.kill(os.getpid(), signal.SIGKILL)
    yield Finding("worker", f"by {os.getpid()}", (Evidence("here", "seen"),))
'''


@dataclass
class Dask:
    """A scheduler with workers, and a client that looks at them from outside."""

    address: str
    client: Any
    tasks: dict[str, object]
    """What the scheduler holds."""

    def pids(self) -> dict[str, int]:
        """Of the workers, by address."""
        found: dict[str, int] = self.client.run(os.getpid)
        return found

    def kill_a_busy_worker(self) -> None:
        pids, under_way = self.pids(), self.client.processing()
        address = max(pids, key=lambda each: len(under_way.get(each, ())))
        assert under_way[address], "nothing would be lost with it"
        os.kill(pids[address], signal.SIGKILL)


@pytest.fixture(scope="module")
def dask() -> Iterator[Dask]:
    """Two workers of two threads, each started again when it dies; a host may kill one of them.

    On a busy machine a worker may take long to come back: the cluster would forget it.
    """
    import dask.config
    from distributed import Client, LocalCluster

    with (
        dask.config.set(
            {
                "distributed.scheduler.allowed-failures": 1,
                "distributed.deploy.lost-worker-timeout": "10 minutes",
            }
        ),
        LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        Client(cluster.scheduler_address, set_as_default=False) as client,
    ):
        yield Dask(cluster.scheduler_address, client, cluster.scheduler.tasks)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def both(dask: Dask) -> Dask:
    """After a test that killed one of them."""
    dask.client.wait_for_workers(2, timeout=60)
    return dask


@pytest.fixture
def own(tmp_path: Path) -> Plan:
    """A plan with the check above, which no worker has."""
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "own.py").write_text(OWN)
    known, found = added(plugins.checks(), (str(folder),))
    assert not found.lost
    return Plan(checks=(known["own-worker"], known["tls-verify-enabled"]))


def facts(folder: Path, *names: str) -> list[Target]:
    folder.mkdir(exist_ok=True)
    for name in names:
        data = pack(msgspec.structs.replace(FACTS, target=name))
        (folder / f"{name}.facts.json.gz").write_bytes(data)
    return [parse(str(folder / f"{name}.facts.json.gz")) for name in names]


def hosts(count: int) -> list[str]:
    return [f"web{number}" for number in range(count)]


class Finished:
    """What a run told, and what is done when it told so many."""

    def __init__(self, at: int = 0, then: Callable[[], object] = lambda: None) -> None:
        self.numbers: list[int] = []
        self.looked: dict[int, Looked] = {}
        self._at = at
        self._then = then

    def __call__(self, number: int, looked: Looked) -> None:
        self.numbers.append(number)
        self.looked[number] = looked
        if len(self.numbers) == self._at:
            self._then()

    def states(self) -> list[str]:
        return [self.looked[number].report.state for number in sorted(self.looked)]

    def kinds(self) -> list[str]:
        reports = [self.looked[number].report for number in sorted(self.looked)]
        return [report.error.kind if report.error else "" for report in reports]

    def judges(self) -> dict[str, set[int]]:
        """The processes that judged, by the first group of the host."""
        found: dict[str, set[int]] = {}
        for looked in self.looked.values():
            report = looked.report
            result = next(each for each in report.results if each.check == "own-worker")
            pid = int(result.findings[0].message.removeprefix("by "))
            found.setdefault(report.groups[0] if report.groups else "", set()).add(pid)
        return found


def run(
    looking: Looking,
    targets: list[Target],
    plan: Plan,
    finished: Finished,
    pace: Pace | None = None,
    cancel: Cancel | None = None,
) -> Finished:
    several = len(targets) > 1
    looking(enumerate(targets), plan, pace or Pace(), finished, cancel or Cancel(), several)
    return finished


def by(
    dask: "Dask | Own", *groups: str, tell: Callable[[str], object] = lambda line: None
) -> Looking:
    return partial(distributed.run, scheduler=dask.address, groups=groups, tell=tell)


# ---- the same results ---------------------------------------------------------------------------


def test_workers_say_what_this_process_says(dask: Dask) -> None:
    targets = [parse(str(path)) for path in sorted(RECORDED.glob("*.facts.json"))]
    targets = [msgspec.structs.replace(each, groups=("prod",)) for each in targets]
    targets.append(parse("missing.facts.json"))
    plan = Plan(checks=tuple(plugins.checks().values()))
    there = run(by(dask), targets, plan, Finished())
    assert sorted(there.numbers) == list(range(len(targets)))
    assert there.states().count("unreachable") == 1
    assert strip(there.looked) == strip(run(here, targets, plan, Finished()).looked)


def strip(looked: dict[int, Looked]) -> dict[int, object]:
    """Without times, and errors as reports have them."""
    return {
        number: msgspec.to_builtins(
            msgspec.structs.replace(
                each, report=msgspec.structs.replace(each.report, duration_s=0.0)
            )
        )
        for number, each in looked.items()
    }


def test_hosts_over_ssh(dask: Dask, server: Server) -> None:
    options = TransportOptions(ssh_config=os.path.relpath(server.config))
    plan = with_a_group(
        Plan(checks=(plugins.checks()["listener-tcp-plain"],), options=options), "web1"
    )
    targets = [parse(name) for name in ("good", "refused", "changed", "web1")]
    finished = run(by(dask), targets, plan, Finished())
    assert finished.kinds() == ["", "refused", "host-key-changed", ""]
    assert [finished.looked[n].report.profile for n in (0, 3)] == ["", "group"]


def with_a_group(plan: Plan, *names: str) -> Plan:
    """The plan, with one of their own for some targets."""
    group = msgspec.structs.replace(plan, profile="group")
    return msgspec.structs.replace(
        plan, another=lambda name, target: group if name in names else None
    )


def test_paths_are_those_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = with_a_group(Plan(checks=(), options=TransportOptions(ssh_config="config")), "web1")
    here = os.path.abspath("config")
    sent = elsewhere.packed(plan)
    facts_file = elsewhere.placed(parse("web.facts.json"))
    monkeypatch.chdir(tmp_path)
    there = elsewhere._unpacked(sent)
    assert there.options.ssh_config == here
    assert there.of("web1").profile == "group"
    assert there.of("web1").options.ssh_config == here
    assert facts_file.path == os.path.join(os.path.dirname(here), "web.facts.json")


def test_only_a_window_of_the_hosts_is_with_the_scheduler(both: Dask, tmp_path: Path) -> None:
    targets = facts(tmp_path / "facts", "web") * 200
    plan = Plan(checks=(plugins.checks()["tls-verify-enabled"],))
    held: list[int] = []

    class Counting(Finished):
        def __call__(self, number: int, looked: Looked) -> None:
            super().__call__(number, looked)
            held.append(len(both.tasks))

    finished = run(by(both), targets, plan, Counting())
    assert sorted(finished.numbers) == list(range(200))
    # Two for each of four threads; of those that are done, some may not be forgotten yet.
    assert 0 < max(held) <= 24
    until(lambda: not both.tasks)


def test_the_program(both: Dask, own: Plan, tmp_path: Path) -> None:
    recorded = sorted(RECORDED.glob("*.facts.json"))[:4]
    for path in recorded:
        shutil.copy(path, tmp_path)
    lines = [f"{path.name},{['dev', 'prod'][n % 2]}" for n, path in enumerate(recorded)]
    (tmp_path / "list.csv").write_text("\n".join(["target,groups", *lines]))
    (tmp_path / "dockeraudit.toml").write_text(
        '[groups.prod]\nprofile = "few"\n[profiles.few]\nadd = ["tls-*"]\n'
    )
    words = ["scan", "-i", "list.csv", "--checks-dir", "checks", "--format", "json", "--fail-on"]
    words += ["none", "--skip", "own-worker", "--config", "dockeraudit.toml"]
    local = program.run(*words, cwd=tmp_path)
    there = program.run(
        *words, "--engine", "dask", "--scheduler", both.address, "--out", "results", cwd=tmp_path
    )
    assert (local.status, there.status) == (0, 0), there.err
    assert json.loads(there.out)["hosts"] == json.loads(local.out)["hosts"]
    assert len({len(host["results"]) for host in json.loads(there.out)["hosts"]}) == 2
    resumed = program.run("scan", "--resume", "results", "--format", "json", cwd=tmp_path)
    assert json.loads(resumed.out)["hosts"] == json.loads(local.out)["hosts"]


# ---- workers that die ---------------------------------------------------------------------------


def test_a_worker_killed_in_the_middle_costs_nothing(both: Dask, own: Plan, tmp_path: Path) -> None:
    targets = facts(tmp_path / "facts", *hosts(24))
    finished = run(by(both), targets, own, Finished(5, both.kill_a_busy_worker))
    assert sorted(finished.numbers) == list(range(24))
    assert finished.states() == ["scanned"] * 24


def test_a_host_that_kills_its_workers_is_named(both: Dask, own: Plan, tmp_path: Path) -> None:
    targets = facts(tmp_path / "facts", "killer", *hosts(3))
    finished = run(by(both), targets, own, Finished())
    assert sorted(finished.numbers) == [0, 1, 2, 3]
    error = finished.looked[0].report.error
    assert error is not None
    assert error.kind == "worker-lost"
    assert "2 workers died" in error.message
    # Its neighbours were on the same workers, and may share its fate, but never a wrong verdict.
    assert set(finished.kinds()[1:]) <= {"", "worker-lost"}


# ---- the end before the end ---------------------------------------------------------------------


def test_an_interruption_ends_what_workers_do(both: Dask, server: Server) -> None:
    cancel, began = Cancel(), time.monotonic()
    options = TransportOptions(ssh_config=server.config)
    patient = Limits(timeout=90, connect_timeout=80)
    plan = Plan(checks=(plugins.checks()["tls-verify-enabled"],), options=options, limits=patient)
    targets = [parse("refused"), *[parse(f"ssh://u{n}@mute") for n in range(12)]]

    def interrupt() -> None:
        until(lambda: asking(server))
        cancel.set()

    finished = run(by(both), targets, plan, Finished(1, interrupt), cancel=cancel)
    assert time.monotonic() - began < 60, "ssh itself gives up after 80 s"
    assert sorted(finished.numbers) == list(range(13))
    assert finished.kinds() == ["refused", *["interrupted"] * 12]
    until(lambda: not asking(server))


def asking(server: Server) -> list[int]:
    """The ssh processes that wait for a host of this server."""
    found = []
    for each in Path("/proc").iterdir():
        try:
            words = (each / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"ssh") and server.config.encode() in words:
            found.append(int(each.name))
    return found


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_deadline_of_the_run(both: Dask, own: Plan, tmp_path: Path) -> None:
    targets = facts(tmp_path / "facts", *hosts(60))
    finished = run(by(both), targets, own, Finished(), Pace(deadline=1.0))
    assert sorted(finished.numbers) == list(range(60))
    assert "deadline" in finished.kinds()
    assert set(finished.kinds()) <= {"", "deadline"}


def test_an_error_here_ends_it(both: Dask, own: Plan, tmp_path: Path) -> None:
    def full() -> None:
        raise OSError("disk full")

    targets = facts(tmp_path / "facts", *hosts(8))
    with pytest.raises(OSError, match="disk full"):
        run(by(both), targets, own, Finished(2, full))
    until(lambda: not any(both.client.processing().values()))


# ---- wrong use, and what is not there -----------------------------------------------------------


def test_this_machine_is_no_host_of_a_worker() -> None:
    with pytest.raises(Misused, match="`local` is this machine"):
        ready([parse("web1"), parse("local")], "tcp://127.0.0.1:8786")


@pytest.mark.parametrize(
    "address", ["not there", "10.0.0.1", "tcp://:8786", "https://dask.example:443", "tcp://a b:1"]
)
def test_an_address_is_a_host_and_a_port(address: str) -> None:
    with pytest.raises(Misused, match=r"write the address as tcp://HOST:PORT or tls://HOST:PORT"):
        ready([parse("web1")], address)


def test_the_users_own_tls_is_looked_at_first() -> None:
    import dask.config

    with pytest.raises(Misused, match="needs a certificate"):
        ready([parse("web1")], "tls://127.0.0.1:8786")
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(Misused, match="wants encryption"),
    ):
        ready([parse("web1")], "tcp://127.0.0.1:8786")


def test_dask_not_installed() -> None:
    program = (
        "import sys; sys.modules['distributed'] = None\n"
        "from dockeraudit.distributed import ready\n"
        "ready([], 'tcp://127.0.0.1:8786')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "Misused: --engine dask needs Dask: pip install 'dockeraudit[dask]'" in ended.stderr


def test_another_version_on_the_workers(
    both: Dask, own: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = elsewhere.version()
    monkeypatch.setattr(elsewhere, "version", lambda: "dockeraudit 0.0 on Python 3.99")
    with pytest.raises(EngineError) as raised:
        run(by(both), facts(tmp_path / "facts", "web"), own, Finished())
    assert "\n" not in str(raised.value)
    assert f"there is {there}, and here dockeraudit 0.0 on Python 3.99" in str(raised.value)


def test_a_check_that_workers_lack(
    both: Dask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = plugins.checks()
    other = msgspec.structs.replace(known["tls-verify-enabled"], id="plugged-in")
    monkeypatch.setattr(elsewhere, "_checks", lambda: {**known, "plugged-in": other})
    with pytest.raises(EngineError, match="there is no check plugged-in there: install the same"):
        run(by(both), facts(tmp_path / "facts", "web"), Plan(checks=(other,)), Finished())


def test_no_scheduler(own: Plan, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "CONNECT", 0.5)
    nowhere = Dask(f"tcp://127.0.0.1:{server.closed}", None, {})
    with pytest.raises(EngineError) as raised:
        run(by(nowhere), [parse("web1")], own, Finished())
    assert str(raised.value).startswith(f"no Dask scheduler at {nowhere.address}: ")
    assert "\n" not in str(raised.value)


# ---- a scheduler of its own process, and workers near their hosts -------------------------------


class Own:
    """A scheduler that has no dockeraudit, as a process; and workers, each with one of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        words = ("--port", "0", "--scheduler-file", str(file))
        self.scheduler = self._start("dask_scheduler", WITHOUT, *words)
        until(lambda: file.exists() and file.read_text().endswith("}"))
        self.address: str = msgspec.json.decode(file.read_bytes())["address"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def worker(self, resources: str = "", before: str = "pass") -> subprocess.Popen[bytes]:
        """Start a worker of two threads."""
        words = ["--nthreads", "2", "--no-nanny", "--local-directory", str(self._folder)]
        words += ["--resources", resources] if resources else []
        return self._start("dask_worker", before, self.address, *words)

    def wait(self, workers: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def _start(self, program: str, before: str, *words: str) -> subprocess.Popen[bytes]:
        code = f"import sys; {before}; from distributed.cli.{program} import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words, "--host", "127.0.0.1", "--no-dashboard"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "log").open("ab"),
        )
        self._processes.append(process)
        return process


WITHOUT = "sys.modules['dockeraudit'] = None"


def in_groups(targets: list[Target], *groups: tuple[str, ...]) -> list[Target]:
    """The targets, the groups dealt out among them."""
    return [
        msgspec.structs.replace(each, groups=groups[number % len(groups)])
        for number, each in enumerate(targets)
    ]


def test_groups_choose_workers_and_a_lost_scheduler_ends_it(
    both: Dask, own: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "LOOK_AROUND", 0.2)
    targets = facts(tmp_path / "facts", *hosts(20))
    with Own(tmp_path) as dask:
        dmz, plain = dask.worker("dmz=2"), [dask.worker()]
        dask.wait(2)

        def replace_the_plain_one() -> None:
            plain[0].kill()
            plain.append(dask.worker())

        grouped = in_groups(targets, ("dmz", "prod"), ("prod",))
        finished = run(by(dask, "dmz"), grouped, own, Finished(5, replace_the_plain_one))
        assert sorted(finished.numbers) == list(range(20))
        judges = finished.judges()
        assert judges["dmz"] == {dmz.pid}
        assert plain[1].pid in judges["prod"]
        assert judges["prod"] <= {each.pid for each in plain}

        told: list[str] = []
        monkeypatch.setattr(distributed, "PATIENCE", 1.0)
        grouped = in_groups(targets[:4], ("dmz",), ("lan",))
        finished = run(by(dask, "dmz", "lan", tell=told.append), grouped, own, Finished())
        assert finished.kinds() == ["", "no-worker"] * 2
        assert told == ["2 hosts wait for a worker that offers lan; 1 s at most"]

        first = Finished(5, dask.scheduler.kill)
        with pytest.raises(EngineError) as raised:
            run(by(dask), targets, own, first)
        assert str(raised.value).startswith(f"the Dask scheduler at {dask.address} was lost (")
        assert "\n" not in str(raised.value)
    left = [each for number, each in enumerate(targets) if number not in first.looked]
    assert 0 < len(left) <= 15
    assert len(first.numbers) == len(first.looked) == 20 - len(left)
    assert run(by(both), left, own, Finished()).states() == ["scanned"] * len(left)


def test_a_scheduler_that_hangs_and_one_without_workers(
    own: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATIENCE", "ANSWER", "STOP"):
        monkeypatch.setattr(distributed, name, 1.0)
    monkeypatch.setattr(distributed, "LOOK_AROUND", 0.2)
    targets = facts(tmp_path / "facts", *hosts(4))
    with Own(tmp_path) as dask:
        with pytest.raises(EngineError, match=r"no worker at .* for 1 s: start one"):
            run(by(dask), targets, own, Finished())
        looking = by(dask, tell=lambda line: dask.scheduler.send_signal(signal.SIGSTOP))
        with pytest.raises(EngineError, match=r"was lost \("):
            run(looking, targets, own, Finished())


def test_a_worker_that_has_no_dockeraudit(own: Plan, tmp_path: Path) -> None:
    with Own(tmp_path) as dask:
        worker = dask.worker(before=WITHOUT)
        with pytest.raises(EngineError) as raised:
            run(by(dask), facts(tmp_path / "facts", "web"), own, Finished())
        assert "can't take part: No module named 'dockeraudit" in str(raised.value)
        assert str(raised.value).endswith(f"each needs {elsewhere.version()}")
        assert worker.poll() is None


def test_the_program_when_the_engine_is_lost(tmp_path: Path) -> None:
    """Hosts that nobody came to are reported, with the reports that were asked for."""
    (tmp_path / "a.facts.json").write_bytes((RECORDED / "hardened.facts.json").read_bytes())
    words = ["scan", "a.facts.json", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"]
    done = program.run(*words, "--format", "json", cwd=tmp_path)
    report = json.loads(done.out)
    (host,) = report["hosts"]
    assert (done.status, report["summary"]["exit_code"]) == (4, 4)
    assert (host["state"], host["error"]["kind"]) == ("unreachable", "engine")
    assert report["summary"]["rule"].startswith("the engine was lost before it came to 1 of the")
    assert "tcp://127.0.0.1:1" in done.err
    threads = program.run(*words, "--concurrency", "3", cwd=tmp_path)
    assert (threads.status, "threads of the workers" in threads.err) == (2, True)
