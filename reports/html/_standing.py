"""How checks and the rules of frameworks stand over all hosts: counts only, of bounded size."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dockeraudit.frameworks import ITEMS
from dockeraudit.report import FrameworkRule, HostReport, Report, Result, SeverityName, Status

from .. import _view  # noqa: TID252 - the installed name of this package is another

_WORST_FIRST: tuple[Status, ...] = ("fail", "unknown", "manual", "pass", "not-applicable")
_RANK = {status: rank for rank, status in enumerate(_WORST_FIRST)}
_WAIVED = len(_WORST_FIRST)
_NONE = _WAIVED + 1
_ANCHOR = re.compile("[a-z0-9][a-z0-9-]{0,99}")
_DIGITS = re.compile(r"(\d+)")
_NAMES = {"cis": "CIS Docker Benchmark", "nist": "NIST SP", "mitre-attack": "MITRE ATT&CK"}


@dataclass
class Counts:
    """Hosts by status; `waived` are failures that nobody has to mend now."""

    failed: int = 0
    waived: int = 0
    unknown: int = 0
    manual: int = 0
    passed: int = 0
    not_applicable: int = 0

    def add(self, rank: int) -> None:
        """One host more."""
        name = _FIELDS[rank]
        setattr(self, name, getattr(self, name) + 1)

    @property
    def worst(self) -> str:
        """The status of the whole, as results have theirs; empty: nobody looked."""
        by_rank = (*_WORST_FIRST[:1], "waived", *_WORST_FIRST[1:])
        order = ("failed", "waived", "unknown", "manual", "passed", "not_applicable")
        return next((by_rank[at] for at, name in enumerate(order) if getattr(self, name)), "")


_FIELDS = ("failed", "unknown", "manual", "passed", "not_applicable", "waived")


@dataclass
class Head:
    """A check as its results describe it."""

    number: int
    anchor: str
    check: str
    title: str
    rationale: str
    remediation: str
    references: tuple[FrameworkRule, ...]
    severity: SeverityName
    counts: Counts = field(default_factory=Counts)
    worst: SeverityName | None = None
    """Of the failures that count."""

    @property
    def order(self) -> tuple[int, int, str]:
        """What fails worst and most often comes first."""
        rank = _view.RANK[self.worst] if self.worst else len(_view.RANK)
        return rank, -self.counts.failed, self.check


@dataclass
class Item:
    """A numbered rule of a framework, and how hosts keep it."""

    id: str
    anchor: str
    heads: list[Head] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


@dataclass
class Framework:
    """The rules of a framework that results refer to, or all where all are known."""

    name: str
    anchor: str
    whole: bool
    """Whether every rule of it is listed, also those that no check answers."""
    items: list[Item]
    older: bool = False
    """Whether a newer edition of the same is listed: it is not printed unasked."""

    @property
    def title(self) -> str:
        """`cis-1.6` as people write it."""
        return title(self.name)

    def by_worst(self) -> list[tuple[str, int]]:
        """How many rules stand how; empty name: no check of the scan answers them."""
        order = ("fail", "waived", "unknown", "manual", "pass", "not-applicable", "")
        found = [item.counts.worst for item in self.items]
        return [(name, found.count(name)) for name in order if name in found]


_Key = tuple[str, str, str, str, tuple[FrameworkRule, ...]]


class Standing:
    """Every check and rule of a report with its counts, from one walk over the results."""

    def __init__(self, report: Report) -> None:
        self._heads: dict[_Key, Head] = {}
        self._anchors: set[str] = set()
        self._rules: dict[FrameworkRule, Item] = {}
        self._of_head: list[tuple[Item, ...]] = []
        for host in report.hosts:
            self._count(host)
        self.heads = list(self._heads.values())
        self.checks = sorted(self.heads, key=lambda head: head.order)
        self.frameworks = list(self._frameworks())

    def head(self, result: Result) -> Head:
        """The description that a result shares with those of other hosts."""
        key = _key(result)
        found = self._heads.get(key)
        if found is None:
            found = self._heads[key] = self._new(result)
        return found

    def _new(self, result: Result) -> Head:
        number = len(self._heads)
        anchor = f"c-{result.check}" if _ANCHOR.fullmatch(result.check) else ""
        if not anchor or anchor in self._anchors:
            anchor = f"check-{number}"
        self._anchors.add(anchor)
        head = Head(
            number,
            anchor,
            result.check,
            result.title,
            result.rationale,
            result.remediation,
            result.references,
            result.severity,
        )
        items = []
        for rule in dict.fromkeys(result.references):
            item = self._rules.setdefault(rule, Item(rule.id, ""))
            item.heads.append(head)
            items.append(item)
        self._of_head.append(tuple(items))
        return head

    def _count(self, host: HostReport) -> None:
        worst: dict[int, int] = {}
        items: dict[int, Item] = {}
        for result in host.results:
            head = self.head(result)
            rank = _RANK[result.status]
            if rank == 0 and result.waiver is not None:
                rank = _WAIVED
            head.counts.add(rank)
            if result.status != "fail":
                head.severity = result.severity
            elif result.counts and (
                head.worst is None or _view.RANK[result.severity] < _view.RANK[head.worst]
            ):
                head.worst = result.severity
            for item in self._of_head[head.number]:
                at = id(item)
                items[at] = item
                worst[at] = min(worst.get(at, _NONE), rank, key=_place)
        for at, item in items.items():
            item.counts.add(worst[at])

    def _frameworks(self) -> Iterator[Framework]:
        used: dict[str, dict[str, Item]] = {}
        for rule, item in self._rules.items():
            used.setdefault(rule.framework, {})[rule.id] = item
        for at, name in enumerate(sorted(used, key=_framework_order)):
            whole = ITEMS.get(name, ())
            ids = [*whole, *sorted((one for one in used[name] if one not in whole), key=natural)]
            anchor = f"r-{name}" if re.fullmatch("[a-z0-9.-]{1,40}", name) else f"rules-{at}"
            items = [used[name].get(one) or Item(one, "") for one in ids]
            for number, item in enumerate(items):
                fit = re.fullmatch("[A-Za-z0-9.()-]{1,40}", item.id)
                item.anchor = f"{anchor}_{item.id if fit else number}"
            yield Framework(name, anchor, bool(whole), items, older=name in ITEMS and at > 0)

    def rule_anchor(self, rule: FrameworkRule) -> str:
        """Where the page lists a rule."""
        return self._rules[rule].anchor


def _key(result: Result) -> _Key:
    return (
        result.check,
        result.title,
        result.rationale,
        result.remediation,
        result.references,
    )


def _place(rank: int) -> float:
    """A waived failure is better than one that counts, and worse than anything else."""
    return 0.5 if rank == _WAIVED else rank


def title(name: str) -> str:
    """`nist-800-53` as people write it."""
    for short, long in _NAMES.items():
        if name == short or name.startswith(f"{short}-"):
            return f"{long} {name[len(short) + 1 :]}".rstrip()
    return name


def short_title(name: str) -> str:
    """The same where there is less room."""
    return title(name).replace(" Docker Benchmark", "").replace(" SP", "")


def natural(text: str) -> list[tuple[int, int, str]]:
    """Sorts `2.10` after `2.9`."""
    return [
        (0, int(part), "") if part.isdecimal() and len(part) < 9 else (1, 0, part)
        for part in _DIGITS.split(text)
    ]


def _framework_order(name: str) -> tuple[bool, Iterable[tuple[int, int, str]]]:
    """Those that are covered whole come first, the newest of them before the others."""
    known = list(ITEMS)
    return name not in ITEMS, [(0, -known.index(name), "")] if name in ITEMS else natural(name)
