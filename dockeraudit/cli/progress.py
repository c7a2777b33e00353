"""Progress on stderr: a moving line on a terminal, elsewhere a line for each finished host.

At the end it says why hosts were not reached, grouped by kind.
"""

import os
import sys
from time import monotonic
from types import TracebackType

from dockeraudit.cli.streams import say
from dockeraudit.lines import wrap
from dockeraudit.report import HostError, HostReport
from dockeraudit.words import one_line

_NAMED = 5
"""Hosts that the summary names of each kind."""
_REDRAW = 0.1
"""Seconds between two drawings of the moving line."""
_FEW = 20
"""Up to so many hosts nobody needs to know the rate."""


class _Group:
    """Hosts that were not reached for one reason."""

    def __init__(self, error: HostError) -> None:
        self.count = 0
        self.names: list[str] = []
        self.hint = error.hint

    def add(self, target: str) -> None:
        self.count += 1
        if len(self.names) < _NAMED:
            self.names.append(one_line(target, 60))

    def line(self, kind: str) -> str:
        more = ", …" if self.count > len(self.names) else ""
        hint = f" ({self.hint})" if self.hint else ""
        hosts = "host" if self.count == 1 else "hosts"
        return f"{self.count} {hosts}: {kind}: {', '.join(self.names)}{more}{hint}"


class Progress:
    """Says how far a run has come; `finished` may be called from the thread that waits."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._failed: dict[str, _Group] = {}
        self._last = ""
        self._terminal = sys.stderr.isatty()
        self._began = monotonic()
        self._drawn = 0.0

    def __enter__(self) -> "Progress":
        self._draw(f"scanning {self._total} hosts" if self._total > 1 else "scanning")
        self._drawn = 0.0  # the first host is news
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._draw("")
        if self._total > 1:
            groups = sorted(self._failed.items(), key=lambda each: -each[1].count)
            for name, group in groups:
                say(group.line(name))

    def finished(self, host: HostReport) -> None:
        """One more host is done."""
        self._done += 1
        error = host.error if host.state == "unreachable" else None
        if error is not None:
            self._failed.setdefault(error.kind, _Group(error)).add(host.target)
            self._last = f"{one_line(host.target, 40)}: {error.kind}"
        if self._terminal:
            if monotonic() - self._drawn >= _REDRAW or self._done == self._total:
                self._draw(self._state())
        elif error is None or host.duration_s or error.kind not in ("interrupted", "deadline"):
            say(f"{self._done}/{self._total} {_line(host)}{self._pace_at_tenths()}")

    def count(self, kind: str) -> int:
        """How many hosts were not reached for that reason."""
        return self._failed[kind].count if kind in self._failed else 0

    def _state(self) -> str:
        text = f"{self._done} of {self._total} done{self._pace()}"
        if self._failed:
            kinds = ", ".join(f"{each.count} {name}" for name, each in self._failed.items())
            text += f"; not reached: {kinds}; last {self._last}"
        return text

    def _pace(self) -> str:
        rate = self._done / max(monotonic() - self._began, 0.001)
        left = (self._total - self._done) / rate
        shown = f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"
        return f", {shown} hosts/s, {_duration(left)} left" if left else f", {shown} hosts/s"

    def _pace_at_tenths(self) -> str:
        """The rate and what is left, at the first line of each tenth of a longer run."""
        tenths = self._done * 10 // self._total
        if self._total <= _FEW or tenths == (self._done - 1) * 10 // self._total:
            return ""
        return f" ({tenths * 10} % done{self._pace()})"

    def _draw(self, text: str) -> None:
        if not self._terminal:
            return
        self._drawn = monotonic()
        try:
            width = max((os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1, 20)
            sys.stderr.write(f"\r\033[K{wrap(text, width)[0]}")
            sys.stderr.flush()
        except (OSError, ValueError):
            self._terminal = False


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _line(host: HostReport) -> str:
    target = one_line(host.target, 80)
    if host.state == "unreachable" and host.error:
        return f"{target}: unreachable: {host.error.kind}: {one_line(host.error.message, 200)}"
    failed = sum(result.counts for result in host.results)
    return f"{target}: {host.state}, {failed} failed, {host.duration_s:.1f} s"
