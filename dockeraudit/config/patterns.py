"""Patterns for names that hold brackets, such as `[::]:2375`: only `*` and `?` are special."""

from collections.abc import Iterable

from dockeraudit.targets import TargetError, parse


def matches(pattern: str, names: Iterable[str]) -> bool:
    """Whether one of the names is the pattern, or is of its form."""
    from fnmatch import fnmatchcase

    form = pattern.replace("[", "[[]")
    return any(name == pattern or fnmatchcase(name, form) for name in names)


def names_of(target: str, hostname: str = "") -> tuple[str, ...]:
    """What a target may be called in a pattern: as it was named, and the host in that name.

    Not what the host calls itself, which could be another's name; but for this machine.
    """
    try:
        parsed = parse(target)
    except TargetError:
        return (target,)
    if parsed.kind == "local" and hostname:
        return (target, hostname)
    return (target, parsed.host) if parsed.host and parsed.host != target else (target,)
