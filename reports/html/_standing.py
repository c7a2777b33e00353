"""How checks and the rules of frameworks stand over all hosts: counts only, of bounded size."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from dockeraudit.frameworks import ITEMS
from dockeraudit.report import FrameworkRule, HostReport, Result, SeverityName

from .. import _view  # noqa: TID252 - the installed name of this package is another

_ORDER = ("fail", "waived", "unknown", "manual", "pass", "not-applicable")
"""How results stand, worst first: a failure that is waived is no worse than it is told."""
_RANK = {status: rank for rank, status in enumerate(_ORDER)}
_FAILED, _WAIVED, _NONE = 0, 1, len(_ORDER)
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
        pairs = zip(_ORDER, _FIELDS, strict=True)
        return next((status for status, name in pairs if getattr(self, name)), "")


_FIELDS = ("failed", "waived", "unknown", "manual", "passed", "not_applicable")


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
    number: int = -1
    """Among those that results refer to."""
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
        found = [item.counts.worst for item in self.items]
        return [(name, found.count(name)) for name in (*_ORDER, "") if name in found]


class Standing:
    """Every check and rule of a report with its counts; all of its hosts are added first."""

    def __init__(self) -> None:
        self.heads: list[Head] = []
        self._of_check: dict[str, list[Head]] = {}
        self._anchors: set[str] = set()
        self._rules: dict[FrameworkRule, Item] = {}
        self._items: list[Item] = []
        self._of_head: list[tuple[int, ...]] = []

    @cached_property
    def checks(self) -> list[Head]:
        """Every check, what fails worst and most often first."""
        return sorted(self.heads, key=lambda head: head.order)

    @cached_property
    def frameworks(self) -> list[Framework]:
        """Every framework that results refer to."""
        return list(self._frameworks())

    def head(self, result: Result) -> Head:
        """The description that a result shares with those of other hosts."""
        known = self._of_check.setdefault(result.check, [])
        for head in known:
            if (
                head.title == result.title
                and head.references == result.references
                and head.rationale == result.rationale
                and head.remediation == result.remediation
            ):
                return head
        known.append(found := self._new(result))
        return found

    def _new(self, result: Result) -> Head:
        number = len(self.heads)
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
        self.heads.append(head)
        items = [self._item(rule) for rule in dict.fromkeys(result.references)]
        for item in items:
            item.heads.append(head)
        self._of_head.append(tuple(item.number for item in items))
        return head

    def _item(self, rule: FrameworkRule) -> Item:
        found = self._rules.get(rule)
        if found is None:
            found = self._rules[rule] = Item(rule.id, "", len(self._items))
            self._items.append(found)
        return found

    def add(self, host: HostReport) -> None:
        """Count a host's results."""
        worst = [_NONE] * len(self._items)
        for result in host.results:
            head = self.head(result)
            worst += [_NONE] * (len(self._items) - len(worst))
            rank = _RANK[result.status]
            if rank == _FAILED and result.waiver is not None:
                rank = _WAIVED
            head.counts.add(rank)
            if result.status != "fail":
                head.severity = result.severity
            elif rank == _FAILED and (
                head.worst is None or _view.RANK[result.severity] < _view.RANK[head.worst]
            ):
                head.worst = result.severity
            for number in self._of_head[head.number]:
                worst[number] = min(worst[number], rank)
        for item, rank in zip(self._items, worst, strict=True):
            if rank != _NONE:
                item.counts.add(rank)

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
