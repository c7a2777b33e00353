"""Values that stop a daemon: config.Validate, verifyDaemonSettings, and what NewDaemon refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from dockeraudit.effective.daemon_json import Entry
from dockeraudit.effective.files import Files
from dockeraudit.effective.gotext import atoi, parse_ip, split_host_port, trim_space
from dockeraudit.effective.model import DaemonInput, Setting, Value
from dockeraudit.effective.values import (
    check_domain,
    check_index,
    check_ip,
    check_label,
    check_mirror,
)
from dockeraudit.effective.version import Version

_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?\Z")

PROXY_CHECKED: Version = (25, 0, 0)
Get = Callable[[str], Setting | None]

_LEVELS = frozenset(["panic", "fatal", "error", "warn", "info", "debug", "trace"])
_BUILTIN_RUNTIMES = frozenset({"runc", "io.containerd.runtime.v1.linux", "io.containerd.runc.v2"})
_LOG_MODES = ("", "blocking", "non-blocking")
_LOG_OPTIONS = {
    "json-file": frozenset(
        ["max-file", "max-size", "compress", "labels", "labels-regex", "env", "env-regex", "tag"]
    ),
    "journald": frozenset({"labels", "labels-regex", "env", "env-regex", "tag"}),
    "syslog": frozenset(
        {"labels", "labels-regex", "env", "env-regex", "tag", "syslog-address"}
        | {"syslog-facility", "syslog-format", "syslog-tls-ca-cert", "syslog-tls-cert"}
        | {"syslog-tls-key", "syslog-tls-skip-verify"}
    ),
    "local": frozenset(["max-file", "max-size", "compress"]),
}
_LOG_DRIVERS = frozenset(
    [
        "none",
        "json-file",
        "local",
        "syslog",
        "journald",
        "gelf",
        "fluentd",
        "awslogs",
        "splunk",
        "gcplogs",
        "logentries",
    ]
)
_STORAGE_DRIVERS = frozenset(
    ["overlay2", "overlay", "btrfs", "zfs", "vfs", "fuse-overlayfs", "aufs", "devicemapper"]
)
_PROXY_BINARIES = frozenset(
    f"{folder}/docker-proxy"
    for folder in [
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/bin",
        "/usr/libexec",
        "/usr/libexec/docker",
        "/usr/local/libexec/docker",
        "/usr/lib/docker",
        "/usr/local/lib/docker",
    ]
)
_MAX_API = {25: "1.44", 26: "1.45", 27: "1.47", 28: "1.51", 29: "1.55"}


def text_of(get: Get, name: str) -> str:
    """A string option, empty where it is absent."""
    setting = get(name)
    return setting.value if setting is not None and isinstance(setting.value, str) else ""


def list_of(get: Get, name: str) -> list[str]:
    """A list option, empty where it is absent."""
    setting = get(name)
    value = setting.value if setting is not None else None
    return [str(each) for each in value] if isinstance(value, list) else []


def table_of(get: Get, name: str) -> dict[str, Value]:
    """A map option, empty where it is absent."""
    setting = get(name)
    return setting.value if setting is not None and isinstance(setting.value, dict) else {}


def bool_of(get: Get, name: str) -> bool:
    """A boolean option."""
    setting = get(name)
    return setting is not None and setting.value is True


def int_of(get: Get, name: str) -> int:
    """An integer option, 0 where it is absent."""
    setting = get(name)
    value = setting.value if setting is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


Problem = tuple[str, str]
"""The setting's name, and what is wrong."""


def file_problems(entries: Mapping[str, Entry], version: Version) -> Iterator[Problem]:
    """What is wrong with the file by itself, though defaults or flags would mend it."""
    if version >= (23, 0, 0):
        return
    attempts = entries.get("max-download-attempts")
    if attempts is not None and attempts.value == 0:
        yield "max-download-attempts", "the number is not positive"
    default, runtimes = entries.get("default-runtime"), entries.get("runtimes")
    known = runtimes.value if runtimes is not None and isinstance(runtimes.value, dict) else {}
    name = default.value if default is not None else None
    if isinstance(name, str) and name and name not in _BUILTIN_RUNTIMES and name not in known:
        yield "default-runtime", f"there is no runtime {name!r} in the file"


def problems(get: Get, version: Version, files: Files, given: DaemonInput) -> Iterator[Problem]:
    """Every value that stops a daemon of this release, in no order that matters."""
    closed = given.machine.directories is not None
    yield from _logging(get, version, closed=closed)
    yield from _lists(get, version)
    yield from _numbers(get, version)
    yield from _runtimes(get, version)
    yield from _modes(get, version)
    yield from _network(get, version)
    yield from _removed(get, version)
    yield from _environment(given.env.get("DOCKER_MIN_API_VERSION", ""), version)
    yield from _pools(get)
    yield from _userland_proxy(get, version, files, closed=closed)
    yield from _places(get, version, files, closed=closed)


def _logging(get: Get, version: Version, *, closed: bool) -> Iterator[Problem]:
    level = text_of(get, "log-level")
    known = _LEVELS if version >= (23, 0, 0) else _LEVELS | {"warning"}
    if level and level.lower() not in known and version >= (19, 3, 0):
        yield "log-level", f"{level!r} is no logging level"
    if version >= (25, 0, 0) and text_of(get, "log-format") not in ("", "text", "json"):
        yield "log-format", f"{text_of(get, 'log-format')!r} is no log format"
    options = table_of(get, "log-opts")
    driver = text_of(get, "log-driver")
    if not options or driver == "none":
        return
    if driver not in _LOG_DRIVERS:
        if closed:
            yield "log-driver", f"there is no logging driver {driver!r}"
        return
    mode = str(options.get("mode") or "")
    if mode not in _LOG_MODES:
        yield "log-opts", f"{mode!r} is no logging mode"
    if "max-buffer-size" in options and mode != "non-blocking":
        yield "log-opts", "max-buffer-size needs mode=non-blocking"
    allowed = _LOG_OPTIONS.get(driver)
    for name in options:
        common = name in ("mode", "max-buffer-size") or name.startswith("cache-")
        if allowed is not None and name not in allowed and not common:
            yield "log-opts", f"{name!r} is no option of the driver {driver}"


def _lists(get: Get, version: Version) -> Iterator[Problem]:
    if version < (25, 0, 0):
        for value in list_of(get, "dns"):
            if check_ip(trim_space(value), version):
                yield "dns", f"{value!r} is no IP address"
    checks: list[tuple[str, Callable[[str], str | None]]] = [
        ("dns-search", check_domain),
        ("labels", lambda value: check_label(value, version)),
        ("registry-mirrors", lambda value: check_mirror(value, version)),
        ("insecure-registries", _insecure),
        ("exec-opts", lambda value: _exec_option(value, version)),
    ]
    for name, check in checks:
        for value in list_of(get, name):
            problem = check(value)
            if problem is not None:
                yield name, problem
    yield from _resources(list_of(get, "node-generic-resources"))
    seen: dict[str, str] = {}
    for value in list_of(get, "labels"):
        key, _, text = value.partition("=")
        if seen.setdefault(key, text) != text:
            yield "labels", f"{key!r} has two values"
    if version >= (28, 0, 0):
        kinds = [":" in value for value in list_of(get, "host-gateway-ips")]
        if len(kinds) != len(set(kinds)):
            yield "host-gateway-ips", "only one address of each family is allowed"


def _resources(values: list[str]) -> Iterator[Problem]:
    """genericresource.Parse of swarmkit."""
    found: dict[str, list[str]] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name or not text:
            yield "node-generic-resources", f"{value!r} is no name=value"
        found.setdefault(name, []).append(text)
    for name, texts in found.items():
        numbers = [number for number in map(atoi, texts) if number is not None]
        if len(texts) > 1 and numbers:
            yield "node-generic-resources", f"{name!r} has both a number and names"
        if any(number < 0 for number in numbers):
            yield "node-generic-resources", f"{name!r} is negative"


def _insecure(value: str) -> str | None:
    """loadInsecureRegistries and validateHostPort of registry/config.go."""
    problem = check_index(value)
    if problem is not None:
        return problem
    bare = value
    for scheme in ("http://", "https://"):
        if value.lower().startswith(scheme):
            bare = value[len(scheme) :]
    address, slash, length = bare.partition("/")
    if slash and parse_ip(address) is not None and atoi(length) is not None:
        return None
    host, port = split_host_port(bare) or (bare, "")
    if not _DOMAIN.match(bare) and parse_ip(host) is None:
        return f"{value!r} is no host"
    number = atoi(port) if port else 0
    return None if number is not None and 0 <= number <= 65535 else f"{port!r} is no port"


def _exec_option(value: str, version: Version) -> str | None:
    name, equals, text = value.partition("=")
    name, text = name.strip().lower(), text.strip()
    if version >= (28, 0, 0) and not (equals and name and text):
        return f"{value!r} is no option=value"
    if name != "native.cgroupdriver":
        return f"{name!r} is no exec option" if version >= (28, 0, 0) else None
    if text not in ("", "cgroupfs", "systemd"):
        return f"{text!r} is no cgroup driver"
    return None


def _numbers(get: Get, version: Version) -> Iterator[Problem]:
    names = ["max-concurrent-downloads", "max-concurrent-uploads"]
    if version >= (23, 0, 0):
        names += ["mtu", "max-download-attempts"]
    if version >= (29, 7, 0):
        names.append("default-stop-timeout")
    for name in names:
        if int_of(get, name) < 0:
            yield name, "the number is negative"
    if (20, 10, 0) <= version < (23, 0, 0) and int_of(get, "max-download-attempts") <= 0:
        yield "max-download-attempts", "the number is not positive"
    port = int_of(get, "network-diagnostic-port")
    if version >= (28, 0, 0) and not 0 <= port <= 65535:
        yield "network-diagnostic-port", "the number is no port"


def _runtimes(get: Get, version: Version) -> Iterator[Problem]:
    runtimes = table_of(get, "runtimes")
    if "runc" in runtimes:
        yield "runtimes", "the name 'runc' is reserved"
    for name, value in runtimes.items():
        if version < (23, 0, 0) or not isinstance(value, dict):
            continue
        fields = {key.lower(): bool(each) for key, each in value.items()}
        if fields.get("path", False) == fields.get("runtimetype", False):
            yield "runtimes", f"{name!r} needs either a path or a runtimeType"
    default = text_of(get, "default-runtime")
    if not default or default in runtimes or default in _BUILTIN_RUNTIMES:
        return
    shim = default.startswith("/") or (default.count(".") > 0 and not default.startswith("."))
    if not (shim and version >= (23, 0, 0)):
        yield "default-runtime", f"there is no runtime {default!r}"


def _modes(get: Get, version: Version) -> Iterator[Problem]:
    if text_of(get, "default-ipc-mode") not in ("", "private", "shareable"):
        yield "default-ipc-mode", "it is neither private nor shareable"
    if text_of(get, "default-cgroupns-mode") not in ("", "private", "host"):
        yield "default-cgroupns-mode", "it is neither private nor host"
    driver = text_of(get, "storage-driver")
    snapshots = table_of(get, "features").get("containerd-snapshotter") is True
    if driver and driver not in _STORAGE_DRIVERS and not snapshots and version < (29, 0, 0):
        yield "storage-driver", f"there is no storage driver {driver!r}"
    if text_of(get, "containerd-namespace") and text_of(get, "containerd-namespace") == text_of(
        get, "containerd-plugins-namespace"
    ):
        yield "containerd-namespace", "it is the plugins' namespace too"


def _network(get: Get, version: Version) -> Iterator[Problem]:
    if text_of(get, "bridge") and text_of(get, "bip"):
        yield "bip", "bridge and bip exclude each other"
    if text_of(get, "bridge") and text_of(get, "bip6"):
        yield "bip6", "bridge and bip6 exclude each other"
    if not bool_of(get, "icc") and not bool_of(get, "iptables"):
        yield "icc", "icc=false needs iptables"
    old = (20, 10, 0) <= version < (27, 0, 0)
    if old and bool_of(get, "ip6tables") and not bool_of(get, "experimental"):
        yield "ip6tables", "it needs experimental"
    fixed = text_of(get, "fixed-cidr-v6")
    if version >= (25, 0, 0) and fixed:
        address, slash, length = fixed.partition("/")
        bits = atoi(length)
        if ":" not in address or not parse_ip(address) or not slash or bits is None or bits > 128:
            yield "fixed-cidr-v6", f"{fixed!r} is no IPv6 network"


def _removed(get: Get, version: Version) -> Iterator[Problem]:
    if (28, 0, 0) <= version < (29, 0, 0) and text_of(get, "api-cors-header"):
        yield "api-cors-header", "the option has been removed"
    if version >= (24, 0, 0):
        return
    advertise, store = text_of(get, "cluster-advertise"), text_of(get, "cluster-store")
    if store and version < (23, 0, 0):
        yield "cluster-store", f"the store {store!r} is not supported"
    if version >= (23, 0, 0) and (advertise or store or table_of(get, "cluster-store-opts")):
        yield "cluster-store", "external key-value stores have been removed"
    elif advertise and not store:
        yield "cluster-advertise", "it needs cluster-store"


def _environment(api: str, version: Version) -> Iterator[Problem]:
    if not api or version < (25, 0, 0):
        return
    most = _MAX_API.get(version[0], _MAX_API[29])
    numbers = [atoi(part) or 0 for part in api.split(".")]
    top = [int(part) for part in most.split(".")]
    if api[0] in "vV" or numbers < [1, 24] or numbers > top:
        yield "DOCKER_MIN_API_VERSION", f"{api!r} is no API version of this engine"


def _pools(get: Get) -> Iterator[Problem]:
    """splitNetworks of libnetwork/ipamutils."""
    for pool in _pool_tables(get):
        fields = {key.lower(): value for key, value in pool.items()}
        address, _, length = str(fields.get("base") or "").partition("/")
        ones, size = atoi(length), fields.get("size")
        size = atoi(size) if isinstance(size, str) else size
        most = 128 if ":" in address else 32
        if parse_ip(address) is None or ones is None or not 0 <= ones <= most:
            yield "default-address-pools", f"{fields.get('base')!r} is no network"
        elif not isinstance(size, int) or not max(ones, 1) <= size <= most:
            yield "default-address-pools", f"{size!r} is no size for subnets of {fields['base']}"


def _pool_tables(get: Get) -> Iterator[dict[str, Value]]:
    setting = get("default-address-pools")
    value = setting.value if setting is not None else None
    for each in value if isinstance(value, list) else []:
        if isinstance(each, dict):
            yield each
        elif isinstance(each, str):
            yield {key: text for key, _, text in (part.partition("=") for part in each.split(","))}


def _places(get: Get, version: Version, files: Files, *, closed: bool) -> Iterator[Problem]:
    for name in ("data-root", "exec-root"):
        path = text_of(get, name)
        if path and files.is_file(path):
            yield name, f"{path} is no directory"
    profile = text_of(get, "seccomp-profile")
    words = ("", "builtin", "unconfined") if version >= (23, 0, 0) else ("",)
    if closed and profile not in words and not files.exists(profile):
        yield "seccomp-profile", f"there is no {profile}"
    remap = text_of(get, "userns-remap").partition(":")[0]
    if closed and remap not in ("", "default", "root", "0") and not files.exists("/etc/subuid"):
        yield "userns-remap", f"there are no subordinate ids for {remap!r}"


def _userland_proxy(get: Get, version: Version, files: Files, *, closed: bool) -> Iterator[Problem]:
    path = text_of(get, "userland-proxy-path")
    if version < PROXY_CHECKED or not bool_of(get, "userland-proxy") or not path:
        return
    if not path.startswith("/"):
        yield "userland-proxy-path", "it is no absolute path"
    elif closed and path not in _PROXY_BINARIES and not files.is_executable(path):
        yield "userland-proxy-path", f"{path} can't be executed"
