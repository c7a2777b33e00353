"""Prometheus' text format, for node_exporter's textfile collector.

node_exporter refuses a whole file for one time stamp, one series given twice or one HELP that
differs, so none of these can happen here. All are gauges: the file shows one scan and counts
nothing up. What was not assessed has no series, since 0 would say that nothing is wrong: a host
that was not reached has `dockeraudit_host_up` 0 and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from dockeraudit.output import clipped, visible
from dockeraudit.report import SEVERITIES, HostReport, Report, Result, SeverityName

EXTENSION = "prom"

MODE = 0o644
"""The textfile collector reads as a user of its own; labels hold names, and never evidence."""

_LABEL = 200

Kind = Literal["fail", "waived", "unknown", "manual"]
_KINDS: tuple[Kind, ...] = ("fail", "waived", "unknown", "manual")
_Labels = tuple[tuple[str, str], ...]
_Samples = Iterable[tuple[_Labels, float]]


class _Host(Struct, frozen=True):
    """What the series of a host are made of; one place of a label is there once."""

    name: str
    up: bool
    duration: float
    collected: int | None
    results: tuple[tuple[str, SeverityName, Kind], ...]
    """Check, severity and kind of those that are neither passed nor not applicable."""
    certificates: tuple[tuple[tuple[str, str], int], ...]
    """Role and resource, and when it ends."""


_Hosts = list[_Host]


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(b"# HELP dockeraudit_")


def render(report: Report) -> Iterator[str]:
    """The families one after the other, each with its HELP and TYPE."""
    hosts = [*_seen(report.hosts)]
    yield from _family("build_info", "The version of dockeraudit; always 1.", _build_info(report))
    yield from _family(
        "scan_duration_seconds", "How long the last scan took.", _scan_duration(report)
    )
    yield from _family(
        "scan_exit_code",
        "Exit code of the last scan: 0 clean, 1 findings, 3 incomplete, 130 or 143 interrupted.",
        [((), report.summary.exit_code)],
    )
    yield from _family(
        "last_success_timestamp_seconds",
        "End of the last scan, if it was not interrupted and reached a host at all.",
        _last_success(report),
    )
    yield from _family(
        "waiver_expires_timestamp_seconds",
        "When a waiver of the file of waivers no longer holds.",
        _waivers(report),
    )
    for name, text, samples in _OF_HOSTS:
        yield from _family(name, text, samples(hosts))


def _family(name: str, text: str, samples: _Samples) -> Iterator[str]:
    """One metric; a family without a sample is left out."""
    head = f"# HELP dockeraudit_{name} {text}\n# TYPE dockeraudit_{name} gauge\n"
    for labels, value in samples:
        given = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
        yield f"{head}dockeraudit_{name}{f'{{{given}}}' if given else ''} {value:.15g}\n"
        head = ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _label(text: str) -> str:
    """Text from a host or a user as a label: one line, and not a megabyte of it."""
    return visible(clipped(text, _LABEL))


def _seen(hosts: Iterable[HostReport]) -> Iterator[_Host]:
    """Each host with its label. The second of a name gets `~2`: a series can't be given twice."""
    taken: set[str] = set()
    same: dict[object, Any] = {}
    """What hosts have in common is kept once."""
    for host in hosts:
        name = label = _label(host.target)
        number = 2
        while label in taken:
            label = f"{name}~{number}"
            number += 1
        taken.add(label)
        yield _Host(
            name=label,
            up=host.state != "unreachable",
            duration=host.duration_s,
            collected=_timestamp(host.collected_at) if host.collected_at else None,
            results=tuple(same.setdefault(each, each) for each in _results(host)),
            certificates=tuple(
                (same.setdefault(each, each), end) for each, end in _ends(host).items()
            ),
        )


def _results(host: HostReport) -> dict[tuple[str, SeverityName, Kind], None]:
    found: dict[tuple[str, SeverityName, Kind], None] = {}
    for result in host.results:
        kind = _kind(result)
        if kind:
            found[_label(result.check), result.severity, kind] = None
    return found


def _ends(host: HostReport) -> dict[tuple[str, str], int]:
    """Of several in one place, such as what a listener served at two looks, the one that ends
    first; of a place with several engines one."""
    found: dict[tuple[str, str], int] = {}
    for each in sorted(host.certificates or (), key=lambda each: each.not_after):
        found.setdefault((each.role, _label(each.resource)), each.not_after)
    return found


def _build_info(report: Report) -> _Samples:
    yield (("version", _label(report.tool.version)),), 1


def _scan_duration(report: Report) -> _Samples:
    started, finished = _timestamp(report.started), _timestamp(report.finished)
    if started is not None and finished is not None:
        yield (), max(0, finished - started)


def _last_success(report: Report) -> _Samples:
    finished = _timestamp(report.finished)
    reached = report.summary.hosts.scanned + report.summary.hosts.partial
    if finished is not None and reached and report.summary.exit_code in (0, 1, 3):
        yield (), finished


def _host_up(hosts: _Hosts) -> _Samples:
    for host in hosts:
        yield (("host", host.name),), host.up


def _host_duration(hosts: _Hosts) -> _Samples:
    for host in _reached(hosts):
        yield (("host", host.name),), host.duration


def _collected(hosts: _Hosts) -> _Samples:
    for host in _reached(hosts):
        if host.collected is not None:
            yield (("host", host.name),), host.collected


def _findings(hosts: _Hosts) -> _Samples:
    """Zeros too, so that an alert on a rise has something to rise from."""
    for host in _reached(hosts):
        counts = Counter((severity, kind) for _, severity, kind in host.results)
        for severity in SEVERITIES:
            for kind in _KINDS:
                labels = (("host", host.name), ("severity", severity), ("status", kind))
                yield labels, counts[severity, kind]


def _check_status(hosts: _Hosts) -> _Samples:
    """A fleet has too many checks to list those that pass, which tell nobody anything."""
    for host in _reached(hosts):
        for check, severity, kind in host.results:
            labels = (("check", check), ("severity", severity), ("status", kind))
            yield (("host", host.name), *labels), 1


def _certificates(hosts: _Hosts) -> _Samples:
    for host in hosts:
        for (role, resource), end in host.certificates:
            yield (("host", host.name), ("role", role), ("certificate", resource)), end


def _waivers(report: Report) -> _Samples:
    """Of several for the same, the one that ends first."""
    ends: dict[_Labels, int] = {}
    found = [(_day_after(waiver.expires), waiver) for waiver in report.waivers]
    for moment, waiver in sorted(found, key=lambda each: each[0] or 0):
        if moment is not None:
            check, target = ("check", _label(waiver.check)), ("target", _label(waiver.target))
            ends.setdefault((check, target, ("resource", _label(waiver.resource))), moment)
    return ends.items()


_OF_HOSTS: tuple[tuple[str, str, Callable[[_Hosts], _Samples]], ...] = (
    ("host_up", "Whether the host was reached.", _host_up),
    ("host_scan_duration_seconds", "How long the host took.", _host_duration),
    ("host_collected_timestamp_seconds", "When the host's facts were gathered.", _collected),
    (
        "findings",
        "Results of a reached host by severity; what is waived is not among those that fail.",
        _findings,
    ),
    ("check_status", "1 for each result that is neither pass nor not applicable.", _check_status),
    (
        "certificate_not_after_timestamp_seconds",
        "When a certificate of an engine, or of a client of it, ends.",
        _certificates,
    ),
)


def _reached(hosts: _Hosts) -> _Hosts:
    return [host for host in hosts if host.up]


def _kind(result: Result) -> Kind | None:
    if result.status == "fail":
        return "fail" if result.counts else "waived"
    return result.status if result.status in ("unknown", "manual") else None


def _timestamp(time: str) -> int | None:
    """Seconds since 1970 of a report's time; None for one that is no date of the calendar."""
    try:
        return int(datetime.fromisoformat(time).timestamp())
    except ValueError:
        return None


def _day_after(day: str) -> int | None:
    """A waiver holds to the end of its day, UTC."""
    try:
        ends = date.fromisoformat(day) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return int(datetime(ends.year, ends.month, ends.day, tzinfo=UTC).timestamp())
