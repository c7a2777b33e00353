"""Tells people what got worse, by apprise: chat, mail, webhooks, whatever it knows.

    errors = send(addresses(words), report, previous, told=Path("/var/lib/dockeraudit/scan/told"))

News are new critical and high findings, certificates near their end, hosts that were reached
before and are not now, and that all of it is fixed. No news, no message; and nothing is told twice
within its period. A receiver that is down never fails a scan: `send` returns a line for it, and
what nobody got is told the next time. Addresses hold passwords, so no line ever has more of one
than its scheme.
"""

import hashlib
import logging
import os
import re
import stat
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from dockeraudit.drift import HostView, Seen, View, compare_host, complete, views
from dockeraudit.output import OutputError, clipped, visible, write
from dockeraudit.report import Report, SeverityName

DAY = 86400
INSTALL = "notifications need apprise: pip install 'dockeraudit[notify]'"

Kind = Literal["new", "worse", "expiring", "lost", "fixed"]
_ORDER: tuple[Kind, ...] = ("new", "worse", "lost", "expiring", "fixed")
_GRAVE: tuple[SeverityName, ...] = ("critical", "high")

_LINES = 10
_LINE = 180
_TITLE = 100
_SECONDS = 30.0
_LARGEST = 4 * 1024 * 1024

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_MENTION = re.compile(r"@(?=everyone|here|channel|all\b)|(?<=<)[!@#]", re.IGNORECASE)
_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a", "`": "'", "|": "/", "*": "\u2217"})


class NotifyError(Exception):
    """Addresses that can't be used; one line, without any of them."""


class Event(Struct, frozen=True):
    """One piece of news."""

    kind: Kind
    key: str
    """The same from run to run while it is the same news."""
    text: str
    severity: SeverityName | None = None


class _Memory(Struct, frozen=True):
    """What was told and when, and what nobody got."""

    told: dict[str, int] = {}
    owed: tuple[str, ...] = ()


def addresses(words: Iterable[str]) -> list[str]:
    """apprise's addresses: given as they are, or as `@FILE` with one a line, `#` for comments.

    Raises:
        NotifyError: a file can't be read, or others than its owner may read it.
    """
    found = []
    for word in words:
        found += _from_file(word[1:]) if word.startswith("@") else [word]
    return found


def send(
    urls: Sequence[str],
    report: Report,
    previous: View | None = None,
    *,
    told: str | os.PathLike[str] | None = None,
    days: int = 14,
    period: int = 7 * DAY,
    now: int | None = None,
    seconds: float = _SECONDS,
) -> list[str]:
    """Tell the news, if there are any; returns a line for each thing that went wrong.

    `previous` is the last look at these hosts (`drift.view` of a report; None: there was none),
    `told` a file that remembers what was told, `days` how near a certificate's end is news.
    """
    moment = int(time.time()) if now is None else now
    memory = _remembered(told)
    found = [
        event
        for event in events(report, previous, days=days, now=moment, owed=memory.owed)
        if moment - memory.told.get(event.key, -period) >= period
    ]
    errors: list[str] = []
    delivered = False
    if found and urls:
        title, body = message(found, report)
        errors = _deliver(urls, title, body, _type(found), seconds)
        delivered = len(errors) < len(urls)
    if told is not None and urls:
        kept = {key: at for key, at in memory.told.items() if 0 <= moment - at < period}
        keys = [event.key for event in found]
        after = (
            _Memory(kept | dict.fromkeys(keys, moment))
            if delivered or not found
            else _Memory(kept, tuple(keys))
        )
        if after != memory:
            errors += _remember(told, after)
    return errors


def events(
    report: Report,
    previous: View | None = None,
    *,
    days: int = 14,
    now: int,
    owed: Iterable[str] = (),
) -> tuple[Event, ...]:
    """The news of a report, worst first. What is owed is news once more, if it is still so."""
    owing = frozenset(owed)
    found: list[Event] = []
    repair = _Repair(previous)
    for name, current in _current(report):
        before = (previous or {}).get(name)
        known = previous is not None
        found += _regressions(name, current, before, owing, known=known)
        found += _lost(name, current, before, owing)
        repair.add(name, current)
    found += _expiring(report, days, now)
    found += repair.events(owing, report)
    rank = {severity: at for at, severity in enumerate(_GRAVE)}
    return tuple(
        sorted(
            {event.key: event for event in found}.values(),
            key=lambda e: (_ORDER.index(e.kind), rank.get(e.severity or "info", 9), e.text),
        )
    )


def message(found: Sequence[Event], report: Report) -> tuple[str, str]:
    """Subject and body: short, plain text, the worst first."""
    counts = Counter((event.kind, event.severity) for event in found)
    parts = [
        f"{number} {words}"
        for words, number in (
            *((f"new {name}", counts["new", name]) for name in _GRAVE),
            *((f"worse, now {name}", counts["worse", name]) for name in _GRAVE),
            ("not reached any more", counts["lost", None]),
            ("certificates near their end", counts["expiring", None]),
        )
        if number
    ]
    if any(event.kind == "fixed" for event in found):
        parts.append("all fixed")
    title = clipped(f"dockeraudit: {', '.join(parts)}", _TITLE)
    lines = [event.text for event in found[:_LINES]]
    if len(found) > _LINES:
        lines.append(f"and {len(found) - _LINES} more")
    hosts = len(report.hosts)
    lines += ["", f"Scan of {report.finished}, {hosts} host{'s' if hosts != 1 else ''}: "]
    lines[-1] += safe(report.summary.rule)
    return title, "\n".join(lines)


def safe(text: str) -> str:
    """A host's text as it may stand in a chat: one short line, no markup, mention or password."""
    line = _CREDENTIALS.sub("\u2026", visible(clipped(text, _LINE)))
    return _MENTION.sub("\uff20", line).translate(_MARKUP).replace("](", "] (")


def _current(report: Report) -> Iterator[tuple[str, HostView]]:
    """What is said of each host now, one at a time."""
    return ((each.target, each) for each in views(report, report.hosts))


def _regressions(
    name: str, current: HostView, before: HostView | None, owing: frozenset[str], *, known: bool
) -> Iterator[Event]:
    """Critical and high findings that were not there, or not as bad; waived ones never.

    `known` is whether there was a last look at all; `before` is this host's.
    """
    changed = (
        {change.fingerprint: change.kind for change in compare_host(name, before, current)}
        if known
        else {}
    )
    for fingerprint, seen in current.findings.items():
        if seen.waived or seen.severity not in _GRAVE:
            continue
        kind = changed.get(fingerprint) if known else "new"
        new, worse = f"new:{fingerprint}", f"worse:{fingerprint}:{seen.severity}"
        if kind == "worse" or worse in owing:
            yield Event("worse", worse, _finding("WORSE", name, seen), seen.severity)
        elif kind == "new" or new in owing:
            yield Event("new", new, _finding("NEW", name, seen), seen.severity)


def _finding(word: str, host: str, seen: Seen) -> str:
    return f"{word} {seen.severity} on {safe(host)}: {safe(seen.message)} ({safe(seen.check)})"


def _lost(
    name: str, current: HostView, before: HostView | None, owing: frozenset[str]
) -> Iterator[Event]:
    key = f"lost:{_digest(name)}"
    if current.state == "unreachable" and (
        key in owing or (before is not None and before.state != "unreachable")
    ):
        why = f": {safe(current.reason)}" if current.reason else ""
        yield Event("lost", key, f"LOST {safe(name)} is not reached any more{why}")


def _expiring(report: Report, days: int, now: int) -> Iterator[Event]:
    """Those in the report, whatever checks were run; a swarm renews its nodes' by itself."""
    for host in report.hosts:
        for end in host.certificates or ():
            left = (end.not_after - now) // DAY
            if left > days or end.role == "swarm-node":
                continue
            when = time.strftime("%Y-%m-%d", time.gmtime(end.not_after))
            what = f"ends in {left} days, on {when}" if left >= 0 else f"ended on {when}"
            key = f"expiring:{_digest(host.target, end.resource, str(end.not_after))}"
            yield Event(
                "expiring", key, f"CERTIFICATE {safe(end.resource)} of {safe(host.target)} {what}"
            )


class _Repair:
    """Whether everything grave is gone; gathered host by host."""

    def __init__(self, previous: View | None) -> None:
        self._previous = previous or {}
        self._missing = set(self._previous)
        self._complete = previous is not None
        """Whether all that was known before could be looked at again."""
        self._clean = False
        """Whether there is a host, and nothing critical or high on any, not even unseen."""
        self._seen = False

    def add(self, name: str, current: HostView) -> None:
        """See a host."""
        clean = not _grave(current) and not _blind(current)
        self._clean = clean and (self._clean or not self._seen)
        self._seen = True
        self._missing.discard(name)
        before = self._previous.get(name)
        self._complete = self._complete and complete(name, before, current)

    def events(self, owing: frozenset[str], report: Report) -> Iterator[Event]:
        """Only where everything was looked at: what was not seen may be as bad as it was."""
        if not self._clean:
            return
        before: list[str] = []
        if self._complete and not self._missing:
            before = sorted(key for host in self._previous.values() for key in _grave(host))
        key = f"fixed:{_digest(*before)}"
        if not before:
            key = next((each for each in owing if each.startswith("fixed:")), "")
            if not key:
                return
        number = len(before)
        left = sum(report.summary.by_severity.values())
        what = f"all {number} critical and high findings are" if number > 1 else "what was found is"
        rest = f"; {left} lesser ones are left" if left else ""
        yield Event("fixed", key, f"FIXED {what} gone{rest}")


def _grave(host: HostView) -> list[str]:
    return [
        fingerprint
        for fingerprint, seen in host.findings.items()
        if not seen.waived and seen.severity in _GRAVE
    ]


def _blind(host: HostView) -> bool:
    """Whether something critical or high could be there unseen."""
    if host.state != "scanned":
        return True
    return any(gap.status != "manual" and gap.severity in _GRAVE for gap in host.gaps.values())


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:32]


def _type(found: Sequence[Event]) -> str:
    """apprise's word for how bad it is."""
    kinds = {event.kind for event in found}
    if kinds & {"new", "worse"}:
        return "failure"
    return "success" if kinds == {"fixed"} else "warning"


def _from_file(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            lines = file.read(_LARGEST).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise NotifyError(f"addresses for notifications, {visible(path)}: {reason}") from error
    if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
        raise NotifyError(
            f"{visible(path)} holds passwords and can be read by others: chmod 600 it"
        )
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _remembered(told: str | os.PathLike[str] | None) -> _Memory:
    """What was told; nothing where the file is missing or broken, so that news get through."""
    if told is None:
        return _Memory()
    try:
        with open(told, "rb") as file:
            return msgspec.json.decode(file.read(_LARGEST), type=_Memory)
    except (OSError, ValueError):
        return _Memory()


def _remember(told: str | os.PathLike[str], memory: _Memory) -> list[str]:
    try:
        write(Path(told), [msgspec.json.encode(memory).decode(), "\n"])
    except OutputError as error:
        return [f"notifications: {error}"]
    return []


def _deliver(urls: Sequence[str], title: str, body: str, kind: str, seconds: float) -> list[str]:
    """Send to each receiver at the same time; a line for each that did not take it."""
    try:
        import apprise
    except ImportError:
        return [INSTALL] * len(urls)
    _quiet()
    results: dict[int, str] = {}

    def one(number: int, url: str) -> None:
        try:
            asset = apprise.AppriseAsset(app_id="dockeraudit", async_mode=False)
            receiver = apprise.Apprise(asset=asset)
            if not receiver.add(url):
                results[number] = "apprise knows no such address"
                return
            codes = _Codes()
            for plugin in receiver:
                # Each with a log of its own, so that a code is known to be this receiver's.
                plugin.logger = codes.logger()
            taken = receiver.notify(
                body=body,
                title=title,
                notify_type=apprise.NotifyType(kind),
                body_format=apprise.NotifyFormat.TEXT,
            )
            said = "it could not be reached, or refused"
            if codes.last:
                said = f"it answered {codes.last}"
            results[number] = "" if taken else said
        except Exception as error:  # apprise's plug-ins are many, and the scan is done
            results[number] = f"apprise failed: {type(error).__name__}"

    threads = [
        threading.Thread(target=one, args=(number, url), daemon=True)
        for number, url in enumerate(urls)
    ]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [
        f"notification {number + 1} of {len(urls)}{_scheme(url)}: {problem}"
        for number, url in enumerate(urls)
        if (problem := results.get(number, f"no answer within {seconds:.0f} s"))
    ]


def _scheme(url: str) -> str:
    """The one part of an address that is no secret."""
    match = re.match(r"([a-z][a-z0-9]{1,20})://", url, re.ASCII)
    return f" ({match[1]})" if match else ""


class _Codes(logging.Handler):
    """Keeps the HTTP code of what a plug-in of apprise logs, and nothing else of it."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        match = re.search(r"error=(\d{3})\b", record.getMessage())
        if match:
            self.last = match[1]

    def logger(self) -> logging.Logger:
        """A log that leads only here."""
        logger = logging.Logger("apprise", logging.WARNING)
        logger.addHandler(self)
        return logger


def _quiet() -> None:
    """Keep the logs of apprise and of what it uses, which name addresses, from everybody."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
