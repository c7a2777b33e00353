"""Words for people: suggestions for mistyped names, and one line out of any text."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean …?` for a mistyped word, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def one_line(text: str, limit: int) -> str:
    """Text from a host as one printable line: what could steer a terminal is replaced."""
    safe = "".join(char if char.isprintable() else "\ufffd" for char in text[: limit + 1])
    return safe if len(safe) <= limit else f"{safe[:limit]}…"
