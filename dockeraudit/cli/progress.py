"""Progress on stderr: a moving line on a terminal, elsewhere a line for each finished host."""

import sys
from types import TracebackType

from dockeraudit.cli.streams import say
from dockeraudit.report import HostReport
from dockeraudit.words import one_line


class Progress:
    """Says how far a scan has come; `finished` may be called from the thread that waits."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> "Progress":
        self._show(f"scanning {self._total} hosts" if self._total > 1 else "scanning")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._show("")

    def finished(self, host: HostReport) -> None:
        """One more host is done."""
        self._done += 1
        if self._terminal:
            self._show(f"{self._done} of {self._total} done, last {one_line(host.target, 40)}")
        else:
            say(f"{self._done}/{self._total} {_line(host)}")

    def _show(self, text: str) -> None:
        if not self._terminal:
            return
        try:
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()
        except (OSError, ValueError):
            self._terminal = False


def _line(host: HostReport) -> str:
    target = one_line(host.target, 80)
    if host.state == "unreachable" and host.error:
        return f"{target}: unreachable: {host.error.kind}: {one_line(host.error.message, 200)}"
    failed = sum(result.counts for result in host.results)
    return f"{target}: {host.state}, {failed} failed, {host.duration_s:.1f} s"
