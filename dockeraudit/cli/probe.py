"""`dockeraudit probe`: what answers at addresses, seen from outside and without a login."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click
from msgspec.structs import replace

from dockeraudit import __version__
from dockeraudit.check import Check
from dockeraudit.cli import configured
from dockeraudit.cli.configured import config_option
from dockeraudit.cli.interruption import Interruption
from dockeraudit.cli.loaded import Checks, known_checks
from dockeraudit.cli.options import OneOf, Seconds
from dockeraudit.cli.scan import excuses
from dockeraudit.cli.sinks import sink_options, sinks, write_all
from dockeraudit.cli.streams import say
from dockeraudit.config import Loaded
from dockeraudit.exits import CLEAN, INTERNAL
from dockeraudit.outside import (
    CEILING,
    CHECKS,
    PORTS,
    SOMETIMES,
    AddressError,
    Found,
    Pace,
    Place,
    places,
    survey,
)
from dockeraudit.policy import FailOn, summarize
from dockeraudit.probe import Dial
from dockeraudit.report import SCHEMA_VERSION, SEVERITIES, Report, Tool
from dockeraudit.scan import Plan, rfc3339
from dockeraudit.selection import DEFAULT_PROFILE, EVERYTHING, SelectionError, select

MOST = 1024
"""Addresses that are asked without being told that so many are meant."""
LONG = 10
"""Seconds after which people wonder."""


@click.command("probe", short_help="Look at addresses from outside: does a Docker API answer?")
@click.argument("addresses", nargs=-1, required=True, metavar="HOST[:PORT]|CIDR...")
@click.option(
    "--port",
    "ports",
    type=click.IntRange(1, 65535),
    multiple=True,
    default=PORTS,
    metavar="PORT",
    show_default=True,
    help="A port to ask where none is named; may be repeated.",
)
@click.option(
    "--max",
    "most",
    type=click.IntRange(1, CEILING),
    default=MOST,
    metavar="N",
    show_default=True,
    help="How many addresses may be asked in all.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 10000),
    default=50,
    metavar="N",
    show_default=True,
    help="How many connections to begin in a second, at most.",
)
@click.option(
    "--concurrency",
    "at_once",
    type=click.IntRange(1, 256),
    default=32,
    metavar="N",
    show_default=True,
    help="How many addresses at a time.",
)
@click.option(
    "--timeout",
    "patience",
    type=Seconds(),
    default=3,
    metavar="SECONDS",
    show_default=True,
    help="What each connection may take in all.",
)
@click.option(
    "--profile",
    "named_profile",
    default=DEFAULT_PROFILE,
    metavar="NAME",
    show_default=True,
    help="Which checks to run, of those that can be decided from outside.",
)
@click.option("--check", "checks_only", multiple=True, metavar="ID|GLOB", help="Run only these.")
@click.option("--skip", "checks_skipped", multiple=True, metavar="ID|GLOB", help="Leave out these.")
@click.option(
    "--fail-on",
    type=OneOf([*SEVERITIES, "none"]),
    default="low",
    metavar="SEVERITY",
    show_default=True,
    help="The least severity that makes the exit code 1; `none` for never.",
)
@sink_options
@click.option(
    "--waivers", "waiver_file", metavar="FILE", help="Findings that somebody answers for."
)
@click.option(
    "--baseline", "baseline_file", metavar="FILE", help="Fail only on what is new or worse."
)
@config_option
@click.option("-v", "--verbose", is_flag=True, help="Show every result, not only failures.")
def command(
    addresses: tuple[str, ...],
    ports: tuple[int, ...],
    fail_on: FailOn,
    shown: str | None,
    reports: tuple[str, ...],
    force: bool,
    config: Loaded,
    verbose: bool,
    **more: Any,
) -> int:
    """Connect to each address, and say whether a Docker API answers there and to whom.

    No login, and nothing but what is named: each port gets two requests at most, `GET /_ping` and
    `GET /version`, in clear or over TLS, and handshakes of TLS.

    Calling it is the consent: connections are made at once, and those who watch these networks
    will see them. Probe only what is yours, or what you have been asked to probe.

    \b
      dockeraudit probe db1 192.0.2.10:2376 '[2001:db8::1]:2375'
      dockeraudit probe 192.0.2.0/24 --rate 20 --report json=outside.json
      dockeraudit probe 192.0.2.0/22 --max 1022 --port 2375

    The reports and exit codes are those of `scan`. Only checks that a connection can decide are
    run; what a host looks like inside is for `scan` to say.
    """
    written = sinks(reports if configured.said("reports") else (), shown, force=force)
    known = known_checks()
    strict = more["named_profile"] == EVERYTHING
    plan = Plan(
        checks=_checks(known, more["named_profile"], more["checks_only"], more["checks_skipped"]),
        settings=replace(config.settings(()), strict=strict),
    )
    waivers, baseline = more["waiver_file"], more["baseline_file"]
    entries = excuses().read_waivers(waivers, known) if waivers is not None else ()
    before = excuses().read_baseline(baseline) if baseline is not None else None
    try:
        wanted = places(addresses, ports, more["most"])
    except AddressError as error:
        raise click.UsageError(str(error)) from error
    say(_plan(wanted, more["rate"]))
    started = time.time()
    with Interruption() as interruption:
        dial = Dial(more["patience"], Pace(more["rate"], interruption.cancel))
        found = survey(wanted, plan, dial, more["at_once"], _say, interruption.cancel)
    say(_summary(found))
    hosts = tuple(each.report for each in found if each.report is not None)
    report = Report(
        schema_version=SCHEMA_VERSION,
        tool=Tool("dockeraudit", __version__),
        started=rfc3339(started),
        finished=rfc3339(time.time()),
        profile=f"{more['named_profile']}, from outside",
        fail_on=fail_on,
        summary=summarize(hosts, fail_on),
        hosts=hosts,
    )
    if waivers is not None or before is not None:
        report = excuses().excused(report, entries, before)
    failed = sum(host.error is not None and host.error.kind == "internal" for host in hosts)
    if interruption.status:
        report = _ended(report, interruption.status, "interrupted")
    elif failed:
        report = _ended(report, INTERNAL, f"dockeraudit itself failed on {failed} of the addresses")
    elif not hosts:
        rule = f"nothing answered at {_number(len(found), 'address', 'addresses')}"
        report = replace(report, summary=replace(report.summary, exit_code=CLEAN, rule=rule))
    return write_all(report, written, verbose) or report.summary.exit_code


def _checks(
    known: Checks, profile: str, only: tuple[str, ...], skip: tuple[str, ...]
) -> tuple[Check[Any], ...]:
    """Those of the profile, or of those that were named, that a connection can decide."""
    outside = {id: known[id] for id in (*CHECKS, *SOMETIMES) if id in known}
    try:
        return select(outside, profile, only, skip)
    except SelectionError as error:
        raise click.UsageError(f"from outside: {error}") from error


def _plan(wanted: Sequence[Place], rate: float) -> str:
    """What will be asked, and how long that takes where it is long."""
    asked = sum(len(place.ports) for place in wanted)
    addresses = _number(len(wanted), "address", "addresses")
    text = f"probing {_number(asked, 'port', 'ports')} of {addresses}"
    return text if asked / rate < LONG else f"{text}, which takes {asked / rate:.0f} s or more"


def _say(found: Found) -> None:
    """A line for each port where something is, and for each name that gave nothing."""
    for each in found.endpoints:
        if not found.place.swept or each.kind not in ("refused", "filtered"):
            say(each.sentence)
    if not found.endpoints and found.report is not None and found.report.error is not None:
        say(f"{found.report.target}: {found.report.error.message}")


def _summary(found: Sequence[Found]) -> str:
    kinds = Counter(each.kind for place in found for each in place.endpoints)
    open_to_all = kinds["api"] + kinds["tls-api"]
    quiet = kinds["refused"] + kinds["filtered"]
    told = [
        f"{_number(kinds.total(), 'port', 'ports')} asked",
        f"{open_to_all} with the Docker API open to anyone",
        f"{kinds['client-certificate']} that demand a client certificate",
        f"{kinds.total() - open_to_all - kinds['client-certificate'] - quiet} with something else",
        f"{quiet} closed or without an answer",
    ]
    left = sum(not each.asked for each in found)
    if left:
        told.append(f"{_number(left, 'address', 'addresses')} not asked to the end")
    return ", ".join(told)


def _ended(report: Report, status: int, rule: str) -> Report:
    """The report with another exit code than its results give, and why."""
    summary = replace(report.summary, exit_code=status, rule=f"{rule}; {report.summary.rule}")
    return replace(report, summary=summary)


def _number(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
