"""`dockeraudit effective`: what dockerd does, or would do, with given flags and files."""

import sys
from collections.abc import Iterator

import click
import msgspec

from dockeraudit.effective import DaemonInput, FileInput, Outcome, decide, explain
from dockeraudit.effective import Machine as Surroundings
from dockeraudit.exits import CLEAN, FINDINGS, INCOMPLETE, USAGE
from dockeraudit.facts import Unread
from dockeraudit.host import Engine, Host, Listener
from dockeraudit.words import one_line

DEFAULT_CONFIG = "/etc/docker/daemon.json"


@click.command(
    "effective",
    short_help="What dockerd does with given flags and files.",
    context_settings={"ignore_unknown_options": False},
)
@click.option("--engine", metavar="VERSION", help="The engine's version, for example 28.5.2.")
@click.option("--daemon-json", metavar="FILE", help="The configuration file to judge.")
@click.option("--env", multiple=True, metavar="K=V", help="A variable of the daemon; repeatable.")
@click.option(
    "--socket-listen",
    "sockets",
    multiple=True,
    metavar="ADDR",
    help="A ListenStream that systemd would pass; repeatable.",
)
@click.option("--machine", metavar="FILE", help='JSON: {"names", "addresses", "groups"}.')
@click.option("--defaults", is_flag=True, help="Show options that are at their defaults, too.")
@click.option("--batch", is_flag=True, help="Judge JSON Lines from stdin, one answer a line.")
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
def command(
    engine: str | None,
    daemon_json: str | None,
    env: tuple[str, ...],
    sockets: tuple[str, ...],
    machine: str | None,
    defaults: bool,
    batch: bool,
    argv: tuple[str, ...],
) -> None:
    """Compute what dockerd does, with the origin of every value.

    With no option and no ARGV: for the daemons of this machine, as configured, as running and
    as observed. The exit code is 0 if it starts, 1 if it would not, 3 if it can't be told.

    \b
      dockeraudit effective
      dockeraudit effective --engine 28.5.2 --daemon-json daemon.json -- -H fd://
      dockeraudit effective --batch < rows.jsonl
    """
    if batch:
        raise click.exceptions.Exit(_batch())
    if not (engine or daemon_json or env or sockets or machine or argv):
        raise click.exceptions.Exit(_this_machine(defaults))
    given = DaemonInput(
        engine=engine or "",
        argv=argv,
        env=dict(_pair(each) for each in env),
        socket_units=sockets,
        files=_files(daemon_json, argv),
        machine=_machine(machine) if machine else Surroundings(),
    )
    outcome = _decided(given) if machine else _decided_here(given)
    _print(explain(outcome, defaults=defaults))
    raise click.exceptions.Exit(_status(outcome))


def _batch() -> int:
    from dockeraudit.effective.batch import batch

    answers = batch(sys.stdin.buffer)
    for answer in answers:
        sys.stdout.buffer.write(answer.line())
    sys.stdout.buffer.flush()
    if answers.bad:
        click.echo(f"dockeraudit: {answers.bad} rows could not be read", err=True)
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
    try:
        with open(daemon_json, "rb") as file:
            content = file.read()
    except OSError as error:
        raise click.UsageError(f"--daemon-json {daemon_json}: {error.strerror}") from error
    config = decide(DaemonInput(argv=argv)).setting("config-file")
    path = str(config.value) if config is not None and config.value else DEFAULT_CONFIG
    return {path: FileInput(content=content)}


def _machine(path: str) -> Surroundings:
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=Surroundings)
    except OSError as error:
        raise click.UsageError(f"--machine {path}: {error.strerror}") from error
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise click.UsageError(f"--machine {path}: {error}") from error


def _decided_here(given: DaemonInput) -> Outcome:
    """The outcome on this machine: its own addresses, groups and names."""
    from dockeraudit.host import inputs

    facts = _local_host().facts
    surroundings = inputs.surroundings(facts)
    first = _decided(msgspec.structs.replace(given, machine=surroundings))
    names = {**(surroundings.names or {}), **_resolved(first)}
    machine = msgspec.structs.replace(surroundings, names=names, names_complete=True)
    return _decided(msgspec.structs.replace(given, machine=machine))


def _resolved(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    """What this machine's resolver says of the names among the hosts."""
    import socket

    setting = outcome.setting("hosts")
    hosts = setting.value if setting is not None and isinstance(setting.value, list) else []
    found: dict[str, tuple[str, ...]] = {}
    for host in hosts:
        name = str(host).rpartition("://")[2].rpartition("@")[2].rpartition(":")[0]
        try:
            infos = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM) if name else []
        except (OSError, UnicodeError):
            continue
        found[name] = tuple(dict.fromkeys(str(info[4][0]) for info in infos))
    return found


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
    import os

    if os.path.isdir(path):
        return FileInput(kind="directory")
    try:
        with open(path, "rb") as file:
            return FileInput(content=file.read())
    except FileNotFoundError:
        return None
    except OSError:
        return FileInput(content=None)


def _local_host() -> Host:
    from dockeraudit.scan import Plan, gather
    from dockeraudit.targets import parse
    from dockeraudit.transport import TransportError
    from dockeraudit.transport.process import Cancel

    try:
        return gather(parse("local"), Plan(checks=()), Cancel())
    except TransportError as error:
        raise click.ClickException(f"this machine could not be read: {error}") from error


def _this_machine(defaults: bool) -> int:
    host = _local_host()
    if not host.engines:
        click.echo("no Docker engine runs or is installed on this machine")
        return CLEAN
    for engine in host.engines:
        for line in _engine(engine, defaults):
            click.echo(line)
    return CLEAN


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


def _print(rows: list[tuple[str, str, str]]) -> None:
    for line in _rows(rows):
        click.echo(line)


def _rows(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _, _ in rows), default=0)
    for name, value, origin in rows:
        text = f"  {name:<{width}}  {one_line(value, 400)}"
        yield f"{text}  ({one_line(origin, 400)})" if origin else text
