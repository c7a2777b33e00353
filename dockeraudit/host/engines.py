"""The engines of a host: which daemons run or would start, each with its three witnesses."""

from collections.abc import Iterator

from msgspec import Struct

from dockeraudit.effective.decide import decide
from dockeraudit.effective.model import DaemonInput, Outcome
from dockeraudit.facts import ApiFacts, HostFacts, Process, Unit, Unread
from dockeraudit.host import inputs, startup
from dockeraudit.host.inputs import Place
from dockeraudit.host.listeners import observed, served, upcoming
from dockeraudit.host.listeners import told as told_listeners
from dockeraudit.host.model import Engine, Manager
from dockeraudit.host.startup import Start

DEFAULT_DATA_ROOT = "/var/lib/docker"


class _Candidate(Struct, frozen=True):
    """A daemon before it is judged: a process, what would start it, or both."""

    process: Process | None
    unit: Unit | None
    start: Start | Unread | None
    managed_by: Manager


def engines_of(facts: HostFacts) -> tuple[Engine, ...]:
    """The daemons of the host itself: running ones first, each with the unit that owns it."""
    there = inputs.place(facts)
    found: list[Engine] = []
    for candidate in _candidates(facts):
        found.append(_engine(facts, there, candidate, {engine.name for engine in found}))
    return tuple(found)


def _candidates(facts: HostFacts) -> Iterator[_Candidate]:
    processes = [] if isinstance(facts.processes, Unread) else list(facts.processes)
    daemons = [
        process
        for process in processes
        if process.role == "dockerd" and process.in_host_pid_namespace is not False
    ]
    systemd = facts.boot.init == "systemd"
    services = [unit for unit in facts.units if systemd and _runs_dockerd(facts, unit)]
    owned: set[str] = set()
    strays: list[Process] = []
    for process in daemons:
        unit = next((each for each in services if _owns(each, process, processes)), None)
        if unit is None:
            strays.append(process)
            continue
        owned.add(f"{unit.user}/{unit.name}")
        start = startup.of_unit(facts, unit, _socket_unit(facts, unit))
        yield _Candidate(process, unit, start, _systemd(unit))
    idle = [unit for unit in services if f"{unit.user}/{unit.name}" not in owned]
    yield from _strays(facts, strays, idle)


def _strays(facts: HostFacts, strays: list[Process], idle: list[Unit]) -> Iterator[_Candidate]:
    """Daemons that no unit owns, paired with what is set up to start the same one."""
    script = startup.of_script(facts) if facts.boot.init != "systemd" else None
    for process in strays:
        unit = next((each for each in idle if _same_daemon(facts, each, process)), None)
        if unit is not None:
            idle.remove(unit)
            start = startup.of_unit(facts, unit, _socket_unit(facts, unit))
            yield _Candidate(process, unit, start, "hand")
        elif script is not None and _data_root(process.argv) == DEFAULT_DATA_ROOT:
            yield _Candidate(process, None, script, _manager(facts, process, script))
            script = None
        else:
            yield _Candidate(process, None, None, "hand")
    for unit in idle:
        start = startup.of_unit(facts, unit, _socket_unit(facts, unit))
        yield _Candidate(None, unit, start, _systemd(unit))
    if script is not None:
        yield _Candidate(None, None, script, _init_name(facts))


def _runs_dockerd(facts: HostFacts, unit: Unit) -> bool:
    if not unit.name.endswith(".service") or not unit.sources:
        return False
    if unit.name in ("docker.service", "snap.docker.dockerd.service"):
        return True
    start = startup.of_unit(facts, unit, None)
    return isinstance(start, Start) and _program(start).startswith("dockerd")


def _program(start: Start) -> str:
    return start.program.rpartition("/")[2]


def _owns(unit: Unit, process: Process, processes: list[Process]) -> bool:
    """Whether systemd runs the process under this unit: by cgroup, else by main process."""
    if isinstance(process.cgroup, str) and process.cgroup:
        parts = process.cgroup.split("/")
        if unit.name in parts:
            return bool(unit.user) == any(part.startswith("user@") for part in parts)
    if isinstance(unit.properties, Unread):
        return False
    main = unit.properties.values.get("MainPID")
    parents = {each.pid: each.parent for each in processes}
    return main is not None and main in (str(process.pid), str(parents.get(process.pid)))


def _same_daemon(facts: HostFacts, unit: Unit, process: Process) -> bool:
    start = startup.of_unit(facts, unit, None)
    argv = tuple(argument.text for argument in start.arguments) if isinstance(start, Start) else ()
    return _data_root(("dockerd", *argv)) == _data_root(process.argv)


def _data_root(argv: tuple[str, ...] | Unread) -> str:
    """The data-root that the arguments name; enough to tell two daemons of one host apart."""
    words = () if isinstance(argv, Unread) else argv
    root = DEFAULT_DATA_ROOT
    for at, word in enumerate(words):
        for option in ("--data-root", "--graph", "-g"):
            if word == option and at + 1 < len(words):
                root = words[at + 1]
            elif word.startswith(f"{option}="):
                root = word[len(option) + 1 :]
    return root


def _socket_unit(facts: HostFacts, service: Unit) -> Unit | None:
    name = service.name.removesuffix(".service") + ".socket"
    return next(
        (
            unit
            for unit in facts.units
            if unit.name == name and unit.user == service.user and unit.sources
        ),
        None,
    )


def _systemd(unit: Unit) -> Manager:
    return "snap" if "snap." in unit.name else "systemd"


_INITS: dict[str, Manager] = {
    "openrc": "openrc",
    "sysvinit": "sysvinit",
    "runit": "runit",
    "busybox": "busybox",
}


def _init_name(facts: HostFacts) -> Manager:
    return _INITS.get(facts.boot.init, "none")


def _manager(facts: HostFacts, process: Process, script: Start | Unread) -> Manager:
    """The init system, where what runs is what its script starts; else somebody's hand."""
    if isinstance(script, Unread):
        return _init_name(facts) if process.parent == 1 else "hand"
    planned = {argument.text for argument in script.arguments}
    told = () if isinstance(process.argv, Unread) else process.argv[1:]
    return _init_name(facts) if planned <= set(told) else "hand"


def _engine(facts: HostFacts, there: Place, candidate: _Candidate, taken: set[str]) -> Engine:
    process, unit = candidate.process, candidate.unit
    user, home = _account(facts, candidate)
    rootless = user != "root"
    api = _api(facts, process)
    version = _version(facts, api)
    told = version if isinstance(version, str) else ""
    start = candidate.start
    configured: Outcome | Unread | None
    if start is None or isinstance(start, Unread):
        configured = start
    else:
        configured = decide(inputs.of_start(there, start, told, home, rootless=rootless))
    running = None
    if process is not None:
        running = _running(facts, there, process, start, told, home, rootless)
    name = _name(candidate, user, taken)
    listeners = () if process is None else observed(facts, name, process, running)
    return Engine(
        name=name,
        version=version,
        api_version=_api_field(api, "ApiVersion"),
        rootless=rootless,
        managed_by=candidate.managed_by,
        user=user,
        home=home,
        unit=unit,
        socket_unit=_socket_unit(facts, unit) if unit else None,
        start=start,
        process=process,
        api=api,
        configured=configured,
        running=running,
        listeners=listeners,
        told=told_listeners(facts, name, process, running),
        upcoming=upcoming(facts, name, configured),
    )


def _running(
    facts: HostFacts,
    there: Place,
    process: Process,
    start: Start | Unread | None,
    version: str,
    home: str,
    rootless: bool,
) -> Outcome | Unread:
    """What the running daemon was told.

    A configuration file that is newer than the process may not be what it read: then the file's
    content counts only if the sockets agree, else the start without it, if they agree with that.
    TLS files that would end a start now were others, or loadable, if the sockets agree.
    """
    sockets = _passed(process, start)
    plan = start if isinstance(start, Start) else None
    given = inputs.of_process(there, process, plan, sockets, version, home, rootless=rootless)
    if isinstance(given, Unread):
        return given
    outcome = _made(facts, process, given)
    config = outcome.setting("config-file")
    path = str(config.value) if config else ""
    changed = process.started is not None and (inputs.newest(facts, [path]) > process.started)
    if outcome.starts is not False and (not changed or served(facts, process, outcome)):
        return outcome
    if not changed:
        return Unread(f"it runs, though by what was read it would not start: {outcome.error}")
    without = inputs.of_process(
        there, process, plan, sockets, version, home, rootless=rootless, without=path
    )
    if not isinstance(without, Unread) and path:
        earlier = _made(facts, process, without)
        if earlier.starts and served(facts, process, earlier):
            return earlier
    return Unread(f"{path} was changed after the start, and its sockets are not those it names")


def _made(facts: HostFacts, process: Process, given: DaemonInput) -> Outcome:
    """What a start did that the process has behind it."""
    outcome = decide(given)
    if outcome.starts is not False or outcome.tls is None or not outcome.tls.enabled.value:
        return outcome
    loaded = decide(inputs.with_loaded(given, outcome.tls))
    return loaded if loaded.starts and served(facts, process, loaded) else outcome


def _passed(process: Process, start: Start | Unread | None) -> tuple[str, ...]:
    """The sockets that systemd handed over, if it did."""
    values = {} if isinstance(process.environment, Unread) else process.environment.values
    if isinstance(start, Start) and (
        "LISTEN_FDS" in values or isinstance(process.environment, Unread)
    ):
        return tuple(socket.value for socket in start.sockets)
    return ()


def _account(facts: HostFacts, candidate: _Candidate) -> tuple[str, str]:
    """Whose daemon it is, and that account's home."""
    user = candidate.unit.user if candidate.unit else ""
    uid = candidate.process.uid if candidate.process else None
    for account in facts.accounts:
        if account.name == user or (not user and uid is not None and account.uid == uid):
            return account.name, account.home
    if uid:
        return user or f"uid {uid}", "/"
    return user or "root", "/root"


def _name(candidate: _Candidate, user: str, taken: set[str]) -> str:
    name = "docker"
    if candidate.unit and candidate.unit.name.startswith("snap."):
        name = "docker (snap)"
    elif user != "root":
        name = f"docker (rootless {user})"
    elif candidate.process is not None:
        root = _data_root(candidate.process.argv)
        if root != DEFAULT_DATA_ROOT:
            name = f"docker ({root})"
    if name in taken and candidate.unit is not None:
        name = f"docker ({candidate.unit.name})"
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name} #{number}", number + 1
    return unique


def _api(facts: HostFacts, process: Process | None) -> ApiFacts | None:
    """The answers of the socket that this process holds."""
    if process is None:
        return None
    sockets = () if isinstance(facts.sockets, Unread) else facts.sockets
    held = {
        startup.plain_path(socket.address)
        for socket in sockets
        if socket.transport == "unix" and process.pid in socket.pids
    }
    for api in facts.apis:
        if startup.plain_path(api.socket) in held:
            return api
    if not held and len(facts.apis) == 1:
        return facts.apis[0]
    return None


def _api_field(api: ApiFacts | None, name: str) -> str:
    if api is None or isinstance(api.version, Unread):
        return ""
    value = api.version.value.get(name)
    return value if isinstance(value, str) else ""


def _version(facts: HostFacts, api: ApiFacts | None) -> str | Unread:
    told = _api_field(api, "Version")
    return told or facts.engine_version
