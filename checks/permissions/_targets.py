"""Which paths each permission rule looks at on a host, and how much each may allow."""

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from msgspec import Struct

from dockeraudit.facts import Absent, Evidence, FileFacts, Unit, Unread
from dockeraudit.host import Engine, Host, startup, unitfile
from dockeraudit.host.access import ROOT, Limit

CREDENTIALS = re.compile(rb":(?:\\?/){2}\*\*\*@")
"""A URL with a user name and password, as the collector masks it."""

_PROGRAMS = re.compile(
    r"docker(d|-init|-proxy|d-rootless\.sh)?|rootlesskit|containerd(-shim(-runc-v[12])?)?|ctr|runc|crun"
)
_PROGRAM_FOLDERS = re.compile(r"/(usr/)?(local/)?(s?bin|libexec|lib)(/docker)?|/snap/docker/.*")
_CLI_PLUGINS = re.compile(r"/usr/(local/)?lib(exec|64)?/docker/cli-plugins/[^/]+")
_AUTHORITIES = ("daemon-ca", "client-ca", "swarm-ca")
_KEY_FILES = re.compile(r".*/\.docker/(contexts/tls/[^/]+/docker/)?key\.pem")


class Target(Struct, frozen=True):
    """A path that some part of the host uses, and the most it may allow."""

    path: str
    limit: Limit
    because: Evidence | None = None
    """What names the path, where it isn't a fixed one."""
    in_use: bool = True


Targets = Iterator[Target | Unread]


def _owners(host: Host, engine: Engine) -> tuple[frozenset[int], frozenset[int]]:
    """Who may own an engine's files: root, and of a rootless engine its account."""
    if not engine.rootless:
        return ROOT, ROOT
    uid, gid = _ids(host, engine)
    return ROOT | {uid}, ROOT | {gid}


def _ids(host: Host, engine: Engine) -> tuple[int, int]:
    for account in host.facts.accounts:
        if account.name == engine.user:
            return account.uid, account.gid
    uid = engine.process.uid if engine.process is not None and engine.process.uid else 0
    return uid, uid


def limit(host: Host, engine: Engine, mode: int, kind: str = "file") -> Limit:
    """A limit for something of an engine's own."""
    owners, groups = _owners(host, engine)
    return Limit(mode, owners, groups, kind)  # type: ignore[arg-type]


def option(engine: Engine, name: str) -> tuple[str, Evidence] | Unread | None:
    """An effective option that holds text, and where it was set; None: it is empty or unset."""
    outcome = engine.effective
    if isinstance(outcome, Unread):
        return outcome
    setting = outcome.setting(name)
    if setting is None:
        return Unread(outcome.undecided) if outcome.undecided else None
    if not isinstance(setting.value, str) or not setting.value:
        return None
    return setting.value, Evidence(str(setting.origin), f"{name} is {setting.value}")


def unseen(host: Host) -> Iterator[Unread]:
    """Why engines may run that name further paths; nothing where all were seen."""
    if host.unseen is not None:
        yield host.unseen


def started(host: Host) -> Iterator[Engine]:
    """The engines that run or that something would start."""
    return (
        engine
        for engine in host.engines
        if engine.process is not None or engine.configured is not None
    )


def tls_file(name: str, mode: int) -> Callable[[Host], Targets]:
    """A rule's paths: what an engine that speaks TLS has as tlscacert, tlscert or tlskey."""

    def targets(host: Host) -> Targets:
        yield from unseen(host)
        for engine in started(host):
            outcome = engine.effective
            if isinstance(outcome, Unread):
                yield outcome
                continue
            tls = outcome.tls
            if tls is None:
                if outcome.undecided:
                    yield Unread(outcome.undecided)
                continue
            setting = {"tlscacert": tls.ca, "tlscert": tls.cert, "tlskey": tls.key}[name]
            read = tls.verify.value if name == "tlscacert" else tls.enabled.value
            if read and isinstance(setting.value, str) and setting.value:
                why = Evidence(str(setting.origin), f"{name} is {setting.value}")
                path = engine.absolute(setting.value)
                yield Target(path, limit(host, engine, mode), why)

    return targets


def sockets(host: Host) -> Targets:
    """The unix sockets that engines answer on, and those that systemd holds for them."""
    return iter(host.once("targets that are sockets", lambda: tuple(_sockets(host))))


def _sockets(host: Host) -> Targets:
    yield from unseen(host)
    for engine in started(host):
        if isinstance(engine.exposed, Unread):
            yield engine.exposed
        paths = {
            engine.absolute(each.address): each.evidence[:1]
            for each in engine.exposures
            if each.transport == "unix" and not each.address.startswith("@")
        }
        if isinstance(engine.start, startup.Start):
            for held in engine.start.sockets:
                if held.value.startswith("/"):
                    path = startup.plain_path(held.value)
                    paths.setdefault(path, (Evidence(held.origin, held.value),))
        allowed = socket_groups(host, engine)
        owners, groups = _owners(host, engine)
        # dockerd marks a rootless socket sticky, lest XDG_RUNTIME_DIR be tidied of it.
        mode = 0o1660 if engine.rootless else 0o660
        for path, why in paths.items():
            theirs = groups | allowed | _own_subordinate(host, engine, path)
            bounds = Limit(mode, owners, theirs, "socket")
            group = option(engine, "group")
            if isinstance(group, Unread) and _other_group(host, path, bounds):
                yield Unread(f"which group may own {path}: {group.reason}")
                continue
            yield Target(path, bounds, why[0] if why else None)


def _own_subordinate(host: Host, engine: Engine, path: str) -> frozenset[int]:
    """The group of a rootless engine's socket, if it is one of its user's own (subgid(5))."""
    seen = host.route(path).seen
    text = host.text("/etc/subgid")
    if not engine.rootless or not isinstance(seen, FileFacts) or isinstance(text, Unread):
        return frozenset()
    for line in text.decode("utf-8", "replace").splitlines():
        name, _, rest = line.partition(":")
        first, _, count = rest.partition(":")
        known = name == engine.user and first.isdecimal() and count.strip().isdecimal()
        if known and int(first) <= seen.gid < int(first) + int(count):
            return frozenset({seen.gid})
    return frozenset()


def _other_group(host: Host, path: str, bounds: Limit) -> bool:
    seen = host.route(path).seen
    return isinstance(seen, FileFacts) and seen.gid not in (bounds.groups or ())


def socket_groups(host: Host, engine: Engine) -> frozenset[int]:
    """The groups that an engine is told to give its sockets to, root's not counted."""
    return host.once(("socket groups", engine.name), lambda: _socket_groups(host, engine))


def _socket_groups(host: Host, engine: Engine) -> frozenset[int]:
    outcome = engine.effective
    setting = None if isinstance(outcome, Unread) else outcome.setting("group")
    names = {str(setting.value) if setting is not None else "docker"}
    if isinstance(engine.start, startup.Start) and engine.start.socket_group:
        names.add(engine.start.socket_group)
    found = {group.gid for group in host.facts.groups if group.name in names}
    return frozenset(found | {int(name) for name in names if name.isdecimal()}) - ROOT


def config_file(engine: Engine) -> tuple[str, Evidence | None] | Unread | None:
    """The daemon's configuration file; None: it was told to read none."""
    found = option(engine, "config-file")
    if isinstance(found, tuple):
        return found
    outcome = engine.effective
    if isinstance(outcome, Unread):
        return outcome
    if outcome.setting("config-file") is not None:
        return None
    looked_at = next((path for path in outcome.consulted if path.endswith(".json")), "")
    return looked_at or "/etc/docker/daemon.json", None


def daemon_json(host: Host) -> Targets:
    """Configuration files; one with a proxy's password in it may not be read by others."""
    yield from unseen(host)
    for engine in started(host):
        found = config_file(engine)
        if isinstance(found, Unread):
            yield found
        elif found is not None:
            path, why = engine.absolute(found[0]), found[1]
            content = host.facts.texts.get(path)
            secret = isinstance(content, bytes) and CREDENTIALS.search(content)
            yield Target(path, limit(host, engine, 0o600 if secret else 0o644), why)


def etc_docker(host: Host) -> Targets:
    """The folder of configuration files."""
    for engine in started(host):
        path = "/etc/docker"
        if engine.rootless:
            found = config_file(engine)
            if isinstance(found, tuple):
                path = posixpath.dirname(found[0])
            else:
                path = f"{engine.home}/.config/docker"
        yield Target(path, limit(host, engine, 0o755, "directory"))


def registry_certs(host: Host) -> Targets:
    """Everything below certs.d: folders, certificates, and the keys to registries."""
    for engine in started(host):
        base = f"{engine.home}/.config/docker" if engine.rootless else "/etc/docker"
        top = f"{base}/certs.d"
        yield Target(top, limit(host, engine, 0o755, "directory"))
        if not isinstance(host.file(top), Absent | Unread) and top not in host.facts.listings:
            yield Unread(f"what lies in {top} was not listed")
        for path in _below(host, top):
            if isinstance(path, Unread):
                yield path
                continue
            folder = _kind(host, path) == "directory"
            mode = 0o755 if folder else 0o600 if path.endswith(".key") else 0o444
            yield Target(path, limit(host, engine, mode, "directory" if folder else "file"))


def _below(host: Host, folder: str) -> Iterator[str | Unread]:
    found: dict[str, None] = {}
    below = f"{folder}/"
    for top, names in host.facts.listings.items():
        if top == folder or top.startswith(below):
            if isinstance(names, Unread):
                yield Unread(f"{top}: {names.reason}")
                continue
            found |= dict.fromkeys(posixpath.join(top, name) for name in names)
    found |= dict.fromkeys(path for path in host.facts.files if path.startswith(below))
    yield from found


def _kind(host: Host, path: str) -> str:
    seen = host.resolved(path)[1]
    return seen.kind if isinstance(seen, FileFacts) else ""


def _unit_files(host: Host, unit: Unit, engine: Engine | None) -> Targets:
    """A unit's files and drop-in folders; one linked to /dev/null is masked and says nothing."""
    owners, groups = (ROOT, ROOT) if engine is None else _owners(host, engine)
    folders: dict[str, None] = {}
    for path in unit.sources:
        if host.resolved(path)[0] == "/dev/null":
            continue
        why = Evidence(unit.name, f"is made of {path}")
        yield Target(path, Limit(0o644, owners, groups), why)
        folder = posixpath.dirname(path)
        if folder.endswith(".d"):
            folders[folder] = None
    for folder in folders:
        yield Target(folder, Limit(0o755, owners, groups, "directory"))


def service_units(host: Host) -> Targets:
    """What starts the engine: units with drop-ins, and other inits' scripts."""
    for engine in host.engines:
        if engine.unit is not None:
            yield from _unit_files(host, engine.unit, engine)
    for path in host.facts.boot.scripts:
        yield Target(path, Limit(0o755))
    if isinstance(host.facts.files.get("/etc/conf.d/docker"), FileFacts):
        yield Target("/etc/conf.d/docker", Limit(0o644))


def socket_units(host: Host) -> Targets:
    """The units of the socket and of containerd."""
    for engine in host.engines:
        if engine.socket_unit is not None:
            yield from _unit_files(host, engine.socket_unit, engine)
    for unit in host.facts.units:
        if unit.name == "containerd.service" and not unit.user:
            yield from _unit_files(host, unit, None)


def environment_files(host: Host) -> Iterator[tuple[str, Evidence] | Unread]:
    """The EnvironmentFile= paths of engines' units, and what sysv scripts source."""
    return iter(host.once("environment files", lambda: tuple(_environment_files(host))))


def _environment_files(host: Host) -> Iterator[tuple[str, Evidence] | Unread]:
    for engine in host.engines:
        if engine.unit is None:
            continue
        lines = startup.unit_lines(host.facts, engine.unit)
        if isinstance(lines, Unread):
            yield lines
            continue
        for line in unitfile.values(lines, "Service", "EnvironmentFile"):
            yield line.value.lstrip("-"), Evidence(line.origin, f"EnvironmentFile={line.value}")
    if "/etc/init.d/docker" in host.facts.boot.scripts and host.facts.boot.init == "sysvinit":
        yield "/etc/default/docker", Evidence("/etc/init.d/docker", "sources /etc/default/docker")


def default_docker(host: Host) -> Targets:
    """/etc/default/docker, which Debian's unit expands and Docker's own does not."""
    yield from _environment(host, ("/etc/default/docker",), others=False)


def sysconfig_docker(host: Host) -> Targets:
    """/etc/sysconfig/docker and its siblings, and every other EnvironmentFile."""
    siblings = ("/etc/sysconfig/docker-storage", "/etc/sysconfig/docker-network")
    fixed = ("/etc/sysconfig/docker", *(path for path in siblings if path in host.facts.files))
    yield from _environment(host, fixed, others=True)


def _environment(host: Host, fixed: tuple[str, ...], *, others: bool) -> Targets:
    if all(engine.rootless for engine in host.engines):
        return
    used: dict[str, Evidence] = {}
    for found in environment_files(host):
        if isinstance(found, Unread):
            yield found
        else:
            used[found[0]] = found[1]
    for path in fixed:
        yield Target(path, Limit(0o644), used.get(path), in_use=path in used)
    for pattern, why in used.items() if others else ():
        if pattern not in (*fixed, "/etc/default/docker"):
            for path in _matching(host, pattern):
                yield Target(path, Limit(0o644), why)


def _matching(host: Host, pattern: str) -> list[str]:
    if not set(pattern) & set("*?["):
        return [pattern]
    return sorted(path for path in host.facts.files if fnmatch.fnmatchcase(path, pattern))


def containerd_sockets(host: Host) -> Targets:
    """containerd's sockets: its own or what dockerd was told, its child's, and ttrpc."""
    yield from unseen(host)
    for engine in started(host):
        bounds = limit(host, engine, 0o660, "socket")
        told = option(engine, "containerd")
        why = told[1] if isinstance(told, tuple) else None
        main = told[0] if isinstance(told, tuple) else "/run/containerd/containerd.sock"
        run = option(engine, "exec-root")
        child = f"{run[0]}/containerd/containerd.sock" if isinstance(run, tuple) else ""
        if engine.rootless and not isinstance(told, tuple):
            main = child
        if isinstance(told, Unread):
            yield Unread(f"where containerd's socket is: {told.reason}")
        for path in (main, f"{main}.ttrpc", child, f"{child}.ttrpc"):
            if path == main or _end_known(host, path):
                yield Target(engine.absolute(path), bounds, why if path == main else None)


def _end_known(host: Host, path: str) -> bool:
    """Whether somebody looked at this path, which need not exist on any host."""
    if not path:
        return False
    seen = host.facts.files.get(startup.plain_path(path))
    return isinstance(seen, Unread) or isinstance(host.route(path).seen, FileFacts)


def containerd_config(host: Host) -> Targets:
    """containerd's configuration: the folder, the file, and what it imports."""
    if not any(not engine.rootless for engine in started(host)):
        return
    path = "/etc/containerd/config.toml"
    yield Target("/etc/containerd", Limit(0o755, kind="directory"))
    yield Target(path, Limit(0o644))
    content = host.facts.texts.get(path)
    for name in _imports(content) if isinstance(content, bytes) else ():
        pattern = posixpath.join("/etc/containerd", name)
        for each in _matching(host, pattern):
            yield Target(each, Limit(0o644), Evidence(path, f"imports {name}"))


def _imports(content: bytes) -> list[str]:
    if b"imports" not in content:
        return []
    import tomllib

    try:
        names = tomllib.loads(content.decode("utf-8", "replace")).get("imports", [])
    except tomllib.TOMLDecodeError:
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def data_roots(host: Host) -> Targets:
    """Folders of state: the engine's, its run-time one, and containerd's.

    With userns-remap the group is the remapped root's, so that it may pass through.
    """
    yield from unseen(host)
    for engine in started(host):
        bounds = limit(host, engine, 0o711, "directory")
        remapped = option(engine, "userns-remap")
        if isinstance(remapped, tuple):
            bounds = Limit(0o711, bounds.owners, None, "directory")
        for name in ("data-root", "exec-root"):
            found = option(engine, name)
            if isinstance(found, Unread):
                yield found
            elif found is not None:
                yield Target(engine.absolute(found[0]), bounds, found[1])
        if not engine.rootless:
            yield Target("/var/lib/containerd", bounds)


def swarm_state(host: Host) -> Targets:
    """The swarm's state: the folder, and every key in it."""
    yield from unseen(host)
    for engine in started(host):
        found = option(engine, "data-root")
        if isinstance(found, Unread):
            yield found
        elif found is not None:
            top = engine.absolute(f"{found[0]}/swarm")
            yield Target(top, limit(host, engine, 0o700, "directory"))
            for path in host.facts.files:
                if path.startswith(f"{top}/") and path.endswith(".key"):
                    yield Target(path, limit(host, engine, 0o600))


def binaries(host: Host) -> Targets:
    """Programs that run as root for the engine: found ones, and those that options name."""
    yield from unseen(host)
    for engine in started(host):
        bounds = limit(host, engine, 0o755)
        process = engine.process
        if process is not None and isinstance(process.exe, Unread):
            yield Unread(f"which program process {process.pid} runs: {process.exe.reason}")
        elif process is not None and not process.exe_deleted:
            why = Evidence(f"/proc/{process.pid}/exe", str(process.exe))
            yield Target(str(process.exe), bounds, why)
        for name in ("userland-proxy-path", "init-path", "seccomp-profile"):
            found = option(engine, name)
            if isinstance(found, tuple) and found[0].startswith("/"):
                mode = 0o644 if name == "seccomp-profile" else 0o755
                yield Target(found[0], limit(host, engine, mode), found[1])
        for path, why in _runtimes(engine):
            yield Target(path, bounds, why)
    for path, seen in host.facts.files.items() if host.engines else ():
        if isinstance(seen, Absent) or (isinstance(seen, FileFacts) and seen.kind == "directory"):
            continue
        if _is_program(path):
            yield Target(path, Limit(0o755))


@lru_cache(maxsize=1024)
def _is_program(path: str) -> bool:
    """Whether a path is where packages put a program of the engine; hosts have these in common."""
    folder, _, name = path.rpartition("/")
    known = _PROGRAMS.fullmatch(name) and _PROGRAM_FOLDERS.fullmatch(folder)
    return bool(known or (name.startswith("docker-") and _CLI_PLUGINS.fullmatch(path)))


def _runtimes(engine: Engine) -> Iterator[tuple[str, Evidence]]:
    outcome = engine.effective
    setting = None if isinstance(outcome, Unread) else outcome.setting("runtimes")
    if setting is None or not isinstance(setting.value, dict):
        return
    for name, given in setting.value.items():
        path = given.get("path") if isinstance(given, dict) else None
        if isinstance(path, str) and path.startswith("/"):
            yield path, Evidence(str(setting.origin), f"runtime {name} is {path}")


_PLUGIN_FOLDERS = ("/run/docker/plugins", "/etc/docker/plugins", "/usr/lib/docker/plugins")
_PLUGIN_LIMITS = {
    "directory": Limit(0o755, kind="directory"),
    "socket": Limit(0o775, kind="socket"),
}


def engine_plugins(host: Host) -> Targets:
    """Where an engine looks for plug-ins, authorization plug-ins among them, and what it finds."""
    if not any(not engine.rootless for engine in started(host)):
        return
    for folder in _PLUGIN_FOLDERS:
        if isinstance(host.facts.files.get(folder), FileFacts):
            yield Target(folder, _PLUGIN_LIMITS["directory"])
        for path in _below(host, folder):
            if isinstance(path, Unread):
                yield path
            else:
                yield Target(path, _PLUGIN_LIMITS.get(_kind(host, path), Limit(0o644)))


def client_files(host: Host) -> Targets:
    """Each user's ~/.docker: the folder, config.json, and keys that open engines."""
    homes: dict[str, set[int]] = {}
    for account in host.facts.accounts:
        homes.setdefault(account.home.rstrip("/"), set()).add(account.uid)
    for path, seen in host.facts.files.items():
        home, dot, rest = path.partition("/.docker")
        if not dot or isinstance(seen, Absent):
            continue
        owners = ROOT | homes.get(home, set())
        if not rest:
            yield Target(path, Limit(0o700, owners, None, "directory"))
        elif rest == "/config.json" or _KEY_FILES.fullmatch(path):
            yield Target(path, Limit(0o600, owners, None))


def ca_keys(host: Host) -> Targets:
    """Private keys that belong to a CA certificate of the host."""
    if not host.facts.pems:
        return
    material = host.material
    authorities = {
        held.certificate.key.spki
        for held in material.certificates
        if held.certificate.ca or held.role in _AUTHORITIES
    } - {b""}
    hidden = {
        file.reason: Unread(file.reason)
        for file in material.unread
        if file.role in _AUTHORITIES and file.holds == "certificate"
    }
    if (authorities or hidden) and not host.facts.privilege.sees:
        yield Unread("which private keys lie here: not to be seen without root")
    if any(key.spki not in authorities for key in material.keys):
        yield from hidden.values()
    if authorities or hidden:
        yield from _hidden_keys(host)
    for key in material.keys if authorities or hidden else ():
        if isinstance(key.spki, Unread) and not key.encrypted:
            yield Unread(f"whether {key.path} is a CA's key: {key.spki.reason}")
        if key.spki in authorities:
            owners = {each.uid for each in host.facts.accounts if each.name == key.owner}
            why = Evidence(key.path, f"{key.label}, the key of a CA certificate on this host")
            yield Target(key.path, Limit(0o600, ROOT | owners), why)


def _hidden_keys(host: Host) -> Iterator[Unread]:
    """Files and folders that may hold keys, and could not be looked into."""
    seen = host.facts
    reasons = {
        file.reason: None
        for file in host.material.unread
        if file.holds == "key"
        and (
            isinstance(seen.pems.get(file.path), Unread)
            or isinstance(seen.files.get(file.path), Unread)
        )
    }
    yield from map(Unread, reasons)
