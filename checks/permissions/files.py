"""Who owns, and who may write or read, the files that decide over an engine: a table of rules.

A rule with a CIS pair is two checks: `-owner` judges owners, groups and the owners of folders on
the way, `-mode` judges rights, ACLs and folders that others may write in. A rule without one is a
single check of both.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from dockeraudit.check import (
    STRICT,
    Check,
    Finding,
    NotApplicable,
    Outcomes,
    Reference,
    Severity,
    check,
    no_engine,
)
from dockeraudit.facts import Absent, FileFacts, Unread
from dockeraudit.frameworks import cis
from dockeraudit.host import Host
from dockeraudit.host.access import (
    Fault,
    Limit,
    Route,
    alone,
    mode_faults,
    owner_faults,
    unread_acls,
)
from dockeraudit.settings import Settings

from . import _targets
from ._targets import Target, Targets

_C, _H, _M, _L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
_COMMON = (Reference("nist-800-53", "AC-6"), Reference("nist-800-190", "3.5.5"))

Faults = Callable[[Target, Route, Host], Iterator[Fault]]
Grade = Callable[[Fault, Limit, Severity], Severity]


def _plain(fault: Fault, limit: Limit, severity: Severity) -> Severity:
    """Low where nobody gains: the owner's own bits, a group without rights, execution of data."""
    if fault.kind == "group":
        return severity if fault.bits else _L
    runs = limit.kind == "directory" or limit.mode & 0o111
    if fault.kind == "mode" and not fault.bits & (0o7077 if runs else 0o7066):
        return _L
    return severity


def _tls_key(fault: Fault, limit: Limit, severity: Severity) -> Severity:
    """Critical where others may read or write the key; 0600 only misses what CIS wants."""
    if fault.kind != "mode":
        return _plain(fault, limit, severity)
    if fault.bits & 0o006:
        return _C
    return severity if fault.bits & 0o7060 else _M


def _socket(fault: Fault, limit: Limit, severity: Severity) -> Severity:
    """Who may write to a socket may connect; other rights to it mean nothing."""
    if fault.kind in ("mode", "acl", "group"):
        return severity if fault.bits & 0o022 else _L
    return severity


def _socket_or_file(fault: Fault, limit: Limit, severity: Severity) -> Severity:
    return (_socket if limit.kind == "socket" else _plain)(fault, limit, severity)


def _config(fault: Fault, limit: Limit, severity: Severity) -> Severity:
    """Medium where a file that holds a password may be read, but not written."""
    if fault.kind == "mode" and fault.bits & 0o044 and not fault.bits & 0o7022:
        return _M
    return _plain(fault, limit, severity)


class Rule(Struct, frozen=True):
    """A row of the table."""

    name: str
    what: str
    """The thing, as it reads in «… belongs to someone else»."""
    severity: Severity
    targets: Callable[[Host], Targets]
    why: str
    fix: str
    """The command, after owner and mode have been said."""
    mode: str
    """The most it may allow, as chmod takes it."""
    owner: str = "root:root"
    items: tuple[str, str] | None = None
    """CIS items of -owner and -mode."""
    level: int = 1
    grade: Grade = _plain
    quiet: str = ""
    unused: Severity | None = None
    """The severity where no part of the host uses the file."""
    strict: bool = False
    """Whether it is for the strict profile only."""


_ENGINE_ROOT = "Whoever changes it decides what runs as root on this host."

RULES = (
    Rule(
        name="service-unit",
        what="A file that starts the engine",
        severity=_H,
        targets=_targets.service_units,
        why=f"systemd runs what the unit and its drop-ins say, as root. {_ENGINE_ROOT}",
        fix="Find them with: systemctl show -p FragmentPath -p DropInPaths docker.service "
        "(sysvinit and OpenRC: /etc/init.d/docker, which is 0755)",
        mode="0644",
        items=("3.1", "3.2"),
        quiet="A unit that is masked by a link to /dev/null says nothing and is passed over.",
    ),
    Rule(
        name="socket-unit",
        what="A unit file of the engine's socket or of containerd",
        severity=_H,
        targets=_targets.socket_units,
        why=f"It decides who may connect to the engine, or what is run for it. {_ENGINE_ROOT}",
        fix="Find them with: systemctl show -p FragmentPath -p DropInPaths docker.socket "
        "containerd.service",
        mode="0644",
        items=("3.3", "3.4"),
    ),
    Rule(
        name="etc-docker",
        what="The folder of the engine's configuration",
        severity=_H,
        targets=_targets.etc_docker,
        why="Who may write in it may put another daemon.json or another CA in place.",
        fix="The path is /etc/docker, for a rootless engine ~/.config/docker of its account",
        mode="0755",
        items=("3.5", "3.6"),
    ),
    Rule(
        name="registry-certs",
        what="A certificate or key for a registry",
        severity=_M,
        targets=_targets.registry_certs,
        why="Another CA here makes the engine trust another registry; the keys here are "
        "credentials for pushing and pulling.",
        fix="For keys (*.key): chmod 0400; for folders: chmod 0755",
        mode="0444",
        items=("3.7", "3.8"),
        quiet="The owner's right to write is low: root may write anyway.",
    ),
    Rule(
        name="tls-ca",
        what="The CA certificate that clients are checked against",
        severity=_H,
        targets=_targets.tls_file("tlscacert", 0o444),
        why="Whoever puts another CA here lets their own clients in, and these are root.",
        fix="The path is tlscacert of daemon.json or of dockerd's arguments",
        mode="0444",
        items=("3.9", "3.10"),
        quiet="The owner's right to write is low: root may write anyway. TLS off: not applicable.",
    ),
    Rule(
        name="tls-cert",
        what="The daemon's certificate",
        severity=_H,
        targets=_targets.tls_file("tlscert", 0o444),
        why="Whoever replaces it stops the engine's next start, or with the key makes clients "
        "speak to another.",
        fix="The path is tlscert of daemon.json or of dockerd's arguments",
        mode="0444",
        items=("3.11", "3.12"),
        quiet="The owner's right to write is low: root may write anyway. TLS off: not applicable.",
    ),
    Rule(
        name="tls-key",
        what="The daemon's private key",
        severity=_H,
        targets=_targets.tls_file("tlskey", 0o400),
        why="Who reads the key can pose as this engine to its clients, and take what they send; "
        "with a certificate that is also good for clients, command others.",
        fix="The path is tlskey of daemon.json or of dockerd's arguments. If others could read "
        "it, issue a new one",
        mode="0400",
        items=("3.13", "3.14"),
        grade=_tls_key,
        quiet="0600 is as safe as 0400 against others, but CIS wants 0400: reported as medium.",
    ),
    Rule(
        name="docker-socket",
        what="The engine's socket",
        severity=_C,
        targets=_targets.sockets,
        why="Who may write to the socket commands the engine, and so is root on this host.",
        fix="Lasting, for systemd: SocketMode=0660, SocketUser=root and SocketGroup=docker in "
        "docker.socket, then systemctl restart docker.socket",
        mode="0660",
        owner="root:docker",
        items=("3.15", "3.16"),
        grade=_socket,
        quiet="The group may be root's, the engine's `group` option or SocketGroup= of its socket "
        "unit; who is in it is for permissions-docker-group.",
    ),
    Rule(
        name="daemon-json",
        what="The engine's configuration file",
        severity=_H,
        targets=_targets.daemon_json,
        why=f"It can open the API to the network and name programs to run. {_ENGINE_ROOT}",
        fix="The path is that of --config-file, else /etc/docker/daemon.json",
        mode="0644",
        items=("3.17", "3.18"),
        level=2,
        grade=_config,
        quiet="A file with a proxy's password in it may not be read by others (0600).",
    ),
    Rule(
        name="default-docker",
        what="/etc/default/docker",
        severity=_H,
        targets=_targets.default_docker,
        why="Debian's unit and init script add DOCKER_OPTS of this file to dockerd's arguments.",
        fix="Docker's own packages don't read it",
        mode="0644",
        items=("3.19", "3.20"),
        level=2,
        unused=_M,
    ),
    Rule(
        name="sysconfig-docker",
        what="A file of environment variables for the engine",
        severity=_H,
        targets=_targets.sysconfig_docker,
        why="Units of the RHEL family add OPTIONS of /etc/sysconfig/docker to dockerd's "
        "arguments, and any unit its EnvironmentFile=.",
        fix="Find them with: systemctl show -p EnvironmentFiles docker.service",
        mode="0644",
        items=("3.22", "3.21"),
        level=2,
        unused=_M,
    ),
    Rule(
        name="containerd-socket",
        what="containerd's socket",
        severity=_C,
        targets=_targets.containerd_sockets,
        why="Who may write to it can start a privileged container: it is root's door like the "
        "engine's own socket.",
        fix="Lasting: uid, gid in the [grpc] section of /etc/containerd/config.toml",
        mode="0660",
        items=("3.23", "3.24"),
        grade=_socket,
    ),
    Rule(
        name="containerd-config",
        what="containerd's configuration",
        severity=_H,
        targets=_targets.containerd_config,
        why=f"It names plugins and runtimes, and can open TCP sockets. {_ENGINE_ROOT}",
        fix="For the folder /etc/containerd: chmod 0755",
        mode="0644",
    ),
    Rule(
        name="data-root",
        what="A folder with the engine's state",
        severity=_H,
        targets=_targets.data_roots,
        why="Below it lie the files of all containers, set-user-id programs among them, and "
        "their secrets.",
        fix="The engine itself sets 0710 on its data-root when it starts, 0711 before 20.10.9",
        mode="0711",
        quiet="With userns-remap the group may be any, since it is the remapped root's.",
    ),
    Rule(
        name="swarm-state",
        what="The swarm's state",
        severity=_C,
        targets=_targets.swarm_state,
        why="It holds the node's key, and on a manager the key of the swarm's CA and all secrets.",
        fix="For keys (*.key): chmod 0600",
        mode="0700",
    ),
    Rule(
        name="binaries",
        what="A program that the engine runs",
        severity=_C,
        targets=_targets.binaries,
        why="These programs run as root; who may write to one is root at its next start.",
        fix="Find the packages with: dpkg -S PATH (Debian), rpm -qf PATH (RHEL); reinstall them "
        "if a program was open to others",
        mode="0755",
        quiet="Programs in other folders than the system's are seen only where an option or a "
        "running process names them. A group in which nobody is may write in a folder.",
    ),
    Rule(
        name="client-dir",
        what="A file of a docker client",
        severity=_M,
        targets=_targets.client_files,
        why="config.json holds passwords of registries, key.pem is root on the engines that it "
        "opens.",
        fix="For files in it (config.json, key.pem): chmod 0600",
        mode="0700",
        owner="USER",
        quiet="Homes that can't be read are unknown; certificates in ~/.docker may be read.",
    ),
    Rule(
        name="ca-key",
        what="A CA's private key on this host",
        severity=_C,
        targets=_targets.ca_keys,
        why="Who reads it issues client certificates, and so is root on every engine that trusts "
        "the CA.",
        fix="Better: keep it off this host altogether (certificate-ca-key-on-host)",
        mode="0400",
        quiet="Keys are known by their public half, in the places that are searched.",
    ),
    Rule(
        name="authz-plugin-socket",
        what="The socket or the description of an engine's plug-in",
        severity=_H,
        targets=_targets.engine_plugins,
        why="The engine asks whatever answers there: who may replace or answer for an "
        "authorization plug-in decides what every user of the API may do.",
        fix="For files (*.spec, *.json): chmod 0644; for sockets: chmod 0660. The folders are "
        "/run/docker/plugins, /etc/docker/plugins and /usr/lib/docker/plugins",
        mode="0755",
        grade=_socket_or_file,
        quiet="Read and execute rights to a socket mean nothing, and are left alone.",
        strict=True,
    ),
)


def _owner(target: Target, way: Route, host: Host) -> Iterator[Fault]:
    return owner_faults(way, target.limit)


def _mode(target: Target, way: Route, host: Host) -> Iterator[Fault]:
    return mode_faults(way, target.limit, lambda gid: alone(host.facts, gid, target.limit.owners))


def _both(target: Target, way: Route, host: Host) -> Iterator[Fault]:
    yield from _owner(target, way, host)
    yield from _mode(target, way, host)


def _judge(rule: Rule, host: Host, faults: Faults) -> Outcomes:
    """Every path of a rule once; a fault of a folder once, whatever number of paths it leads to."""
    judged: set[str] = set()
    said: set[str] = set()
    for target, way in _ways(rule, host):
        if not isinstance(target, Target):
            judged.add("")
            yield target
            continue
        if way.real in judged or isinstance(way.seen, Absent):
            continue
        judged.add(way.real)
        if not isinstance(way.seen, FileFacts):
            yield way.seen
            continue
        yield from way.unread
        if faults is not _owner:
            yield from unread_acls(way, target.limit)
        for finding in _findings(rule, target, faults(target, way, host)):
            if finding.resource not in said:
                said.add(finding.resource)
                yield finding
    if not judged:
        nothing = NotApplicable("no such file is there")
        yield nothing if host.engines else no_engine(host)


_NOWHERE = Route("", "", Absent(), {}, {}, ())


def _ways(rule: Rule, host: Host) -> list[tuple[Target | Unread, Route]]:
    """A rule's paths with the ways to them, found once for the two checks of a pair."""
    return host.once(rule.name, lambda: [(each, _way(each, host)) for each in rule.targets(host)])


def _way(target: Target | Unread, host: Host) -> Route:
    return _NOWHERE if isinstance(target, Unread) else host.route(target.path)


def _findings(rule: Rule, target: Target, faults: Iterator[Fault]) -> Iterator[Finding]:
    """One finding for each path at fault, as bad as the worst of its faults."""
    severity = rule.severity if target.in_use or rule.unused is None else rule.unused
    by_path: dict[str, list[Fault]] = {}
    for fault in faults:
        by_path.setdefault(fault.path, []).append(fault)
    for path, found in by_path.items():
        grades = [rule.grade(fault, target.limit, severity) for fault in found]
        yield Finding(
            resource=path,
            message="; ".join(dict.fromkeys(fault.what for fault in found)),
            evidence=(found[0].evidence, *((target.because,) if target.because else ())),
            severity=min(grades, key=lambda grade: grade.rank),
        )


def _checks(rule: Rule) -> Iterator[Check[Host]]:
    chown, chmod = f"chown {rule.owner} PATH", f"chmod {rule.mode} PATH"
    if rule.items is None:
        title = f"{rule.what} is open to others or belongs to someone else"
        yield _check(rule, "", title=title, faults=_both, command=f"{chown}; {chmod}")
        return
    owner, mode = rule.items
    title = f"{rule.what} belongs to someone else"
    yield _check(rule, "-owner", title=title, faults=_owner, command=chown, items=cis(owner))
    title = f"{rule.what} allows more than {rule.mode}"
    yield _check(rule, "-mode", title=title, faults=_mode, command=chmod, items=cis(mode))


def _check(
    rule: Rule,
    suffix: str,
    *,
    title: str,
    faults: Faults,
    command: str,
    items: tuple[Reference, ...] = (),
) -> Check[Host]:
    levels = ("cis-level1", "cis-level2")[rule.level - 1 :] if items else ()

    def function(host: Host, settings: Settings) -> Outcomes:
        return _judge(rule, host, faults)

    return check(
        id=f"permissions-{rule.name}{suffix}",
        title=title,
        severity=rule.severity,
        over=Host,
        rationale=rule.why,
        remediation=f"On Debian- and RHEL-like hosts alike: {command}. {rule.fix}.",
        quiet=f"A path that isn't there is not judged. {rule.quiet}".strip(),
        references=items + _COMMON,
        profiles=STRICT if rule.strict else ("daemon", *levels, "strict"),
    )(function)


CHECKS = tuple(check for rule in RULES for check in _checks(rule))
