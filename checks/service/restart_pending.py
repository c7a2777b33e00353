"""Changes that the running daemon hasn't seen: what is in force is not what the files say."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.effective.model import Outcome, Setting
from dockeraudit.facts import Evidence, FileFacts, Unread
from dockeraudit.host import Daemon, Engine, Host, Listener
from dockeraudit.host.certificates import tls_of
from dockeraudit.host.listeners import is_starting
from dockeraudit.settings import Settings

from . import _changes, _shared

Found = Iterator[Finding | Unread]


@check(
    id="service-restart-pending",
    title="Engine runs with other settings than its next start",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="The files were changed after the daemon started. A correction is not in force yet, "
    "and what was opened by mistake shows only at the next reboot. hosts, TLS and most other "
    "options, renewed certificates too, need a restart.",
    remediation="Read what is named, then systemctl daemon-reload and systemctl restart "
    "docker.service (Debian- and RHEL-like), rc-service docker restart (OpenRC), service docker "
    "restart (sysvinit); with live-restore containers keep running.",
    quiet="Both starts mean the same, whatever the files' times: units and environment files are "
    "compared by what they come to, daemon.json with the API's answers and the sockets, "
    "certificates with what is served. A file that was removed, or put in place with an old "
    "time, shows only where it changes what the next start does.",
    references=frameworks.CONFIGURATION,
    profiles=_shared.PROFILES,
)
def restart_pending(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    process = engine.process
    if process is None:
        yield NotApplicable(f"{engine.name} does not run")
        return
    if engine.managed_by == "hand":
        yield NotApplicable(f"{engine.name} was started by hand: it has no next start")
        return
    yield from _replaced(engine)
    yield from _not_reloaded(engine)
    yield from _changed_settings(engine)
    yield from _listeners(host, engine)
    if process.started is None:
        yield Unread(f"when process {process.pid} was started is not known")
        return
    yield from _newer_config(host, engine, process.started)
    yield from _newer_units(host, engine, process.started)
    yield from _newer_pems(host, engine, process.started)


def _replaced(engine: Engine) -> Found:
    process = engine.process
    if process is not None and process.exe_deleted:
        what = f"dockerd, process {process.pid}, runs a program that has been replaced since"
        said = (Evidence(f"/proc/{process.pid}/exe", f"{process.exe} (deleted)"),)
        yield Finding(f"program of {engine.name}", what, said)


def _not_reloaded(engine: Engine) -> Found:
    for unit in (engine.unit, engine.socket_unit):
        reload = _shared.told(unit, "NeedDaemonReload") if unit is not None else "no"
        if isinstance(reload, Unread):
            yield reload
        elif unit is not None and reload == "yes":
            name = _shared.label(unit)
            what = f"systemd has not read {name} since its files were changed"
            yield Finding(name, what, (_shared.shown(unit, "NeedDaemonReload"),))


def _changed_settings(engine: Engine) -> Found:
    changes = _changes.differences(engine)
    if changes:
        texts = [f"{then.name} from {_value(now)} to {_value(then)}" for now, then in changes]
        yield Finding(
            resource=f"settings of {engine.name}",
            message=f"the next start changes {'; '.join(texts)}",
            evidence=tuple(
                Evidence(str(each.origin), f"{when}: {each.name} {_value(each)}")
                for now, then in changes
                for when, each in (("now", now), ("next start", then))
                if each is not None
            ),
        )


def _value(setting: Setting | None) -> str:
    if setting is None or setting.value in (None, ""):
        return "nothing"
    value = setting.value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listeners(host: Host, engine: Engine) -> Found:
    """Listeners that the next start opens, closes, or serves otherwise."""
    process = engine.process
    starting = process is not None and is_starting(host.facts, process)
    if _changes.works(engine.configured) is None or starting:
        return
    if not engine.listeners:
        yield Unread(f"what {engine.name} listens on now is not known")
        return
    now = {each.address: each for each in engine.listeners}
    later = {each.address: each for each in engine.upcoming}
    for address, listener in later.items():
        before = now.get(address)
        if before is None:
            what = f"the next start opens {address}, {_words(listener)}"
        elif not _changes.same_mode(before.mode, listener.mode):
            what = f"the next start turns {address} from {before.mode} to {listener.mode}"
        else:
            continue
        yield Finding(address, what, listener.evidence, _exposure(listener))
    for address, listener in now.items():
        if address not in later:
            what = f"{address}, {_words(listener)}, is open until the next start"
            severity = Severity.MEDIUM if listener.anonymous else Severity.LOW
            yield Finding(address, what, listener.evidence, severity)


def _words(listener: Listener) -> str:
    mode = "mode unknown" if isinstance(listener.mode, Unread) else listener.mode
    return f"{mode}, reach {listener.reach}" if listener.transport == "tcp" else "a unix socket"


def _exposure(listener: Listener) -> Severity:
    if not listener.anonymous:
        return Severity.LOW
    return Severity.HIGH if listener.reach == "LOOPBACK" else Severity.CRITICAL


def _newer_config(host: Host, engine: Engine, started: int) -> Found:
    """daemon.json, where not all it says is confirmed by the API or the sockets."""
    path = _changes.config_path(engine)
    written = _changes.newer(host, path, started) if path else None
    if not isinstance(written, int):
        yield from _refuted(host, engine, path)
    if written is None:
        return
    unsure = _changes.unconfirmed(engine, path)
    comparable = _changes.works(engine.running) is not None
    if comparable and not unsure and _changes.works(engine.configured) is not None:
        return
    if isinstance(written, Unread):
        yield Unread(f"when {path} was written: {written.reason}")
        return
    reload = comparable and unsure and _changes.RELOADED.issuperset(unsure)
    what = f"{path} was written {written - started} s after dockerd started"
    what += f": {', '.join(unsure)} may not be in force" if unsure else ""
    yield Finding(path, what, _times(host, engine, path), Severity.LOW if reload else None)


def _refuted(host: Host, engine: Engine, path: str) -> Found:
    """A daemon that works although its next start would fail: it did not start with these files.

    Times can't tell that of a file that was written in the second of the start.
    """
    process, later = engine.process, engine.configured
    if process is None or is_starting(host.facts, process):
        return
    if isinstance(later, Outcome) and later.starts is False:
        what = f"{engine.name} works, and would not with its files as they are now: {later.error}"
        yield Finding(path or engine.name, what, _times(host, engine, path))
    elif isinstance(later, Unread) or (later is not None and later.starts is None):
        reason = later.reason if isinstance(later, Unread) else later.undecided
        yield Unread(f"what the next start of {engine.name} does: {reason}")


def _newer_units(host: Host, engine: Engine, started: int) -> Found:
    """Units and environment files; where both starts are known, their meaning was compared."""
    if _changes.differences(engine) is not None:
        return
    for path in _changes.start_files(host, engine):
        written = _changes.newer(host, path, started)
        if isinstance(written, Unread):
            yield Unread(f"when {path} was written: {written.reason}")
        elif written is not None:
            what = f"{path} was written {written - started} s after dockerd started"
            yield Finding(path, what, _times(host, engine, path))


def _newer_pems(host: Host, engine: Engine, started: int) -> Found:
    """Certificates and keys, which are read at the start only."""
    paths = tls_of(engine)
    if paths is None or isinstance(paths, Unread):
        return
    same = _changes.serves(host, engine, paths.cert)
    if same is False and isinstance(_changes.newer(host, paths.cert, started), int):
        what = f"{paths.cert} was renewed, but the certificate of before is still served"
        yield Finding(paths.cert, what, _times(host, engine, paths.cert))
    unsure = (paths.ca,) if same is not None else (paths.ca, paths.cert, paths.key)
    for path in unsure:
        written = _changes.newer(host, path, started) if path else None
        if isinstance(written, Unread):
            yield Unread(f"when {path} was written: {written.reason}")
        elif written is not None:
            what = f"{path} was written {written - started} s after dockerd started, "
            what += "which reads it at its start only"
            yield Finding(path, what, _times(host, engine, path), Severity.LOW)


def _times(host: Host, engine: Engine, path: str) -> tuple[Evidence, ...]:
    real, seen = host.resolved(path)
    process = engine.process
    found = []
    if isinstance(seen, FileFacts):
        found.append(Evidence(f"stat {real}", f"modified at {seen.mtime}"))
    if process is not None:
        found.append(Evidence(f"process {process.pid}", f"started at {process.started}"))
    return tuple(found)
