"""Processes, from proc(5)."""

from collections.abc import Iterable
from typing import Literal, cast

from dockeraudit.facts import Names, Process, Unread

from .frames import Frame, text, unescape
from .machine import number

Role = Literal["dockerd", "containerd", "docker-proxy", "rootlesskit", "log-shipper", "other"]
ROLES = ("dockerd", "containerd", "docker-proxy", "rootlesskit", "log-shipper", "other")
DENIED = Unread("permission denied (needs root)")
_SKIPPED = Unread("not collected for processes of this role")
_CONTAINED = Unread("not collected: the process runs in a container")
_DELETED = " (deleted)"


def arguments(lines: tuple[bytes, ...]) -> tuple[str, ...]:
    """One argument a line; the script writes byte 3 for a newline inside one."""
    if lines in ((), (b"",)):
        return ()
    return tuple(text(line).replace("\3", "\n") for line in lines)


def environment(lines: Iterable[bytes]) -> Names:
    """`NAME` or `NAME=value` lines: the value is there only for names that steer the daemon."""
    values: dict[str, str | None] = {}
    for line in lines:
        name, equals, value = text(line).replace("\3", "\n").partition("=")
        if name and name not in values:
            values[name] = value if equals else None
    return Names(values)


def cgroup(lines: Iterable[str]) -> str | Unread:
    """The path in systemd's own hierarchy, else in the unified one (cgroups(7))."""
    unified: str | None = None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "name=systemd":
            return path
        if controllers == "":
            unified = path
    return Unread("no cgroup hierarchy of systemd") if unified is None else unified


def process(
    frame: Frame,
    argv: dict[int, tuple[str, ...]],
    environ: dict[int, Names],
    spaces: dict[str, int],
    starts: dict[int, int],
    boot: tuple[int | None, int],
) -> Process:
    """One `proc PID ROLE` frame; ValueError when it is not one.

    The command name in /proc/PID/stat may hold blanks and brackets: count from the last one.
    """
    word, _, role = frame.name.partition(" ")
    pid = number(word)
    if role not in ROLES:
        raise ValueError(f"unknown role {role[:20]!r}")
    rows = [text(line) for line in frame.lines]
    values = {
        row.partition(" ")[0]: unescape(line).partition(b" ")[2]
        for row, line in zip(rows, frame.lines, strict=True)
    }
    missing = {row for row in rows if row.startswith("-")}
    exe = text(values["exe"]) if "exe" in values else DENIED
    fields = text(values.get("stat", b"")).rpartition(")")[2].split()
    uid = next((row.split()[2] for row in rows if row.startswith("Uid:")), None)
    since, ticks = boot
    counted = since + number(fields[19]) // ticks if since and len(fields) > 19 else None
    same = spaces.get(f"{pid}/pid")
    inside = None if same is None else same == spaces.get("self/pid")
    return Process(
        pid=pid,
        role=cast(Role, role),
        argv=argv.get(pid, DENIED),
        exe=exe.removesuffix(_DELETED) if isinstance(exe, str) else exe,
        exe_deleted=isinstance(exe, str) and exe.endswith(_DELETED),
        environment=_environment(pid, role, environ, missing, inside),
        cwd=_link("cwd", values, missing),
        root=_link("root", values, missing),
        uid=None if uid is None else number(uid),
        parent=number(fields[1]) if len(fields) > 19 else None,
        started=starts.get(pid, counted),
        cgroup=cgroup(row[len("cgroup ") :] for row in rows if row.startswith("cgroup ")),
        in_host_pid_namespace=inside,
    )


def _link(name: str, values: dict[str, bytes], missing: set[str]) -> str | Unread:
    if name in values:
        return text(values[name])
    return DENIED if f"-{name}" in missing else _SKIPPED


def _environment(
    pid: int, role: str, environ: dict[int, Names], missing: set[str], inside: bool | None
) -> Names | Unread:
    if pid in environ:
        return environ[pid]
    if role in ("docker-proxy", "log-shipper", "other"):
        return _SKIPPED
    return _CONTAINED if inside is False and "-environ" not in missing else DENIED
