"""The arithmetic of modes, ACLs and routes, against what a kernel would do."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dockeraudit.facts import Unread
from dockeraudit.host.access import (
    Limit,
    acl_matters,
    describe,
    effective_mode,
    excess,
    mode_faults,
    named,
    owner_faults,
    route,
    unread_acls,
    words,
)
from tests.build import Absent, directory, file

settings.register_profile("quiet", deadline=None, database=None)
settings.load_profile("quiet")

MODES = st.integers(0, 0o7777)
RIGHTS = st.integers(0, 7)
FOLDERS: dict[str, Any] = {"/": directory(), "/etc": directory()}


def letters(rights: int) -> str:
    return "".join(
        letter if rights & bit else "-" for letter, bit in zip("rwx", (4, 2, 1), strict=True)
    )


def may(mode: int, who: int) -> int:
    """The rights that a mode gives to owner (2), group (1), others (0)."""
    return mode >> 3 * who & 7


@given(MODES, MODES)
def test_excess_is_what_somebody_may_beyond_the_limit(mode: int, limit: int) -> None:
    extra = excess(mode, limit)
    for who in range(3):
        assert may(extra, who) == may(mode, who) & ~may(limit, who)
    assert (extra == 0) == (mode | limit == limit)
    assert bool(words(extra)) == bool(extra)


@given(MODES, MODES)
def test_no_mode_within_the_limit_is_at_fault(mode: int, limit: int) -> None:
    way = route(FOLDERS | {"/etc/f": file(mode & limit)}, "/etc/f")
    assert list(mode_faults(way, Limit(limit))) == []


@given(st.integers(0, 0o777), MODES, RIGHTS, st.sampled_from(["user", "group"]))
def test_a_named_entry_is_at_fault_just_where_it_may_more_than_others_should(
    mode: int, limit: int, rights: int, kind: str
) -> None:
    entry = f"{kind}:1000:{letters(rights)}"
    seen = file(mode & limit, acl=(entry,))
    way = route(FOLDERS | {"/etc/f": seen}, "/etc/f")
    effective = rights & may(mode & limit, 1)
    faults = [fault.kind for fault in mode_faults(way, Limit(limit))]
    assert faults == (["acl"] if effective & ~may(limit, 0) else [])


@given(st.integers(0, 0o777), MODES, RIGHTS)
def test_an_acl_that_need_not_be_read_can_not_break_the_limit(
    mode: int, limit: int, rights: int
) -> None:
    within = mode & limit
    if acl_matters(file(within, acl=Unread("getfacl is missing")), Limit(limit)):
        return
    seen = file(within, acl=(f"user:1000:{letters(rights)}", f"group:1000:{letters(rights)}"))
    way = route(FOLDERS | {"/etc/f": seen}, "/etc/f")
    assert list(mode_faults(way, Limit(limit))) == []


@given(st.integers(0, 0o777), RIGHTS)
def test_the_mask_bounds_the_owning_group(mode: int, rights: int) -> None:
    seen = file(mode, acl=("user:1000:r--", f"group::{letters(rights)}", "mask::rwx"))
    assert may(effective_mode(seen), 1) == may(mode, 1) & rights
    assert (may(effective_mode(seen), 2), may(effective_mode(seen), 0)) == (
        may(mode, 2),
        may(mode, 0),
    )


@given(MODES)
def test_a_folder_may_be_written_by_others_unless_it_is_sticky(mode: int) -> None:
    files = {"/": directory(), "/srv": directory(mode, 0, 7), "/srv/f": file(0o400)}
    faults = [fault.path for fault in mode_faults(route(files, "/srv/f"), Limit(0o400))]
    assert faults == (["/srv"] if mode & 0o022 and not mode & 0o1000 else [])


def test_root_s_group_may_write_in_a_folder() -> None:
    files = {"/": directory(), "/srv": directory(0o775), "/srv/f": file(0o400)}
    assert list(mode_faults(route(files, "/srv/f"), Limit(0o400))) == []


def test_unread_acls_of_folders_matter_where_the_group_may_write() -> None:
    acl = Unread("getfacl is missing")
    for mode, reasons in ((0o755, []), (0o775, ["ACL of /srv: getfacl is missing"])):
        files = {"/": directory(), "/srv": directory(mode, acl=acl), "/srv/f": file(0o400)}
        way = route(files, "/srv/f")
        assert [each.reason for each in unread_acls(way, Limit(0o400))] == reasons


def test_default_entries_are_of_later_files_and_have_a_mask_of_their_own() -> None:
    seen = directory(0o755, acl=("default:user:7:rwx", "default:mask::r-x", "user:8:rwx"))
    assert [(each.entry, each.rights, each.inherited) for each in named(seen)] == [
        ("default:user:7:rwx", 5, True),
        ("user:8:rwx", 5, False),
    ]


def test_a_route_passes_links_in_the_middle_and_at_the_end() -> None:
    files = {
        **dict.fromkeys(("/", "/var", "/run", "/srv", "/srv/a"), directory()),
        "/var/run": file(0o777, kind="symlink", target="/run"),
        "/run/here": file(0o777, kind="symlink", target="/srv/a/there"),
        "/srv/a/there": file(0o600),
    }
    way = route(files, "/var/run/here")
    assert (way.real, way.seen) == ("/srv/a/there", files["/srv/a/there"])
    assert list(way.folders) == ["/", "/var", "/run", "/srv", "/srv/a"]
    assert list(way.links) == ["/var/run", "/run/here"]


def test_a_route_ends_where_something_is_missing() -> None:
    assert route(FOLDERS | {"/etc/x": Absent()}, "/etc/x/y").seen == Absent()
    assert route(FOLDERS | {"/etc/x": file()}, "/etc/x/y").seen == Absent()
    gone = {"/etc/x": file(kind="symlink", target="/etc/y"), "/etc/y": Absent()}
    assert route(FOLDERS | gone, "/etc/x").seen == Absent()
    assert route(FOLDERS, "/etc/x").seen == Unread("/etc/x was not looked at")
    lost = {"/etc/x": file(kind="symlink")}
    assert route(FOLDERS | lost, "/etc/x").seen == Unread("where /etc/x leads was not read")


def test_owners_are_judged_with_the_folders_above() -> None:
    files = {"/": directory(), "/srv": directory(0o755, 5), "/srv/f": file(0o400, 5, 6)}
    faults = owner_faults(route(files, "/srv/f"), Limit(0o400))
    assert [(fault.kind, fault.path) for fault in faults] == [
        ("owner", "/srv/f"),
        ("group", "/srv/f"),
        ("folder", "/srv"),
    ]
    theirs = Limit(0o400, frozenset({0, 5}), frozenset({0, 6}))
    assert list(owner_faults(route(files, "/srv/f"), theirs)) == []


def test_a_file_is_described_in_letters_and_in_octal() -> None:
    assert describe(file(0o644)) == "-rw-r--r-- 0644 0:0"
    acl = ("user:7:rw-", "mask::rw-")
    assert describe(file(0o660, 0, 999, "socket", acl=acl)) == (
        "srw-rw---- 0660 0:999 acl user:7:rw- mask::rw-"
    )
