"""What several service checks ask of an engine, its units and the host."""

from dockeraudit.facts import Evidence, Process, Unit, Unread
from dockeraudit.host import Engine, Host

PROFILES = ("daemon", "strict")


def label(unit: Unit) -> str:
    """A unit's name, with the account where it is a user's."""
    return f"{unit.name} of {unit.user}" if unit.user else unit.name


def resource(engine: Engine) -> str:
    """What to name where an engine's start is at fault: its unit, else itself."""
    return label(engine.unit) if engine.unit is not None else engine.name


def prop(unit: Unit, name: str) -> str:
    """One of systemd's words on a unit; empty where systemd said nothing."""
    if isinstance(unit.properties, Unread):
        return ""
    return unit.properties.values.get(name) or ""


def told(unit: Unit, name: str) -> str | Unread:
    """One of systemd's words on a unit, or why it is not known."""
    if isinstance(unit.properties, Unread):
        return Unread(f"{name} of {label(unit)}: {unit.properties.reason}")
    return prop(unit, name) or Unread(f"{name} of {label(unit)}: systemd does not say")


def shown(unit: Unit, *names: str) -> Evidence:
    """systemd's words on a unit."""
    said = [f"{name}={prop(unit, name)}" for name in names if prop(unit, name)]
    user = f"--user -M {unit.user}@ " if unit.user else ""
    detail = " ".join(said) or "nothing"
    return Evidence(f"systemctl {user}show {unit.name}", detail)


def by_systemd(host: Host, engine: Engine) -> bool:
    """Whether the unit counts: a unit file on a host that another init runs starts nothing."""
    return engine.unit is not None and host.facts.boot.init == "systemd"


def command_line(process: Process) -> Evidence:
    """A process's arguments."""
    argv = process.argv
    text = f"not read: {argv.reason}" if isinstance(argv, Unread) else " ".join(argv)
    return Evidence(f"/proc/{process.pid}/cmdline", text)
