"""This machine."""

from __future__ import annotations

from collections.abc import Sequence

from . import Answer, Limits, process
from .become import as_root
from .failures import of_become


class LocalTransport:
    """Runs commands as processes of this machine."""

    def __init__(self, become: bool = False, cancel: process.Cancel | None = None) -> None:
        self._become = become
        self._cancel = cancel

    def run(self, argv: Sequence[str], stdin: bytes, limits: Limits) -> Answer:
        command = as_root(argv) if self._become else argv
        answer = process.run(command, stdin, limits, name="local", cancel=self._cancel)
        error = of_become(answer, "local") if self._become else None
        if error is not None:
            raise error
        return answer
