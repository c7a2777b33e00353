"""`dockeraudit waive`: add one waiver to the file, and leave the rest of it as it is."""

import datetime
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from dockeraudit import waivers
from dockeraudit.cli import configured
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.loaded import Checks, known_checks
from dockeraudit.cli.options import checks_option
from dockeraudit.cli.streams import say
from dockeraudit.cli.waivers import default_file
from dockeraudit.config import ConfigError, Loaded
from dockeraudit.config.document import MAX_FILE, parse
from dockeraudit.exits import CLEAN
from dockeraudit.output import write
from dockeraudit.report import HostReport, ReportedFinding, Result
from dockeraudit.words import nearest

_SHORTEST = 8


@click.command("waive", short_help="Add a waiver to the file of waivers.")
@click.argument("what", metavar="CHECK|FINGERPRINT")
@click.option("--target", metavar="PATTERN", help="Which targets it is for.")
@click.option("--resource", metavar="PATTERN", help="Which resource; without it every one.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it may be so.")
@click.option("--owner", required=True, metavar="WHO", help="Who answers for it.")
@click.option("--expires", required=True, metavar="DATE", help="Its last day, as YYYY-MM-DD (UTC).")
@click.option("--ticket", metavar="ID", help="Where it was decided.")
@click.option(
    "--from",
    "report",
    metavar="REPORT.json",
    help="Take check, target and resource from a finding of this report.",
)
@click.option("--file", metavar="FILE", help="The file; else the configuration's, or waivers.toml.")
@checks_option
@config_option
def command(
    what: str,
    target: str | None,
    resource: str | None,
    reason: str,
    owner: str,
    expires: str,
    ticket: str | None,
    report: str | None,
    file: str | None,
    checks_dirs: tuple[str, ...],
    config: Loaded,
) -> int:
    """Add a waiver of CHECK, or with --from of the finding with this FINGERPRINT.

    \b
      dockeraudit waive listener-wildcard --target 'ci*' --reason "a lab" \\
        --owner ops@example.com --expires 2027-03-31 --ticket OPS-7
      dockeraudit waive --from report.json 3f2a9c0e --reason … --owner … --expires …
    """
    check = what
    checks = known_checks(config, checks_dirs)
    if report is not None:
        host, result, finding = _found(report, what)
        check = result.check
        target = target or _exact("--target", host.target)
        resource = resource or _exact("--resource", finding.resource)
    elif check not in checks:
        known = nearest(check, checks) or " `dockeraudit list` shows them all."
        raise click.UsageError(f"no check {check!r}.{known}")
    if not target:
        raise click.UsageError("which targets is it for? Name them with --target PATTERN")
    last_day = waivers.day(expires)
    if last_day is None:
        raise click.UsageError(f"--expires {expires}: no day; write it as YYYY-MM-DD")
    if last_day < datetime.datetime.now(datetime.UTC).date():
        raise click.UsageError(f"--expires {expires}: that day is over")
    for option, value in (("--reason", reason), ("--owner", owner)):
        if not value.strip():
            raise click.UsageError(f"{option} is empty")
    keys = {"check": check, "target": target, "resource": resource, "reason": reason}
    keys |= {"owner": owner, "expires": last_day.isoformat(), "ticket": ticket}
    path = file or default_file(config)
    with _alone(path):
        _add(path, {key: value for key, value in keys.items() if value}, checks)
    say(f"{path}: added the waiver of {check} for {target}, until {last_day}")
    return CLEAN


def block(keys: dict[str, str]) -> str:
    """A `[[waiver]]` as TOML."""
    lines = [f"{key} = {_quoted(key, value)}" for key, value in keys.items()]
    return "\n".join(("[[waiver]]", *lines)) + "\n"


def _quoted(key: str, value: str) -> str:
    """A basic string, in which nothing steers a terminal; a day is written bare."""
    if key == "expires":
        return value
    text = "".join(
        f"\\{char}" if char in '"\\' else char if char.isprintable() else f"\\U{ord(char):08x}"
        for char in value
    )
    return f'"{text}"'


def _found(path: str, fingerprint: str) -> tuple[HostReport, Result, ReportedFinding]:
    from dockeraudit.cli.diff import read_report

    if len(fingerprint) < _SHORTEST:
        raise click.UsageError(f"{fingerprint}: write at least {_SHORTEST} digits of a fingerprint")
    found = {
        finding.fingerprint: (host, result, finding)
        for host in read_report(path).hosts
        for result in host.results
        if result.status == "fail"
        for finding in result.findings
        if finding.fingerprint.startswith(fingerprint)
    }
    if len(found) > 1:
        raise click.UsageError(f"{fingerprint}: {len(found)} findings begin so; write more of it")
    if not found:
        raise click.UsageError(f"{path} has no finding {fingerprint}")
    return next(iter(found.values()))


def _exact(option: str, text: str) -> str:
    """A name of a host's own making, which must not become a pattern."""
    if "*" in text or "?" in text:
        raise click.UsageError(f"{text!r} would stand for others, too: give {option} yourself")
    return text


def _add(path: str, keys: dict[str, str], checks: Checks) -> None:
    """Append a waiver, if the whole file is good with it.

    Raises:
        click.UsageError: it is not, before or after.
    """
    try:
        with open(path, "rb") as file:
            before = file.read(MAX_FILE + 1)
            status: os.stat_result | None = os.fstat(file.fileno())
    except FileNotFoundError:
        before, status = b"", None
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    end = "\r\n" if b"\r\n" in before else "\n"
    gap = "" if not before else "\n" if before.endswith(b"\n") else "\n\n"
    added = f"{gap}{block(keys)}".replace("\n", end)
    try:
        if before:
            waivers.entries(parse(path, before), checks)
        after = before + added.encode()
        waivers.entries(parse(path, after), checks)
    except ConfigError as error:
        configured.refuse(error)
    write(path, [after.decode()])
    with suppress(OSError):
        if status is None:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(path, 0o666 & ~mask)
        else:
            if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(path, status.st_uid, status.st_gid)
            os.chmod(path, stat.S_IMODE(status.st_mode))


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Two of these at once add two waivers: each waits for the folder."""
    folder = None
    with suppress(OSError):
        folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if folder is not None:
            os.close(folder)
