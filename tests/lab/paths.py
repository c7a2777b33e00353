"""Where the lab keeps things: all of it outside the checkout."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Sockets and the outer engine's run-time state: short, since a socket's path has 108 bytes at most.
RUN = Path("/run/dockeraudit-lab")


def cache() -> Path:
    """The folder for images, the outer engine's data, keys and certificates."""
    given = os.environ.get("DOCKERAUDIT_LAB_CACHE")
    if given:
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dockeraudit-lab"


def state() -> Path:
    """What a user of the lab reads: ssh_config, hosts.json, the client certificates."""
    return cache() / "state"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time: two callers of ``up`` must not build the same thing side by side."""
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text)
    beside.chmod(mode)
    beside.replace(path)
