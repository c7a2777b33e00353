"""Jump hosts that are down: the hosts behind one are not all tried to find that out again.

After several failures in a row that are the jump host's own, the others behind it are refused here;
after a pause one of them is let through, and what becomes of it decides for the rest.
"""

import threading
from collections.abc import Callable
from time import monotonic

from msgspec import Struct

from dockeraudit.report import HostError, HostReport
from dockeraudit.results import Looked
from dockeraudit.scan import unreachable
from dockeraudit.targets import Target
from dockeraudit.transport import TransportOptions
from dockeraudit.transport.process import Cancel

SEVERAL = 3
"""Failures in a row that are enough."""
PAUSE = 30.0
"""Seconds before one host is let through."""
FORGET = 300.0
"""Seconds after which a failure no longer belongs to the row."""


class BastionError(HostError, frozen=True):
    """Why a host was not reached, where that is its jump host's own failure by ssh's words."""


class _State(Struct):
    failures: int = 0
    last: float = 0.0
    error: str = ""
    checking: bool = False
    """Whether somebody finds out just now if the jump host answers."""
    down_since: float | None = None
    trial: str = ""
    """The target that was let through."""


class Bastions:
    """What is known of the jump hosts of a run; for any thread."""

    def __init__(
        self,
        options: TransportOptions,
        cancel: Cancel,
        pause: float = PAUSE,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._options = options
        self._cancel = cancel
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}
        self._jumps: dict[tuple[object, ...], str] = {}

    def past(self, target: Target, work: Callable[[Target], Looked]) -> Looked:
        """What the work gives for a target, unless its jump host is known to be down."""
        if target.kind != "ssh":
            return work(target)
        refusal = self.refusal(target)
        if refusal is not None:
            return Looked(unreachable(target, refusal, 0))
        looked = work(target)
        self.learn(target, looked.report)
        return looked

    def refusal(self, target: Target) -> HostError | None:
        """Why a host is not worth a try now."""
        with self._lock:
            if all(state.down_since is None for state in self._states.values()):
                return None
        jump = self._jump(target)
        with self._lock:
            state = self._states.get(jump)
            if state is None or state.down_since is None:
                return None
            if not state.trial and self._clock() - state.down_since >= self._pause:
                state.trial = target.spec
                return None
            return HostError(
                "bastion",
                f"{target.spec}: not tried, since its jump host {jump} is down: {state.error}",
                "mend the jump host, or the way to it, and scan these hosts again",
            )

    def learn(self, target: Target, report: HostReport) -> None:
        """What became of a host that was tried."""
        error = report.error if report.state == "unreachable" else None
        own = isinstance(error, BastionError)
        doubtful = not own and error is not None and _doubtful(error)
        if not own and not doubtful and not self._suspected():
            return
        jump = self._jump(target)
        if not jump:
            return
        if error is not None and error.kind == "interrupted":
            self._leave_trial(jump, target)
        elif error is None or not (own or doubtful):
            self._well(jump)
        else:
            self._failed(jump, target, error.message.removeprefix(f"{target.host}: "), own)

    def _failed(self, jump: str, target: Target, why: str, own: bool) -> None:
        with self._lock:
            state = self._states.setdefault(jump, _State())
            now = self._clock()
            state.failures = state.failures + 1 if now - state.last < FORGET else 1
            state.last = now
            down = state.down_since is not None and state.trial != target.spec
            if state.failures < SEVERAL or down or (state.checking and not own):
                return
            state.checking = not own
        if not own:
            from dockeraudit.transport.jump import silence

            why = silence(jump, self._options, self._cancel)
        with self._lock:
            state.checking = False
            if why:
                state.error, state.down_since, state.trial = why, self._clock(), ""
                self._states[jump] = state
            else:
                self._states.pop(jump, None)

    def _well(self, jump: str) -> None:
        with self._lock:
            self._states.pop(jump, None)

    def _leave_trial(self, jump: str, target: Target) -> None:
        with self._lock:
            state = self._states.get(jump)
            if state is not None and state.trial == target.spec:
                state.trial = ""

    def _suspected(self) -> bool:
        """Whether any jump host failed of late, so that it matters which one a host is behind."""
        now = self._clock()
        with self._lock:
            return any(
                now - state.last < FORGET or state.down_since is not None
                for state in self._states.values()
            )

    def _jump(self, target: Target) -> str:
        known = self._jumps.get(target.way)
        if known is None:
            from dockeraudit.transport.jump import jump_host

            known = self._jumps[target.way] = jump_host(target, self._options, self._cancel)
        return known


def _doubtful(error: HostError) -> bool:
    """Whether a failure may be the target's or its jump host's: ssh can't tell which was silent.

    Where ssh names the host that it could not connect to, or the jump host says that it could not,
    there is no doubt.
    """
    return error.kind in ("timeout", "refused", "died") and not any(
        words in error.message for words in ("ssh: connect to host ", "open failed: ")
    )
