"""The flags of dockerd, release by release, and the reading of its arguments as pflag reads them.

The table is cmd/dockerd/{config,config_unix,options,docker}.go (daemon/command since 29.0), read at
every release tag since 18.09; the parser is FlagSet.parseArgs of github.com/spf13/pflag.
"""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from dockeraudit.effective.gotext import parse_bool
from dockeraudit.effective.model import DoesNotStart, Origin, Value
from dockeraudit.effective.values import check_flag
from dockeraudit.effective.version import OLDEST, Version


class Flag(Struct, frozen=True):
    """One flag in one release."""

    name: str
    short: str
    kind: str
    key: str
    """Its name in daemon.json (NamedOption.Name for lists and maps)."""
    default: Value
    named: bool
    """Whether daemon.json knows it under `key` only as a NamedOption, not under its own name."""


class Parsed(Struct, frozen=True):
    """The flags of a command line that were given, each with the values in their order."""

    given: dict[str, list[str]]
    spelled: dict[str, str]
    """Flag name to its last spelling, `-H` or `--host`."""
    positional: tuple[str, ...]
    places: dict[str, list[str]]
    """Where each value was written; empty strings where that is not known."""

    def origin(self, name: str, at: int = -1) -> Origin:
        """Where a flag's value comes from: the last one's, or that of the value at a position."""
        place = self.places[name][at]
        flag = f"flag {self.spelled[name]}"
        return Origin(f"{flag} ({place})" if place else flag)

    def last(self, name: str) -> str | None:
        """The value that counts of a flag that takes one."""
        values = self.given.get(name)
        return values[-1] if values else None

    def bool(self, name: str) -> bool | None:
        """The value that counts of a boolean flag; None if it was not given."""
        value = self.last(name)
        return None if value is None else parse_bool(value)


# name[,short]  kind[:daemon.json name]  default  since  until (first release without it)
_TABLE = """
add-runtime                      runtime:runtimes                 -
allow-direct-routing             bool                             false        28.2.0
allow-nondistributable-artifacts index:allow-nondistributable-artifacts -  18.9.0 29.0.0
api-cors-header                  str                              -            18.9.0 29.0.0
authorization-plugin             list:authorization-plugins       -
bip                              str                              -
bip6                             str                              -            28.0.0
bridge,b                         str                              -
bridge-accept-fwmark             str                              -            29.0.0
cdi-spec-dir                     list:cdi-spec-dirs               -            25.0.0
cgroup-parent                    str                              -
cluster-advertise                str                              -            18.9.0 24.0.0
cluster-store                    str                              -            18.9.0 24.0.0
cluster-store-opt                map:cluster-store-opts           -            18.9.0 24.0.0
config-file                      str                              -
containerd                       str                              -
containerd-namespace             str                              moby         19.3.3
containerd-plugins-namespace     str                              plugins.moby 19.3.3
cpu-rt-period                    int                              0
cpu-rt-runtime                   int                              0
cri-containerd                   bool                             false
data-root                        str                              /var/lib/docker
debug,D                          bool                             false
default-address-pool             pool:default-address-pools       -
default-cgroupns-mode            str                              -            20.10.0
default-gateway                  ip                               -
default-gateway-v6               ip                               -
default-ipc-mode                 str                              private
default-network-opt              mapmap:default-network-opts      -            24.0.0
default-runtime                  str                              runc
default-shm-size                 size                             67108864
default-stop-timeout             int                              10           29.7.0
default-ulimit                   ulimit:default-ulimits           -
deprecated-key-path              quoted                           -            18.9.0 19.3.0
disable-legacy-registry          bool                             true         18.9.0 19.3.0
dns                              ips                              -
dns-opt                          list:dns-opts                    -
dns-search                       domains                          -
exec-opt                         list:exec-opts                   -
exec-root                        str                              /var/run/docker
experimental                     bool                             false
feature                          features:features                -            27.3.0
firewall-backend                 str                              -            29.0.0
fixed-cidr                       str                              -
fixed-cidr-v6                    str                              -
graph,g                          str                              -            18.9.0 24.0.0
group,G                          str                              docker
help,h                           bool                             false
host,H                           hosts:hosts                      -
host-gateway-ip                  ip                               -            20.10.0 28.0.0
host-gateway-ip                  addr:host-gateway-ips            -            28.0.0
http-proxy                       str                              -            23.0.0
https-proxy                      str                              -            23.0.0
icc                              bool                             true
init                             bool                             false
init-path                        str                              -
insecure-registry                index:insecure-registries        -
ip                               ip                               0.0.0.0
ip-forward                       bool                             true
ip-forward-no-drop               bool                             false        28.0.0
ip-masq                          bool                             true
ip6tables                        bool                             false        20.10.0 27.0.0
ip6tables                        bool                             true         27.0.0
iptables                         bool                             true
ipv6                             bool                             false
label                            label:labels                     -
live-restore                     bool                             false
log-driver                       str                              json-file
log-format                       str                              text         25.0.0
log-level,l                      str                              info
log-opt                          map:log-opts                     -
max-concurrent-downloads         int                              3
max-concurrent-uploads           int                              5
max-download-attempts            int                              5            20.10.0
metrics-addr                     str                              -
mtu                              int                              0            18.9.0 24.0.0
mtu                              int                              1500         24.0.0
network-control-plane-mtu        int                              1500
network-diagnostic-port          int                              0
no-new-privileges                bool                             false
no-proxy                         str                              -            23.0.0
node-generic-resource            resource:node-generic-resources  -
nri-opts                         nri:nri-opts                     -            29.2.0
oom-score-adjust                 int                              0            18.9.0 26.0.0
pidfile,p                        str                              /var/run/docker.pid
raw-logs                         bool                             false
registry-mirror                  mirror:registry-mirrors          -
restart,r                        bool                             true
rootless                         bool                             false        19.3.0
seccomp-profile                  str                              -
selinux-enabled                  bool                             false
shutdown-timeout                 int                              15
storage-driver,s                 str                              -
storage-opt                      list:storage-opts                -
swarm-default-advertise-addr     str                              -
tls                              bool                             false
tlscacert                        quoted                           -
tlscert                          quoted                           -
tlskey                           quoted                           -
tlsverify                        bool                             false
userland-proxy                   bool                             true
userland-proxy-path              str                              -
userns-remap                     str                              -
validate                         bool                             false        23.0.0
version,v                        bool                             false
"""

_LISTS = frozenset({"list", "index", "hosts", "ips", "addr", "domains", "label", "mirror"})
_LISTS |= {"resource", "pool"}
_MAPS = frozenset({"map", "mapmap", "runtime", "ulimit", "features", "nri"})


def _number(text: str) -> Version:
    major, minor, patch = text.split(".")
    return int(major), int(minor), int(patch)


def _default(kind: str, text: str) -> Value:
    if kind == "bool":
        return text == "true"
    if kind in ("int", "size"):
        return int(text)
    if kind in _LISTS:
        return []
    if kind in _MAPS:
        return {}
    return "" if text == "-" else text


class FlagSet(Struct, frozen=True):
    """The flags of one release."""

    names: dict[str, Flag]
    shorts: dict[str, Flag]
    named: frozenset[str]
    """The names that daemon.json has for lists and maps."""
    version: Version


def _kind(kind: str, version: Version) -> str:
    if kind == "quoted":
        return "quoted" if version < (23, 0, 0) else "str"
    if kind == "ips":
        if version < (25, 0, 0):
            return "ips"
        return "ipcsv" if version < (29, 0, 0) else "addr"
    if kind == "ip" and version >= (23, 0, 0):
        return "ip23"
    return kind


@cache
def flag_set(version: Version) -> FlagSet:
    """The flags of a release; of one older than the table the table's oldest."""
    version = max(version, OLDEST)
    names: dict[str, Flag] = {}
    shorts: dict[str, Flag] = {}
    for line in _TABLE.strip().splitlines():
        title, kind, default, *span = line.split()
        if span and version < _number(span[0]):
            continue
        if len(span) > 1 and version >= _number(span[1]):
            continue
        name, _, short = title.partition(",")
        kind, _, key = kind.partition(":")
        if name == "dns" and version >= (29, 0, 0):
            key = "dns"
        flag = Flag(
            name, short, _kind(kind, version), key or name, _default(kind, default), bool(key)
        )
        names[name] = flag
        if short:
            shorts[short] = flag
    named = frozenset(flag.key for flag in names.values() if flag.named)
    return FlagSet(names, shorts, named, version)


class FlagError(DoesNotStart):
    """The arguments can't be read, or a flag's value is not accepted."""


def parse(flags: FlagSet, argv: tuple[str, ...], origins: tuple[str, ...] = ()) -> Parsed:
    """The flags given in the arguments (pflag's FlagSet.parseArgs).

    >>> parse(flag_set((28, 5, 2)), ("-DH", "fd://")).given
    {'debug': ['true'], 'host': ['fd://']}
    """
    given: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    positional: list[str] = []
    places: dict[str, list[str]] = {}
    todo = list(reversed(argv))

    def put(flag: Flag, spelling: str, value: str) -> None:
        problem = check_flag(flag.kind, value, given.get(flag.name, ()), flags.version)
        if problem is not None:
            raise FlagError(f"flag {spelling}: {problem}")
        given.setdefault(flag.name, []).append(value)
        at = len(argv) - len(todo) - 1
        places.setdefault(flag.name, []).append(origins[at] if at < len(origins) else "")
        spelled[flag.name] = spelling

    while todo:
        arg = todo.pop()
        if len(arg) < 2 or arg[0] != "-":
            positional.append(arg)
        elif arg == "--":
            positional.extend(reversed(todo))
            break
        elif arg[1] == "-":
            put(*_long(flags, arg, todo))
        else:
            rest = arg[1:]
            while rest and not rest.startswith("test."):
                flag, spelling, value, rest = _short(flags, rest, todo)
                put(flag, spelling, value)
    return Parsed(given, spelled, tuple(positional), places)


def _long(flags: FlagSet, arg: str, todo: list[str]) -> tuple[Flag, str, str]:
    """FlagSet.parseLongArg."""
    name, equals, value = arg[2:].partition("=")
    if not name or name[0] == "-":
        raise FlagError(f"argument {arg!r}: bad flag syntax")
    flag = flags.names.get(name)
    if flag is None:
        raise FlagError(f"flag --{name}: unknown flag")
    if equals:
        return flag, f"--{name}", value
    if flag.kind == "bool":
        return flag, f"--{name}", "true"
    if not todo:
        raise FlagError(f"flag --{name}: needs an argument")
    return flag, f"--{name}", todo.pop()


def _short(flags: FlagSet, letters: str, todo: list[str]) -> tuple[Flag, str, str, str]:
    """FlagSet.parseSingleShortArg: flag, its spelling, its value, the letters still to read."""
    flag = flags.shorts.get(letters[0])
    spelling = f"-{letters[0]}"
    if flag is None:
        raise FlagError(f"flag {spelling}: unknown shorthand flag in -{letters}")
    if len(letters) > 2 and letters[1] == "=":
        return flag, spelling, letters[2:], ""
    if flag.kind == "bool":
        return flag, spelling, "true", letters[1:]
    if len(letters) > 1:
        return flag, spelling, letters[1:], ""
    if not todo:
        raise FlagError(f"flag {spelling}: needs an argument")
    return flag, spelling, todo.pop(), ""
