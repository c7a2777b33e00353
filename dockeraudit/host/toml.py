"""The TOML among a host's configuration files."""

import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from dockeraudit.facts import HostFacts, Unread


def documents(
    facts: HostFacts, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, dict[str, Any] | Unread]]:
    """The files whose path is wanted, in order of paths, or why one could not be read."""
    for path, content in sorted(facts.texts.items()):
        if not wanted(path):
            continue
        if isinstance(content, Unread):
            yield path, Unread(f"{path}: {content.reason}")
            continue
        value = _parsed(content)
        yield path, Unread(f"{path} is no TOML") if value is None else value


@lru_cache(maxsize=16)
def _parsed(content: bytes) -> dict[str, Any] | None:
    """The document, to be left as it is; None: it is none. Hosts of a fleet have one in common."""
    try:
        return tomllib.loads(content.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
