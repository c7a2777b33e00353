"""The nodes of the gate: `dockeraudit` holds hosts, a host holds an item for each check.

pytest's words for dockeraudit's: pass is passed; a finding that counts is failed; one that is
known and doesn't count (waived, or below --dockeraudit-fail-on) is xfailed, never passed; what was
not judged (not applicable, for a person to decide) is skipped; what could not be judged is an
error, and so is a host that was not reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from dockeraudit.check import Check
from dockeraudit.policy import FailOn, at_or_above
from dockeraudit.report import HostError, Result
from dockeraudit.targets import Target

from . import asked_of, hosts_of, wording
from .hosts import Unreached

ROOT = "dockeraudit"


class Said(Exception):
    """A verdict that makes an item fail: one line, and the whole text."""

    def __init__(self, headline: str, text: str) -> None:
        super().__init__(text)
        self.headline = headline


class Root(pytest.Collector):
    """All hosts; `only` are the ids of the nodes to make, with all that is below them."""

    def __init__(self, *, only: tuple[str, ...], **node: Any) -> None:
        super().__init__(**node)
        self.only = only

    def collect(self) -> Iterable[HostNode]:
        """A node for each target; no host is asked."""
        for label, target in asked_of(self.config).targets.items():
            id = f"{self.nodeid}::{label}"
            if ROOT in self.only or any(f"{each}::".startswith(f"{id}::") for each in self.only):
                yield HostNode.from_parent(self, name=label, target=target, only=self.only)


class HostNode(pytest.Collector):
    """One target."""

    def __init__(self, *, target: Target, only: tuple[str, ...], **node: Any) -> None:
        super().__init__(**node)
        self.target = target
        self._only = only

    def collect(self) -> Iterable[CheckItem]:
        """An item for each check; the host is not asked."""
        whole = ROOT in self._only or self.nodeid in self._only
        for check in asked_of(self.config).plan.checks:
            if whole or f"{self.nodeid}::{check.id}" in self._only:
                yield CheckItem.from_parent(self, name=check.id, check=check)


class GateItem(pytest.Item):
    """An item that shows what it has to say, and no traceback."""

    parent: HostNode
    status = ""
    """dockeraudit's own word, once it is known."""

    def reportinfo(self) -> tuple[str, None, str]:
        """Where it comes from is no file; pytest shows the last part as its heading."""
        return str(self.config.rootpath / ROOT), None, f"{self.parent.name}: {self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The text of a verdict; its first line is what the summary shows."""
        if not isinstance(excinfo.value, Said):
            return super().repr_failure(excinfo, style)
        shown: Any = excinfo.getrepr(style="value")
        shown.reprcrash.path = self.nodeid
        shown.reprcrash.lineno = 1
        shown.reprcrash.message = excinfo.value.headline
        return shown


class CheckItem(GateItem):
    """One check on one host."""

    def __init__(self, *, check: Check[Any], **node: Any) -> None:
        super().__init__(**node)
        self._result: Result | None = None
        self._fail_on: FailOn = "low"
        for mark in (ROOT, check.severity.value, check.family):
            self.add_marker(mark)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """As any item's; what is known and doesn't count is told whole, for `--xfail-tb`."""
        if isinstance(excinfo.value, pytest.xfail.Exception) and self._result is not None:
            return wording.explained(self._result)
        return super().repr_failure(excinfo, style)

    def setup(self) -> None:
        """Judge; whatever comes without a verdict ends here."""
        try:
            host = hosts_of(self.config).report(self.parent.target)
        except Unreached as error:
            raise Said(wording.said(error.error.message), error.text) from None
        result = next(each for each in host.results if each.check == self.name)
        self._result = result
        self._fail_on = host.fail_on or asked_of(self.config).fail_on
        self.status = result.status
        if result.status == "not-applicable":
            pytest.skip(f"not applicable: {wording.said(result.message)}")
        if result.status == "manual":
            pytest.skip(f"for a person to decide: {wording.said(result.message)}")
        if result.untold:
            self._untold(result, wording.unassessed(result, host))

    def runtest(self) -> None:
        """Say what is wrong."""
        result = self._result
        assert result is not None
        if result.status != "fail":
            return
        if result.waiver is not None:
            pytest.xfail(wording.waived(result))
        elif not at_or_above(result.severity, self._fail_on):
            pytest.xfail(f"below --dockeraudit-fail-on {self._fail_on}; {wording.headline(result)}")
        # With --runxfail pytest.xfail returns, and what is known fails like everything else.
        raise Said(wording.headline(result), wording.explained(result))

    def _untold(self, result: Result, text: str) -> None:
        """Evidence is missing that could make it fail, more than it does."""
        reason = f"not assessed: {wording.said(result.message)}"
        if at_or_above(result.severity, self._fail_on):
            raise Said(f"{result.severity}: {reason}", text)
        if result.status == "unknown":
            pytest.skip(f"below --dockeraudit-fail-on {self._fail_on}; {reason}")


class ConnectItem(GateItem):
    """Stands for everything that was not looked at on a host that was not reached."""

    def __init__(self, *, error: HostError, **node: Any) -> None:
        super().__init__(**node)
        self._error = error
        self.add_marker(ROOT)

    def setup(self) -> None:
        """An error and no failure: nothing was judged."""
        kind, message = wording.said(self._error.kind), wording.said(self._error.message)
        lines = (
            f"UNREACHABLE {wording.said(self.parent.target.spec)}",
            f"  {kind}: {message}",
            f"  hint    {wording.said(self._error.hint)}",
            "Nothing of this host was judged.",
        )
        raise Said(f"not reached: {kind}: {message}", "\n".join(lines))

    def runtest(self) -> None:
        """Never comes to it."""
