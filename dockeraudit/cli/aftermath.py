"""What a scan's report goes to besides its writers: the history, and people who want to know."""

import os
from collections.abc import Sequence

import click
import msgspec
from msgspec import Struct

from dockeraudit.cli.streams import say
from dockeraudit.drift import View, view
from dockeraudit.exits import CLEAN, INTERNAL
from dockeraudit.report import Report


class Aftermath(Struct, frozen=True):
    """Prepared before any host is asked: mistakes of the user's show at once."""

    history: str | None
    addresses: tuple[str, ...]
    before: View | None
    """The last look at these hosts: of the history, else of the JSON report to be replaced."""
    told: str | None
    """The file that remembers what was told; it lies beside the history or the report."""

    def follow(self, report: Report) -> tuple[Report, int]:
        """Keep the report, and tell the news.

        Returns the report with the trend that it is the end of, and 4 where it could not be kept.
        """
        status = CLEAN
        if self.history is not None:
            from dockeraudit.history import read
            from dockeraudit.history.file import HistoryError
            from dockeraudit.history.record import record

            try:
                done = record(self.history, report)
                report = msgspec.structs.replace(report, trend=read.trend(self.history))
            except HistoryError as error:
                say(f"dockeraudit: {error}")
                status = INTERNAL
            else:
                say(
                    f"run {done.run_id} in {self.history}: {done.new} new, {done.worse} worse, "
                    f"{done.fixed} fixed, {done.still} still"
                )
        if self.addresses:
            from dockeraudit.notify import send

            for line in send(self.addresses, report, self.before, told=self.told):
                say(line)
        return report, status


def prepare(history: str | None, notify: Sequence[str], json_report: str | None) -> Aftermath:
    """What to do with the report later.

    Raises:
        click.UsageError: the history is none, or an address can't be used.
    """
    addresses: tuple[str, ...] = ()
    if notify:
        from dockeraudit.notify import NotifyError
        from dockeraudit.notify import addresses as read_addresses

        try:
            addresses = tuple(read_addresses(notify))
        except NotifyError as error:
            raise click.UsageError(f"--notify: {error}") from error
    before = _of_history(history) if history is not None else None
    if before is None and addresses and json_report is not None:
        before = _of_report(json_report)
    beside = history or json_report
    return Aftermath(history, addresses, before, f"{beside}.told" if beside else None)


def _of_history(path: str) -> View | None:
    if not os.path.lexists(path):
        return None
    from dockeraudit.history.file import HistoryError
    from dockeraudit.history.read import run_number, runs
    from dockeraudit.history.read import view as view_of

    try:
        if not runs(path):
            return None
        return view_of(path, run_number(path, "last"), carried=True)
    except HistoryError as error:
        raise click.UsageError(str(error)) from error


def _of_report(path: str) -> View | None:
    """The report of the last run, if there is a good one."""
    from dockeraudit.report import decode

    try:
        with open(path, "rb") as file:
            return view(decode(file.read()))
    except (OSError, ValueError):
        return None
