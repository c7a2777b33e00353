"""Whether the kernel's audit records what is done to a path: now, and after the next start."""

from collections.abc import Iterator
from functools import partial

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, no_engine
from dockeraudit.facts import Absent, Audit, Evidence, FileFacts, Unread
from dockeraudit.facts.kernel import NO_AUDITD
from dockeraudit.host import Host

from . import _audit_rules
from ._audit_rules import Atom, Coverage, Rules, Wanted
from ._audit_targets import Targets

_LISTED = "auditctl -l"
_FILES = "/etc/audit/rules.d"
_ONLY_64 = frozenset(("riscv64", "loongarch64", "ppc64le", "alpha", "ia64"))
_WORDS = {"w": "writing", "a": "changing attributes", "x": "running it"}


def judge(host: Host, targets: Targets, accesses: str, spared: tuple[str, ...]) -> Outcomes:
    """Every path of `targets` once: whether both kinds of rules record these accesses to it."""
    if not host.engines:
        yield no_engine(host)
        return
    audit = host.facts.audit
    if isinstance(audit, Unread):
        yield Unread(f"audit rules: {audit.reason}")
        return
    if host.facts.machine.container and isinstance(audit.loaded, Unread):
        yield NotApplicable("audit rules belong to the machine around this container")
        return
    judged: set[str] = set()
    for found in targets(host):
        if isinstance(found, Unread):
            judged.add("")
            yield found
            continue
        path, why = found
        way = host.route(path)
        if isinstance(way.seen, Absent) or way.real in judged:
            continue
        judged.add(way.real)
        if isinstance(way.seen, Unread):
            yield way.seen
        else:
            wanted = Wanted(
                path=way.real,
                directory=way.seen.kind == "directory",
                atoms=frozenset((kind, each) for kind in _kinds(host) for each in accesses),
                spared=tuple(f"{way.real}/{name}" for name in spared),
            )
            yield from _target(host, audit, wanted, why)
    if not judged:
        yield NotApplicable("no such file is there")


def _kinds(host: Host) -> set[str]:
    """The kinds of programs that the machine runs."""
    machine = host.facts.machine.architecture
    if machine in _ONLY_64:
        return {"b64"}
    if machine and "64" not in machine and machine != "s390x":
        return {"b32"}
    return {"b32", "b64"}


def _target(host: Host, audit: Audit, wanted: Wanted, why: Evidence | None) -> Outcomes:
    named = (why,) if why is not None else ()
    if isinstance(audit.loaded, Unread) and audit.loaded.reason == NO_AUDITD:
        evidence = (Evidence("auditctl", audit.loaded.reason), *named)
        yield Finding(wanted.path, f"{wanted.path} is not audited: {NO_AUDITD}", evidence)
        return
    place = partial(_place, host)
    now, then = _loaded(host), _persisted(host)
    for each, where in ((now, "the rules in force"), (then, "the rule files")):
        if isinstance(each, Unread):
            yield Unread(f"{where}: {each.reason}")
    if audit.enabled is False:
        now = Rules(enabled=False)
    elif isinstance(audit.enabled, Unread) and not isinstance(now, Unread):
        yield Unread(f"whether the kernel's audit is on: {audit.enabled.reason}")
    covers = [
        rules if isinstance(rules, Unread) else _audit_rules.coverage(rules, wanted, place)
        for rules in (now, then)
    ]
    faults = [isinstance(each, Coverage) and not each.complete for each in covers]
    if not any(faults):
        return
    off = audit.enabled is False
    in_force = (Evidence("auditctl -s", "enabled 0"),) if off else _evidence(_LISTED, covers[0])
    yield Finding(
        resource=wanted.path,
        message=_message(wanted, covers[0], covers[1], off=off),
        evidence=(*in_force, *_evidence(_FILES, covers[1]), *named),
        severity=None if all(faults) else Severity.INFO,
    )


def _message(wanted: Wanted, now: Coverage | Unread, then: Coverage | Unread, *, off: bool) -> str:
    path = wanted.path
    if isinstance(now, Coverage) and not now.complete:
        gap = "the kernel's audit is switched off" if off else _gap(wanted, now)
        if isinstance(then, Coverage) and then.complete:
            return f"{path} is in the rule files, but now {gap}"
        return f"{path} is not audited: {gap}"
    gap = _gap(wanted, then) if isinstance(then, Coverage) else ""
    if isinstance(now, Unread):
        return f"in the rule files, of {path} {gap}"
    return f"{path} is audited until the next start only: in the rule files {gap}"


def _gap(wanted: Wanted, cover: Coverage) -> str:
    """What of a path is not recorded, and by which rule's fault."""
    if not cover.missing:
        return f"«{cover.holes[0].text}» takes a part of it out"
    rule = cover.near[0] if cover.near else None
    because = ""
    if rule is not None and not rule.always:
        because = f", since «{rule.text}» takes it out"
    elif rule is not None and rule.narrower:
        because = f"; «{rule.text}» is for {rule.narrower} only"
    elif rule is not None:
        because = f"; «{rule.text}» does not reach all of it"
    if cover.missing == wanted.atoms:
        return f"no rule records it{because}"
    return f"{_named(cover.missing, wanted.atoms)} is not recorded{because}"


def _named(missing: frozenset[Atom], atoms: frozenset[Atom]) -> str:
    """Accesses in words, and by which programs where it is not all of them."""
    accesses = sorted({access for _, access in missing}, key="wax".index)
    words = " and ".join(_WORDS[access] for access in accesses)
    if missing == {atom for atom in atoms if atom[1] in accesses}:
        return words
    kinds = sorted({f"{kind[1:]}-bit" for kind, _ in missing})
    return f"{words} by {' and '.join(kinds)} programs"


def _evidence(source: str, cover: Coverage | Unread) -> Iterator[Evidence]:
    if isinstance(cover, Unread):
        yield Evidence(source, f"not read: {cover.reason}")
        return
    rules = (*cover.holes, *cover.near, *cover.used)[:6]
    yield from (Evidence(source, rule.text) for rule in rules)
    if not rules:
        yield Evidence(source, "no rule for it")


def _loaded(host: Host) -> Rules | Unread:
    """The rules in force."""

    def make() -> Rules | Unread:
        audit = host.facts.audit
        lines = audit if isinstance(audit, Unread) else audit.loaded
        return lines if isinstance(lines, Unread) else _audit_rules.loaded(lines)

    return host.once("audit rules in force", make)


def _persisted(host: Host) -> Rules | Unread:
    """The rules that the next start loads."""

    def make() -> Rules | Unread:
        audit = host.facts.audit
        paths = audit if isinstance(audit, Unread) else audit.rule_files
        if isinstance(paths, Unread):
            return paths
        texts: dict[str, str] = {}
        for path in paths:
            content = host.text(path)
            if isinstance(content, Unread):
                return Unread(f"{path}: {content.reason}")
            texts[path] = content.decode("utf-8", "replace")
        return _audit_rules.persisted(texts)

    return host.once("audit rules in files", make)


def _place(host: Host, path: str) -> str:
    """Where a rule's path is: links above it are followed, one at its end is not."""
    at = ""
    parts = [part for part in path.split("/") if part]
    for number, part in enumerate(parts, 1):
        at = f"{at}/{part}"
        seen = host.facts.files.get(at)
        if number < len(parts) and isinstance(seen, FileFacts) and seen.target:
            at = seen.target.rstrip("/")
    return at or "/"
