"""Root by sudo, decided on the host in the same round trip."""

from __future__ import annotations

from collections.abc import Sequence

# The messages of sudo are recognised in English. `-n` makes sudo fail where it would ask.
_ROOT = (
    'LC_ALL=C; export LC_ALL; if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n -- "$@"; fi'
)


def as_root(argv: Sequence[str]) -> list[str]:
    """The command as root: unchanged for who is root already, by `sudo -n` for anyone else.

    One line without `!`, since the login shell that takes it apart may be csh.
    """
    return ["sh", "-c", _ROOT, "sh", *argv]


def as_user(argv: Sequence[str], user: str) -> list[str]:
    """The command as another user, by `sudo -n`."""
    return ["env", "LC_ALL=C", "sudo", "-n", "-u", user, "--", *argv]
