"""Many targets at a time: bounds, pace, tries, deadlines, and what ends a run."""

import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from dockeraudit import runner
from dockeraudit.report import HostError, HostReport
from dockeraudit.results import Looked
from dockeraudit.runner import Pace, Rate, affordable, run
from dockeraudit.scan import unreachable
from dockeraudit.targets import Target
from dockeraudit.transport.process import Cancel, Cancelled

ROOT = Path(__file__).resolve().parents[1]


def hosts(count: int) -> Iterator[tuple[int, Target]]:
    return ((number, Target(f"web{number}", "ssh", host=f"web{number}")) for number in range(count))


def well(target: Target) -> Looked:
    return Looked(HostReport(target.spec, target.host, "", "scanned", None))


def not_reached(target: Target, kind: str = "refused", took: float = 0.1) -> Looked:
    return Looked(unreachable(target, HostError(kind, f"{target.spec}: {kind}", "mend it"), took))


class Seen:
    """What a run told, and when its work began."""

    def __init__(self, work: Callable[[Target], Looked] = well) -> None:
        self.looked: dict[int, Looked] = {}
        self.begun: list[tuple[str, float]] = []
        self.threads: set[threading.Thread] = set()
        self.most = 0
        self._work = work
        self._now = 0
        self._lock = threading.Lock()

    def work(self, target: Target) -> Looked:
        with self._lock:
            self.begun.append((target.spec, time.monotonic()))
            self.threads.add(threading.current_thread())
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return self._work(target)
        finally:
            with self._lock:
                self._now -= 1

    def finished(self, number: int, looked: Looked) -> None:
        assert threading.current_thread() is threading.main_thread()
        assert number not in self.looked, "told twice"
        assert looked.report.target == f"web{number}"
        self.looked[number] = looked

    def run(self, count: int, pace: Pace, cancel: Cancel | None = None) -> float:
        """How long it took."""
        began = time.monotonic()
        run(hosts(count), self.work, pace, self.finished, cancel or Cancel())
        assert sorted(self.looked) == list(range(count))
        assert not any(thread.is_alive() for thread in self.threads)
        return time.monotonic() - began

    def kinds(self) -> list[str]:
        errors = (self.looked[number].report.error for number in sorted(self.looked))
        return [error.kind if error else "" for error in errors]


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BACK_OFF", 0.02)


def test_so_many_at_a_time_and_no_more() -> None:
    def slow(target: Target) -> Looked:
        time.sleep(0.02)
        return well(target)

    seen = Seen(slow)
    seen.run(40, Pace(concurrency=8))
    assert seen.most == 8
    assert len(seen.threads) == 8


def test_one_target_has_one_worker() -> None:
    seen = Seen()
    seen.run(1, Pace(concurrency=8))
    assert len(seen.threads) == 1


def test_nothing_to_do() -> None:
    Seen().run(0, Pace())


def test_targets_are_taken_as_workers_come_free() -> None:
    """A hundred thousand targets are not a hundred thousand jobs."""
    taken = finished = most = 0

    def endless() -> Iterator[tuple[int, Target]]:
        nonlocal taken
        for each in hosts(100_000):
            taken += 1
            yield each

    def told(number: int, looked: Looked) -> None:
        nonlocal finished, most
        finished += 1
        most = max(most, taken - finished)
        if finished == 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(endless(), well, Pace(concurrency=4), told, Cancel())
    assert most < 20


def test_a_rate_has_no_bursts() -> None:
    seen = Seen()
    took = seen.run(21, Pace(concurrency=16, rate=50))
    assert took >= 20 / 50
    times = [at for _, at in seen.begun]
    # Twelve beginnings take eleven gaps of 20 ms, less what a thread was late for its own.
    assert all(times[at + 11] - times[at] > 0.15 for at in range(len(times) - 11))


def test_facts_files_have_no_rate() -> None:
    files = [(n, Target(f"web{n}", "facts", path=f"web{n}.facts.json")) for n in range(50)]
    began = time.monotonic()
    run(files, well, Pace(rate=1), lambda number, looked: None, Cancel())
    assert time.monotonic() - began < 10


def test_further_connections_wait_for_the_rate_too() -> None:
    rate, cancel, began = Rate(20), Cancel(), time.monotonic()
    for _ in range(5):
        rate.wait(cancel)
    assert time.monotonic() - began >= 4 / 20
    slow = Rate(0.01)
    slow.wait(cancel)
    cancel.set()
    with pytest.raises(Cancelled):
        slow.wait(cancel)


@pytest.mark.usefixtures("fast")
def test_a_host_that_comes_back_is_tried_again() -> None:
    tries: dict[str, int] = {}

    def shaky(target: Target) -> Looked:
        tries[target.spec] = tries.get(target.spec, 0) + 1
        return not_reached(target) if tries[target.spec] < 3 else well(target)

    seen = Seen(shaky)
    seen.run(6, Pace(retries=2))
    assert seen.kinds() == [""] * 6
    assert set(tries.values()) == {3}


@pytest.mark.usefixtures("fast")
def test_the_error_says_how_many_tries_there_were() -> None:
    seen = Seen(not_reached)
    seen.run(2, Pace(retries=2))
    report = seen.looked[0].report
    assert report.error == HostError("refused", "web0: refused (after 3 tries)", "mend it")
    assert report.duration_s == pytest.approx(0.3)
    once = Seen(not_reached)
    once.run(1, Pace())
    assert once.looked[0].report.error == HostError("refused", "web0: refused", "mend it")


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("kind", ["auth", "host-key-changed", "no-shell", "output-limit", "facts"])
def test_what_another_try_would_not_mend_is_tried_once(kind: str) -> None:
    seen = Seen(lambda target: not_reached(target, kind))
    seen.run(1, Pace(retries=5))
    assert len(seen.begun) == 1


def test_a_verdict_is_never_asked_for_again() -> None:
    error = HostError("privilege", "seen without root", "")
    seen = Seen(lambda target: Looked(HostReport(target.spec, "web", "", "partial", error)))
    seen.run(1, Pace(retries=5))
    assert len(seen.begun) == 1


def test_who_waits_for_another_try_holds_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BACK_OFF", 20.0)
    monkeypatch.setattr("random.uniform", lambda low, high: high / 20)
    first = threading.Event()

    def work(target: Target) -> Looked:
        if target.spec == "web0" and not first.is_set():
            first.set()
            return not_reached(target)
        return well(target)

    seen = Seen(work)
    seen.run(30, Pace(concurrency=1, retries=1))
    order = [spec for spec, _ in seen.begun]
    assert order == [*(f"web{number}" for number in range(30)), "web0"]


def test_pauses_grow_and_are_random(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return 0.0

    monkeypatch.setattr("random.uniform", uniform)
    Seen(not_reached).run(1, Pace(retries=7))
    assert asked == [(0, 2), (0, 4), (0, 8), (0, 16), (0, 32), (0, 60), (0, 60)]


def test_the_deadline_ends_what_is_under_way() -> None:
    cancel = Cancel()

    def endless(target: Target) -> Looked:
        if target.spec == "web0":
            return well(target)
        while not cancel.is_set():
            time.sleep(0.01)
        return not_reached(target, "interrupted")

    seen = Seen(endless)
    took = seen.run(50, Pace(concurrency=3, deadline=0.5), cancel)
    assert 0.5 <= took < 10
    assert seen.kinds() == ["", *["deadline"] * 49]
    messages = [report.error.message for each in seen.looked.values()
                if (report := each.report).error]  # fmt: skip
    assert messages.count("web1: no whole answer before the run's deadline of 0.5 s") == 1
    assert sum("not asked before the run's deadline" in each for each in messages) == 46
    error = seen.looked[1].report.error
    assert error is not None
    assert "--resume FOLDER" in error.hint


def test_no_try_begins_that_the_deadline_would_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    seen = Seen(not_reached)
    assert seen.run(3, Pace(retries=9, deadline=1.5)) < 1.5
    assert seen.kinds() == ["refused"] * 3


def test_a_failure_is_worth_more_than_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for another try when the run ends is reported with what is known."""
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    cancel, tries = Cancel(), 0

    def work(target: Target) -> Looked:
        nonlocal tries
        tries += 1
        while tries > 1 and not cancel.is_set():
            time.sleep(0.01)
        return not_reached(target, "interrupted" if tries > 1 else "died")

    seen = Seen(work)
    seen.run(1, Pace(retries=1, deadline=0.3), cancel)
    assert seen.kinds() == ["died"]


def test_interrupted() -> None:
    cancel = Cancel()

    def work(target: Target) -> Looked:
        if target.spec == "web5":
            cancel.set()
        return not_reached(target, "interrupted") if cancel.is_set() else well(target)

    seen = Seen(work)
    seen.run(40, Pace(concurrency=2), cancel)
    assert seen.kinds().count("interrupted") >= 34
    assert len(seen.begun) < 10


@pytest.mark.parametrize("where", ["work", "finished"])
def test_an_exception_ends_what_is_under_way(where: str) -> None:
    cancel, seen = Cancel(), Seen()

    def work(target: Target) -> Looked:
        if target.spec == "web0":
            if where == "work":
                raise ZeroDivisionError
            return well(target)
        while not cancel.is_set():
            time.sleep(0.01)
        return not_reached(target, "interrupted")

    def finished(number: int, looked: Looked) -> None:
        raise ZeroDivisionError

    seen = Seen(work)
    with pytest.raises(ZeroDivisionError):
        run(hosts(20), seen.work, Pace(concurrency=4), finished, cancel)
    assert cancel.is_set()
    assert len(seen.begun) <= 5
    assert not any(thread.is_alive() for thread in seen.threads)


def test_the_limit_of_open_files_bounds_the_workers() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    script = """
import resource, sys
from dockeraudit.runner import affordable
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(affordable(1024), resource.getrlimit(resource.RLIMIT_NOFILE)[0], affordable(8))
"""

    def bounded(soft: int, hard: int) -> list[int]:
        done = subprocess.run(
            [sys.executable, "-c", script, str(soft), str(hard)],
            capture_output=True, text=True, check=True, cwd=ROOT,
        )  # fmt: skip
        return [int(word) for word in done.stdout.split()]

    assert bounded(1000, 1000) == [(1000 - 64) // 8, 1000, 8]
    assert bounded(256, 1000) == [(1000 - 64) // 8, 1000, 8], "the soft limit is raised first"
    assert bounded(65, 65)[0] == 1
    if soft >= 1024 * 8 + 64:
        assert affordable(1024) == 1024


def test_order_of_beginning_is_that_of_targets() -> None:
    seen = Seen()
    seen.run(20, Pace(concurrency=1))
    assert all(one[1] <= other[1] for one, other in pairwise(seen.begun))
    assert [spec for spec, _ in seen.begun] == [f"web{number}" for number in range(20)]
