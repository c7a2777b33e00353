"""A scan: each target gives its facts in one round trip, and is judged as soon as they are here."""

import gzip
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from dockeraudit.check import Check
from dockeraudit.collect import CollectError, build, merge, parse
from dockeraudit.effective.model import Outcome
from dockeraudit.facts import FactsError, HostFacts, Unread
from dockeraudit.facts import decode as decode_facts
from dockeraudit.host import Engine, Host, Listener
from dockeraudit.judge import judge
from dockeraudit.report import (
    HostError,
    HostReport,
    ReportedEngine,
    ReportedListener,
)
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

MAX_FACTS_FILE = 64 * 1024 * 1024


class Plan(Struct, frozen=True):
    """What to do with each target."""

    checks: tuple[Check[Any], ...]
    options: TransportOptions = TransportOptions()
    limits: Limits = Limits()
    probe: bool = False
    settings: Settings = Settings(now=0)
    """`now` is set for each host to the time of its collection."""


def scan(
    targets: Iterable[Target],
    plan: Plan,
    concurrency: int,
    finished: Callable[[HostReport], None],
    cancel: Cancel,
) -> tuple[HostReport, ...]:
    """Scan all targets, a bounded number at a time; reports in the order of the targets.

    `finished` is called with each host's report as soon as it is known. When `cancel` is set,
    hosts that are not done are reported as interrupted.
    """
    targets = tuple(targets)
    if len(targets) == 1:
        report = scan_target(targets[0], plan, cancel)
        finished(report)
        return (report,)
    return _scan_many(targets, plan, concurrency, finished, cancel)


def _scan_many(
    targets: tuple[Target, ...],
    plan: Plan,
    concurrency: int,
    finished: Callable[[HostReport], None],
    cancel: Cancel,
) -> tuple[HostReport, ...]:
    from concurrent.futures import ThreadPoolExecutor, as_completed

    with ThreadPoolExecutor(concurrency, thread_name_prefix="scan") as pool:
        futures = {pool.submit(scan_target, each, plan, cancel): each for each in targets}
        try:
            for future in as_completed(futures):
                finished(future.result())
        except BaseException:
            cancel.set()
            raise
        return tuple(future.result() for future in futures)


def scan_target(target: Target, plan: Plan, cancel: Cancel) -> HostReport:
    """One target's report; whatever the host or the network did is in it, never raised."""
    started = time.monotonic()
    if cancel.is_set():
        return unreachable(target, HostError("interrupted", "interrupted before it began", ""), 0)
    try:
        host = gather(target, plan, cancel)
    except TransportError as error:
        problem = HostError(error.kind, error.message, error.hint)
    except Cancelled:
        problem = HostError("interrupted", "interrupted before it answered", "scan it again")
    except FactsError as error:
        problem = HostError("facts", str(error), "collect it again with `dockeraudit collect`")
    else:
        return report_host(host, plan)
    return unreachable(target, problem, time.monotonic() - started)


def gather(target: Target, plan: Plan, cancel: Cancel) -> Host:
    """A target's facts, and what is computed from them.

    Raises:
        TransportError, FactsError: it gave none, and why.
        Cancelled: the scan was interrupted.
    """
    if target.kind == "facts":
        return Host(read_facts(target.path or ""))
    transport = open_transport(target, plan.options, cancel)
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
    host = Host(facts)
    named = missing_paths(host)
    if named:
        more = transport.run(("sh",), build(nonce, named), plan.limits)
        try:
            host = Host(merge(facts, more.stdout, nonce))
        except CollectError as error:
            raise _unanswered(error, more, target) from error
    if plan.probe:
        from dockeraudit.probe import probe_listeners

        wires = probe_listeners(target.host or "localhost", host.engines)
        host = Host(msgspec.structs.replace(host.facts, wires=wires + host.facts.wires))
    return host


def _unanswered(error: CollectError, answer: Answer, target: Target) -> TransportError:
    """Why an answer is not the collector's."""
    if error.kind == "no-shell":
        return unanswered(answer, target.spec)
    hint = "run it again; if it happens again, something on the host ends the session"
    return TransportError("died", f"{target.spec}: {error}", hint)


def missing_paths(host: Host) -> tuple[str, ...]:
    """The files that the effective configuration names and the first round did not bring."""
    named: dict[str, None] = {}
    for engine in host.engines:
        for outcome in (engine.configured, engine.running):
            if isinstance(outcome, Outcome):
                named |= dict.fromkeys(outcome.consulted)
    return tuple(path for path in named if path.startswith("/") and path not in host.facts.files)


def read_facts(path: str) -> HostFacts:
    """Facts from a file, compressed or not.

    Raises:
        FactsError: it can't be read, is too large, or is not a facts file.
    """
    opener = gzip.open if path.endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            data = file.read(MAX_FACTS_FILE + 1)
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FactsError(f"{path}: {reason}") from error
    except Exception as error:  # zlib.error, whose module is needed for nothing else
        raise FactsError(f"{path}: {error}") from error
    if len(data) > MAX_FACTS_FILE:
        raise FactsError(f"{path}: larger than {MAX_FACTS_FILE >> 20} MiB")
    try:
        return decode_facts(data)
    except FactsError as error:
        raise FactsError(f"{path}: {error}") from error


def report_host(host: Host, plan: Plan) -> HostReport:
    """The report of a host whose facts are here."""
    facts = host.facts
    settings = msgspec.structs.replace(plan.settings, now=facts.collected_at)
    results = judge(host, plan.checks, settings)
    unknown = sum(result.status == "unknown" for result in results)
    error = _privilege_error(facts, unknown)
    return HostReport(
        target=facts.target,
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
    )


def rfc3339(seconds: float) -> str:
    """A time in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _privilege_error(facts: HostFacts, unknown: int) -> HostError | None:
    """The one hint for a host that was seen without root."""
    if facts.privilege.uid == 0 or not unknown:
        return None
    return HostError(
        "privilege",
        f"seen as {facts.privilege.user} without root: {unknown} results are unknown",
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
