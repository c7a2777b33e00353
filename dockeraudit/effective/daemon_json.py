"""daemon.json as dockerd decodes it (daemon/config/config.go, getConflictFreeConfiguration).

Go's encoding/json accepts other texts than Python's: this reads what Go reads, keeps each key's
line, and keeps keys given twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache

from msgspec import Struct

from dockeraudit.effective.flags import FlagSet, flag_set
from dockeraudit.effective.gotext import parse_bool, trim_space
from dockeraudit.effective.model import DoesNotStart, Value
from dockeraudit.effective.values import check_addr, check_ip, check_size
from dockeraudit.effective.version import OLDEST, Version

_BLANKS = frozenset(" \t\r\n")
_BLANK = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"([^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|u(....)|(.))")
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: dict[str, Value] = {"true": True, "false": False, "null": None}
_DEPTH_LIMIT = 10_000
_DIGIT_LIMIT = 400
_INT64 = 2**63
_FLOAT_MAX = 1.7976931348623157e308


class JsonError(DoesNotStart):
    """The file can't be decoded."""


class Entry(Struct, frozen=True):
    """A key of the file with its value, the line it stands on, and the table around it."""

    key: str
    value: Value
    line: int
    table: str | None = None


class Decoded(Struct, frozen=True):
    """A decoded file: its top-level keys in their order, keys given twice included."""

    entries: tuple[Entry, ...] = ()
    inner: tuple[Entry, ...] = ()
    """The keys one level down, which some of the daemon's checks treat as top-level ones."""


@lru_cache(maxsize=64)
def decode(content: bytes, version: Version) -> Decoded:
    """The file as the release decodes it; JsonError where it refuses.

    It is remembered: the running daemon and its next start have one file, hosts of a fleet too.

    >>> [entry.key for entry in decode(b'{"debug": true}', (28, 5, 2)).entries]
    ['debug']
    """
    if version < (23, 0, 0):
        # json.Decoder stops after the first value and replaces invalid UTF-8 in strings
        text = content.decode("utf-8", "replace")
        return _Reader(text).document(to_the_end=False)
    text = trim_space(_decode_text(content))
    return _Reader(text).document(to_the_end=True) if text else Decoded()


def _decode_text(content: bytes) -> str:
    """unicode.BOMOverride in front of encoding.UTF8Validator."""
    if content.startswith(b"\xef\xbb\xbf"):
        return content[3:].decode("utf-8", "replace")
    if content.startswith(b"\xff\xfe"):
        return content[2:].decode("utf-16-le", "replace")
    if content.startswith(b"\xfe\xff"):
        return content[2:].decode("utf-16-be", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"is not valid UTF-8 at byte {error.start}") from None


def _unescape(match: re.Match[str]) -> str:
    high, low, single, plain = match.groups()
    if high is not None:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    if single is not None:
        code = int(single, 16)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
    return _PLAIN.get(plain, plain)


class _Reader:
    """A reader without recursion, so that depth can't end it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.counted = 0
        self.entries: list[Entry] = []
        self.inner: list[Entry] = []

    def fail(self, what: str) -> JsonError:
        return JsonError(f"is not valid JSON: {what} on line {self.here()}")

    def here(self) -> int:
        if self.at > self.counted:
            self.line += self.text.count("\n", self.counted, self.at)
            self.counted = self.at
        return self.line

    def blank(self) -> str:
        char = self.text[self.at : self.at + 1]
        if char in _BLANKS:
            match = _BLANK.match(self.text, self.at)
            self.at = match.end() if match else self.at
            char = self.text[self.at : self.at + 1]
        return char

    def document(self, *, to_the_end: bool) -> Decoded:
        if not self.blank():
            raise JsonError("is empty, which this engine refuses")
        value = self.value()
        if to_the_end and self.blank():
            raise self.fail("text follows the first value")
        if value is not None and not isinstance(value, dict):
            raise JsonError("holds no JSON object")
        return Decoded(tuple(self.entries), tuple(self.inner))

    def string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            raise self.fail("a string is broken")
        self.at = match.end()
        return _ESCAPE.sub(_unescape, match[1]) if "\\" in match[1] else match[1]

    def scalar(self, char: str) -> Value:
        if char == '"':
            return self.string()
        for word, value in _LITERALS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self.fail("a value is missing" if not char else f"unexpected {char!r}")
        self.at = match.end()
        return self.number(match[0])

    def number(self, digits: str) -> int | float:
        if digits.lstrip("-").isdigit() and len(digits) < _DIGIT_LIMIT:
            whole = int(digits)
            if abs(whole) <= _FLOAT_MAX:
                return whole
        value = float(digits)
        if abs(value) > _FLOAT_MAX:
            raise self.fail("a number is out of range")
        return value

    def key(self, depth: int, table: str | None) -> Entry:
        """A key up to and with its colon; the value of the entry is still missing."""
        if self.blank() != '"':
            raise self.fail("a key is missing")
        line = self.here() if depth < 3 else 0
        name = self.string()
        if self.blank() != ":":
            raise self.fail("a colon is missing")
        self.at += 1
        return Entry(name, None, line, table)

    def value(self) -> Value:
        """The value at the current place, with everything in it."""
        stack: list[tuple[dict[str, Value] | list[Value], Entry | None]] = []
        while True:
            char = self.blank()
            if char and char in "{[":
                self.at += 1
                opened: dict[str, Value] | list[Value] = {} if char == "{" else []
                if self.blank() != ("}" if char == "{" else "]"):
                    self.open(stack, opened)
                    continue
                self.at += 1
                done: Value = opened
            else:
                done = self.scalar(char)
            while stack:
                container, entry = stack[-1]
                self.store(container, entry, done, len(stack))
                if self.another(stack, container, entry):
                    break
                done = container
                stack.pop()
            if not stack:
                return done

    def open(
        self,
        stack: list[tuple[dict[str, Value] | list[Value], Entry | None]],
        opened: dict[str, Value] | list[Value],
    ) -> None:
        if len(stack) >= _DEPTH_LIMIT:
            raise self.fail("too deep")
        above = stack[-1][1] if len(stack) == 1 else None
        entry = None
        if isinstance(opened, dict):
            entry = self.key(len(stack) + 1, above.key if above else None)
        stack.append((opened, entry))

    def store(
        self,
        container: dict[str, Value] | list[Value],
        entry: Entry | None,
        value: Value,
        depth: int,
    ) -> None:
        if isinstance(container, list):
            container.append(value)
        elif entry is not None:
            container[entry.key] = value
            if depth == 1:
                self.entries.append(Entry(entry.key, value, entry.line))
            elif depth == 2 and entry.table is not None:
                self.inner.append(Entry(entry.key, value, entry.line, entry.table))

    def another(
        self,
        stack: list[tuple[dict[str, Value] | list[Value], Entry | None]],
        container: dict[str, Value] | list[Value],
        entry: Entry | None,
    ) -> bool:
        """Whether a comma and thus another element follows; the end is passed otherwise."""
        char = self.blank()
        self.at += 1
        if char == ",":
            if entry is not None:
                stack[-1] = (container, self.key(len(stack), entry.table))
            elif self.blank() == "]":
                raise self.fail("a value is missing")
            return True
        if char != ("]" if isinstance(container, list) else "}"):
            self.at -= 1
            raise self.fail(f"unexpected {char!r}" if char else "the end is missing")
        return False


# --- which keys there are, and of which type ---------------------------------------------------

_FLAT = frozenset(
    ["cluster-store-opts", "log-opts", "runtimes", "default-ulimits", "features", "builder"]
)
_SKIP_VALIDATE = frozenset({"features", "builder"})

# key  type  since  until: the struct tags of daemon/config at every release since 18.09, for keys
# that are not simply the name and the type of a flag
_KEYS = """
allow-nondistributable-artifacts strings 18.9.0 28.1.0
builder                          builder
cluster-store-opts               strmap  18.9.0 24.0.0
containerd-plugin-namespace      str     19.3.3
default-init                     str
deprecated-key-path              str     18.9.0 24.0.0
dns                              strings 18.9.0 25.0.0
dns                              ips     25.0.0 29.0.0
dns                              addrs   29.0.0
features                         boolmap
host-gateway-ip                  ip      20.10.0
host-gateway-ips                 addrs   28.0.0
log-format                       str     25.0.0
min-api-version                  str     29.0.0
nri-opts                         nri     29.2.0
proxies                          proxies 23.0.0
resolv-conf                      str
swarm-raft-election-tick         uint32
swarm-raft-heartbeat-tick        uint32
"""

_TYPE_OF_FLAG = {
    "bool": "bool",
    "int": "int",
    "str": "str",
    "quoted": "str",
    "size": "size",
    "ip": "ip",
    "ip23": "ip",
    "runtime": "runtimes",
    "ulimit": "ulimits",
    "map": "strmap",
    "mapmap": "mapmap",
    "pool": "pools",
}
_NO_KEY = frozenset(
    [
        "config-file",
        "version",
        "help",
        "validate",
        "restart",
        "containerd-plugins-namespace",
        "nri-opts",
        "feature",
        "allow-nondistributable-artifacts",
        "http-proxy",
        "https-proxy",
        "no-proxy",
    ]
)


def _span(version: Version, span: list[str]) -> bool:
    numbers = [tuple(map(int, text.split("."))) for text in span]
    return not numbers or (version >= numbers[0] and (len(numbers) < 2 or version < numbers[1]))


@cache
def key_types(version: Version) -> dict[str, str]:
    """Each key that the release's Config struct has, with its type."""
    version = max(version, OLDEST)
    types: dict[str, str] = {}
    for flag in flag_set(version).names.values():
        if flag.name not in _NO_KEY:
            types[flag.key] = _TYPE_OF_FLAG.get(flag.kind, "strings")
    for line in _KEYS.strip().splitlines():
        name, kind, *span = line.split()
        if _span(version, span):
            types[name] = kind
        elif not any(_span(version, other) for other in _spans(name)):
            types.pop(name, None)
    if version >= (23, 0, 0):
        types["proxies"] = "proxies"
    return types


def _spans(name: str) -> list[list[str]]:
    return [line.split()[2:] for line in _KEYS.strip().splitlines() if line.split()[0] == name]


@cache
def known_names(version: Version) -> frozenset[str]:
    """The names that findConfigurationConflicts takes for options."""
    flags = flag_set(version)
    names = set(flags.names) | flags.named | _SKIP_VALIDATE
    if version >= (19, 3, 0):
        names.add("deprecated-key-path")
    if version >= (28, 1, 0):
        names.add("allow-nondistributable-artifacts")
    if version >= (29, 0, 0):
        names.add("min-api-version")
    return frozenset(names)


def flat_tables(version: Version) -> frozenset[str]:
    """flatOptions: the tables whose inner names are not taken for options."""
    extra = set()
    if version >= (24, 0, 0):
        extra.add("default-network-opts")
    if version >= (29, 2, 0):
        extra.add("nri-opts")
    return _FLAT | extra


def values_set(decoded: Decoded, version: Version) -> dict[str, Entry]:
    """configValuesSet: every key present, with the keys of unknown tables beside the others."""
    flat = flat_tables(version)
    last = {entry.key: entry for entry in decoded.entries}
    present: dict[str, Entry] = {}
    opened = set()
    for key, entry in last.items():
        if isinstance(entry.value, dict) and key not in flat:
            opened.add(key)
        else:
            present[key] = entry
    if opened:
        for entry in decoded.inner:
            table = last[entry.table].value if entry.table in opened and entry.table else None
            if isinstance(table, dict) and entry.key in table:
                present.setdefault(entry.key, entry)
    return present


def go_bool_text(value: Value) -> bool:
    """What a boolean flag holds after Set(fmt.Sprintf("%v", value)), errors ignored."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value == 1
    return isinstance(value, str) and bool(parse_bool(value))


def check_types(decoded: Decoded, version: Version) -> None:
    """json.Unmarshal into the Config struct: raises where a value has the wrong type."""
    types = key_types(version)
    for entry in decoded.entries:
        kind = types.get(entry.key)
        if kind is None and isinstance(entry.value, dict):
            kind = types.get(entry.key.lower())
        if kind is None:
            continue
        problem = _check(kind, entry.value, version)
        if problem is not None:
            raise JsonError(f"line {entry.line}, key {entry.key}: {problem}")


def _check(kind: str, value: Value, version: Version) -> str | None:
    if value is None:
        return "the value null is refused here" if kind == "size" else None
    if kind in _SCALARS:
        wanted, word = _SCALARS[kind]
        return None if isinstance(value, wanted) else f"the value is no {word}"
    if kind in _INTEGERS:
        return _check_int(value, *_INTEGERS[kind])
    if kind in _TEXTS:
        if not isinstance(value, str):
            return "the value is no string"
        return _TEXTS[kind](value, version)
    if kind in _STRUCTS:
        return _check_table(value, _STRUCTS[kind], version)
    outer = list if kind in _ELEMENTS else dict
    return _check_each(value, outer, _ELEMENTS.get(kind) or _TABLES[kind], version)


_SCALARS: dict[str, tuple[type, str]] = {"bool": (bool, "boolean"), "str": (str, "string")}
_INTEGERS = {"int": (-_INT64, _INT64), "uint32": (0, 2**32)}
_TEXTS: dict[str, Callable[[str, Version], str | None]] = {
    "size": check_size,
    "ip": lambda text, version: check_ip(text, version) if text else None,
    "addr": lambda text, _: check_addr(text) if text else None,
}
_ELEMENTS = {"strings": "str", "ips": "ip", "addrs": "addr", "pools": "pool", "policies": "policy"}
_TABLES = {
    "strmap": "str",
    "boolmap": "bool",
    "mapmap": "strmap",
    "runtimes": "runtime",
    "ulimits": "ulimitvalue",
}
_STRUCTS = {
    "pool": {"base": "str", "size": "int"},
    "runtime": {"path": "str", "runtimeargs": "strings", "runtimetype": "str"},
    "ulimitvalue": {"name": "str", "hard": "int", "soft": "int"},
    "proxies": {"http-proxy": "str", "https-proxy": "str", "no-proxy": "str"},
    "nri": {
        "enable": "bool",
        "plugin-path": "str",
        "plugin-config-path": "str",
        "socket-path": "str",
    },
    "builder": {"gc": "gc", "entitlements": "entitlements"},
    "gc": {"enabled": "bool", "defaultkeepstorage": "str", "policy": "policies"},
    "policy": {"all": "bool", "keepstorage": "str"},
    "entitlements": {"network-host": "bool", "security-insecure": "bool"},
}


def _check_int(value: Value, least: int, top: int) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and least <= value < top
    return None if good else "the value is no whole number in range"


def _check_each(value: Value, outer: type, inner: str, version: Version) -> str | None:
    if not isinstance(value, outer):
        return "the value is no list" if outer is list else "the value is no object"
    elements = value.values() if isinstance(value, dict) else value
    for element in elements if isinstance(elements, Iterable) else ():
        problem = _check(inner, element, version)
        if problem is not None:
            return f"in it, {problem}"
    return None


def _check_table(value: Value, fields: dict[str, str], version: Version) -> str | None:
    if not isinstance(value, dict):
        return "the value is no object"
    for name, inner in value.items():
        kind = fields.get(name.lower())
        problem = _check(kind, inner, version) if kind else None
        if problem is not None:
            return f"in its {name}, {problem}"
    return None


def unknown_keys(present: Mapping[str, Entry], version: Version) -> list[Entry]:
    """The keys that findConfigurationConflicts refuses."""
    known = known_names(version)
    return [entry for key, entry in present.items() if key not in known]


def ignored_keys(decoded: Decoded, version: Version) -> list[Entry]:
    """The keys that pass because a flag has that name, though nothing reads them."""
    types = key_types(version)
    return [
        entry
        for entry in decoded.entries
        if entry.key not in types and not isinstance(entry.value, dict)
    ]


def unknown_tables(decoded: Decoded, version: Version) -> list[Entry]:
    """The tables that pass the check for unknown keys though there are none of that name."""
    known = key_types(version)
    return [e for e in decoded.entries if isinstance(e.value, dict) and e.key not in known]


def conflicts(present: Mapping[str, Entry], given: set[str], flags: FlagSet) -> list[str]:
    """The settings given both as a flag and in the file: their names in the file."""
    found = []
    for name in given:
        flag = flags.names[name]
        key = flag.key if flag.named else name
        if key in present and key != "runtimes":
            found.append(key)
        if name == "host-gateway-ip" and flag.named and name in present:
            found.append(name)
    return found
