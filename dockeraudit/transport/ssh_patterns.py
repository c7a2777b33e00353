"""OpenSSH's patterns of host names, as in `Host` lines and in known_hosts."""

import re
from collections.abc import Iterable
from functools import lru_cache


def matched(name: str, patterns: Iterable[str]) -> bool:
    """One of the patterns fits, and none that begins with `!`."""
    fits = False
    for pattern in patterns:
        if fitting(name, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            fits = True
    return fits


def fitting(name: str, pattern: str) -> bool:
    """`*` stands for any characters, `?` for one; nothing else is special."""
    if "*" not in pattern and "?" not in pattern:
        return name == pattern
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile(re.sub(r"(\.\*)+", ".*", "".join(parts)), re.DOTALL)
