"""Which values of which options a daemon accepts: the Set methods and validators of moby's opts/.

Each function gives None for an accepted value and otherwise what is wrong with it, as words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from dockeraudit.effective.gotext import (
    UrlError,
    atoi,
    parse_bool,
    parse_int,
    parse_ip,
    parse_url,
    trim_space,
)
from dockeraudit.effective.hosts import HostError, parse_host, strict_ipv4
from dockeraudit.effective.version import Version

_ULIMITS = frozenset(
    [
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ]
)
_SIZE = re.compile(r"(\d+(?:\.\d+)*) ?([kKmMgGtTpP])?[iI]?[bB]?\Z")
_SIZE_23 = re.compile(
    r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    r" ?(?:[bB]|[kKmMgGtTpP](?:[iI]?[bB])?)?\Z"
)
_DOMAIN = re.compile(
    r"(:?(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9]))"
    r"(:?\.(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])))*)\.?\s*\Z"
)
_RESERVED = ("com.docker.", "io.docker.", "org.dockerproject.")


def check_bool(value: str) -> str | None:
    """strconv.ParseBool."""
    return None if parse_bool(value) is not None else f"{value!r} is no boolean"


def check_ip(value: str, version: Version) -> str | None:
    """net.ParseIP."""
    ip = parse_ip(value, not strict_ipv4(version))
    return None if ip is not None else f"{value!r} is no IP address"


def check_addr(value: str) -> str | None:
    """netip.ParseAddr, which takes a zone too."""
    bare, percent, zone = value.partition("%")
    good = parse_ip(bare) is not None and (not percent or (bool(zone) and ":" in bare))
    return None if good else f"{value!r} is no IP address"


def check_size(value: str, version: Version) -> str | None:
    """units.RAMInBytes of github.com/docker/go-units, 0.5 since 23.0."""
    if version < (23, 0, 0):
        match = _SIZE.match(value)
        good = match is not None and match[1].count(".") < 2
    else:
        good = _SIZE_23.match(value) is not None
    return None if good else f"{value!r} is no size"


def check_ulimit(value: str) -> str | None:
    """units.ParseUlimit of github.com/docker/go-units."""
    name, equals, limits = value.partition("=")
    if not equals or name not in _ULIMITS:
        return f"{value!r} is no ulimit"
    numbers = [atoi(part) for part in limits.split(":")]
    if len(numbers) > 2 or None in numbers:
        return f"{value!r} is no ulimit"
    soft, hard = numbers[0] or 0, numbers[-1] or 0
    if hard != -1 and (soft == -1 or soft > hard):
        return f"the soft limit of {value!r} is above the hard limit"
    return None


def check_domain(value: str) -> str | None:
    """opts.ValidateDNSSearch."""
    value = value.strip(" ")
    if value == "." or (re.search("[a-zA-Z]", value) and _DOMAIN.match(value) and len(value) < 255):
        return None
    return f"{value!r} is no domain"


def check_label(value: str, version: Version) -> str | None:
    """opts.ValidateLabel."""
    if "=" not in value:
        return f"{value!r} is no key=value"
    if version >= (20, 10, 0) and value.lower().startswith(_RESERVED):
        return f"{value!r} is in a namespace reserved for Docker"
    return None


def check_index(value: str) -> str | None:
    """registry.ValidateIndexName."""
    if value.startswith("-") or value.endswith("-"):
        return f"{value!r} begins or ends with a hyphen"
    return None


def check_mirror(value: str, version: Version) -> str | None:
    """registry.ValidateMirror."""
    try:
        scheme, _, path = parse_url(value)
    except UrlError as error:
        return f"{value!r} is no URL: {error}"
    if scheme not in ("http", "https"):
        return f"{value!r} is neither an http:// nor an https:// URL"
    authority = value.partition("//")[2].partition("/")[0]
    if "@" in authority or "?" in value or "#" in value:
        return f"{value!r} has a user, a query or a fragment"
    if version < (25, 0, 0) and path not in ("", "/"):
        return f"{value!r} has a path"
    return None


def check_runtime(value: str, before: Sequence[str]) -> str | None:
    """RuntimeOpt.Set of opts/runtime.go."""
    name, _, path = value.partition("=")
    name = trim_space(name).lower()
    if not name or not trim_space(path):
        return f"{value!r} is no name=path"
    if name == "runc":
        return "the runtime name 'runc' is reserved"
    if any(trim_space(other.partition("=")[0]).lower() == name for other in before):
        return f"the runtime {name!r} is defined twice"
    return None


def check_pool(value: str) -> str | None:
    """PoolsOpt.Set of opts/address_pools.go."""
    for field in value.split(","):
        key, equals, number = field.partition("=")
        if not equals or key.lower() not in ("base", "size"):
            return f"{value!r} is no base=CIDR,size=NUMBER"
        if key.lower() == "size" and atoi(number) is None:
            return f"the size in {value!r} is no number"
    return None


def check_feature(value: str) -> str | None:
    """SetOpts.Set of internal/opts."""
    name, equals, flag = value.partition("=")
    good = bool(name) and (not equals or parse_bool(flag) is not None)
    return None if good else f"{value!r} is no feature or feature=boolean"


def check_nri(value: str) -> str | None:
    """NamedNRIOpts.Set of daemon/pkg/opts."""
    for field in value.split(","):
        key, _, text = field.partition("=")
        if key not in ("enable", "plugin-path", "plugin-config-path", "socket-path"):
            return f"unexpected key {key!r}"
        if key == "enable" and text and parse_bool(text) is None:
            return f"{text!r} is no boolean"
    return None


def check_quoted(value: str) -> str | None:
    """trimQuotes of opts/quotedstring.go, which crashes on these."""
    return "the daemon crashes on an empty value" if value in ("", "'", '"') else None


def trim_quotes(value: str) -> str:
    """trimQuotes of opts/quotedstring.go, before 23.0."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def check_host(value: str, version: Version) -> str | None:
    """opts.ValidateHost."""
    text = trim_space(value)
    if not text:
        return None
    try:
        parse_host(text, version)
    except HostError as error:
        return f"{value!r}: {error}"
    return None


def check_ip_csv(value: str) -> str | None:
    """ipSliceValue.Set of pflag: addresses between commas, quotes dropped."""
    for part in re.sub("[\"'`]", "", value).split(","):
        if value and parse_ip(part.strip()) is None:
            return f"{part!r} is no IP address"
    return None


def _int(value: str) -> str | None:
    return None if parse_int(value) is not None else f"{value!r} is no number"


def _pair(value: str) -> str | None:
    return None if "=" in value else f"{value!r} is no name=value"


def _mapmap(value: str) -> str | None:
    return None if value.count("=") > 1 else f"{value!r} is no name=key=value"


_SIMPLE: dict[str, Callable[[str], str | None]] = {
    "bool": check_bool,
    "int": _int,
    "ulimit": check_ulimit,
    "domains": check_domain,
    "index": check_index,
    "pool": check_pool,
    "features": check_feature,
    "nri": check_nri,
    "quoted": check_quoted,
    "addr": check_addr,
    "ipcsv": check_ip_csv,
    "resource": _pair,
    "mapmap": _mapmap,
}
_VERSIONED: dict[str, Callable[[str, Version], str | None]] = {
    "ip": check_ip,
    "ips": lambda value, version: check_ip(trim_space(value), version),
    "ip23": lambda value, version: check_ip(trim_space(value), version) if value else None,
    "label": check_label,
    "size": check_size,
    "mirror": check_mirror,
    "hosts": check_host,
}


def check_flag(kind: str, value: str, before: Sequence[str], version: Version) -> str | None:
    """Value.Set of a flag of this kind; `before`: the values it was given already."""
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple(value)
    versioned = _VERSIONED.get(kind)
    if versioned is not None:
        return versioned(value, version)
    return check_runtime(value, before) if kind == "runtime" else None
