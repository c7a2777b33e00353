"""Audit rules as auditctl reads and the kernel applies them: what is recorded of a path."""

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

ACCESSES = frozenset("rwxa")
ARCHITECTURES = frozenset(("b32", "b64"))

Atom = tuple[str, str]
"""One kind of access by one kind of program: `("b64", "w")`."""
Place = Callable[[str], str]
"""Where a path leads: the kernel follows links above a path, not the last one."""

_ACTIONS = frozenset(("always", "never", "possible"))
_LISTS = frozenset(("task", "exit", "entry", "user", "exclude", "filesystem", "io_uring"))
_WITH_VALUE = frozenset("aAbCdefFkpqrSwWR")
_COMPARISON = re.compile(r"([A-Za-z0-9_]+)\s*(!=|<=|>=|&=|=|<|>|&)\s*(.*)", re.DOTALL)
_ARCHITECTURES = {"b32": "b32", "i386": "b32", "i486": "b32", "i586": "b32", "i686": "b32"}
_FILE_CALLS = re.compile(
    r"all|.*(open|creat|trunc|rename|link|mknod|mkdir|rmdir|chmod|chown|xattr|utime|falloc|mount"
    r"|bind|exec|write|acct|swap|quota).*|\d+"
)
_DIGITS = re.compile(r"(\d+)")


class Rule(Struct, frozen=True):
    """A rule that is in force, or would be."""

    text: str
    always: bool
    filter: str
    """`exit`; others don't see paths."""
    path: str = ""
    """Empty: it looks at no path."""
    recursive: bool = True
    accesses: frozenset[str] = ACCESSES
    architectures: frozenset[str] = ARCHITECTURES
    conditions: tuple[str, ...] = ()
    """What else has to be so: `auid>=1000`, `exe=/usr/bin/x`."""
    calls: tuple[str, ...] = ()
    """The system calls that it is for; empty: all."""
    key: str = ""

    @property
    def narrower(self) -> str:
        """What it asks for beside path, access and architecture; empty: nothing."""
        calls = (f"calls of {', '.join(self.calls)}",) if self.calls else ()
        return ", ".join((*self.conditions, *calls))


class Rules(Struct, frozen=True):
    """Rules in the order in which the kernel asks them; the first that fits decides."""

    rules: tuple[Rule, ...] = ()
    enabled: bool = True
    """False: `-e 0` ends it all."""


def loaded(lines: Iterable[str]) -> Rules:
    """What `auditctl -l` lists: blanks in paths are not escaped there."""
    found = (_rule(line.split(), line, joined=True) for line in lines)
    return Rules(tuple(rule for rule in found if rule is not None))


def persisted(files: dict[str, str]) -> Rules:
    """What the rule files load: /etc/audit/rules.d as augenrules merges it, else audit.rules."""
    merged = {path: text for path, text in files.items() if "/rules.d/" in path}
    if not merged:
        lines = [line for text in files.values() for line in text.split("\n")]
        return in_force(lines)
    ordered = sorted(merged, key=_version)
    lines = [line for path in ordered for line in merged[path].split("\n")]
    # augenrules puts a -D of everything first, wherever it stands.
    return in_force(line for line in lines if line.split() != ["-D"])


def _version(path: str) -> list[tuple[int, int, str]]:
    """Names as `ls -v` sorts them: numbers by value."""
    name = path.rpartition("/")[2]
    parts = [part for part in _DIGITS.split(name) if part]
    return [(0, int(p), p) if p.isdecimal() and p.isascii() else (1, 0, p) for p in parts]


def in_force(lines: Iterable[str]) -> Rules:
    """What is left after `auditctl -R` has read these lines: additions, deletions, `-e`."""
    rules: list[Rule] = []
    enabled = True
    for line in lines:
        words = split(line)
        first = words[0] if words else ""
        if first.startswith("-D"):
            key = _option(words, "k")
            rules = [rule for rule in rules if key and rule.key != key]
        elif first.startswith("-e"):
            enabled = _option(words, "e") != "0"
        elif first.startswith(("-d", "-W")):
            gone = _rule([_ADDED[first[:2]] + first[2:], *words[1:]], line)
            rules = [rule for rule in rules if gone is None or not _same(rule, gone)]
        elif (rule := _rule(words, line)) is not None:
            rules.insert(0 if first.startswith("-A") else len(rules), rule)
    return Rules(tuple(rules), enabled)


_ADDED = {"-d": "-a", "-W": "-w"}


def _same(one: Rule, other: Rule) -> bool:
    fields = ("always", "filter", "path", "recursive", "accesses", "architectures", "conditions")
    return all(getattr(one, each) == getattr(other, each) for each in (*fields, "calls", "key"))


def split(line: str) -> list[str]:
    r"""The words of a line of a rule file: blanks part them, `\ ` does not, quotes mean nothing.

    >>> split(r'-w /a\ b -k "x y"'), split("# -w /a"), split("\t-w /a")
    (['-w', '/a b', '-k', '"x', 'y"'], [], [])
    """
    line = line.rstrip("\r\n").strip(" ")
    if not line.startswith("-"):
        return []
    words = line.replace("\\ ", "\0").split(" ")
    return [word.replace("\0", " ") for word in words if word]


def _option(words: list[str], letter: str) -> str:
    for number, word in enumerate(words):
        if word.startswith(f"-{letter}"):
            return word[2:] or "".join(words[number + 1 : number + 2])
    return ""


def _options(words: list[str], joined: bool) -> Iterator[tuple[str, str]] | None:
    """Letters and values; None where auditctl would refuse the line.

    `joined`: words that follow a value and begin with no hyphen belong to it.
    """
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        letter = word[1:2]
        if not word.startswith("-") or not letter or letter not in _WITH_VALUE:
            return None
        value = word[2:]
        if not value:
            if at == len(words):
                return None
            value = words[at]
            at += 1
        while joined and at < len(words) and not words[at].startswith("-"):
            value += f" {words[at]}"
            at += 1
        found.append((letter, value))
    return iter(found)


def _rule(words: list[str], text: str, joined: bool = False) -> Rule | None:
    """The rule of one line; None where it is none, or one that auditctl refuses."""
    options = _options(words, joined)
    if options is None:
        return None
    made = _Draft()
    for letter, value in options:
        if not made.add(letter, value):
            return None
    return made.rule(text.strip())


class _Draft:
    """A rule as far as its options were read."""

    def __init__(self) -> None:
        self.action = ""
        self.filter = ""
        self.path = ""
        self.recursive = True
        self.accesses = ACCESSES
        self.architectures = ARCHITECTURES
        self.conditions: list[str] = []
        self.calls: list[str] = []
        self.key = ""

    def add(self, letter: str, value: str) -> bool:
        """Take one option; whether it may stand there."""
        if letter in "aA":
            words = set(value.split(","))
            actions, filters = words & _ACTIONS, words & _LISTS
            if len(words) != 2 or len(actions) != 1 or len(filters) != 1:
                return False
            (self.action,), (self.filter,) = actions, filters
        elif letter == "w":
            self.action, self.filter = "always", "exit"
            return self._at(value, recursive=True) and self.path != "/"
        elif letter == "p":
            return self._access(value)
        elif letter == "S":
            self.calls += [call for call in value.split(",") if call and call != "all"]
        elif letter == "C":
            self.conditions.append(value)
        elif letter == "k":
            self.key = value
        elif letter == "F":
            match = _COMPARISON.fullmatch(value)
            return match is not None and self._field(match[1], match[2], match[3])
        else:
            return False
        return True

    def _field(self, name: str, operator: str, value: str) -> bool:
        if operator == "=" and name in ("path", "dir"):
            return self._at(value, recursive=name == "dir")
        if operator == "=" and name == "perm":
            return self._access(value)
        if name == "key":
            self.key = value
        elif name == "arch" and operator in ("=", "!="):
            meant = {_ARCHITECTURES.get(value, "b32" if value.startswith("arm") else "b64")}
            self.architectures = frozenset(
                meant if operator == "=" else ARCHITECTURES.difference(meant)
            )
        else:
            self.conditions.append(f"{name}{operator}{value}")
        return True

    def _at(self, path: str, *, recursive: bool) -> bool:
        if self.path or not path.startswith("/") or "/../" in f"{path}/":
            return False
        self.path = re.sub(r"/+(\./+)*", "/", path).rstrip("/") or "/"
        self.recursive = recursive
        return True

    def _access(self, letters: str) -> bool:
        self.accesses = frozenset(letters)
        return bool(letters) and self.accesses <= ACCESSES

    def rule(self, text: str) -> Rule | None:
        """The rule; None where its action is missing."""
        if not self.action:
            return None
        return Rule(
            text=text,
            always=self.action == "always",
            filter=self.filter,
            path=self.path,
            recursive=self.recursive,
            accesses=self.accesses,
            architectures=self.architectures,
            conditions=tuple(self.conditions),
            calls=tuple(self.calls),
            key=self.key,
        )


class Coverage(Struct, frozen=True):
    """What rules record of a path, and what not."""

    missing: frozenset[Atom]
    """Accesses that no rule records."""
    holes: tuple[Rule, ...]
    """`never` rules that take something out before a rule that would record it."""
    used: tuple[Rule, ...]
    near: tuple[Rule, ...]
    """Rules that look at the path and record less than asked for."""

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is recorded."""
        return not self.missing and not self.holes


class Wanted(Struct, frozen=True):
    """A path and what has to be recorded of it."""

    path: str
    """Its real path."""
    directory: bool
    atoms: frozenset[Atom]
    spared: tuple[str, ...] = ()
    """Folders below it that may be left out."""


def coverage(rules: Rules, wanted: Wanted, place: Place) -> Coverage:
    """What these rules record of a path; the first rule that fits an access decides over it."""
    if not rules.enabled or any(_ends_all(rule) for rule in rules.rules):
        off = tuple(rule for rule in rules.rules if _ends_all(rule))
        return Coverage(wanted.atoms, (), (), off)
    recorded: set[Atom] = set()
    silenced: set[Atom] = set()
    holes: list[Rule] = []
    used: list[Rule] = []
    near: list[Rule] = []
    for rule in rules.rules:
        fit = _fit(rule, wanted, place) if rule.filter == "exit" else ""
        atoms = {
            (architecture, access)
            for architecture, access in wanted.atoms
            if architecture in rule.architectures and access in rule.accesses
        }
        new = atoms - recorded - silenced
        if not fit or not atoms:
            continue
        if rule.always:
            if fit == "whole" and not rule.narrower:
                used += [rule] if new else []
                recorded |= new
            else:
                near.append(rule)
        elif new and fit == "whole" and not rule.narrower:
            near.append(rule)
            silenced |= new
        elif new and _takes(rule):
            holes.append(rule)
    missing = wanted.atoms - recorded
    return Coverage(frozenset(missing), tuple(holes), tuple(used), tuple(near) if missing else ())


def _ends_all(rule: Rule) -> bool:
    """`-a never,task`, as some distributions ship it: no system call of any program is recorded."""
    return rule.filter == "task" and not rule.always and not rule.narrower and not rule.path


def _takes(rule: Rule) -> bool:
    """Whether a `never` rule is for calls that change files at all."""
    return not rule.calls or any(_FILE_CALLS.fullmatch(call) for call in rule.calls)


def _fit(rule: Rule, wanted: Wanted, place: Place) -> str:
    """`whole`: it sees all of the path; `part`: some of it; empty: nothing."""
    if not rule.path:
        return "whole"
    path = place(rule.path)
    if path == wanted.path:
        return "whole" if rule.recursive or not wanted.directory else "part"
    if rule.recursive and wanted.path.startswith("/" if path == "/" else f"{path}/"):
        return "whole"
    below = wanted.directory and path.startswith(f"{wanted.path}/")
    if below and not any(f"{path}/".startswith(f"{each}/") for each in wanted.spared):
        return "part"
    return ""
