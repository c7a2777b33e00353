"""The simple check of a file: its mode, its owner, its group, and whether it is there."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from dockeraudit.check import Finding, NotApplicable, Outcomes
from dockeraudit.facts import Absent, Evidence, FileFacts, Unread
from dockeraudit.host import Host
from dockeraudit.host.access import (
    Fault,
    Limit,
    Route,
    evidence,
    mode_faults,
    owner_faults,
    unread_acls,
)
from dockeraudit.settings import Settings


class FileForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[check.file]`."""

    path: str
    mode: str | None = None
    """The most that it may allow, in octal digits."""
    owner: str | None = None
    """A name, or a number."""
    group: str | None = None
    kind: Literal["file", "directory", "socket"] | None = None
    exists: bool | None = None
    """Whether it has to be there; unsaid: it need not be, and does not apply where it is not."""


def mistakes(form: FileForm) -> Iterator[tuple[str, str]]:
    """What types can't say: the key, and what is wrong with it."""
    if not form.path.startswith("/") or not form.path.isprintable():
        yield "path", "write an absolute path"
    if form.mode is not None and not re.fullmatch(r"[0-7]{3,4}", form.mode):
        yield "mode", f"{form.mode!r} is no mode: write three or four octal digits, such as '0640'"
    wanted = [each is not None for each in (form.mode, form.owner, form.group, form.kind)]
    if form.exists is False and any(wanted):
        yield "exists", "what must not exist has no mode, owner, group or kind"
    if form.exists is None and not any(wanted):
        yield "path", "nothing is asked of it: give mode, owner, group, kind or exists"


def rule(form: FileForm) -> Callable[[Host, Settings], Outcomes]:
    """The check's function."""

    def judged(host: Host, settings: Settings) -> Outcomes:
        way = host.route(form.path)
        if isinstance(way.seen, Unread):
            yield way.seen
        elif isinstance(way.seen, Absent):
            yield from _absent(form)
        elif form.exists is False:
            proof = (evidence(way.real, way.seen),)
            yield Finding(form.path, f"{form.path} exists", proof)
        else:
            yield from _present(form, host, way, way.seen)

    return judged


def _absent(form: FileForm) -> Outcomes:
    if form.exists is None:
        yield NotApplicable(f"{form.path} does not exist")
    elif form.exists:
        proof = (Evidence(f"stat {form.path}", "No such file or directory"),)
        yield Finding(form.path, f"{form.path} does not exist", proof)


def _present(form: FileForm, host: Host, way: Route, seen: FileFacts) -> Outcomes:
    yield from way.unread
    said: dict[str, list[str]] = {}
    proofs = {way.real: evidence(way.real, seen)}
    accounts = {each.uid: each.name for each in host.facts.accounts}
    groups = {each.gid: each.name for each in host.facts.groups}
    for wanted, there, names in ((form.owner, seen.uid, accounts), (form.group, seen.gid, groups)):
        if wanted is None or wanted in (str(there), names.get(there)):
            continue
        if there in names or wanted in names.values() or wanted.isdecimal():
            belongs = f"{way.real} belongs to {names.get(there, there)}, not to {wanted}"
            said.setdefault(way.real, []).append(belongs)
        else:
            # Both may be one that only a directory service knows.
            yield Unread(f"whether {way.real} belongs to {wanted}: number {there} has no name")
    limit = _limit(form, seen)
    for fault in _faults(form, way, limit):
        said.setdefault(fault.path, []).append(fault.what)
        proofs.setdefault(fault.path, fault.evidence)
    if form.mode is not None:
        yield from unread_acls(way, limit)
    for path, sentences in said.items():
        message = "; ".join(dict.fromkeys(sentences))
        yield Finding(path, message, (proofs[path],))


def _limit(form: FileForm, seen: FileFacts) -> Limit:
    """What mode and kind allow; whose it is has been judged, so it is its owner's own."""
    return Limit(
        mode=int(form.mode, 8) if form.mode is not None else 0o7777,
        owners=frozenset({seen.uid}),
        groups=frozenset({seen.gid}),
        kind=form.kind or seen.kind,  # type: ignore[arg-type]
    )


def _faults(form: FileForm, way: Route, limit: Limit) -> Iterator[Fault]:
    if form.mode is not None or form.kind is not None:
        yield from mode_faults(way, limit)
    if form.owner is not None:
        yield from (each for each in owner_faults(way, limit) if each.kind == "folder")
