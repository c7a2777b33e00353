"""What the two reports for people (`table`, `html`) say beyond the model: order, groups, words.

Nothing here decides a status; it counts and sorts what was decided.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from dockeraudit import sentences, words
from dockeraudit.language import counted, gettext, marked
from dockeraudit.report import (
    SEVERITIES,
    HostReport,
    Report,
    ReportedEngine,
    ReportedFinding,
    ReportedListener,
    ReportedWaiver,
    Result,
    SeverityName,
)

RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}

STATUSES = {
    "pass": marked("passed"),
    "fail": marked("failed"),
    "unknown": marked("not assessed"),
    "manual": marked("to decide"),
    "waived": marked("waived"),
    "not-applicable": marked("not applicable"),
}
STATES = {
    "scanned": marked("scanned"),
    "partial": marked("partial"),
    "unreachable": marked("unreachable"),
}
_SEVERITIES = {
    "critical": marked("critical"),
    "high": marked("high"),
    "medium": marked("medium"),
    "low": marked("low"),
    "info": marked("info"),
}
MODES = {
    "PLAIN": marked("no TLS: anyone who connects is root"),
    "TLS-NOAUTH": marked(
        "TLS, but no client certificate is asked for: anyone who connects is root"
    ),
    "MTLS": marked("TLS with a client certificate of the configured CA"),
    "MTLS-SYSROOTS": marked("accepts a client certificate of any public CA"),
    "BROKEN": marked("set up, but can't work"),
    "UNKNOWN": marked("how it authenticates could not be seen"),
}
REACHES = {
    "LOCAL": marked("a unix socket: file permissions decide"),
    "LOOPBACK": marked("every process on the host"),
    "BRIDGE": marked("every container on the host"),
    "ADDR": marked("the network of one address"),
    "ANY": marked("every network of the host"),
}
ROLES = {
    "daemon": marked("an engine's own"),
    "daemon-ca": marked("CA for an engine's clients"),
    "client": marked("a client's"),
    "client-ca": marked("a client's CA"),
    "registry-client": marked("for a registry"),
    "registry-ca": marked("a registry's CA"),
    "swarm-node": marked("a swarm node's; the swarm renews it"),
    "swarm-ca": marked("a swarm's CA"),
    "served": marked("served, and not in the file"),
    "other": marked("not known"),
}
WAIVERS = {
    "expired": marked("expired"),
    "expiring": marked("ends soon"),
    "unused": marked("unused"),
    "untested": marked("not tested"),
    "active": marked("holds"),
}
CALENDAR_DAYS = 90

_FARTHEST = {reach: rank for rank, reach in enumerate(("ANY", "ADDR", "BRIDGE", "LOOPBACK"))}
_OPEN = ("PLAIN", "TLS-NOAUTH", "MTLS-SYSROOTS")


class Cell(Struct, frozen=True):
    """Failures of one severity on one host; a zero that nobody looked for is no zero."""

    failed: int
    unknown: int
    assessed: bool

    @property
    def text(self) -> str:
        """`-` not assessed, `0` clean, `2` two failures, `0?` none seen but not all assessed."""
        if not self.assessed and not self.failed:
            return "-"
        return f"{self.failed}{'?' if self.unknown else ''}"


class Tally(Struct, frozen=True):
    """A host's line in the matrix."""

    severities: dict[SeverityName, Cell]
    assessed: bool
    passed: int
    unknown: int
    manual: int
    waived: int
    not_applicable: int

    def count(self, number: int) -> str:
        """A count, or `-` where nothing was assessed."""
        return str(number) if self.assessed or number else "-"


def tally(host: HostReport) -> Tally:
    """Count a host's results. Not applicable is not assessed: nothing was looked at."""
    status = {"pass": 0, "fail": 0, "manual": 0, "not-applicable": 0, "unknown": 0}
    failed = dict.fromkeys(SEVERITIES, 0)
    unknown = dict.fromkeys(SEVERITIES, 0)
    judged = dict.fromkeys(SEVERITIES, 0)
    waived = 0
    for result in host.results:
        status[result.status] += 1
        failed[result.severity] += result.counts
        unknown[result.severity] += result.status == "unknown"
        judged[result.severity] += result.status in ("pass", "fail", "manual")
        waived += result.status == "fail" and result.waiver is not None
    any_judged = any(judged.values())
    return Tally(
        severities={
            name: Cell(
                failed[name], unknown[name], any_judged and bool(judged[name] or not unknown[name])
            )
            for name in SEVERITIES
        },
        assessed=any_judged or status["unknown"] > 0,
        passed=status["pass"],
        unknown=status["unknown"],
        manual=status["manual"],
        waived=waived,
        not_applicable=status["not-applicable"],
    )


def engine_name(engine: ReportedEngine) -> str:
    """An engine and its version, as short as it can be told apart."""
    version = engine.version or gettext("version not known")
    rootless = " rootless" if engine.rootless and "rootless" not in engine.name else ""
    return f"{engine.name}{rootless} {version}"


def tags(host: HostReport) -> list[str]:
    """Where the inventory has a host: its groups, then its labels as `name=value`."""
    return [*host.groups, *(f"{name}={value}" for name, value in host.labels.items())]


def worst_first(results: Iterable[Result]) -> list[Result]:
    """Results by severity, worst first, then by check."""
    return sorted(results, key=lambda result: (RANK[result.severity], result.check))


def told(result: Result) -> str:
    """What a result says as a whole, for people."""
    if result.status in ("fail", "manual"):
        return sentences.message(result.check, result.message)
    return sentences.reason(result.message)


def excuse(result: Result, finding: ReportedFinding) -> str:
    """Says of one finding among others that it does not count."""
    if finding.waiver is None or result.waiver is not None:
        return ""
    return gettext(" (waived)") if finding.waiver.expires else gettext(" (in the baseline)")


def worst_findings(result: Result) -> list[ReportedFinding]:
    """A result's findings, worst first."""
    return sorted(result.findings, key=lambda finding: RANK[finding.severity])


class Address(Struct, frozen=True):
    """One address of an engine, with its mode by each witness (empty: not seen by it)."""

    engine: str
    address: str
    reach: str
    configured: str
    running: str
    observed: str

    @property
    def now(self) -> str:
        """The mode in force, by the best witness; empty where it does not answer now."""
        return self.observed or self.running

    @property
    def open(self) -> bool:
        """Whether it answers now without a proper client certificate."""
        return self.now in _OPEN and self.reach != "LOCAL"

    @property
    def differs(self) -> bool:
        """Whether the next start will do something else than this one did."""
        return self.configured != self.now


def addresses(listeners: Iterable[ReportedListener]) -> list[Address]:
    """The listeners with their witnesses side by side, the farthest reach first."""
    seen: dict[tuple[str, str], dict[str, ReportedListener]] = {}
    for listener in listeners:
        seen.setdefault((listener.engine, listener.address), {})[listener.witness] = listener
    found = [
        Address(
            engine=engine,
            address=address,
            reach=(by.get("observed") or by.get("running") or by["configured"]).reach,
            **{
                witness: by[witness].mode if witness in by else ""
                for witness in ("configured", "running", "observed")
            },
        )
        for (engine, address), by in seen.items()
    ]
    return sorted(found, key=lambda one: (farthest(one), one.engine, one.address))


def farthest(address: Address) -> int:
    """Sorts addresses by their reach, the farthest first."""
    return _FARTHEST.get(address.reach, 9)


class Verdict(Struct, frozen=True):
    """The report in a sentence or two, for somebody who reads no further."""

    tone: Literal["bad", "incomplete", "good", "empty"]
    sentence: str
    worst: SeverityName | None
    missing: tuple[str, ...]
    """What was not assessed."""
    open: tuple[str, ...]
    """What is left to people: decisions, waivers."""


def verdict(report: Report) -> Verdict:
    """The verdict, counted from the hosts."""
    bad, engines = 0, False
    for host in report.hosts:
        bad += any(result.counts for result in host.results)
        engines |= bool(host.engines)
    return verdict_of(report, bad, engines=engines)


def verdict_of(report: Report, bad: int, *, engines: bool) -> Verdict:
    """The verdict, where so many hosts fail; it never says clean where something was not assessed.

    `engines` is whether any host has one.
    """
    missing, left = tuple(_missing(report)), tuple(_open(report))
    total = len(report.hosts) - report.summary.hosts.repeated
    worst = next((name for name in SEVERITIES if report.summary.by_severity.get(name)), None)
    if not report.hosts:
        return Verdict("empty", gettext("Nothing was scanned."), None, (), ())
    if worst:
        failed = sum(report.summary.by_severity.values())
        what = counted(
            failed,
            "{n} check fails on {hosts}",
            "{n} checks fail on {hosts}",
            hosts=some(bad, total),
        )
        sentence = gettext("{what}; {n} of {severity} severity.").format(
            what=what, n=f"{report.summary.by_severity[worst]:,}", severity=severity(worst)
        )
        return Verdict("bad", sentence, worst, missing, left)
    if missing:
        sentence = gettext("Nothing wrong was found, but not all was assessed.")
        return Verdict("incomplete", sentence, None, missing, left)
    sentence = gettext("No Docker engine was found on {hosts}.")
    if engines:
        sentence = gettext("Nothing wrong was found on {hosts}.")
    return Verdict("good", sentence.format(hosts=some(total, total)), None, (), left)


def _missing(report: Report) -> Iterator[str]:
    unreachable = report.summary.hosts.unreachable
    unknown = report.summary.results.get("unknown", 0)
    if unreachable:
        yield counted(unreachable, "{n} host was not reached.", "{n} hosts were not reached.")
    if unknown:
        yield counted(
            unknown, "{n} result could not be assessed.", "{n} results could not be assessed."
        )


def _open(report: Report) -> Iterator[str]:
    manual = report.summary.results.get("manual", 0)
    waived = report.summary.results.get("waived", 0)
    if manual:
        yield counted(
            manual,
            "{n} matter is for a person to decide.",
            "{n} matters are for a person to decide.",
        )
    if waived:
        yield counted(waived, "{n} failed check is waived.", "{n} failed checks are waived.")


def waivers(report: Report) -> list[ReportedWaiver]:
    """The file's waivers, first those that somebody has to look after."""
    order = list(WAIVERS)
    return sorted(report.waivers, key=lambda each: order.index(each.state))


def blocks(text: str) -> Iterator[tuple[Literal["prose", "command"], str]]:
    """A check's rationale or remediation in parts, prose in the language that is spoken."""
    for kind, block in words.blocks(text):
        yield kind, gettext(block) if kind == "prose" else block


def severity(name: str) -> str:
    """A severity's name for people."""
    return gettext(_SEVERITIES.get(name, name))


def state(name: str) -> str:
    """A host's state for people."""
    return gettext(STATES.get(name, name))


def some(number: int, total: int) -> str:
    """`1 host`, `all 3 hosts`, `2 of 3 hosts`."""
    if number == total:
        if total == 1:
            return counted(1, "{n} host", "{n} hosts")
        return gettext("all {n} hosts").format(n=f"{total:,}")
    return gettext("{n} of {total} hosts").format(n=f"{number:,}", total=f"{total:,}")


def plural(number: int, one: str, many: str) -> str:
    """A number with its noun, in English."""
    return f"{number:,} {one if number == 1 else many}"


def seconds(duration: float) -> str:
    """A duration for people."""
    if duration < 100:
        return gettext("{n} s").format(n=f"{duration:.1f}")
    return gettext("{n} min").format(n=f"{duration / 60:.0f}")
