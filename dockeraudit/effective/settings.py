"""The effective options: defaults, then flags, then the file, merged as mergo merges them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from dockeraudit.effective.daemon_json import Entry, go_bool_text, key_types
from dockeraudit.effective.flags import Flag, flag_set
from dockeraudit.effective.gotext import parse_bool, parse_int
from dockeraudit.effective.model import Origin, Setting, Value
from dockeraudit.effective.reading import Reading
from dockeraudit.effective.values import trim_quotes
from dockeraudit.effective.version import Version

_DEFAULT = Origin("default")
_RENAMED = {"graph": "data-root", "host-gateway-ip": "host-gateway-ips"}
_LISTS = frozenset(
    "list index hosts ips addr domains label mirror resource pool".split()  # noqa: SIM905
)
_NO_SETTING = frozenset({"help", "version", "validate", "graph", "config-file"})
_OWN_VARIABLES = frozenset({"help", "version", "validate", "debug", "tls", "tlsverify"})
_LOCAL = ("data-root", "exec-root", "pidfile")


@cache
def _defaults(version: Version) -> dict[str, Setting]:
    return {
        flag.key: Setting(flag.key, flag.default, _DEFAULT)
        for flag in flag_set(version).names.values()
        if flag.name not in _NO_SETTING
    }


def rootless_defaults(env: Mapping[str, str], home: str) -> dict[str, Setting]:
    """What setPlatformDefaults sets under RootlessKit."""
    data = env.get("XDG_DATA_HOME") or f"{home}/.local/share"
    runtime = env.get("XDG_RUNTIME_DIR", "")
    values = (f"{data}/docker", f"{runtime}/docker", f"{runtime}/docker.pid")
    origin = Origin("default of rootless mode")
    found = {name: Setting(name, v, origin) for name, v in zip(_LOCAL, values, strict=True)}
    found["rootless"] = Setting("rootless", True, origin)
    return found


def from_flag(flag: Flag, values: list[str]) -> Value:
    """The value that a flag ends up with."""
    if flag.kind in _LISTS:
        return list(values)
    convert = _CONVERTERS.get(flag.kind)
    return values[-1] if convert is None else convert(values)


def _addresses(values: list[str]) -> Value:
    return [part.strip() for value in values for part in value.split(",")]


def _features(values: list[str]) -> Value:
    pairs = [value.partition("=") for value in values]
    return {key: bool(parse_bool(text)) if equals else True for key, equals, text in pairs}


def _runtimes(values: list[str]) -> Value:
    named = [value.partition("=") for value in values]
    return {name.strip().lower(): {"path": path.strip()} for name, _, path in named}


def _map(values: list[str]) -> Value:
    return {key: text for key, _, text in (value.partition("=") for value in values)}


_CONVERTERS: dict[str, Callable[[list[str]], Value]] = {
    "bool": lambda values: bool(parse_bool(values[-1])),
    "int": lambda values: parse_int(values[-1]),
    "quoted": lambda values: trim_quotes(values[-1]),
    "ipcsv": _addresses,
    "features": _features,
    "runtime": _runtimes,
    "map": _map,
    "mapmap": _map,
    "ulimit": _map,
    "nri": _map,
}


def merge(read: Reading, base: Mapping[str, Setting]) -> dict[str, Setting]:
    """Every option of the release with its value and where that comes from."""
    flags = flag_set(read.version)
    settings = dict(_defaults(flags.version))
    settings.update(base)
    for name, values in read.parsed.given.items():
        flag = flags.names[name]
        key = "data-root" if name == "graph" else flag.key
        if name not in _NO_SETTING or name == "graph":
            settings[key] = Setting(key, from_flag(flag, values), read.parsed.origin(name))
    for key, entry in read.present.items():
        hidden = flags.names.get(key)
        boolean = hidden is not None and hidden.kind == "bool" and key not in _OWN_VARIABLES
        if entry.table is not None and boolean:
            settings[key] = Setting(key, go_bool_text(entry.value), read.at(entry))
    types = key_types(flags.version)
    for key, entry in read.entries.items():
        kind = types.get(key)
        if kind is not None and (entry.value or entry.value is False):
            _put(settings, kind, _with_leftovers(read, entry), read.at(entry))
    return settings


def _with_leftovers(read: Reading, entry: Entry) -> Entry:
    """A list given twice: Go decodes into the first one, and a null leaves there what was."""
    if not isinstance(entry.value, list) or None not in entry.value:
        return entry
    value = list(entry.value)
    for earlier in read.decoded.entries:
        if earlier.key == entry.key and isinstance(earlier.value, list) and earlier is not entry:
            for place, each in enumerate(earlier.value[: len(value)]):
                value[place] = each if entry.value[place] is None else value[place]
    return Entry(entry.key, value, entry.line, entry.table)


def _put(settings: dict[str, Setting], kind: str, entry: Entry, origin: Origin) -> None:
    value = entry.value
    if kind == "proxies" and isinstance(value, dict):
        for name, each in value.items():
            settings[name] = Setting(name, each, Origin(f"{origin}.{name}"))
        return
    if kind == "strings" and isinstance(value, list):
        value = ["" if each is None else each for each in value]
    before = settings.get(entry.key)
    if kind == "runtimes" and isinstance(value, dict) and before is not None:
        value = {**before.value, **value} if isinstance(before.value, dict) else value
    name = _RENAMED.get(entry.key, entry.key)
    settings[name] = Setting(name, value, origin)
