"""A line of a file of results: one host, with what it has to compare with others.

The words of a check that are the same on every host (its title, remediation, references and
rationale: most of a report) stand once in the file, under `heads` of the first line that needs
them. Results name their head by its number among all heads of the file.
"""

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from dockeraudit.report import (
    FrameworkRule,
    HostReport,
    ReportedFinding,
    Result,
    SeverityName,
    Status,
    Time,
    Waiver,
)


class Head(Struct, frozen=True):
    """What a check's results on all hosts have in common."""

    check: str
    title: str
    remediation: str
    references: tuple[FrameworkRule, ...]
    rationale: str


class Kept(Struct, frozen=True, omit_defaults=True):
    """A result without its head."""

    check: str
    head: int
    status: Status
    severity: SeverityName
    message: str
    findings: tuple[ReportedFinding, ...] = ()
    waiver: Waiver | None = None


class Line(Struct, frozen=True):
    """What is written; the other types read a part of it."""

    number: int
    """Of the target."""
    at: Time
    """When it was written."""
    heads: tuple[Head, ...]
    report: HostReport
    """Without its results."""
    results: tuple[Kept, ...]
    shown: object
    identity: object


class Whole(Struct, frozen=True):
    """What a report is made of."""

    report: HostReport
    results: tuple[Kept, ...]


class Brief(Struct, frozen=True):
    """The least of a report."""

    target: str
    state: str


class Entry(Struct, frozen=True):
    """What is to be known of every line before one is read."""

    number: int
    at: Time
    heads: tuple[Head, ...]
    report: Brief


class Seen(Struct, frozen=True):
    """What is compared between hosts: their types import what a scan of one host needs not."""

    report: Brief
    shown: Raw
    identity: Raw


ENTRY = json.Decoder(Entry)
SEEN = json.Decoder(Seen)
_WHOLE = json.Decoder(Whole)


class Heads:
    """The heads of a file, by their number."""

    def __init__(self) -> None:
        self._heads: list[Head] = []
        self._numbers: dict[Head, int] = {}
        self._of_check: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._heads)

    def learn(self, heads: tuple[Head, ...]) -> None:
        """Take those of the file's next line."""
        for head in heads:
            self._of_check[head.check] = self._numbers[head] = len(self._heads)
            self._heads.append(head)

    def forget(self, known: int) -> None:
        """Be as when only so many were known: the line that had the others was not written."""
        for head in self._heads[known:]:
            del self._numbers[head]
            self._of_check.pop(head.check, None)
        del self._heads[known:]

    def line(
        self, number: int, at: Time, report: HostReport, shown: object, identity: object
    ) -> bytes:
        """The line of a target's result; heads that it brings are known from then on."""
        known = len(self)
        results = tuple(
            Kept(
                check=result.check,
                head=self._number(result),
                status=result.status,
                severity=result.severity,
                message=result.message,
                findings=result.findings,
                waiver=result.waiver,
            )
            for result in report.results
        )
        line = Line(
            number=number,
            at=at,
            heads=tuple(self._heads[known:]),
            report=replace(report, results=()),
            results=results,
            shown=shown,
            identity=identity,
        )
        return json.encode(line) + b"\n"

    def _number(self, result: Result) -> int:
        number = self._of_check.get(result.check)
        if number is None or not _same(self._heads[number], result):
            head = _head(result)
            number = self._numbers.get(head)
            if number is None:
                number = len(self._heads)
                self.learn((head,))
            self._of_check[head.check] = number
        return number

    def report(self, line: bytes) -> HostReport:
        """The report in a line."""
        whole, heads = _WHOLE.decode(line), self._heads
        results = []
        for kept in whole.results:
            head = heads[kept.head]
            results.append(
                Result(
                    check=head.check,
                    title=head.title,
                    status=kept.status,
                    severity=kept.severity,
                    message=kept.message,
                    findings=kept.findings,
                    remediation=head.remediation,
                    references=head.references,
                    waiver=kept.waiver,
                    rationale=head.rationale,
                )
            )
        return replace(whole.report, results=tuple(results))


def _head(result: Result) -> Head:
    return Head(
        check=result.check,
        title=result.title,
        remediation=result.remediation,
        references=result.references,
        rationale=result.rationale,
    )


def _same(head: Head, result: Result) -> bool:
    """As `head == _head(result)`, which would be made for every result of every host."""
    return (
        head.title == result.title
        and head.remediation == result.remediation
        and head.references == result.references
        and head.rationale == result.rationale
    )
