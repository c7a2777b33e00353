"""A baseline: the findings of one day, by fingerprint, so that only new and worse ones fail.

A finding that was there is marked with a waiver that names the day and has no end. Waived findings
are not recorded, so that they count again when their waiver ends.
"""

from collections.abc import Iterable, Iterator
from functools import partial

import msgspec
from msgspec import Struct

from dockeraudit import drift
from dockeraudit.lazily import changed
from dockeraudit.policy import summarize
from dockeraudit.report import (
    SEVERITIES,
    Fingerprint,
    FixedFinding,
    HostReport,
    Report,
    ReportedBaseline,
    ReportedFinding,
    Result,
    SeverityName,
    Time,
    Waiver,
)
from dockeraudit.waivers import waived

BASELINE_VERSION = "1"
MAX_FILE = 256 * 1024 * 1024


class BaselineError(Exception):
    """A file that is no baseline; one line."""


class Known(Struct, frozen=True):
    """A finding that was there."""

    fingerprint: Fingerprint
    check: str
    engine: str
    resource: str
    message: str
    severity: SeverityName


class KnownHost(Struct, frozen=True):
    """A host that was looked at, and what was wrong with it."""

    target: str
    findings: tuple[Known, ...] = ()


class Baseline(Struct, frozen=True):
    """What was wrong one day; a file of JSON."""

    baseline_version: str
    recorded: Time
    hosts: tuple[KnownHost, ...]

    @property
    def size(self) -> int:
        """How many findings."""
        return sum(len(host.findings) for host in self.hosts)


def record(report: Report) -> Baseline:
    """The findings of a report that nobody waived, or that an earlier baseline held."""
    hosts = [
        KnownHost(name, tuple(sorted(_known(host), key=_order)))
        for name, host in zip(drift.names(report), report.hosts, strict=True)
        if host.state != "unreachable"
    ]
    hosts.sort(key=lambda host: host.target)
    return Baseline(BASELINE_VERSION, report.started, tuple(hosts))


def _known(host: HostReport) -> Iterator[Known]:
    for result in host.results:
        if result.status != "fail":
            continue
        for each in result.findings:
            if each.waiver is None or not each.waiver.expires:
                yield Known(
                    each.fingerprint,
                    result.check,
                    each.engine,
                    each.resource,
                    each.message,
                    each.severity,
                )


def _order(known: Known) -> tuple[int, str, str, str, str]:
    rank = SEVERITIES.index(known.severity)
    return rank, known.check, known.engine, known.resource, known.fingerprint


def encode(baseline: Baseline) -> str:
    """The file: a finding a line's block, so that a change of it can be read in a diff."""
    data = msgspec.json.encode(baseline, order="deterministic")
    return msgspec.json.format(data, indent=1).decode() + "\n"


def decode(data: bytes) -> Baseline:
    """A baseline from its file, or from a JSON report.

    Raises:
        BaselineError: it is neither.
    """
    try:
        kind = msgspec.json.decode(data, type=_Kind)
        if kind.schema_version:
            from dockeraudit.report import decode as decode_report

            return record(decode_report(data))
        if not kind.baseline_version:
            raise BaselineError("neither a baseline nor a JSON report")
        if kind.baseline_version != BASELINE_VERSION:
            raise BaselineError(
                f"baseline version {kind.baseline_version!r} is not known to this program "
                f"(it reads {BASELINE_VERSION}); use a newer dockeraudit"
            )
        return msgspec.json.decode(data, type=Baseline)
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"neither a baseline nor a JSON report: {error}") from error


class _Kind(Struct, frozen=True):
    baseline_version: str = ""
    schema_version: str = ""


def read(path: str) -> Baseline:
    """A baseline from a file.

    Raises:
        BaselineError: what is wrong with it, in one line.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        raise BaselineError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MAX_FILE:
        raise BaselineError(f"{path}: larger than {MAX_FILE >> 20} MiB")
    try:
        return decode(data)
    except BaselineError as error:
        raise BaselineError(f"{path}: {error}") from error


def apply(report: Report, baseline: Baseline, lapsed: frozenset[str] = frozenset()) -> Report:
    """The report with what the baseline knows marked as such, and counted anew.

    A finding that got worse counts; so does one that an expired waiver is for (`lapsed`).
    """
    known = {each.fingerprint: each for host in baseline.hosts for each in host.findings}
    excused = {key: each for key, each in known.items() if key not in lapsed}
    mark = Waiver(f"in the baseline of {baseline.recorded[:10]}", "", "")
    hosts = changed(report.hosts, partial(_marked, known=excused, mark=mark))
    counts = _Counts(known, mark)
    fixed, untold = _gone(report, map(counts.counted, hosts), baseline)
    return msgspec.structs.replace(
        report,
        hosts=hosts,
        summary=summarize(hosts, report.fail_on),
        baseline=ReportedBaseline(
            recorded=baseline.recorded,
            known=baseline.size,
            still=counts.still,
            worse=counts.worse,
            new=counts.new,
            untold=untold,
            fixed=fixed,
        ),
    )


class _Counts:
    """What is counted of findings while their hosts are read."""

    def __init__(self, known: dict[str, Known], mark: Waiver) -> None:
        self.still = self.worse = self.new = 0
        self._known = known
        self._mark = mark

    def counted(self, host: HostReport) -> HostReport:
        """The host, when it was counted in."""
        for result in host.results:
            for each in result.findings if result.status == "fail" else ():
                self.still += each.waiver == self._mark
                if each.waiver is None:
                    before = self._known.get(each.fingerprint)
                    self.new += before is None
                    self.worse += _worse(each, before)
        return host


def _marked(host: HostReport, known: dict[str, Known], mark: Waiver) -> HostReport:
    results = tuple(_result(result, known, mark) for result in host.results)
    return msgspec.structs.replace(host, results=results)


def _result(result: Result, known: dict[str, Known], mark: Waiver) -> Result:
    if result.status != "fail":
        return result
    findings = tuple(_finding(each, known, mark) for each in result.findings)
    return result if findings == result.findings else waived(result, findings)


def _finding(finding: ReportedFinding, known: dict[str, Known], mark: Waiver) -> ReportedFinding:
    before = known.get(finding.fingerprint)
    if finding.waiver is not None or before is None:
        return finding
    if _worse(finding, before):
        return finding
    return msgspec.structs.replace(finding, waiver=mark)


def _worse(finding: ReportedFinding, before: Known | None) -> bool:
    return before is not None and (
        SEVERITIES.index(finding.severity) < SEVERITIES.index(before.severity)
    )


def _gone(
    report: Report, hosts: Iterable[HostReport], baseline: Baseline
) -> tuple[tuple[FixedFinding, ...], int]:
    """What was looked for and is not there any more, and how much could not be looked for."""
    before = {host.target: host for host in baseline.hosts}
    fixed: list[drift.Change] = []
    untold = 0
    for now in drift.views(report, hosts):
        known = before.pop(now.target, None)
        then = _view(known) if known is not None else None
        for change in drift.compare_host(now.target, then, now):
            if change.kind == "fixed":
                fixed.append(change)
            untold += change.kind in ("unreachable", "unassessed") and bool(change.fingerprint)
    untold += sum(len(_view(host).findings) for host in before.values())
    fixed.sort(key=drift.order)
    return tuple(map(_fixed, fixed)), untold


def _view(host: KnownHost) -> drift.HostView:
    return drift.HostView(
        target=host.target,
        state="scanned",
        findings={
            each.fingerprint: drift.Seen(
                each.check, each.engine, each.resource, each.message, each.severity
            )
            for each in host.findings
        },
    )


def _fixed(change: drift.Change) -> FixedFinding:
    return FixedFinding(
        target=change.host,
        check=change.check,
        engine=change.engine,
        resource=change.resource,
        message=change.message,
        severity=change.severity,
        fingerprint=change.fingerprint,
    )
