"""A baseline: the findings of one day, by fingerprint, so that only new and worse ones fail.

A finding that was there is marked with a waiver that names the day and has no end. Waived findings
are not recorded, so that they count again when their waiver ends.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from dockeraudit import drift
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
    hosts = tuple(_marked(host, excused, mark) for host in report.hosts)
    fixed, untold = _gone(report, baseline)
    found = [
        finding
        for host in hosts
        for result in host.results
        if result.status == "fail"
        for finding in result.findings
    ]
    counting = [finding for finding in found if finding.waiver is None]
    return msgspec.structs.replace(
        report,
        hosts=hosts,
        summary=summarize(hosts, report.fail_on),
        baseline=ReportedBaseline(
            recorded=baseline.recorded,
            known=baseline.size,
            still=sum(each.waiver == mark for each in found),
            worse=sum(_worse(each, known.get(each.fingerprint)) for each in counting),
            new=sum(each.fingerprint not in known for each in counting),
            untold=untold,
            fixed=fixed,
        ),
    )


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


def _gone(report: Report, baseline: Baseline) -> tuple[tuple[FixedFinding, ...], int]:
    """What was looked for and is not there any more, and how much could not be looked for."""
    now = drift.view(report)
    before = {
        host.target: drift.HostView(
            target=host.target,
            state="scanned",
            findings={
                each.fingerprint: drift.Seen(
                    each.check, each.engine, each.resource, each.message, each.severity
                )
                for each in host.findings
            },
        )
        for host in baseline.hosts
    }
    fixed = []
    untold = 0
    for change in drift.compare(before, now).changes:
        if change.kind == "fixed":
            fixed.append(
                FixedFinding(
                    target=change.host,
                    check=change.check,
                    engine=change.engine,
                    resource=change.resource,
                    message=change.message,
                    severity=change.severity,
                    fingerprint=change.fingerprint,
                )
            )
        untold += change.kind in ("unreachable", "unassessed") and bool(change.fingerprint)
    return tuple(fixed), untold
