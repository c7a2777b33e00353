"""Which checks a run uses: a profile, narrowed by `--check` and `--skip`."""

from collections.abc import Iterable
from typing import Any

from dockeraudit.check import Check
from dockeraudit.words import nearest

DEFAULT_PROFILE = "daemon"
EVERYTHING = "strict"
_SEE_LIST = " `dockeraudit list` shows them all."


class SelectionError(Exception):
    """A profile or a pattern that names nothing; the message says what is near."""


def select(
    checks: dict[str, Check[Any]], profile: str, only: Iterable[str], skip: Iterable[str]
) -> tuple[Check[Any], ...]:
    """The checks to run, in the order of ids.

    `--check` chooses among all checks, whatever the profile; `--skip` takes away.

    Raises:
        SelectionError: the profile is unknown, a pattern matches nothing, or nothing is left.
    """
    inside = _of_profile(checks, profile)
    chosen = _named(checks, only) or inside
    left_out = _named(checks, skip)
    kept = tuple(checks[id] for id in sorted(chosen - left_out))
    if not kept:
        raise SelectionError("no check is left to run: --skip takes away all that was chosen")
    return kept


def profiles(checks: dict[str, Check[Any]]) -> tuple[str, ...]:
    """The profiles that checks belong to; `strict` is all of them."""
    named = {profile for check in checks.values() for profile in check.profiles}
    return tuple(sorted(named | {EVERYTHING}))


def _of_profile(checks: dict[str, Check[Any]], profile: str) -> set[str]:
    there_are = profiles(checks)
    if profile not in there_are:
        known = ", ".join(there_are)
        raise SelectionError(
            f"no profile {profile!r}.{nearest(profile, there_are)} There are: {known}."
        )
    return {
        id for id, check in checks.items() if profile in check.profiles or profile == EVERYTHING
    }


def _named(checks: dict[str, Check[Any]], patterns: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        from fnmatch import fnmatchcase

        matching = {id for id in checks if fnmatchcase(id, pattern)}
        if not matching:
            raise SelectionError(f"no check {pattern!r}.{nearest(pattern, checks) or _SEE_LIST}")
        found |= matching
    return found
