"""What would start a daemon: its command line, environment and sockets, each with its origin.

Reads systemd units, Debian's sysv script and OpenRC's conf.d the way those start dockerd; where
another way is used (runit, busybox, a wrapper script), it says that it can't tell.
"""

from collections.abc import Iterable

from msgspec import Struct

from dockeraudit.facts import HostFacts, Unit, Unread
from dockeraudit.host import unitfile
from dockeraudit.host.unitfile import Argument, Assigned, Line

DEFAULT_SOCKET = "/run/docker.sock"


class Start(Struct, frozen=True):
    """One way in which a daemon is started."""

    arguments: tuple[Argument, ...]
    """After the program."""
    program: str
    origin: str
    """The line that starts it."""
    environment: dict[str, Assigned]
    sockets: tuple[Assigned, ...] = ()
    """ListenStream values of the socket unit that passes sockets, in order."""
    socket_group: str = ""
    working_directory: str = "/"


def text(facts: HostFacts, path: str) -> str | Unread:
    """A configuration file as text; undecodable bytes are kept visible."""
    content = facts.texts.get(path)
    if content is None:
        return Unread(f"{path} was not read")
    if isinstance(content, Unread):
        return Unread(f"{path}: {content.reason}")
    return content.decode("utf-8", "backslashreplace")


def unit_lines(facts: HostFacts, unit: Unit) -> tuple[Line, ...] | Unread:
    """All assignments of a unit, drop-ins after the fragment."""
    found: list[Line] = []
    for path in unit.sources:
        content = text(facts, path)
        if isinstance(content, Unread):
            return content
        found += unitfile.lines_of(path, content)
    return tuple(found)


def of_unit(facts: HostFacts, unit: Unit, socket: Unit | None) -> Start | Unread | None:
    """How a systemd service starts its daemon; None: the unit has no command or does not exist."""
    if not unit.sources:
        return None
    lines = unit_lines(facts, unit)
    if isinstance(lines, Unread):
        return lines
    commands = unitfile.values(lines, "Service", "ExecStart")
    if not commands:
        return None
    set_by_files = _environment(facts, lines)
    if isinstance(set_by_files, Unread):
        return set_by_files
    environment = _of_user_manager(facts, unit) | set_by_files
    command = unitfile.command(commands[-1], environment)
    if not command.arguments:
        return None
    folder = unitfile.last(lines, "Service", "WorkingDirectory")
    sockets = _listen_streams(facts, socket) if socket is not None else ()
    if isinstance(sockets, Unread):
        return sockets
    return Start(
        arguments=command.arguments[1:],
        program=command.arguments[0].text,
        origin=commands[-1].origin,
        environment=environment,
        sockets=sockets,
        socket_group=_socket_group(facts, socket),
        working_directory=folder.value.lstrip("-") if folder else "/",
    )


def _of_user_manager(facts: HostFacts, unit: Unit) -> dict[str, Assigned]:
    """What a user's manager gives every service (systemd.exec(5))."""
    account = next((each for each in facts.accounts if unit.user and each.name == unit.user), None)
    if account is None:
        return {}
    origin = f"the service manager of {unit.user}"
    runtime = Assigned(f"/run/user/{account.uid}", origin)
    return {"HOME": Assigned(account.home, origin), "XDG_RUNTIME_DIR": runtime}


def _environment(facts: HostFacts, lines: Iterable[Line]) -> dict[str, Assigned] | Unread:
    """Environment= first, then the files in order: what a file sets wins."""
    found: dict[str, Assigned] = {}
    for line in unitfile.values(lines, "Service", "Environment"):
        found |= unitfile.assignments(line)
    for line in unitfile.values(lines, "Service", "EnvironmentFile"):
        path = line.value.lstrip("-")
        if path not in facts.texts:
            continue
        content = text(facts, path)
        if isinstance(content, Unread):
            return content
        found |= unitfile.environment_file(path, content)
    return found


def _listen_streams(facts: HostFacts, socket: Unit) -> tuple[Assigned, ...] | Unread:
    lines = unit_lines(facts, socket)
    if isinstance(lines, Unread):
        return lines
    return tuple(
        Assigned(line.value, f"{line.origin} ListenStream")
        for line in unitfile.values(lines, "Socket", "ListenStream")
    )


def _socket_group(facts: HostFacts, socket: Unit | None) -> str:
    lines = unit_lines(facts, socket) if socket is not None else ()
    if isinstance(lines, Unread):
        return ""
    group = unitfile.last(lines, "Socket", "SocketGroup")
    return group.value if group else ""


def of_script(facts: HostFacts) -> Start | Unread | None:
    """How a boot script starts the daemon where systemd does not; None: there is no script."""
    script = "/etc/init.d/docker"
    if script in facts.boot.scripts:
        if facts.boot.init == "openrc" or "/etc/conf.d/docker" in facts.texts:
            return _of_settings(facts, script, "/etc/conf.d/docker", "DOCKERD_BINARY", ())
        return _of_settings(
            facts, script, "/etc/default/docker", "DOCKERD", ("-p", "DOCKER_PIDFILE")
        )
    if facts.boot.scripts:
        return Unread(f"what {facts.boot.scripts[0]} starts is not computed")
    return None


def _of_settings(
    facts: HostFacts, script: str, settings: str, binary: str, pidfile: tuple[str, ...]
) -> Start | Unread:
    given: dict[str, Assigned] = {}
    if settings in facts.texts:
        content = text(facts, settings)
        if isinstance(content, Unread):
            return content
        given = unitfile.shell_assignments(settings, content)
    options = given.get("DOCKER_OPTS", Assigned("", settings))
    arguments = [Argument(word, f"{options.origin} DOCKER_OPTS") for word in options.value.split()]
    if pidfile:
        path = given.get(pidfile[1], Assigned("/var/run/docker.pid", script)).value
        arguments = [Argument(pidfile[0], script), Argument(path, script), *arguments]
    return Start(
        arguments=tuple(arguments),
        program=given.get(binary, Assigned("/usr/bin/dockerd", script)).value,
        origin=script,
        environment=given,
    )


def plain_path(path: str) -> str:
    """A socket's path with /var/run written as /run, to which it links on every known system."""
    return path.removeprefix("/var") if path.startswith("/var/run/") else path
