"""The report: what a scan says of every host, ready for any writer. This is the JSON contract.

A writer only prints; statuses, counts and the exit code are decided before it is called.
The JSON Schema in `report.schema.json` is generated from these types.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

SCHEMA_VERSION = "1"

Status = Literal["pass", "fail", "manual", "not-applicable", "unknown"]
SeverityName = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[SeverityName, ...] = ("critical", "high", "medium", "low", "info")
STATUSES: tuple[Status, ...] = ("pass", "fail", "manual", "not-applicable", "unknown")

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


class FrameworkRule(Struct, frozen=True):
    """A rule of a framework that the check answers."""

    framework: str
    id: str


class Waiver(Struct, frozen=True):
    """Somebody's decision to live with a finding until a day."""

    reason: str
    owner: str
    expires: str
    ticket: str = ""


class Result(Struct, frozen=True):
    """One check on one host."""

    check: str
    title: str
    status: Status
    severity: SeverityName
    """Of the worst finding; of the check where there is none."""
    message: str
    """One sentence: what was found, why it is unknown or does not apply; never empty."""
    findings: tuple[ReportedFinding, ...]
    remediation: str
    references: tuple[FrameworkRule, ...]
    waiver: Waiver | None = None
    rationale: str = ""
    """Why it matters, as the check's head says."""

    @property
    def counts(self) -> bool:
        """Whether it is a failure that the exit code knows of."""
        return self.status == "fail" and self.waiver is None


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

    def count(self, severity: SeverityName) -> int:
        """How many failures of that severity count."""
        return sum(result.counts and result.severity == severity for result in self.results)


class HostCounts(Struct, frozen=True):
    """Hosts by state."""

    scanned: int = 0
    partial: int = 0
    unreachable: int = 0


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


class Report(Struct, frozen=True):
    """A whole scan."""

    schema_version: str
    tool: Tool
    started: Time
    """RFC 3339, UTC."""
    finished: Time
    profile: str
    fail_on: Literal["critical", "high", "medium", "low", "info", "none"]
    summary: Summary
    hosts: tuple[HostReport, ...] = field(default=())


def decode(data: bytes) -> Report:
    """A report from its JSON.

    Raises:
        ValueError: what is wrong and where, in one line.
    """
    return msgspec.json.decode(data, type=Report)
