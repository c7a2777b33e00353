"""The collector: one POSIX sh script for the host, and a pure parser of what it prints.

`build` gives what is sent to `sh` on standard input, `parse` makes facts of the answer; where
the facts name files that were not read, `build` with these paths and `merge` are the second round.
"""

from functools import cache
from pathlib import Path

from dockeraudit.facts import HostFacts

from .frames import CollectError, split
from .pushed import parse_pushed

__all__ = ["CollectError", "build", "merge", "parse", "parse_pushed", "standalone"]

MOST_PATHS = 100


@cache
def script() -> bytes:
    """The script's text without its comments, which the host has no use for."""
    source = Path(__file__).with_name("collector.sh").read_bytes()
    lines = (line.lstrip(b"\t") for line in source.split(b"\n"))
    return b"\n".join(line for line in lines if line and not line.startswith(b"#"))


def build(
    nonce: str, extra_paths: tuple[str, ...] = (), only_metadata: tuple[str, ...] = ()
) -> bytes:
    """What is sent to `sh`: the nonce, the second round's paths, the script.

    Of the files in `only_metadata` nothing is read. Paths that aren't absolute or hold control
    characters are left out; the others stand in single quotes, where the shell takes every byte
    but the quote as it is.

    Raises:
        ValueError: the nonce isn't made of letters and digits.
    """
    if not (nonce.isascii() and nonce.isalnum()):
        raise ValueError("the nonce has to consist of letters and digits")
    preamble = f"N={nonce}\n"
    if wanted := _wanted(extra_paths, only_metadata):
        preamble += f"X={wanted}\n"
    return preamble.encode("utf-8", "surrogateescape") + script() + b"\n"


def _wanted(extra_paths: tuple[str, ...], only_metadata: tuple[str, ...]) -> str:
    """A second round's paths as a word of the shell; empty where there are none."""
    marked = [*(("", path) for path in extra_paths), *(("=", path) for path in only_metadata)]
    wanted = [mark + path for mark, path in marked if path.startswith("/") and path.isprintable()]
    quoted = "\n".join(wanted[:MOST_PATHS]).replace("'", "'\\''")
    return f"'{quoted}'" if wanted else ""


def standalone(
    version: str, extra_paths: tuple[str, ...] = (), only_metadata: tuple[str, ...] = ()
) -> bytes:
    """The collector as a script of its own, that makes its nonce and does both rounds."""
    from . import pushed

    return pushed.standalone(script(), version, _wanted(extra_paths, only_metadata) or "''")


def parse(
    stdout: bytes, nonce: str, *, target: str, collected_at: int, duration: float
) -> HostFacts:
    """The facts in the collector's output.

    Raises:
        CollectError: the output isn't whole; nothing else, whatever the bytes are.
    """
    from .assemble import facts

    frames = split(stdout, nonce)
    return facts(frames, target=target, collected_at=collected_at, duration=duration)


def merge(first: HostFacts, extra: bytes, nonce: str) -> HostFacts:
    """The facts of a first round with the files that a second one read.

    Raises:
        CollectError: the second answer isn't whole.
    """
    from .assemble import more

    return more(first, split(extra, nonce))
