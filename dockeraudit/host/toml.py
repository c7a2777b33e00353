"""The TOML among a host's configuration files."""

import tomllib
from collections.abc import Callable, Iterator
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
        try:
            value = tomllib.loads(content.decode("utf-8", "replace"))
        except (tomllib.TOMLDecodeError, RecursionError):
            yield path, Unread(f"{path} is no TOML")
        else:
            yield path, value
