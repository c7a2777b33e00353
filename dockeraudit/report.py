"""The report: what a scan says of every host, ready for any writer. This is the JSON contract.

A writer only prints; statuses, counts and the exit code are decided before it is called.
The JSON Schema in `report.schema.json` is generated from these types.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

SCHEMA_VERSION = "1"

Status = Literal["pass", "fail", "manual", "not-applicable", "unknown"]
SeverityName = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[SeverityName, ...] = ("critical", "high", "medium", "low", "info")
FailOnName = Literal["critical", "high", "medium", "low", "info", "none"]
STATUSES: tuple[Status, ...] = ("pass", "fail", "manual", "not-applicable", "unknown")

IN_PART = "; not all could be read: "
"""Stands in the message of a failure before the reason why evidence was missing beside it."""

Time = Annotated[
    str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$")
]
Fingerprint = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]


class Tool(Struct, frozen=True):
    """The program that made the report."""

    name: str
    version: str


class Proof(Struct, frozen=True):
    """A source, and what it said word for word. Text from a host: escape it where it is printed."""

    source: str
    detail: str


class Waiver(Struct, frozen=True):
    """Why a failure does not count: somebody's decision until a day, or that it is nothing new."""

    reason: str
    owner: str
    expires: str
    """The last day that it holds, UTC, as YYYY-MM-DD; empty: it is in the baseline."""
    ticket: str = ""

    @property
    def sentence(self) -> str:
        """Until when it holds, who decided, and why."""
        if not self.expires:
            return self.reason
        ticket = f" ({self.ticket})" if self.ticket else ""
        return f"waived until {self.expires} by {self.owner}{ticket}: {self.reason}"


class ReportedFinding(Struct, frozen=True):
    """One thing wrong, or for a `manual` result one thing to look at."""

    engine: str
    """Empty where it concerns the host rather than one engine."""
    resource: str
    message: str
    severity: SeverityName
    fingerprint: Fingerprint
    """The same from run to run while the same thing is wrong; 32 hex digits."""
    evidence: tuple[Proof, ...]
    waiver: Waiver | None = None
    """Why this one does not count; the result counts while one of its findings has none."""


class FrameworkRule(Struct, frozen=True):
    """A rule of a framework that the check answers."""

    framework: str
    id: str


class Result(Struct, frozen=True):
    """One check on one host."""

    check: str
    title: str
    status: Status
    severity: SeverityName
    """Of the worst finding that no waiver is for, else of the worst; of the check where there is
    none."""
    message: str
    """One sentence: what was found, why it is unknown or does not apply; never empty."""
    findings: tuple[ReportedFinding, ...]
    remediation: str
    references: tuple[FrameworkRule, ...]
    waiver: Waiver | None = None
    """Of the findings' waivers the one that ends first; null: one of them has none."""
    rationale: str = ""
    """Why it matters, as the check's head says."""

    @property
    def counts(self) -> bool:
        """Whether it is a failure that the exit code knows of."""
        return self.status == "fail" and self.waiver is None

    @property
    def untold(self) -> bool:
        """Whether evidence is missing that could make it fail, more than it does."""
        return self.status == "unknown" or (self.waiver is not None and IN_PART in self.message)


class HostError(Struct, frozen=True):
    """Why a host was not scanned, or only in part."""

    kind: str
    message: str
    hint: str


class ReportedEngine(Struct, frozen=True):
    """An engine of a host."""

    name: str
    version: str
    """Empty: not known."""
    api_version: str
    rootless: bool
    managed_by: str


class ReportedListener(Struct, frozen=True):
    """An address that answers the Docker API, by one witness."""

    engine: str
    address: str
    mode: Literal["PLAIN", "TLS-NOAUTH", "MTLS", "MTLS-SYSROOTS", "BROKEN", "UNKNOWN"]
    reach: Literal["LOCAL", "LOOPBACK", "BRIDGE", "ADDR", "ANY"]
    witness: Literal["configured", "running", "observed"]


class ReportedCertificate(Struct, frozen=True):
    """A certificate in its place; for each of its engines and roles once."""

    path: str
    """The file; of one that only a connection brought, the address that served it."""
    index: int
    """Its position among the file's certificates, from 1."""
    role: Literal[
        "daemon",
        "daemon-ca",
        "client",
        "client-ca",
        "registry-client",
        "registry-ca",
        "swarm-node",
        "swarm-ca",
        "served",
        "other",
    ]
    engine: str
    """Empty where it belongs to no one engine."""
    subject: str
    not_after: Annotated[int, Meta(ge=-62135596800)]
    """Its last second, in seconds since the epoch; negative before 1970."""

    @property
    def resource(self) -> str:
        """How findings name it: the path, with `#2` ... for those that are not the first."""
        return self.path if self.index == 1 else f"{self.path}#{self.index}"


class HostReport(Struct, frozen=True):
    """What is said of one target."""

    target: str
    hostname: str
    """Empty: not reached."""
    address: str
    state: Literal["scanned", "partial", "unreachable"]
    error: HostError | None
    engines: tuple[ReportedEngine, ...] = ()
    os: dict[str, str] = {}
    """id, version, name, kernel, architecture."""
    collected_at: Time | None = None
    """When the facts were gathered; null: they were not."""
    duration_s: float = 0.0
    listeners: tuple[ReportedListener, ...] = ()
    results: tuple[Result, ...] = ()
    profile: str = ""
    """Where a group of the configuration gives it another than the report's."""
    fail_on: FailOnName | None = None
    """Where a group of the configuration gives it another than the report's."""
    certificates: tuple[ReportedCertificate, ...] | None = None
    """Those that could be read, of engines and their clients. Null: not told; the host was not
    reached, or no certificate could be read where some may be."""
    groups: tuple[str, ...] = ()
    """Those that the inventory has the target in."""
    labels: dict[str, str] = {}
    """What the inventory says of the target."""
    same_as: str = ""
    """The target of another report, which has the results of this host: it was named twice."""

    def count(self, severity: SeverityName) -> int:
        """How many failures of that severity count."""
        return sum(result.counts and result.severity == severity for result in self.results)


class HostCounts(Struct, frozen=True):
    """Hosts by state."""

    scanned: int = 0
    partial: int = 0
    unreachable: int = 0
    repeated: int = 0
    """Targets whose host is counted above under another target."""


class Summary(Struct, frozen=True):
    """Counts over all hosts, and the exit code with the rule that decided it."""

    hosts: HostCounts
    results: dict[str, int]
    """By status, and `waived` (those are among `fail` as well)."""
    by_severity: dict[str, int]
    """Failures that count, by severity."""
    exit_code: int
    rule: str
    """One sentence: why the exit code is what it is."""


class ReportedWaiver(Struct, frozen=True):
    """An entry of the file of waivers, and what it was good for."""

    check: str
    target: str
    """A pattern."""
    resource: str
    """A pattern; empty: every one."""
    reason: str
    owner: str
    expires: str
    """The last day that it holds, UTC, as YYYY-MM-DD."""
    ticket: str
    source: str
    """Where it stands: `waivers.toml:12`."""
    state: Literal["active", "expiring", "expired", "unused", "untested"]
    """`expiring`: it ends within 30 days. `unused`: its hosts were judged, and there was nothing
    to waive. `untested`: none of its hosts was reached, its check was not run or can't tell."""
    findings: int
    """How many are its own now; of an expired one those that count again."""


class FixedFinding(Struct, frozen=True):
    """A finding of the baseline that was looked for and is gone."""

    target: str
    check: str
    engine: str
    resource: str
    message: str
    severity: SeverityName
    fingerprint: Fingerprint


class ReportedBaseline(Struct, frozen=True):
    """What became of the findings of a baseline."""

    recorded: Time
    known: int
    """Findings in it."""
    still: int
    """Found again and no worse: these don't count."""
    worse: int
    new: int
    """Not in it, and not waived either."""
    untold: int
    """Nobody could look: their host was not scanned, or their check can't tell."""
    fixed: tuple[FixedFinding, ...]


class TrendPoint(Struct, frozen=True):
    """One run's counts."""

    time: Time
    open: dict[str, int]
    """Not fixed and not waived, by severity."""
    new: int = 0
    fixed: int = 0
    missed: int = 0
    """Hosts that were not reached: what is open on them is counted as it was last seen."""


class Repair(Struct, frozen=True):
    """How long findings of a severity were open before they were fixed."""

    severity: SeverityName
    fixed: int
    mean_days: float
    median_days: float


class Trend(Struct, frozen=True):
    """What a history says of the last days."""

    points: tuple[TrendPoint, ...]
    """The runs, oldest first, this report's among them."""
    repairs: tuple[Repair, ...] = ()
    days: int = 90
    """How far back it goes."""


class Report(Struct, frozen=True):
    """A whole scan."""

    schema_version: str
    tool: Tool
    started: Time
    """RFC 3339, UTC."""
    finished: Time
    profile: str
    fail_on: FailOnName
    summary: Summary
    waivers: tuple[ReportedWaiver, ...] = ()
    """Every waiver of the file that was used, in its order."""
    baseline: ReportedBaseline | None = None
    """What became of the findings of the baseline; null: none was used."""
    trend: Trend | None = None
    """What the history says; null: the run was added to none."""
    # They may lie on disk, and be read anew whenever they are asked for: go over them as few times
    # as possible, and keep none of them. (No docstring: the JSON Schema would have it.)
    hosts: Sequence[HostReport] = ()


def decode(data: bytes) -> Report:
    """A report from its JSON.

    Raises:
        ValueError: what is wrong and where, in one line.
    """
    report = msgspec.json.decode(data, type=Report)
    return msgspec.structs.replace(report, hosts=tuple(report.hosts))
