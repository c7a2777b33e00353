"""Many targets at a time: a bounded number of workers, paced, retried, and ended in time."""

import threading
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct

from dockeraudit.report import HostError
from dockeraudit.results import Looked
from dockeraudit.scan import unreachable
from dockeraudit.targets import Target
from dockeraudit.transport.process import Cancel, Cancelled

if TYPE_CHECKING:
    from dockeraudit.bastions import Bastions

RETRIED = frozenset(("dns", "refused", "timeout", "unreachable", "died", "bastion"))
"""Kinds of errors that another try may mend; one of these never cost a verdict."""

BACK_OFF = 2.0
"""Seconds that the first wait before another try has at most; each further one has twice that."""
LONGEST = 60.0
"""Seconds that no such wait exceeds."""

DESCRIPTORS = 8
"""Open files of a worker at its peak: the pipes of a process that is being started."""
SPARE = 64
"""Open files of everything else."""

_TICK = 0.5
"""Seconds after which a signal that ended nothing under way is noticed."""


class Pace(Struct, frozen=True):
    """How fast, how often and how long."""

    concurrency: int = 8
    rate: float | None = None
    """New connections a second."""
    retries: int = 0
    """Further tries for a target that was not reached."""
    deadline: float | None = None
    """Seconds for the whole run."""


class Rate:
    """Room for a connection every so often, one at a time: a pause is not made up for."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take the room there is now, or say in how many seconds there will be some."""
        with self._lock:
            now = monotonic()
            if now < self._next:
                return self._next - now
            self._next = now + self._gap
            return 0.0

    def wait(self, cancel: Cancel) -> None:
        """Wait in this thread for the next room.

        Raises:
            Cancelled: the run was ended meanwhile.
        """
        with self._lock:
            mine = max(monotonic(), self._next)
            self._next = mine + self._gap
        while (left := mine - monotonic()) > 0:
            if cancel.is_set():
                raise Cancelled
            threading.Event().wait(min(left, _TICK))


def affordable(concurrency: int) -> int:
    """How many workers the limit of open files has room for; it is raised where it may be."""
    import resource

    wanted = concurrency * DESCRIPTORS + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return concurrency
    limit = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    except (OSError, ValueError):
        limit = soft
    return max(1, min(concurrency, (limit - SPARE) // DESCRIPTORS))


def run(
    targets: Iterable[tuple[int, Target]],
    work: Callable[[Target], Looked],
    pace: Pace,
    finished: Callable[[int, Looked], object],
    cancel: Cancel,
    *,
    rate: Rate | None = None,
    bastions: "Bastions | None" = None,
) -> None:
    """Do the work for all targets, a bounded number at a time.

    `finished` is called in this thread with the number of each target and what became of it, once
    and as soon as it is known. Targets are taken from the iterable when there is a worker for
    them. When `cancel` is set, or the deadline comes, what is under way is ended and the rest is
    reported as not done. An exception of `work` or `finished` ends what is under way, and is
    raised here.
    """
    Running(targets, work, pace, finished, cancel, rate, bastions).all()


class Job(NamedTuple):
    number: int
    target: Target
    tries: int = 0
    """Made before."""
    error: HostError | None = None
    """How the last of them ended, and how many seconds it took."""
    took: float = 0.0


class Running:
    def __init__(
        self,
        targets: Iterable[tuple[int, Target]],
        work: Callable[[Target], Looked],
        pace: Pace,
        finished: Callable[[int, Looked], object],
        cancel: Cancel,
        rate: Rate | None,
        bastions: "Bastions | None",
    ) -> None:
        self._fresh: Iterator[Job] = (Job(number, target) for number, target in targets)
        self._next: Job | None = next(self._fresh, None)
        self._waiting: list[tuple[float, int, Job]] = []
        """A heap of jobs for another try, by the time of that."""
        self._work = work
        self._pace = pace
        self._finished = finished
        self._cancel = cancel
        self._rate = rate or (Rate(pace.rate) if pace.rate else None)
        self._bastions = bastions
        self._most = affordable(pace.concurrency)
        self._threads: list[threading.Thread] = []
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Job, Looked | BaseException]] = SimpleQueue()
        self._under_way = 0
        self._end = monotonic() + pace.deadline if pace.deadline is not None else None
        self._late = False

    def all(self) -> None:
        try:
            pause = self._start()
            while self._under_way or (self._left and not self._cancel.is_set()):
                known = self._known(pause)
                self._look_at_clock()
                pause = self._start()
                for job, looked in known:
                    self._conclude(job, looked)
                if known and self._waiting:
                    pause = self._start()
            self._give_up()
        except BaseException:
            self._cancel.set()
            raise
        finally:
            for _ in self._threads:
                self._jobs.put(None)
            for thread in self._threads:
                thread.join()

    @property
    def _left(self) -> bool:
        return self._next is not None or bool(self._waiting)

    def _start(self) -> float:
        """Give each free worker a job; seconds until there may be more to do here."""
        while self._under_way < self._most and not self._cancel.is_set():
            again = self._waiting[0][0] - monotonic() if self._waiting else _TICK
            job = self._waiting[0][2] if again <= 0 else self._next
            if job is None:
                return min(again, _TICK)
            if self._rate is not None and job.target.kind in ("ssh", "testinfra"):
                pause = self._rate.take()
                if pause > 0:
                    return min(pause, _TICK)
            if again <= 0:
                heappop(self._waiting)
            else:
                self._next = next(self._fresh, None)
            self._hand_out(job)
        return _TICK

    def _hand_out(self, job: Job) -> None:
        if self._under_way == len(self._threads):
            thread = threading.Thread(target=self._serve, name="scan", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads here: fewer workers do it, too
                if not self._threads:
                    raise
                self._most = len(self._threads)
            else:
                self._threads.append(thread)
        self._under_way += 1
        self._jobs.put(job)

    def _serve(self) -> None:
        """A worker: one job after the other."""
        while (job := self._jobs.get()) is not None:
            outcome: Looked | BaseException
            try:
                outcome = self._look(job.target)
            except BaseException as error:
                outcome = error
            self._done.put((job, outcome))

    def _look(self, target: Target) -> Looked:
        return self._bastions.past(target, self._work) if self._bastions else self._work(target)

    def _known(self, pause: float) -> list[tuple[Job, Looked]]:
        """What workers have done by now; waits for the first, at most so many seconds."""
        if self._end is not None and not self._late:
            pause = min(pause, max(0.0, self._end - monotonic()))
        known = []
        try:
            entry = self._done.get(timeout=pause)
            while True:
                job, outcome = entry
                self._under_way -= 1
                if isinstance(outcome, BaseException):
                    raise outcome
                known.append((job, outcome))
                entry = self._done.get_nowait()
        except Empty:
            return known

    def _look_at_clock(self) -> None:
        if self._end is not None and monotonic() >= self._end and not self._cancel.is_set():
            self._late = True
            self._cancel.set()

    def _conclude(self, job: Job, looked: Looked) -> None:
        report = looked.report
        if report.state != "unreachable" or report.error is None:
            self._finished(job.number, looked)
        elif report.error.kind == "interrupted":
            self._finished(job.number, self._undone(job, report.error, report.duration_s))
        else:
            done = job._replace(
                tries=job.tries + 1, error=report.error, took=job.took + report.duration_s
            )
            if not self._again(done):
                self._finished(job.number, self._undone(done, report.error, 0))

    def _again(self, job: Job) -> bool:
        """Whether there will be another try; its time is any within the wait (full jitter)."""
        kind = job.error.kind if job.error else ""
        if kind not in RETRIED or job.tries > self._pace.retries or self._cancel.is_set():
            return False
        from random import uniform

        at = monotonic() + uniform(0, min(LONGEST, BACK_OFF * 2 ** (job.tries - 1)))
        if self._end is not None and at >= self._end:
            return False
        heappush(self._waiting, (at, job.number, job))
        return True

    def _undone(self, job: Job, error: HostError, took: float) -> Looked:
        """A target that was not reached: how its last try ended, else why there was none."""
        if job.error is not None:
            error = job.error
            if job.tries > 1:
                message = f"{error.message} (after {job.tries} tries)"
                error = msgspec.structs.replace(error, message=message)
        elif self._late:
            when = f"before the run's deadline of {self._pace.deadline:g} s"
            what = "no whole answer" if took else "not asked"
            error = HostError(
                "deadline",
                f"{job.target.spec}: {what} {when}",
                "raise --deadline; what a scan with --out FOLDER left undone, --resume FOLDER does",
            )
        return Looked(unreachable(job.target, error, job.took + took))

    def _give_up(self) -> None:
        """Report what is left."""
        why = HostError("interrupted", "interrupted before it began", "")
        left = [job for _, _, job in sorted(self._waiting)]
        self._waiting.clear()
        for job in left:
            self._finished(job.number, self._undone(job, why, 0))
        while (fresh := self._next) is not None:
            self._next = next(self._fresh, None)
            self._finished(fresh.number, self._undone(fresh, why, 0))
