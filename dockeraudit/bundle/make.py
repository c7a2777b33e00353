"""Puts a bundle together: what is given goes in redacted, under names that are the same each time.

Nothing here depends on the clock, on the order of what was given, or on where it lay.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from dockeraudit import __version__
from dockeraudit.bundle import manifest as manifests
from dockeraudit.bundle.archive import packed
from dockeraudit.bundle.manifest import (
    MANIFEST,
    README,
    SIGNATURE,
    SUMS,
    BundledFacts,
    BundledResult,
    File,
    Judged,
    Manifest,
    Package,
    Policy,
    Redaction,
)
from dockeraudit.bundle.names import Names, certificate_texts
from dockeraudit.bundle.redaction import Kind, Redactor
from dockeraudit.check import Check
from dockeraudit.facts import HostFacts, encode
from dockeraudit.host import Host
from dockeraudit.judge import judge
from dockeraudit.plugins import Writer
from dockeraudit.report import Report, Tool
from dockeraudit.scan import rfc3339
from dockeraudit.settings import Settings

Files = dict[str, bytes]
Differing = dict[str, dict[str, int]]
Checks = Mapping[str, Check[Any]]

_ALWAYS_LEFT = (
    "times, numbers of users and groups, paths, names of containers, images, volumes and networks, "
    "software and its versions, as far as no name or address stands in them",
    "which address is loopback, private, public or of an engine's network, and which addresses "
    "share a network",
)


class Given(Struct, frozen=True):
    """What goes into a bundle, as it was read."""

    results: tuple[tuple[Report, bytes], ...] = ()
    facts: tuple[tuple[HostFacts, bytes], ...] = ()


class Wanted(Struct, frozen=True):
    """How a bundle is to be made."""

    writers: Mapping[str, Writer]
    checks: Checks
    kinds: tuple[Kind, ...] = ()
    key: bytes = b""
    key_source: str = ""
    keep_certificates: bool = False
    epoch: int | None = None
    """SOURCE_DATE_EPOCH."""


class Made(Struct, frozen=True):
    """A bundle's members, and what its maker should know."""

    files: Files
    time: int
    notes: tuple[str, ...]


def make(given: Given, wanted: Wanted, sign: Callable[[bytes], bytes] | None) -> Made:
    """All members of a bundle, signed last."""
    given = Given(_each_once(given.results, _finished), _each_once(given.facts, _collected))
    redactor, left, notes = _redactor(given, wanted)
    judged: Differing = {}
    files: Files = {}
    facts = tuple(_facts(given, redactor, wanted.checks, judged, files))
    results = tuple(_results(given, redactor, wanted.writers, files))
    files[README] = manifests.readme(signed=sign is not None)
    time = wanted.epoch if wanted.epoch is not None else _newest(given)
    manifest = Manifest(
        schema=manifests.SCHEMA,
        tool=Tool("dockeraudit", __version__),
        created=rfc3339(time),
        policy=_policy(given),
        redaction=_redaction(wanted, judged, len(facts), left) if redactor else None,
        results=results,
        facts=facts,
        files=tuple(_listed(files)),
    )
    files[MANIFEST] = manifests.encode(manifest)
    files[SUMS] = manifests.sums(_listed(files))
    if sign is not None:
        files[SIGNATURE] = sign(files[SUMS])
    if judged:
        ids = ", ".join(sorted(judged))
        notes.append(
            f"{len(judged)} checks say otherwise of the redacted facts than of the original ones, "
            f"whose verdicts are in the results: {ids}"
        )
    return Made(files, time, tuple(notes))


def _each_once(
    given: Iterable[tuple[Any, bytes]], time: Callable[[Any], str | int]
) -> tuple[Any, ...]:
    """By time, then by content: the order of the command line is nobody's business."""
    once = {content: (each, content) for each, content in given}
    return tuple(sorted(once.values(), key=lambda pair: (time(pair[0]), pair[1])))


def _finished(report: Report) -> str:
    return report.finished


def _collected(facts: HostFacts) -> int:
    return facts.collected_at


def _newest(given: Given) -> int:
    times = [facts.collected_at for facts, _ in given.facts]
    times += [_seconds(report.finished) for report, _ in given.results]
    return max(times, default=0)


def _seconds(time: str) -> int:
    from datetime import datetime

    return max(0, int(datetime.fromisoformat(time).timestamp()))


def _redactor(given: Given, wanted: Wanted) -> tuple[Redactor | None, list[str], list[str]]:
    """What replaces names, with what stays in the bundle and what to tell its maker."""
    if not wanted.kinds:
        return None, [], []
    verbatim = _heads(wanted.checks)
    names = Names(verbatim)
    for report, _ in given.results:
        names.report(report)
        names.walk(msgspec.to_builtins(report))
    for facts, _ in given.facts:
        names.facts(facts)
        names.walk(msgspec.to_builtins(facts, builtin_types=(bytes,)))
    redactor = Redactor(
        wanted.key,
        wanted.kinds,
        names,
        keep_certificates=wanted.keep_certificates,
        verbatim=verbatim,
    )
    left = [*_ALWAYS_LEFT]
    notes = []
    if redactor.ordinary:
        count = len(redactor.ordinary)
        left.append(
            f"{count} names that are words of the reports too (as `docker` or `web` would be), "
            "in running text; not where only a name can stand"
        )
        notes.append(
            f"left in running text, as ordinary words: {', '.join(sorted(redactor.ordinary))}"
        )
    if "users" in wanted.kinds and (alone := _without_facts(given)):
        left.append(
            f"accounts of {len(alone)} hosts whose facts are not in the bundle, where only running "
            "text names them"
        )
        notes.append(
            f"no facts of {', '.join(alone[:5])}{' …' if len(alone) > 5 else ''}: accounts that "
            "only running text of the results names are not known, and stay"
        )
    if wanted.keep_certificates and any(
        True for facts, _ in given.facts for _ in certificate_texts(facts)
    ):
        left.append("certificates, with the names and addresses in them")
        notes.append("certificates are kept, with the names and addresses in them")
    return redactor, left, notes


def _without_facts(given: Given) -> list[str]:
    known = {facts.target for facts, _ in given.facts}
    known |= {facts.machine.hostname for facts, _ in given.facts}
    return sorted(
        {
            host.target
            for report, _ in given.results
            for host in report.hosts
            if host.state != "unreachable" and not {host.target, host.hostname} & known
        }
    )


def _heads(checks: Checks) -> frozenset[str]:
    return frozenset(
        text
        for check in checks.values()
        for text in (check.title, check.rationale, check.remediation)
    )


def _redaction(wanted: Wanted, judged: Differing, hosts: int, left: list[str]) -> Redaction:
    return Redaction(
        kinds=wanted.kinds,
        key=wanted.key_source,
        certificates="kept" if wanted.keep_certificates else "withheld",
        judged=Judged(hosts, judged),
        left=tuple(left),
    )


def _facts(
    given: Given, redactor: Redactor | None, checks: Checks, judged: Differing, files: Files
) -> Iterator[BundledFacts]:
    for facts, content in given.facts:
        written, data = facts, content
        if redactor is not None:
            written = redactor.facts(facts)
            _compare(facts, written, checks, judged)
            data = encode(written) + b"\n"
        name = _free(files, f"facts/{_stem(written.target)}", ".facts.json.gz")
        files[name] = packed(data)
        yield BundledFacts(name, written.target, rfc3339(facts.collected_at))


def _compare(before: HostFacts, after: HostFacts, checks: Checks, judged: Differing) -> None:
    """Count the checks that say otherwise of the redacted facts."""
    settings = Settings(now=before.collected_at)
    told = [judge(Host(facts), checks.values(), settings) for facts in (before, after)]
    for one, other in zip(*told, strict=True):
        if one.status != other.status:
            counts = judged.setdefault(one.check, {})
            counts[other.status] = counts.get(other.status, 0) + 1


def _results(
    given: Given, redactor: Redactor | None, writers: Mapping[str, Writer], files: Files
) -> Iterator[BundledResult]:
    from dockeraudit.plugins import writer

    json = writer("json")
    for report, content in given.results:
        written, data = report, content
        if redactor is not None:
            written = redactor.report(report)
            data = _rendered(json, written)
        stem = re.sub(r"[^0-9TZ-]", "", report.finished)
        name = _free(files, f"results/{stem}", ".json")
        files[name] = data
        stem = name.removeprefix("results/").removesuffix(".json")
        for format, each in sorted(writers.items()):
            ending = f".{each.EXTENSION}"
            if f"reports/{stem}{ending}" in files:
                ending = f"-{format}{ending}"
            files[f"reports/{stem}{ending}"] = _rendered(each, written)
        yield BundledResult(name, report.tool, report.finished, report.profile, len(report.hosts))


def _rendered(writer: Writer, report: Report) -> bytes:
    return "".join(writer.render(report)).encode("utf-8", "backslashreplace")


def _stem(target: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", target).strip("_.-")[:40] or "host"


def _free(files: Files, stem: str, ending: str) -> str:
    name, number = stem + ending, 1
    while name in files:
        number += 1
        name = f"{stem}_{number}{ending}"
    return name


def _policy(given: Given) -> Policy:
    reports = [report for report, _ in given.results]
    hosts = [host for report in reports for host in report.hosts]
    profiles = {each.profile for each in reports} | {each.profile for each in hosts}
    fail_on = {each.fail_on for each in reports} | {each.fail_on for each in hosts if each.fail_on}
    return Policy(
        profiles=tuple(sorted(profiles - {""})),
        fail_on=tuple(sorted(each for each in fail_on if each)),
        checks=tuple(sorted({result.check for host in hosts for result in host.results})),
        package=Package("dockeraudit", __version__, manifests.package_sum()),
    )


def _listed(files: Files) -> Iterator[File]:
    return (manifests.file_of(name, content) for name, content in sorted(files.items()))
