"""Facts files: what `collect` writes and `scan` judges later, in a folder or at a URL.

A facts file is the facts as JSON with a checksum as the last member, compressed by gzip. The same
facts give the same bytes. What the stand-alone collector printed is a facts file too.
"""

import os
import re
import zlib
from typing import Any, Final

from dockeraudit.facts import FactsError, HostFacts, encode
from dockeraudit.facts import decode as decode_facts
from dockeraudit.targets import FACTS_ENDINGS, is_url

ENDING: Final = ".facts.json.gz"
MAX_FACTS_FILE = 64 * 1024 * 1024
LAST_SECOND = 253_402_300_799
"""The end of the year 9999, after which there is no RFC 3339 time."""

AGAIN = "collect it again with `dockeraudit collect`"
INSTALL = "URLs of facts need fsspec: pip install 'dockeraudit[fsspec]'"

_SUM = re.compile(rb',\s*"sha256"\s*:\s*"([^"\\]*)"\s*\}\s*\Z')


class FactsFileError(FactsError):
    """A facts file that can't be judged, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class FolderError(Exception):
    """A place that facts can't be written to or listed from, in one line."""


def pack(facts: HostFacts) -> bytes:
    """The facts as a compressed file with a checksum; the same facts give the same bytes.

    The checksum is that of everything before it, so that an older reader skips it as a field
    that it does not know.
    """
    from hashlib import sha256

    content = encode(facts)[:-1]
    digest = sha256(content).hexdigest()
    squeeze = zlib.compressobj(6, zlib.DEFLATED, 31)
    return squeeze.compress(content + f',"sha256":"{digest}"}}\n'.encode()) + squeeze.flush()


def save(folder: str, name: str, data: bytes) -> str:
    """Write a file into a folder that is there, whole or not at all; where it went.

    Raises:
        OutputError: it could not be written.
    """
    from dockeraudit.output import OutputError, write

    if not is_url(folder):
        path = os.path.join(folder, name)
        write(path, [data])
        return path
    url = f"{folder.rstrip('/')}/{name}"
    try:
        system, path = _opened(url)
        if "file" in _protocols(system):
            write(path, [data])
        else:
            system.pipe_file(path, data)
    except (OutputError, KeyboardInterrupt):
        raise
    except Exception as error:  # each store has errors of its own
        raise OutputError(url, _reason(error), "check the address and the credentials") from error
    return url


def make_folder(folder: str) -> None:
    """Make a folder that isn't there.

    Raises:
        FolderError: it can't be made, and why.
    """
    try:
        if not is_url(folder):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            return
        system, path = _opened(folder)
        system.makedirs(path, exist_ok=True)
    except Exception as error:  # each store has errors of its own
        raise FolderError(f"can't make the folder {folder}: {_reason(error)}") from error


def listed(place: str) -> tuple[str, ...]:
    """The facts files at a path or URL: itself, or those in the folder, by name.

    Raises:
        FolderError: there are none, or nobody knows.
    """
    if not is_url(place):
        if not os.path.isdir(place):
            return (place,)
        names = [name for name in os.listdir(place) if name.endswith(FACTS_ENDINGS)]
        found = tuple(os.path.join(place, name) for name in sorted(names))
    elif place.endswith(FACTS_ENDINGS):
        return (place,)
    else:
        try:
            system, path = _opened(place)
            names = [each.rstrip("/").rpartition("/")[2] for each in system.ls(path, detail=False)]
        except Exception as error:  # each store has errors of its own
            raise FolderError(f"can't list {place}: {_reason(error)}") from error
        wanted = sorted(name for name in names if name.endswith(FACTS_ENDINGS))
        found = tuple(f"{place.rstrip('/')}/{name}" for name in wanted)
    if not found:
        raise FolderError(f"the folder {place} holds no facts file (*.facts.json)")
    return found


def read_facts(path: str) -> HostFacts:
    """Facts from a file or URL, compressed or not.

    Raises:
        FactsFileError: it can't be read, is too large, is not a facts file, or not as it was
            written.
    """
    try:
        data = _content(path)
    except FactsFileError:
        raise
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = AGAIN if path.endswith(".gz") and reason == str(error) else "check the path"
        raise FactsFileError(reason or type(error).__name__, hint) from error
    except Exception as error:  # zlib.error, or a store's own
        raise FactsFileError(_reason(error), AGAIN) from error
    if len(data) > MAX_FACTS_FILE:
        raise FactsFileError(f"larger than {MAX_FACTS_FILE >> 20} MiB", AGAIN)
    ending = path.removesuffix(".gz").rpartition(".")[2]
    facts = _printed(data, path) if ending == "out" else _saved(data)
    if not 0 <= facts.collected_at <= LAST_SECOND or facts.duration < 0:
        raise FactsFileError("not a facts file: no time of a collection in it", AGAIN)
    return facts


def _saved(data: bytes) -> HostFacts:
    """The facts that `collect` wrote; older files have no checksum."""
    found = _SUM.search(data, max(0, len(data) - 200))
    if found is not None:
        from hashlib import sha256

        if sha256(data[: found.start()]).hexdigest().encode() != found[1]:
            raise FactsFileError(
                "changed since it was written: its checksum is that of other content", AGAIN
            )
    try:
        return decode_facts(data)
    except FactsError as error:
        other = "use a newer dockeraudit" in str(error)
        hint = "scan it with the dockeraudit that wrote it, or a newer one" if other else AGAIN
        raise FactsFileError(str(error), hint) from error
    except RecursionError as error:
        raise FactsFileError("not a facts file: nested too deeply", AGAIN) from error


def _printed(data: bytes, path: str) -> HostFacts:
    """The facts that the stand-alone collector printed."""
    from dockeraudit.collect import CollectError, parse_pushed

    name = os.path.basename(path).partition(".facts.")[0]
    try:
        return parse_pushed(data, name)
    except CollectError as error:
        hint = "run the script of `dockeraudit collector` again on that host"
        raise FactsFileError(f"no whole output of the collector: {error}", hint) from error


def _content(path: str) -> bytes:
    """As much of a file as shows that it is too large."""
    if is_url(path):
        system, place = _opened(path)
        with system.open(place, "rb") as file:
            return _unpacked(file, path)
    with open(path, "rb") as file:
        return _unpacked(file, path)


def _unpacked(file: Any, path: str) -> bytes:
    if path.endswith(".gz"):
        import gzip

        with gzip.GzipFile(fileobj=file) as packed:
            return packed.read(MAX_FACTS_FILE + 1)
    data = file.read(MAX_FACTS_FILE + 1)
    return bytes(data)


def _opened(url: str) -> tuple[Any, str]:
    """fsspec's file system for a URL, and the path in it; it finds credentials by itself."""
    from importlib import import_module

    try:
        core = import_module("fsspec.core")
    except ImportError as error:
        raise FactsFileError(INSTALL, "install it where dockeraudit runs") from error
    system, path = core.url_to_fs(url)
    return system, str(path)


def _protocols(system: Any) -> tuple[str, ...]:
    given = system.protocol
    return (given,) if isinstance(given, str) else tuple(given)


def _reason(error: Exception) -> str:
    """One line about an error that may be anybody's."""
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:300]
