"""What a check is: a head, and a pure function from facts and settings to what it found.

    @check(id="listener-wildcard", title="…", severity=Severity.HIGH, over=Engine, …)
    def wildcard(engine: Engine, settings: Settings) -> Outcomes:
        yield Finding(resource="0.0.0.0:2376", message="…", evidence=(…,))

Nothing yielded is a pass: there is no status to set. A fact that could not be read is asked for
with `known`, which ends the function, and the verdict is unknown. A check that can go on without
it yields the `Unread` instead, so that what else is wrong is still found.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Container, Daemon, Engine, Host, Image, Network
from dockeraudit.settings import Settings

Subject = TypeVar("Subject", Engine, Daemon, Host, Container, Image, Network)
T = TypeVar("T")

LEVEL_1 = ("cis-level1", "cis-level2", "strict")
LEVEL_2 = ("cis-level2", "strict")
STRICT = ("strict",)


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical, growing as it gets less bad."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Finding(Struct, frozen=True):
    """One thing wrong: where, what, and what says so."""

    resource: str
    """A path, an address, a container, a unit: stable from run to run."""
    message: str
    """A sentence without a full stop, naming values as they were seen."""
    evidence: tuple[Evidence, ...]
    severity: Severity | None = None
    """Where it differs from the check's own."""


class Manual(Struct, frozen=True):
    """Something that only a person can judge, with the facts that the person needs."""

    resource: str
    message: str
    evidence: tuple[Evidence, ...] = ()


class NotApplicable(Struct, frozen=True):
    """The rule has nothing to look at here, and why."""

    reason: str


NO_ENGINE = NotApplicable("no Docker engine runs or is installed on this host")


def no_engine(host: Host) -> NotApplicable | Unread:
    """What to say of a host on which no engine was found."""
    return host.unseen or NO_ENGINE


Outcomes = Iterator[Finding | Manual | NotApplicable | Unread]


class MissingEvidence(Exception):
    """Raised by `known`; the judge makes it an unknown verdict."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(unread.reason)
        self.unread = unread


def known(value: T | Unread, what: str = "") -> T:
    """The value, if it was read.

    Raises:
        MissingEvidence: with the reason it was not, after `what` it would have been.
    """
    if isinstance(value, Unread):
        raise MissingEvidence(Unread(f"{what}: {value.reason}") if what else value)
    return value


class Reference(Struct, frozen=True):
    """A rule of a framework that the check answers."""

    framework: str
    """`cis-1.6`, `cis-1.7`, `cis-1.8`, `nist-800-190`, `nist-800-53`, `mitre-attack` …"""
    id: str


class Check(Struct, Generic[Subject], frozen=True, eq=False):
    """A rule with a stable id. Callable as the function it was made of."""

    id: str
    title: str
    """The defect, not the wish: read after «found:»."""
    severity: Severity
    over: type[Subject]
    """What it is called with: each engine, daemon, container, image or network, or the host."""
    rationale: str
    remediation: str
    """With commands for Debian- and RHEL-like hosts where they differ."""
    quiet: str
    """When it stays quiet, and when it can't tell: what a pass does not claim."""
    references: tuple[Reference, ...]
    profiles: tuple[str, ...]
    function: Callable[[Subject, Settings], Outcomes]
    paths: tuple[str, ...] = ()
    """Paths that it asks about and that no other part of a scan looks at: their metadata is asked
    for, never what is in them."""

    @property
    def family(self) -> str:
        """The id's first word."""
        return self.id.partition("-")[0]

    def __call__(self, subject: Subject, settings: Settings) -> Outcomes:
        """What the rule finds in its subject."""
        return self.function(subject, settings)


def check(
    *,
    id: str,
    title: str,
    severity: Severity,
    over: type[Subject],
    rationale: str,
    remediation: str,
    quiet: str,
    references: tuple[Reference, ...] = (),
    profiles: tuple[str, ...] = ("daemon",),
    paths: tuple[str, ...] = (),
) -> Callable[[Callable[[Subject, Settings], Outcomes]], Check[Subject]]:
    """Make a check of a generator function; `over` decides what it is called with."""

    def wrap(function: Callable[[Subject, Settings], Outcomes]) -> Check[Subject]:
        return Check(
            id=id,
            title=title,
            severity=severity,
            over=over,
            rationale=rationale,
            remediation=remediation,
            quiet=quiet,
            references=references,
            profiles=profiles,
            function=function,
            paths=paths,
        )

    return wrap
