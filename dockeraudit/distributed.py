"""A scan by many machines: Dask's workers ask the hosts, and what they saw comes back here.

Only a window of the hosts is with the scheduler at a time: two for each thread of a worker that may
ask them. A host whose worker died goes to another one; each number is finished once.

Which worker asks which host: each of the `groups` that a run names has workers of its own. A host
in such a group goes only to workers that offer a Dask resource of the group's name (of all, where
it is in several); a host in none of them goes only to workers that offer none of them.
"""

import logging
import os
import pickle
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from heapq import heappop, heappush
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from dockeraudit.report import HostError
from dockeraudit.results import Looked
from dockeraudit.runner import Job, Pace, Rate, Running
from dockeraudit.scan import Plan, unreachable
from dockeraudit.targets import Target
from dockeraudit.transport.process import Cancel
from dockeraudit.words import one_line

if TYPE_CHECKING:
    from distributed import Client, Future

INSTALL = "--engine dask needs Dask: pip install 'dockeraudit[dask]'"

CONNECT = 10.0
"""Seconds for the scheduler to take a connection."""
ANSWER = 30.0
"""Seconds for the scheduler to say which workers it has."""
LOOK_AROUND = 2.0
"""Seconds after which it is asked again."""
PATIENCE = 60.0
"""Seconds that hosts wait for a worker that may ask them."""
STOP = 5.0
"""Seconds for workers to hear that the run has ended."""

RESUME = "what a scan with --out FOLDER left undone, --resume FOLDER does"

_SPARE = 2
"""Hosts handed out for each thread of a worker: one is asked, the next is there already."""
_TICK = 0.02
_PAUSE = 0.5


class EngineError(Exception):
    """The engine can't go on; the text is one line."""


class Misused(EngineError):
    """It can't even begin, as things were named or installed."""


def ready(targets: Iterable[Target], scheduler: str) -> None:
    """Find what speaks against a run before it begins.

    Raises:
        Misused: Dask is not installed, the address or Dask's TLS is not what a client needs, or a
            target is this machine.
    """
    try:
        from distributed.comm import parse_address, parse_host_port
        from distributed.security import Security
    except ImportError as error:
        raise Misused(INSTALL) from error
    except ValueError as error:
        raise Misused(f"Dask's own configuration can't be read: {_cause(error)}") from error
    try:
        scheme, place = parse_address(scheduler)
        host, _ = parse_host_port(place)
    except ValueError:
        scheme, host = "", ""
    if scheme not in ("tcp", "tls") or not host or not scheduler.isprintable() or " " in host:
        raise Misused("--scheduler: write the address as tcp://HOST:PORT or tls://HOST:PORT")
    try:
        security = Security()
        proof = security.get_connection_args("client").get("ssl_context")
    except (OSError, ValueError) as error:
        raise Misused(f"Dask's own configuration of TLS can't be used: {_cause(error)}") from error
    if scheme == "tls" and proof is None:
        raise Misused(
            f"{scheduler} needs a certificate: name its files in Dask's own configuration, under "
            "distributed.comm.tls"
        )
    if scheme == "tcp" and security.require_encryption:
        raise Misused(f"Dask's own configuration wants encryption, and {scheduler} has none")
    if any(target.kind == "local" for target in targets):
        raise Misused(
            "`local` is this machine, and workers of Dask are others: name it by its host, "
            "or scan it without --engine dask"
        )


def run(
    targets: Iterable[tuple[int, Target]],
    plan: Plan,
    pace: Pace,
    finished: Callable[[int, Looked], object],
    cancel: Cancel,
    several: bool,
    *,
    scheduler: str,
    groups: tuple[str, ...] = (),
    tell: Callable[[str], object] = lambda line: None,
) -> None:
    """Have all targets looked at by the workers of a scheduler; otherwise as `runner.run`.

    How many at a time is what the workers have threads, whatever `pace` says; its rate bounds how
    many hosts are begun. `tell` is given lines about workers that are missing.

    Raises:
        EngineError: no scheduler, no worker, or one that can't follow the plan. What `finished` was
            told stands; the other targets were not told of, and another run may look at them.
    """
    from dockeraudit.elsewhere import Unsendable, packed

    try:
        sent = packed(plan)
    except Unsendable as error:
        raise EngineError(str(error)) from error
    with _quiet(), _connected(scheduler) as client:
        _Elsewhere(
            client,
            targets,
            sent,
            pace,
            finished,
            cancel,
            several=several,
            scheduler=scheduler,
            groups=groups,
            tell=tell,
        ).all()


class _Place:
    """The hosts that the same workers may ask."""

    def __init__(self, groups: tuple[str, ...]) -> None:
        self.groups = groups
        self.waiting: deque[Job] = deque()
        self.under_way = 0
        self.room = 0
        """How many may be under way."""
        self.workers: list[str] = []
        self.alone_since: float | None = None
        """Since when it has no worker."""

    @property
    def wanted(self) -> str:
        """The worker that they need."""
        if self.groups:
            return f"a worker that offers {' and '.join(self.groups)}"
        return "a worker that offers no --worker-group"

    @property
    def option(self) -> str:
        """What such a worker is started with."""
        offers = " ".join(f"{group}=1000" for group in self.groups)
        return f" --resources '{offers}'" if offers else ""


class _Asked(NamedTuple):
    """A host that was handed out."""

    future: "Future"
    job: Job
    place: _Place
    since: float
    only: list[str] | None
    """The only workers that may ask it, by address; None: whoever offers what it needs."""


class _Elsewhere(Running):
    """The run of `runner`, with workers of Dask in the place of threads."""

    def __init__(
        self,
        client: "Client",
        targets: Iterable[tuple[int, Target]],
        plan: bytes,
        pace: Pace,
        finished: Callable[[int, Looked], object],
        cancel: Cancel,
        *,
        several: bool,
        scheduler: str,
        groups: tuple[str, ...],
        tell: Callable[[str], object],
    ) -> None:
        rate = Rate(pace.rate) if pace.rate else None
        super().__init__(targets, _nothing, pace, finished, cancel, rate, None)
        from distributed import as_completed

        self._client = client
        self._plan = plan
        self._several = several
        self._scheduler = scheduler
        self._groups = frozenset(groups)
        self._tell = tell
        self._id = uuid4().hex
        self._answers = as_completed(loop=client.loop, with_results=True, raise_errors=False)
        self._serial = count()
        self._asked: dict[str, _Asked] = {}
        self._places: dict[tuple[str, ...], _Place] = {}
        self._workers: dict[str, Any] = {}
        """What the scheduler says of each, by address."""
        self._looked_around = -LOOK_AROUND
        self._alone_since: float | None = None
        self._failure: EngineError | None = None

    def all(self) -> None:
        try:
            super().all()
            if self._failure is not None:
                raise self._failure
        except BaseException:
            self._stop()
            raise

    @property
    def _left(self) -> bool:
        return super()._left or any(place.waiting for place in self._places.values())

    def _start(self) -> float:
        """Hand out what there is room for; seconds until there may be more to do here."""
        if self._cancel.is_set() or self._failure is not None:
            return 0.0
        self._bring_in()
        self._look_around()
        self._bring_in()
        for place in self._places.values():
            while place.waiting and place.under_way < place.room:
                if self._rate is not None and place.waiting[0].target.kind in ("ssh", "testinfra"):
                    pause = self._rate.take()
                    if pause > 0:
                        return min(pause, _PAUSE)
                self._ask(place, place.waiting.popleft())
        return min(_PAUSE, self._waiting[0][0] - monotonic()) if self._waiting else _PAUSE

    def _bring_in(self) -> None:
        """Put hosts in their places: with groups all of them, so that none hides another."""
        while self._waiting and self._waiting[0][0] <= monotonic():
            again = heappop(self._waiting)[2]
            self._place(again).waiting.appendleft(again)
        while (job := self._next) is not None:
            place = self._place(job)
            if not self._groups and len(place.waiting) > place.room:
                return
            place.waiting.append(job)
            self._next = next(self._fresh, None)

    def _place(self, job: Job) -> _Place:
        groups = tuple(sorted(self._groups.intersection(job.target.groups)))
        place = self._places.get(groups)
        if place is None:
            place = self._places[groups] = _Place(groups)
            self._settle(place)
        return place

    def _settle(self, place: _Place) -> None:
        """Find the workers of a place, and how many hosts they have room for."""
        found = {
            address: room
            for address, worker in self._workers.items()
            if (room := self._room(worker, place)) > 0
        }
        place.workers = list(found)
        place.room = sum(found.values()) * (1 if self._rate is not None else _SPARE)

    def _room(self, worker: dict[str, Any], place: _Place) -> int:
        offers = worker.get("resources") or {}
        if not place.groups:
            return 0 if self._groups.intersection(offers) else int(worker["nthreads"])
        return int(min(worker["nthreads"], *(offers.get(group, 0) for group in place.groups)))

    def _ask(self, place: _Place, job: Job) -> None:
        from dockeraudit.elsewhere import Errand, placed, sent

        errand = Errand(self._id, self._plan, placed(job.target), self._several)
        only = place.workers if self._groups and not place.groups else None
        future = self._client.submit(
            pickle.loads,
            sent(errand),
            key=f"dockeraudit-{next(self._serial)}-{self._id}",
            pure=False,
            resources=dict.fromkeys(place.groups, 1) or None,
            workers=only,
        )
        self._asked[future.key] = _Asked(future, job, place, monotonic(), only)
        self._answers.add(future)
        self._under_way += 1
        place.under_way += 1

    def _known(self, pause: float) -> list[tuple[Job, Looked]]:
        """What workers have answered by now; waits for the first, at most so many seconds."""
        until = monotonic() + pause
        if self._end is not None and not self._late:
            until = min(until, self._end)
        while not self._answers.has_ready() and monotonic() < until and not self._cancel.is_set():
            time.sleep(_TICK)
        known = []
        for future, result in self._answers.next_batch(block=False):
            if future.key in self._asked:
                job = self._back(future.key).job
                try:
                    known.append((job, self._looked(job, result)))
                except EngineError as error:
                    self._failure = self._failure or error
        if self._failure is not None and not known:
            raise self._failure
        if self._cancel.is_set() and self._asked:
            self._stop()
            problem = HostError("interrupted", "interrupted before it answered", "scan it again")
            for key in [*self._asked]:
                asked = self._back(key)
                took = monotonic() - asked.since
                known.append((asked.job, Looked(unreachable(asked.job.target, problem, took))))
        return known

    def _back(self, key: str) -> "_Asked":
        """What was handed out, and is no more; an answer that still comes means nothing."""
        asked = self._asked.pop(key)
        asked.future.release()
        asked.place.under_way -= 1
        self._under_way -= 1
        return asked

    def _looked(self, job: Job, result: object) -> Looked:
        """What a worker saw, or a host that costs workers their lives.

        Raises:
            EngineError: it is the engine that failed.
        """
        from concurrent.futures import CancelledError

        from distributed.scheduler import KilledWorker

        from dockeraudit.elsewhere import received, version

        if isinstance(result, bytes):
            try:
                return received(result)
            except ValueError as wrong:
                result = f"its answer is none: {_cause(wrong)}"
        if isinstance(result, str):
            raise EngineError(f"a worker of {self._scheduler} can't take part: {result}")
        error = result[1] if isinstance(result, tuple) else result
        if isinstance(error, KilledWorker):
            times = error.allowed_failures + 1
            problem = HostError(
                "worker-lost",
                f"{job.target.spec}: {times} workers died while they had it to ask, the last at "
                f"{error.last_worker.address}",
                "look at the workers' logs and memory, then scan it again",
            )
            return Looked(unreachable(job.target, problem, 0))
        if isinstance(error, CancelledError):
            raise self._gone(getattr(error, "reason", error))
        raise EngineError(
            f"a worker of {self._scheduler} can't take part: {_cause(error)}; "
            f"each needs {version()}"
        )

    def _look_around(self) -> None:
        """See which workers there are, and give up on hosts that none may ask.

        Raises:
            EngineError: the scheduler does not answer, or has had no worker for too long.
        """
        now = monotonic()
        if now - self._looked_around < LOOK_AROUND:
            return
        self._looked_around = now
        self._workers = self._present()
        for place in self._places.values():
            self._settle(place)
        if self._workers:
            self._alone_since = None
            for place in self._places.values():
                self._look_after(place, now)
        elif self._alone_since is None:
            self._alone_since = now
            self._tell(f"no worker at {self._scheduler}; waiting {PATIENCE:g} s for one")
        elif now - self._alone_since > PATIENCE:
            raise EngineError(
                f"there was no worker at {self._scheduler} for {PATIENCE:g} s: start one with "
                f"`dask worker {self._scheduler}`; {RESUME}"
            )

    def _present(self) -> dict[str, Any]:
        client = self._client
        if client.status != "running" or client.scheduler is None:
            raise self._gone(f"the connection is {client.status}")
        try:
            told = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=ANSWER)
        except Exception as error:
            raise self._gone(error) from error
        return {
            address: worker
            for address, worker in told["workers"].items()
            if worker["status"] in ("running", "paused")
        }

    def _look_after(self, place: _Place, now: float) -> None:
        """Take hosts back from workers that are gone; without any, they wait for some time."""
        for key, asked in [*self._asked.items()]:
            if asked.place is place and asked.only and not self._workers.keys() & set(asked.only):
                place.waiting.appendleft(self._back(key).job)
        if place.workers:
            place.alone_since = None
        elif place.waiting or place.under_way:
            if place.alone_since is None:
                place.alone_since = now
                hosts = len(place.waiting) + place.under_way
                self._tell(f"{hosts} hosts wait for {place.wanted}; {PATIENCE:g} s at most")
            elif now - place.alone_since > PATIENCE:
                self._desert(place)

    def _desert(self, place: _Place) -> None:
        jobs = [
            self._back(key).job for key, asked in [*self._asked.items()] if asked.place is place
        ]
        jobs += place.waiting
        place.waiting.clear()
        for job in jobs:
            problem = HostError(
                "no-worker",
                f"{job.target.spec}: there was not {place.wanted} for {PATIENCE:g} s",
                f"start it where it reaches the host: dask worker {self._scheduler}{place.option}",
            )
            self._conclude(job, Looked(unreachable(job.target, problem, 0)))

    def _give_up(self) -> None:
        for place in self._places.values():
            for job in place.waiting:
                heappush(self._waiting, (0.0, job.number, job))
            place.waiting.clear()
        super()._give_up()

    def _stop(self) -> None:
        """Tell workers that the run has ended; those that can't hear it finish their hosts."""
        from dockeraudit.elsewhere import stopping

        if self._client.status != "running":
            return

        def tell() -> None:
            with suppress(Exception):
                self._client.run(pickle.loads, stopping(self._id), on_error="ignore")

        thread = threading.Thread(target=tell, name="stop", daemon=True)
        thread.start()
        thread.join(STOP)

    def _gone(self, why: object) -> EngineError:
        return EngineError(
            f"the Dask scheduler at {self._scheduler} was lost ({_cause(why)}); {RESUME}"
        )


def _nothing(target: Target) -> Looked:
    raise AssertionError("no thread of this process looks at targets")


@contextmanager
def _connected(scheduler: str) -> Iterator["Client"]:
    from distributed import Client

    try:
        client = Client(
            scheduler,
            timeout=CONNECT,
            set_as_default=False,
            direct_to_workers=False,
            name="dockeraudit",
        )
    except Exception as error:  # of many kinds: addresses, names, sockets, TLS and its files
        raise EngineError(
            f"no Dask scheduler at {scheduler}: {_cause(error)}; start one with `dask scheduler`, "
            "or name another --scheduler"
        ) from error
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=STOP)


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask would log or warn of here is told in one line, or means nothing to a user."""
    if os.environ.get("DOCKERAUDIT_DEBUG"):
        yield
        return
    before = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(before)


def _cause(error: object) -> str:
    """An error's own words in one line, without what stands around them."""
    text = " ".join(str(error).split()) or type(error).__name__
    return one_line(text, 300).rstrip(".")
