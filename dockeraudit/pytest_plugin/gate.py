"""The gate: the hooks that put hosts and checks into a run of pytest."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator

import pytest

from dockeraudit.words import nearest

from . import hosts_of
from .asked import Asked, marks
from .items import ROOT, CheckItem, ConnectItem, GateItem, HostNode, Root

_STATUS = "dockeraudit_status"


class Gate:
    """Registered only in runs in which something was asked of it."""

    def __init__(self, asked: Asked, only: tuple[str, ...] | None) -> None:
        self._asked = asked
        self._only = only
        """Node ids, or beginnings of them, that were named; None: nothing is made."""
        self._statuses: dict[str, set[str]] = defaultdict(set)
        self._idle: list[str] = []

    @classmethod
    def of(cls, config: pytest.Config, asked: Asked) -> Gate:
        """The gate of a run, its marks registered.

        Raises:
            pytest.UsageError: there is no target to judge.
        """
        for name, text in marks(asked):
            config.addinivalue_line("markers", f"{name}: {text}")
        named = tuple(arg for arg in config.args if _is_id(config, arg))
        if not asked.targets:
            raise pytest.UsageError(
                "dockeraudit: no target to judge: name one by --dockeraudit-target"
            )
        config.args = [arg for arg in config.args if arg not in named]
        if named:
            # What stood for a host that was not reached is the whole host, once it is.
            ids = tuple(arg.rstrip(":").removesuffix("::connect") for arg in named)
            _check(asked, ids)
            return cls(asked, ids)
        # Somebody who runs one file of a suite wants no host asked that only its settings name.
        by_settings = config.getoption("dockeraudit_targets") is None
        paths = config.args_source is config.ArgsSource.ARGS
        return cls(asked, None if by_settings and paths else (ROOT,))

    def pytest_report_header(self) -> str | None:
        """Which hosts, which checks."""
        if self._only is None:
            return None
        hosts, checks = len(self._asked.targets), len(self._asked.plan.checks)
        return (
            f"dockeraudit: {hosts} {'target' if hosts == 1 else 'targets'} x {checks} checks, "
            f"profile {self._asked.profile}, fail on {self._asked.fail_on}"
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Hang the gate beside the folders of the session."""
        report = yield
        if isinstance(collector, pytest.Session) and self._only is not None and report.passed:
            root = Root.from_parent(collector, name=ROOT, nodeid=ROOT, only=self._only)
            report.result.append(root)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Ask the hosts of which something is left; one that isn't reached becomes one item."""
        option = config.option
        if option.collectonly or (session.testsfailed and not option.continue_on_collection_errors):
            return
        asked = (item.parent.target for item in items if isinstance(item, CheckItem))
        errors = hosts_of(config).reach(asked)
        if not errors:
            return
        lost: set[HostNode] = set()
        kept: list[pytest.Item] = []
        for item in items:
            error = errors.get(item.parent.target) if isinstance(item, CheckItem) else None
            if error is None:
                kept.append(item)
            elif item.parent not in lost:
                assert isinstance(item.parent, HostNode)
                lost.add(item.parent)
                kept.append(ConnectItem.from_parent(item.parent, name="connect", error=error))
        items[:] = kept

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Shape what pytest shows of setup, where it doesn't ask the item."""
        report = yield
        if isinstance(item, GateItem):
            if call.when == "setup" and report.failed and call.excinfo is not None:
                report.longrepr = item.repr_failure(call.excinfo)
            elif isinstance(report.longrepr, tuple):
                # The place of a skip is the host, not a line of this plug-in.
                report.longrepr = (item.parent.nodeid, 1, report.longrepr[2])
            setattr(report, _STATUS, item.status)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what was said of each host; under xdist the reports come from the workers."""
        status = getattr(report, _STATUS, "")
        if status:
            self._statuses[report.nodeid.rpartition("::")[0]].add(status)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run in which not one check applied to a host with an engine is no success."""
        if hasattr(session.config, "workerinput") or session.exitstatus != pytest.ExitCode.OK:
            return
        hosts = hosts_of(session.config)
        for label, target in self._asked.targets.items():
            if self._statuses.get(f"{ROOT}::{label}") == {"not-applicable"} and (
                hosts.report(target).engines
            ):
                self._idle.append(label)
        if self._idle:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why the run failed where no item did."""
        for label in self._idle:
            terminalreporter.write_line(
                f"dockeraudit: not one check applied on {label}, which has an engine", red=True
            )


def _is_id(config: pytest.Config, arg: str) -> bool:
    """Whether an argument names items of the gate rather than a path."""
    if arg == ROOT:
        return not os.path.exists(config.invocation_params.dir / arg)
    return arg.startswith(f"{ROOT}::")


def _check(asked: Asked, ids: tuple[str, ...]) -> None:
    known = {ROOT}
    for label in asked.targets:
        known.add(f"{ROOT}::{label}")
        known |= {f"{ROOT}::{label}::{check.id}" for check in asked.plan.checks}
    for id in ids:
        if id not in known:
            raise pytest.UsageError(f"not found: {id}{nearest(id, known)}")
