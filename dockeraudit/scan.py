"""A scan: each target gives its facts in one round trip, and is judged as soon as they are here."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

from dockeraudit.check import Check
from dockeraudit.collect import CollectError, build, merge, parse
from dockeraudit.effective.model import Outcome
from dockeraudit.facts import HostFacts, Unread
from dockeraudit.facts_files import FactsFileError, read_facts
from dockeraudit.host import Engine, Host, Listener
from dockeraudit.judge import judge
from dockeraudit.report import (
    FailOnName,
    HostError,
    HostReport,
    ReportedCertificate,
    ReportedEngine,
    ReportedListener,
    Result,
)
from dockeraudit.results import Looked
from dockeraudit.settings import Settings
from dockeraudit.targets import Target
from dockeraudit.transport import (
    Answer,
    Limits,
    TransportError,
    TransportOptions,
    open_transport,
)
from dockeraudit.transport.failures import unanswered
from dockeraudit.transport.process import Cancel, Cancelled

if TYPE_CHECKING:
    from dockeraudit.fleet import HostShown
    from dockeraudit.runner import Pace


class Plan(Struct, frozen=True):
    """What to do with each target."""

    checks: Sequence[Check[Any]]
    options: TransportOptions = TransportOptions()
    limits: Limits = Limits()
    probe: bool = False
    settings: Settings = Settings(now=0)
    """`now` is set for each host to the time of its collection."""
    as_of: int | None = None
    """Judge by this time, in seconds since the epoch, instead."""
    profile: str = ""
    """For the host's report, where it is another than the whole report's; so is `fail_on`."""
    fail_on: FailOnName | None = None
    another: "Callable[[str, Target | None], Plan | None] | None" = None
    """The plan for a target of that name, where there is one of its own."""

    def of(self, name: str, target: Target | None = None) -> "Plan":
        """The plan for a target of that name; `target` knows of an inventory's groups."""
        return (self.another and self.another(name, target)) or self


class Keep(Protocol):
    """Where results are kept while more are to come; `dockeraudit.results` keeps them on disk."""

    @property
    def done(self) -> Set[int]:
        """The targets that need not be asked again."""
        ...

    def add(self, number: int, looked: Looked) -> None: ...

    def hosts(self) -> Sequence[HostReport]:
        """The reports in the order of the targets, what hosts show together included."""
        ...


class InMemory:
    """The results of a few targets, all of which are asked."""

    def __init__(self, count: int) -> None:
        self.done: Set[int] = frozenset()
        self._count = count
        self._looked: dict[int, Looked] = {}

    def add(self, number: int, looked: Looked) -> None:
        self._looked[number] = looked

    def hosts(self) -> tuple[HostReport, ...]:
        looked = [self._looked[number] for number in range(self._count)]
        reports = tuple(each.report for each in looked)
        if any(each.shown for each in looked):
            from dockeraudit.fleet import compared

            reports = compared(reports, tuple(each.shown for each in looked))
        if any(each.identity for each in looked):
            from dockeraudit.repeated import once

            reports = once(reports, (each.identity for each in looked))
        return reports


Looking = Callable[
    [
        Iterable[tuple[int, Target]],
        Plan,
        "Pace",
        Callable[[int, Looked], object],
        Cancel,
        bool,
    ],
    None,
]
"""Looks at targets; what `here` does, elsewhere."""


def scan(
    targets: Sequence[Target],
    plan: Plan,
    pace: "Pace",
    finished: Callable[[HostReport], object],
    cancel: Cancel,
    *,
    keep: Keep | None = None,
    looking: Looking | None = None,
) -> Sequence[HostReport]:
    """Scan all targets, a bounded number at a time; reports in the order of the targets.

    `finished` is called with each host's report as soon as it is known and kept; what only several
    hosts together show is added to the reports at the end. When `cancel` is set, hosts that are
    not done are reported as interrupted.

    Raises:
        OutputError: a result could not be kept; those before it are.
    """
    kept = keep or InMemory(len(targets))
    if len(targets) > 1:
        settle()
    left = ((number, each) for number, each in enumerate(targets) if number not in kept.done)

    def known(number: int, looked: Looked) -> None:
        kept.add(number, looked)
        finished(looked.report)

    (looking or here)(left, plan, pace, known, cancel, len(targets) > 1)
    return kept.hosts()


def settle() -> None:
    """Before many hosts: what is loaded stays, and judging leaves little garbage (5 % of its time).

    Python would look through all of it after every few hundred new objects.
    """
    import gc

    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def here(
    targets: Iterable[tuple[int, Target]],
    plan: Plan,
    pace: "Pace",
    finished: Callable[[int, Looked], object],
    cancel: Cancel,
    several: bool,
) -> None:
    """Look at targets from this process."""
    each(
        targets,
        partial(look, plan=plan, cancel=cancel, several=several),
        plan,
        pace,
        finished,
        cancel,
    )


def each(
    targets: Iterable[tuple[int, Target]],
    work: Callable[..., Looked],
    plan: Plan,
    pace: "Pace",
    finished: Callable[[int, Looked], object],
    cancel: Cancel,
) -> None:
    """Do `work(target, connecting=…)` for each target from this process, as `runner.run` does.

    All connections share the pace's rate, and what is known of jump hosts.
    """
    from dockeraudit.bastions import Bastions
    from dockeraudit.runner import Rate, run

    rate = Rate(pace.rate) if pace.rate else None
    connecting = partial(rate.wait, cancel) if rate is not None else None
    bastions = Bastions(plan.options, cancel)
    paced = partial(work, connecting=connecting)
    run(targets, paced, pace, finished, cancel, rate=rate, bastions=bastions)


def look(
    target: Target,
    plan: Plan,
    cancel: Cancel,
    *,
    several: bool,
    connecting: Callable[[], object] | None = None,
) -> Looked:
    """One target; whatever the host or the network did is in its report, never raised.

    `several`: there are other hosts to compare it with. `connecting` is called before each
    connection but the first, and may wait.
    """
    started = time.monotonic()
    if cancel.is_set():
        problem = HostError("interrupted", "interrupted before it began", "")
        return Looked(unreachable(target, problem, 0))
    if target.kind != "facts":
        plan = plan.of(target.spec, target)
    try:
        host = gather(target, plan, cancel, connecting)
        if target.kind == "facts":
            report = report_host(host, plan.of(host.facts.target, target))
        else:
            report = report_host(host, plan, target.spec)
        report = _as_listed(report, target)
        if not several:
            return Looked(report)
        from dockeraudit.repeated import identity

        return Looked(report, _shown(host, report), identity(target, host, report.address))
    except TransportError as error:
        problem = not_reached(error)
    except Cancelled:
        problem = HostError("interrupted", "interrupted before it answered", "scan it again")
    except FactsFileError as error:
        problem = HostError("facts", str(error), error.hint)
    except Exception as error:  # a mistake of ours over one host costs that host and nothing else
        if os.environ.get("DOCKERAUDIT_DEBUG"):
            raise
        problem = HostError(
            "internal",
            f"dockeraudit itself failed: {type(error).__name__}: {error}",
            "report it, with what DOCKERAUDIT_DEBUG=1 shows",
        )
    return Looked(unreachable(target, problem, time.monotonic() - started))


def not_reached(error: TransportError) -> HostError:
    """A transport's error as reports have it."""
    if error.jump:
        from dockeraudit.bastions import BastionError

        return BastionError(error.kind, error.message, error.hint)
    return HostError(error.kind, error.message, error.hint)


def _as_listed(report: HostReport, target: Target) -> HostReport:
    """The report, with what an inventory says of its target."""
    if not target.groups and not target.labels:
        return report
    return msgspec.structs.replace(report, groups=target.groups, labels=dict(target.labels))


def _shown(host: Host, report: HostReport) -> "HostShown | None":
    """What the host has to compare, if a check that was run asks for it."""
    if not report.certificates:
        return None
    from dockeraudit import fleet

    asked = any(result.check in fleet.CHECKS for result in report.results)
    return fleet.shown(host, report.address) if asked else None


def gather(
    target: Target, plan: Plan, cancel: Cancel, connecting: Callable[[], object] | None = None
) -> Host:
    """A target's facts, and what is computed from them; `connecting` as for `look`.

    Raises:
        TransportError, FactsFileError: it gave none, and why.
        Cancelled: the scan was interrupted.
    """
    if target.kind == "facts":
        return Host(_named(read_facts(target.path or "")))
    options = plan.options
    if target.become is not None:
        options = msgspec.structs.replace(options, become=target.become)
    transport = open_transport(target, options, cancel)
    nonce = os.urandom(16).hex()
    collected_at = int(time.time())
    answer = transport.run(("sh",), build(nonce), plan.limits)
    try:
        facts = parse(
            answer.stdout,
            nonce,
            target=target.spec,
            collected_at=collected_at,
            duration=answer.duration,
        )
    except CollectError as error:
        raise _unanswered(error, answer, target) from error
    if target.kind == "local":
        facts = _named(facts, always=True)
    host = Host(facts)
    named, asked = missing_paths(host), unseen(host, plan.checks)
    if named or asked:
        if connecting is not None:
            connecting()
        left = max(plan.limits.timeout - answer.duration, 1.0)
        limits = msgspec.structs.replace(plan.limits, timeout=left)
        more = transport.run(("sh",), build(nonce, named, asked), limits)
        try:
            host = Host(merge(facts, more.stdout, nonce))
        except CollectError as error:
            raise _unanswered(error, more, target) from error
    if plan.probe:
        from dockeraudit.probe import probe_host

        wires = probe_host(target, options, host, cancel)
        host = Host(msgspec.structs.replace(host.facts, wires=host.facts.wires + wires))
    return host


def _named(facts: HostFacts, *, always: bool = False) -> HostFacts:
    """Facts of "this machine" under its name: elsewhere and later `local` is another one.

    So fingerprints and facts files of several machines stay apart.
    """
    name = facts.machine.hostname
    if name and (always or facts.target == "local"):
        return msgspec.structs.replace(facts, target=name)
    return facts


def _unanswered(error: CollectError, answer: Answer, target: Target) -> TransportError:
    """Why an answer is not the collector's."""
    if error.kind == "no-shell":
        return unanswered(answer, target.spec)
    hint = _HINTS.get(error.kind, _HINTS["died"])
    return TransportError(error.kind, f"{target.spec}: {error}", hint)


_HINTS = {
    "died": "run it again; if it happens again, something on the host ends the session",
    "protocol": "something there writes into the answer: a profile, a forced command, a proxy",
    "command-missing": "install it (coreutils, findutils, grep, sed, awk, or busybox)",
}


def missing_paths(host: Host) -> tuple[str, ...]:
    """The files that the effective configuration names and the first round did not bring."""
    named: dict[str, None] = {}
    for engine in host.engines:
        for outcome in (engine.configured, engine.running):
            if isinstance(outcome, Outcome):
                named |= dict.fromkeys(outcome.consulted)
    return tuple(path for path in named if path.startswith("/") and path not in host.facts.files)


def unseen(host: Host, checks: Iterable[Check[Any]]) -> tuple[str, ...]:
    """The paths that checks ask about by themselves and the first round did not look at."""
    asked = dict.fromkeys(path for check in checks for path in check.paths)
    return tuple(path for path in asked if path not in host.facts.files)


def report_host(host: Host, plan: Plan, target: str = "") -> HostReport:
    """The report of a host whose facts are here; `target`: as the user named it just now."""
    facts = host.facts
    now = facts.collected_at if plan.as_of is None else plan.as_of
    settings = msgspec.structs.replace(plan.settings, now=now)
    results = judge(host, plan.checks, settings)
    error = _privilege_error(facts, results)
    return HostReport(
        target=target or facts.target,
        hostname=facts.machine.hostname,
        address=_address(facts),
        state="partial" if error else "scanned",
        error=error,
        engines=tuple(_engine(engine) for engine in host.engines),
        os=_os(facts),
        collected_at=rfc3339(facts.collected_at),
        duration_s=round(facts.duration, 3),
        listeners=tuple(_listeners(host.engines)),
        results=results,
        profile=plan.profile,
        fail_on=plan.fail_on,
        certificates=_certificates(host),
    )


def unreachable(target: Target, error: HostError, duration: float) -> HostReport:
    """The report of a target that gave no facts."""
    return HostReport(
        target=target.spec,
        hostname="",
        address=target.host,
        state="unreachable",
        error=error,
        duration_s=round(duration, 3),
        groups=target.groups,
        labels=dict(target.labels),
    )


def rfc3339(seconds: float) -> str:
    """A time in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _privilege_error(facts: HostFacts, results: tuple[Result, ...]) -> HostError | None:
    """The one hint for a host that was seen without root."""
    if facts.privilege.uid == 0:
        return None
    unknown = sum(result.status == "unknown" for result in results)
    if not unknown:
        return None
    return HostError(
        "privilege",
        f"seen as {facts.privilege.user} without root: "
        + ("1 result is unknown" if unknown == 1 else f"{unknown} results are unknown"),
        "scan as root, or with --become (sudo without a password)",
    )


def _address(facts: HostFacts) -> str:
    """The first address that is neither loopback nor a bridge of the engine."""
    if isinstance(facts.interfaces, Unread):
        return ""
    for interface in facts.interfaces:
        if not interface.name.startswith(("lo", "docker", "br-", "veth")):
            return interface.address.partition("/")[0]
    return ""


def _os(facts: HostFacts) -> dict[str, str]:
    release = facts.machine.os
    return {
        "id": release.get("ID", ""),
        "version": release.get("VERSION_ID", ""),
        "name": release.get("PRETTY_NAME", ""),
        "kernel": facts.machine.kernel,
        "architecture": facts.machine.architecture,
    }


def _engine(engine: Engine) -> ReportedEngine:
    return ReportedEngine(
        name=engine.name,
        version="" if isinstance(engine.version, Unread) else engine.version,
        api_version=engine.api_version,
        rootless=engine.rootless,
        managed_by=engine.managed_by,
    )


def _certificates(host: Host) -> tuple[ReportedCertificate, ...] | None:
    """The host's certificates, as the checks see them; None: what may be there was not seen.

    What is gathered is kept with the host, and nothing is parsed where no certificate is.
    """
    try:
        material = host.material
    except Exception:  # of ours; the checks of certificates have said so, and the rest holds
        if os.environ.get("DOCKERAUDIT_DEBUG"):
            raise
        return None
    if not material.certificates and any(each.holds == "certificate" for each in material.unread):
        return None
    return tuple(
        ReportedCertificate(
            path=held.path,
            index=held.index,
            role=held.role,
            engine=held.engine,
            subject=held.certificate.subject,
            not_after=held.certificate.not_after,
        )
        for held in material.certificates
    )


def _listeners(engines: Iterable[Engine]) -> Iterator[ReportedListener]:
    for engine in engines:
        seen = [*engine.listeners, *engine.told, *engine.upcoming]
        yield from dict.fromkeys(_listener(listener) for listener in seen)


def _listener(listener: Listener) -> ReportedListener:
    return ReportedListener(
        engine=listener.engine,
        address=listener.address,
        mode="UNKNOWN" if isinstance(listener.mode, Unread) else listener.mode,
        reach=listener.reach,
        witness=listener.witness,
    )
