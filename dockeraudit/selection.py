"""Which checks a run uses: a profile, narrowed by `--check` and `--skip`."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from dockeraudit.check import LEVEL_1, Check
from dockeraudit.words import nearest

DEFAULT_PROFILE = "daemon"
EVERYTHING = "strict"
BUILT_IN = (DEFAULT_PROFILE, *LEVEL_1)
"""Profiles that there are whatever the user has."""
_SEE_LIST = " `dockeraudit list` shows them all."


class SelectionError(Exception):
    """A profile or a pattern that names nothing; the message says what is near."""


class OwnProfile(Protocol):
    """A profile that a user made: all of another one, with some added, then some removed."""

    @property
    def base(self) -> str | None: ...
    @property
    def add(self) -> tuple[str, ...]: ...
    @property
    def remove(self) -> tuple[str, ...]: ...


Own = Mapping[str, OwnProfile]


def select(
    checks: dict[str, Check[Any]],
    profile: str,
    only: Iterable[str],
    skip: Iterable[str],
    own: Own | None = None,
) -> tuple[Check[Any], ...]:
    """The checks to run, in the order of ids; `own` are profiles that a user made.

    `--check` chooses among all checks, whatever the profile; `--skip` takes away.

    Raises:
        SelectionError: a profile is unknown, a pattern matches nothing, or nothing is left.
    """
    own = own or {}
    for name in own:
        _of_own(checks, name, own)
    inside = _of_profile(checks, profile, own)
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


def _of_profile(
    checks: dict[str, Check[Any]], profile: str, own: Own, above: tuple[str, ...] = ()
) -> set[str]:
    if profile in own:
        return _of_own(checks, profile, own, above)
    there_are = sorted({*profiles(checks), *own})
    if profile not in there_are:
        known = ", ".join(there_are)
        raise SelectionError(
            f"no profile {profile!r}.{nearest(profile, there_are)} There are: {known}."
        )
    return {
        id for id, check in checks.items() if profile in check.profiles or profile == EVERYTHING
    }


def _of_own(
    checks: dict[str, Check[Any]], name: str, own: Own, above: tuple[str, ...] = ()
) -> set[str]:
    if name in profiles(checks):
        raise SelectionError(f"no profile can be called {name!r}: the checks have one of that name")
    if name in above:
        raise SelectionError(
            f"the profile {name!r} is made of itself: {' > '.join((*above, name))}"
        )
    wanted = own[name]
    base = _of_profile(checks, wanted.base, own, (*above, name)) if wanted.base else set()
    found = (base | _named(checks, wanted.add)) - _named(checks, wanted.remove)
    if not found:
        raise SelectionError(f"the profile {name!r} has no check")
    return found


def _named(checks: dict[str, Check[Any]], patterns: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        from fnmatch import fnmatchcase

        matching = {id for id in checks if fnmatchcase(id, pattern)}
        if not matching:
            raise SelectionError(f"no check {pattern!r}.{nearest(pattern, checks) or _SEE_LIST}")
        found |= matching
    return found
