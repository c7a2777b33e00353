"""Folders of 1,000, 10,000 and 100,000 facts files judged: hosts a second, and the most memory.

`python -m benchmarks.judge_many [COUNT...]`. The files are the recorded hosts of the tests in turn,
each under a target, a hostname and a machine id of its own, packed as `collect` packs them: first
those without certificates, then all, each certificate on a 26th of the hosts, which is the worst
that there is to compare. Results go to disk (`--out`) and the JSON report to /dev/null. 100,000
hosts take about 5 GB below $TMPDIR while it runs.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from hashlib import sha256
from itertools import cycle, islice, product
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.judge import RECORDED
from benchmarks.measure import row
from dockeraudit.facts import decode, encode

MARK = b"@@number@@"
COUNTS = (1_000, 10_000, 100_000)
BYTES = 50_000
"""Disk for a host, facts and results, rounded up."""


class Cost(NamedTuple):
    """What judging a folder took."""

    cpu: float
    wall: float
    peak: int
    """Bytes of memory at most."""
    results: int
    """Bytes of results on disk."""


def main() -> None:
    """Measure and print."""
    first: dict[bool, float] = {}
    counts = [int(word) for word in sys.argv[1:]] or COUNTS
    for count, shared in product(counts, (False, True)):
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if free < 2 * count * BYTES:
            raise SystemExit(f"{count:,} hosts need {count * BYTES >> 20} MiB of disk, twice")
        with tempfile.TemporaryDirectory(prefix="dockeraudit-judge-") as name:
            folder = Path(name)
            _make(folder / "facts", count, shared)
            cost = _judged(folder, count)
        first.setdefault(shared, cost.cpu / count)
        what = "each certificate on many of them" if shared else "no certificates"
        print(f"{count:,} hosts, {what}; {cost.results / count:,.0f} bytes of results each")
        row("  hosts/s of CPU", count / cost.cpu, "/s")
        row("  hosts/s", count / cost.wall, "/s")
        row(
            "  CPU for a host, to that of the smallest folder",
            cost.cpu / count / first[shared],
            "x",
        )
        row("  most memory", cost.peak / 1e6, "MB")


def _make(folder: Path, count: int, shared: bool) -> None:
    """The files; level 1, since 100,000 are to be made."""
    folder.mkdir()
    for number, parts in enumerate(islice(cycle(list(_templates(shared))), count)):
        name = f"{number:08}"
        content = name.encode().join(parts)
        content += f',"sha256":"{sha256(content).hexdigest()}"}}\n'.encode()
        squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
        packed = squeeze.compress(content) + squeeze.flush()
        (folder / f"{name}.facts.json.gz").write_bytes(packed)


def _templates(shared: bool) -> Iterator[list[bytes]]:
    """The recorded hosts, cut where their number goes; else only those without certificates."""
    for file in sorted(RECORDED.glob("*.facts.json")):
        facts = decode(file.read_bytes())
        if facts.pems and not shared:
            continue
        mark = MARK.decode()
        machine = msgspec.structs.replace(
            facts.machine, hostname=f"host-{mark}", machine_id=f"{mark:0<34}"
        )
        facts = msgspec.structs.replace(facts, target=f"host-{mark}", machine=machine)
        yield encode(facts)[:-1].split(MARK)


def _judged(folder: Path, count: int) -> Cost:
    out = folder / "run"
    argv = [sys.executable, "-m", "dockeraudit", "scan", str(folder / "facts"), f"--out={out}"]
    errors = folder / "errors"
    started = time.perf_counter()
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [*argv, "--format=json"], stdout=subprocess.DEVNULL, stderr=stderr
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    results = out / "results.jsonl"
    with results.open("rb") as lines:
        known = sum(b'"state":"scanned"' in line or b'"state":"partial"' in line for line in lines)
    if process.returncode != 1 or known != count:
        raise SystemExit(f"{process.returncode}: {count - known:,} not judged: {_last(errors)}")
    size = results.stat().st_size
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024, size)


def _last(errors: Path) -> str:
    return errors.read_bytes()[-1000:].decode("utf-8", "replace")


if __name__ == "__main__":
    main()
