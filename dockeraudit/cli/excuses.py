"""What excuses failures: a file of waivers, a baseline; and what people are told of them."""

import datetime
from collections.abc import Collection, Iterator

import click
import msgspec

from dockeraudit import baseline as baselines
from dockeraudit import waivers
from dockeraudit.baseline import Baseline, BaselineError
from dockeraudit.cli.configured import refuse
from dockeraudit.cli.streams import say
from dockeraudit.config import ConfigError
from dockeraudit.policy import summarize
from dockeraudit.report import Report, ReportedBaseline, ReportedWaiver
from dockeraudit.waivers import Applied, Entry

_MOST = 10


def read_waivers(path: str, checks: Collection[str]) -> tuple[Entry, ...]:
    """The entries of a file of waivers.

    Raises:
        click.UsageError: it can't be used; its other mistakes are said before.
    """
    try:
        return waivers.load(path, checks)
    except ConfigError as error:
        refuse(error)


def read_baseline(path: str) -> Baseline:
    """A baseline.

    Raises:
        click.UsageError: it is none.
    """
    try:
        return baselines.read(path)
    except BaselineError as error:
        raise click.UsageError(f"--baseline {error}") from error


def excused(report: Report, entries: tuple[Entry, ...], before: Baseline | None) -> Report:
    """The report with waivers and the baseline laid over it; what people should know is said."""
    today = datetime.datetime.now(datetime.UTC).date()
    hosts, applied = waivers.apply(report.hosts, entries, today)
    report = msgspec.structs.replace(
        report, hosts=hosts, waivers=applied.waivers, summary=summarize(hosts, report.fail_on)
    )
    if before is not None:
        report = baselines.apply(report, before, applied.lapsed)
    _say(_of_waivers(applied, today), "waivers")
    if report.baseline is not None:
        _say(_of_baseline(report.baseline), "of what was fixed")
    return report


def _say(lines: Iterator[str], what: str) -> None:
    for number, line in enumerate(lines):
        if number >= _MOST:
            rest = sum(1 for _ in lines) + 1
            say(f"... and {rest} more lines {what}; the JSON report has all of them")
            return
        say(line)


def _of_waivers(applied: Applied, today: datetime.date) -> Iterator[str]:
    for each in applied.expired:
        again = f"; {each.findings} of its findings count again" if each.findings else ""
        yield f"{_name(each)} expired on {each.expires}{again} ({each.owner})"
    for each in applied.expiring:
        left = (datetime.date.fromisoformat(each.expires) - today).days
        yield f"{_name(each)} ends on {each.expires}, in {left} days ({each.owner})"
    for each in applied.unused:
        yield f"{_name(each)} is unused: there is nothing to waive any more"


def _name(each: ReportedWaiver) -> str:
    resource = f", {each.resource}" if each.resource else ""
    return f"{each.source}: the waiver of {each.check} for {each.target}{resource}"


def _of_baseline(seen: ReportedBaseline) -> Iterator[str]:
    untold = f", {seen.untold} could not be looked at" if seen.untold else ""
    yield (
        f"baseline of {seen.recorded[:10]}: {seen.new} new, {seen.worse} worse, "
        f"{seen.still} still there, {len(seen.fixed)} fixed{untold}"
    )
    for each in seen.fixed:
        yield f"fixed: {each.severity} {each.check} {each.target} {each.resource}".rstrip()
