"""`dockeraudit effective`: what dockerd does, or would do, with given flags and files."""

import os
import stat
import sys
from collections.abc import Iterator

import click
import msgspec

from dockeraudit.cli.files import MAX_FILE, named_file
from dockeraudit.cli.streams import say
from dockeraudit.effective import DaemonInput, FileInput, Outcome, decide, explain
from dockeraudit.effective import Machine as Surroundings
from dockeraudit.effective.version import parse_version
from dockeraudit.exits import CLEAN, FINDINGS, INCOMPLETE, USAGE
from dockeraudit.facts import Unread
from dockeraudit.host import Engine, Host, Listener
from dockeraudit.output import write
from dockeraudit.words import one_line

DEFAULT_CONFIG = "/etc/docker/daemon.json"


@click.command(
    "effective",
    short_help="What dockerd does with given flags and files.",
)
@click.option("--engine", metavar="VERSION", help="The engine's version, for example 28.5.2.")
@click.option("--daemon-json", metavar="FILE", help="The configuration file to judge.")
@click.option(
    "--env", multiple=True, metavar="K=V", help="A variable of the daemon; may be repeated."
)
@click.option(
    "--socket-listen",
    "sockets",
    multiple=True,
    metavar="ADDR",
    help="A ListenStream that systemd would pass; may be repeated.",
)
@click.option(
    "--machine",
    metavar="FILE",
    help='Another machine than this: JSON, {"names": {NAME: [ADDRESS]}, "addresses": [ADDRESS], '
    '"groups": [NAME]}; what is left out is not known.',
)
@click.option("--defaults", is_flag=True, help="Show options that are at their defaults, too.")
@click.option("--batch", is_flag=True, help="Judge JSON Lines from stdin, one answer a line.")
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGV...]")
def command(
    engine: str | None,
    daemon_json: str | None,
    env: tuple[str, ...],
    sockets: tuple[str, ...],
    machine: str | None,
    defaults: bool,
    batch: bool,
    argv: tuple[str, ...],
) -> int:
    """Compute what dockerd does with its arguments ARGV, with the origin of every value.

    With no option and no ARGV: for the daemons of this machine, as configured, as running and
    as observed. Else for the start that is described, with the names, addresses and groups of
    this machine, and with its files where an option names one. Without --engine, what all
    engines have in common.

    \b
    Exit codes: 0 it starts (--batch: each row was read); 1 it would not
    start; 2 wrong use, or a row that could not be read; 3 it can't be told.

    \b
      dockeraudit effective
      dockeraudit effective --engine 28.5.2 --daemon-json daemon.json -- -H fd://
      dockeraudit effective --engine 20.10.24 --socket-listen 2375 -- -H fd://
      dockeraudit effective --batch < rows.jsonl
    """
    described = bool(engine or daemon_json or env or sockets or machine or argv)
    if batch:
        if described or defaults:
            raise click.UsageError("--batch takes everything from stdin, and no other option")
        return _batch()
    if not described:
        return _this_machine(defaults)
    if engine and parse_version(engine) is None:
        raise click.UsageError(f"--engine {engine}: write a version, for example 28.5.2")
    if argv and os.path.basename(argv[0]) == "dockerd":
        argv = argv[1:]
    given = DaemonInput(
        engine=engine or "",
        argv=argv,
        env=dict(_pair(each) for each in env),
        socket_units=sockets,
        files=_files(daemon_json, argv),
        machine=_machine(machine) if machine else Surroundings(),
    )
    outcome = _decided(given) if machine else _decided_here(given)
    _print(_rows(explain(outcome, defaults=defaults)))
    return _status(outcome)


def _batch() -> int:
    from dockeraudit.effective.batch import batch

    answers = batch(sys.stdin.buffer)
    out = sys.stdout.buffer
    for answer in answers:
        out.write(answer.line())
        out.flush()  # whoever asks row by row waits for the answer
    if answers.bad:
        say(f"dockeraudit: {answers.bad} of the rows could not be read")
    return USAGE if answers.bad else CLEAN


def _status(outcome: Outcome) -> int:
    if outcome.starts is None:
        return INCOMPLETE
    return CLEAN if outcome.starts else FINDINGS


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise click.UsageError(f"--env {text}: write it as NAME=VALUE")
    return name, value


def _files(daemon_json: str | None, argv: tuple[str, ...]) -> dict[str, FileInput]:
    """The configuration file to judge, at the path where the daemon would read it."""
    if daemon_json is None:
        return {}
    content = named_file("--daemon-json", daemon_json)
    config = decide(DaemonInput(argv=argv)).setting("config-file")
    path = str(config.value) if config is not None and config.value else DEFAULT_CONFIG
    return {path: FileInput(content=content)}


def _machine(path: str) -> Surroundings:
    try:
        return msgspec.json.decode(named_file("--machine", path), type=Surroundings)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, ValueError) as error:
        raise click.UsageError(f"--machine {path}: {error}") from error


def _decided_here(given: DaemonInput) -> Outcome:
    """The outcome on this machine: its own addresses, groups and names."""
    from dockeraudit.host import inputs

    surroundings = inputs.surroundings(_local_host().facts)
    first = _decided(msgspec.structs.replace(given, machine=surroundings))
    resolved, complete = _resolved(first)
    names = {**(surroundings.names or {}), **resolved}
    machine = msgspec.structs.replace(surroundings, names=names, names_complete=complete)
    return _decided(msgspec.structs.replace(given, machine=machine))


def _resolved(outcome: Outcome) -> tuple[dict[str, tuple[str, ...]], bool]:
    """What this machine's resolver says of the names among the hosts, and whether it said it all.

    A resolver that does not answer now may know the name later.
    """
    import socket

    setting = outcome.setting("hosts")
    hosts = setting.value if setting is not None and isinstance(setting.value, list) else []
    found: dict[str, tuple[str, ...]] = {}
    complete = True
    for host in hosts:
        name = str(host).rpartition("://")[2].rpartition("@")[2].rpartition(":")[0]
        try:
            infos = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM) if name else []
        except (OSError, UnicodeError) as error:
            certain = (socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_FAMILY)
            complete &= not isinstance(error, OSError) or error.errno in certain
            continue
        found[name] = tuple(dict.fromkeys(str(info[4][0]) for info in infos))
    return found, complete


def _decided(given: DaemonInput) -> Outcome:
    """The outcome, with the files that it asks for read from this machine's disk."""
    files = dict(given.files)
    while True:
        outcome = decide(msgspec.structs.replace(given, files=files))
        wanted = {path: _on_disk(path) for path in outcome.consulted if path not in files}
        found = {path: file for path, file in wanted.items() if file is not None}
        if not found:
            return outcome
        files |= found


def _on_disk(path: str) -> FileInput | None:
    """What lies at a path here; its content is not known where it can't be read, or never ends."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return FileInput(kind="directory")
        if not stat.S_ISREG(mode):
            return FileInput(content=None)
        with open(path, "rb") as file:
            content = file.read(MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError:
        return FileInput(content=None)
    return FileInput(content=content if len(content) <= MAX_FILE else None)


def _local_host() -> Host:
    from dockeraudit.scan import Plan, gather
    from dockeraudit.targets import parse
    from dockeraudit.transport.process import Cancel

    return gather(parse("local"), Plan(checks=()), Cancel())


def _this_machine(defaults: bool) -> int:
    from dockeraudit.transport import TransportError

    try:
        host = _local_host()
    except TransportError as error:
        say(f"dockeraudit: this machine could not be read: {error}")
        return INCOMPLETE
    if not host.engines:
        write("-", ["no Docker engine runs or is installed on this machine\n"])
        return CLEAN
    _print(line for engine in host.engines for line in _engine(engine, defaults))
    statuses = {_next_start(engine) for engine in host.engines}
    return next((each for each in (FINDINGS, INCOMPLETE) if each in statuses), CLEAN)


def _next_start(engine: Engine) -> int:
    """Whether the next start succeeds; a daemon that nothing starts can't fail to."""
    if engine.configured is None:
        return CLEAN
    return INCOMPLETE if isinstance(engine.configured, Unread) else _status(engine.configured)


def _engine(engine: Engine, defaults: bool) -> Iterator[str]:
    version = "version unknown" if isinstance(engine.version, Unread) else engine.version
    yield f"{engine.name} {version}, managed by {engine.managed_by}"
    for witness, outcome in (("configured", engine.configured), ("running", engine.running)):
        yield f"\n{witness}:"
        if outcome is None:
            yield "  it does not run" if witness == "running" else "  nothing starts it"
        elif isinstance(outcome, Unread):
            yield f"  unknown: {one_line(outcome.reason, 300)}"
        else:
            yield from _rows(explain(outcome, defaults=defaults))
    yield "\nobserved:"
    yield from (_listener(each) for each in engine.listeners)
    if not engine.listeners:
        yield "  no socket"
    yield ""


def _listener(listener: Listener) -> str:
    mode = "UNKNOWN" if isinstance(listener.mode, Unread) else listener.mode
    proof = "; ".join(f"{each.source}: {each.detail}" for each in listener.evidence)
    return f"  {listener.address}  {mode} {listener.reach}  ({one_line(proof, 300)})"


def _print(lines: Iterator[str]) -> None:
    write("-", (f"{line}\n" for line in lines))


def _rows(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _, _ in rows), default=0)
    for name, value, origin in rows:
        text = f"  {name:<{width}}  {one_line(value, 400) or '(empty)'}"
        yield f"{text}  ({one_line(origin, 400)})" if origin else text
