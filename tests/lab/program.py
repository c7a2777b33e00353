"""`dockeraudit` as its users start it: a process in the lab's network, watched while it runs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from lxml import etree

from tests.lab.engine import inside
from tests.lab.shell import environment

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ("json", "junit", "html", "table")
# What a terminal would take for more than text; a line feed is the one control character allowed.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@dataclass
class Run:
    """One run of the program, finished."""

    code: int
    out: bytes
    err: str
    seconds: float
    peak: int
    """Bytes of memory that the process had at most (VmHWM)."""
    zombie: float
    """The longest time in seconds that a child of it was dead and not yet reaped."""
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        found: dict[str, Any] = json.loads(self.files["json"])
        return found

    def host(self, target: str) -> dict[str, Any]:
        """What the JSON report says of one target."""
        found: dict[str, Any] = next(h for h in self.report["hosts"] if h["target"] == target)
        return found

    def verdicts(self, target: str) -> dict[str, str]:
        """Check and status."""
        return {result["check"]: result["status"] for result in self.host(target)["results"]}

    def error(self, target: str) -> str:
        """The kind of the host's error, or ""."""
        error = self.host(target)["error"]
        return error["kind"] if error else ""


def comparable(host: Mapping[str, Any], *, places: bool = True) -> dict[str, Any]:
    """All that two scans of an unchanged host must have in common.

    Without `places`, also what they have in common if the host was named or reached differently.
    """
    results = [
        {
            **result,
            "findings": [
                {k: v for k, v in finding.items() if places or k not in ("fingerprint", "evidence")}
                for finding in result["findings"]
            ],
        }
        for result in host["results"]
    ]
    keys = ("hostname", "state", "error", "engines", "os", "listeners")
    return {**{key: host[key] for key in keys}, "results": results}


class Started:
    """A run of the program that may still be going on."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._started = time.monotonic()
        self._streams = (os.memfd_create("stdout"), os.memfd_create("stderr"))
        self._process = subprocess.Popen(
            # nsenter becomes the program: their process id is the same.
            inside([sys.executable, "-m", "dockeraudit", *argv]),
            stdin=subprocess.DEVNULL,
            stdout=self._streams[0],
            stderr=self._streams[1],
            env=environment(env),
            start_new_session=True,
        )
        self.peak = 0
        self.zombie = 0.0
        self._watch = threading.Thread(target=self._watched, daemon=True)
        self._watch.start()

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Wait until the program has said something on standard error."""
        deadline = time.monotonic() + seconds
        while words not in self.err():
            assert self._process.poll() is None, f"ended before {words!r}: {self.err()}"
            assert time.monotonic() < deadline, f"no {words!r} in {self.err()}"
            time.sleep(0.02)

    def kill(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def finish(self, seconds: float) -> Run:
        """Wait for the end; one that comes too late is a failure of the test."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"no end after {seconds:.0f} s: {self.err()}") from None
        took = time.monotonic() - self._started
        self._watch.join()
        out = self._said(0)
        run = Run(code, out, self.err(), took, self.peak, self.zombie)
        for stream in self._streams:
            os.close(stream)
        return run

    def err(self) -> str:
        return self._said(1).decode("utf-8", "surrogateescape")

    def _said(self, which: int) -> bytes:
        stream = self._streams[which]
        return os.pread(stream, os.fstat(stream).st_size, 0)

    def _watched(self) -> None:
        dead: dict[int, float] = {}
        while self._process.returncode is None:
            with contextlib.suppress(OSError, ValueError):
                place = Path("/proc", str(self._process.pid))
                if b"dockeraudit" in (place / "cmdline").read_bytes().split(b"\0"):
                    found = re.search(r"VmHWM:\s*(\d+) kB", (place / "status").read_text())
                    self.peak = max(self.peak, int(found[1]) * 1024 if found else 0)
                    now = {pid for pid in _children(place) if _state(pid) == "Z"}
                    dead = {pid: dead.get(pid, time.monotonic()) for pid in now}
                    ages = [time.monotonic() - since for since in dead.values()]
                    self.zombie = max([self.zombie, *ages])
            time.sleep(0.02)


def _children(place: Path) -> list[int]:
    return [int(pid) for file in place.glob("task/*/children") for pid in file.read_text().split()]


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0]
    return ""


def scan(
    *argv: str, env: Mapping[str, str] | None = None, seconds: float = 120, check: bool = True
) -> Run:
    """`dockeraudit scan …` with all four reports; each is checked to be what it has to be."""
    with scanning(*argv, env=env) as (started, finish):
        del started
        return finish(seconds, check)


@contextmanager
def scanning(
    *argv: str, env: Mapping[str, str] | None = None
) -> Iterator[tuple[Started, Callable[[float, bool], Run]]]:
    """A scan under way, and how to wait for its end and its reports."""
    with tempfile.TemporaryDirectory(prefix="dockeraudit-lab-scan-") as name:
        folder = Path(name)
        reports = [f"--report={each}={folder / each}" for each in FORMATS]
        started = Started(["scan", *reports, *argv], env)

        def finish(seconds: float, check: bool = True) -> Run:
            run = started.finish(seconds)
            run.files = {file.name: file.read_bytes() for file in folder.iterdir()}
            if check:
                assert set(run.files) == set(FORMATS), f"{run.code}: {run.err}"
                whole(run)
            return run

        yield started, finish


def whole(run: Run) -> None:
    """Each report of a run is what it has to be, whatever a host put into it."""
    validator = Draft202012Validator(
        json.loads((ROOT / "dockeraudit" / "report.schema.json").read_text())
    )
    errors = [f"{e.json_path}: {e.message[:200]}" for e in validator.iter_errors(run.report)]
    assert not errors, "\n".join(errors)
    exit_code = run.report["summary"]["exit_code"]
    assert exit_code == run.code, f"the report says {exit_code}, the process ended with {run.code}"
    _jenkins().assertValid(etree.fromstring(run.files["junit"]))
    for text in (run.files["table"].decode("utf-8"), run.out.decode("utf-8"), run.err):
        found = CONTROL.search(text)
        assert found is None, ascii(text[max(0, found.start() - 100) : found.end() + 20])
    page = run.files["html"].decode("utf-8")
    tree = etree.fromstring(page.encode(), etree.HTMLParser())
    scripts = tree.findall(".//script")
    assert len(scripts) == page.count("<script"), "a script that isn't ours"
    runs = [each for each in scripts if each.get("type") != "application/json"]
    assert len(runs) <= 1, "a script that isn't ours"
    handlers = [name for node in tree.iter() for name in node.attrib if str(name).startswith("on")]
    assert not handlers, f"handlers in the page: {handlers}"


@cache
def _jenkins() -> etree.XMLSchema:
    """Jenkins' junit-10.xsd, which lies beside the repository and is not part of it."""
    places = [folder / "shared" / "schemas" / "junit-10.xsd" for folder in ROOT.parents]
    found = [place for place in places if place.exists()]
    assert found, "../shared/schemas/junit-10.xsd is missing"
    return etree.XMLSchema(etree.parse(str(found[0])))


def processes_with(word: str) -> list[str]:
    """Command lines of this machine's processes that hold a word; zombies have none."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if word in words and int(file.parent.name) != os.getpid():
                found.append(f"{file.parent.name}: {words}")
    return found


def left_over(word: str) -> list[str]:
    """The same, once they had a moment to end."""
    deadline = time.monotonic() + 2
    while (found := processes_with(word)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
