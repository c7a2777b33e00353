"""The hosts of Docker's contexts whose endpoint is of the form ssh://."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

from dockeraudit.words import one_line

from . import Entry, InventoryError

LABEL = "docker-context"
MAX_FILE = 1 << 20


def entries(say: Callable[[str], None]) -> Iterator[Entry]:
    """Every context of ssh://, by name; `say` gets a line about those of other kinds.

    Raises:
        InventoryError: a context can't be read.
    """
    folder = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    found, others = [], []
    for path in _files(os.path.join(folder, "contexts", "meta")):
        name, address = _context(path)
        if address.startswith("ssh://"):
            found.append((name, path, address))
        else:
            others.append(one_line(name, 80))
    if others:
        say(f"contexts that are not of ssh:// are left out: {', '.join(sorted(others))}")
    for name, path, address in sorted(found):
        # What follows the host is the socket there.
        place, _, _ = address.removeprefix("ssh://").partition("/")
        yield Entry(path, f"ssh://{place}", labels=((LABEL, one_line(name, 200)),))


def _files(folder: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        raise InventoryError(f"{folder}: {error.strerror or error}") from error
    for name in names:
        path = os.path.join(folder, name, "meta.json")
        if os.path.exists(path):
            yield path


def _context(path: str) -> tuple[str, str]:
    """A context's name and its daemon's address."""
    try:
        with open(path, "rb") as file:
            value: Any = json.loads(file.read(MAX_FILE))
        name, endpoint = value["Name"], value.get("Endpoints", {}).get("docker", {})
        address = endpoint.get("Host", "")
    except OSError as error:
        raise InventoryError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise InventoryError(f"{path}: not the description of a Docker context") from error
    if not isinstance(name, str) or not isinstance(address, str):
        raise InventoryError(f"{path}: not the description of a Docker context")
    return name, address
