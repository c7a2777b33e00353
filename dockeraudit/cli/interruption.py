"""^C and SIGTERM end what runs on hosts, not the program: it still has reports to write."""

import signal
from types import FrameType, TracebackType

from dockeraudit.exits import SIGNALLED
from dockeraudit.transport.process import Cancel


class Interruption:
    """While entered, the first signal sets `cancel`; `status` is then the exit code."""

    def __init__(self) -> None:
        self.cancel = Cancel()
        self.status = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> "Interruption":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._caught)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _caught(self, number: int, frame: FrameType | None) -> None:
        self.status = self.status or SIGNALLED + number
        self.cancel.set()
