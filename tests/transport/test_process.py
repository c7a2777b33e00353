"""One process with bounds, on real processes of this machine."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dockeraudit.transport import Answer, Kind, Limits, TransportError, process
from dockeraudit.transport.local import LocalTransport

QUICK = Limits(timeout=0.5)
MEBIBYTE = 1024 * 1024


def run(script: str, limits: Limits | None = None, cancel: process.Cancel | None = None) -> Answer:
    limits = limits or Limits(timeout=20)
    return process.run(["sh"], script.encode(), limits, name="here", cancel=cancel)


def failure(script: str, limits: Limits) -> TransportError:
    with pytest.raises(TransportError) as caught:
        run(script, limits)
    return caught.value


def processes(mark: str) -> list[int]:
    """The living processes whose command line holds a mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def zombies() -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state == "Z" and int(parent) == os.getpid():
            found.append(entry.parent.name)
    return found


def descriptors() -> set[str]:
    """The open descriptors, each with what it is open on; a number alone may be used again."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return found


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """After each test: no descriptor and no process that was not there before.

    What earlier tests left may be closed during this one, by the collector or by a thread.
    """
    before = descriptors()
    yield
    for _ in range(100):
        if descriptors() <= before:
            break
        # Without pidfd a thread waits for the end, and closes its pipe a moment later.
        time.sleep(0.01)
    assert descriptors() - before == set()
    assert zombies() == []


def test_streams_and_status() -> None:
    answer = run("echo out; echo err >&2; exit 3")
    assert (answer.stdout, answer.stderr, answer.exit_status) == (b"out\n", b"err\n", 3)
    assert 0 < answer.duration < 5


def test_every_byte_comes_back() -> None:
    data = bytes(range(256)) * 8192
    answer = process.run(["cat"], data, Limits(), name="here")
    assert answer.stdout == data


def test_stdin_that_nobody_reads() -> None:
    answer = process.run(["true"], b"x" * MEBIBYTE, Limits(), name="here")
    assert answer.exit_status == 0


def test_no_stdin_is_its_end() -> None:
    assert process.run(["cat"], b"", QUICK, name="here").stdout == b""


def test_signal() -> None:
    assert run("kill -9 $$").exit_status == -9


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param("sleep 31", "timeout", id="says nothing"),
        pytest.param("echo part; sleep 31", "timeout", id="says a part"),
        pytest.param("trap '' TERM HUP INT; sleep 31; sleep 31", "timeout", id="hears no signal"),
        pytest.param("while :; do echo x >&2; done", "timeout", id="talks on stderr for ever"),
        pytest.param("while :; do echo x; sleep 0.01; done", "timeout", id="drips"),
        pytest.param("exec >&- 2>&-; sleep 31", "timeout", id="closes its output and stays"),
        pytest.param("sleep 31 & wait", "timeout", id="waits for a child"),
    ],
)
def test_deadline(script: str, kind: Kind) -> None:
    start = time.monotonic()
    error = failure(script, QUICK)
    assert error.kind == kind
    assert time.monotonic() - start < 10
    assert error.message.isprintable()
    assert processes("sleep\x0031") == []


def test_linger_is_shorter_than_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LINGER", 0.2)
    error = failure("echo whole; exec >&- 2>&-; sleep 32", Limits(timeout=30))
    assert error.kind == "timeout"
    assert "closed its output" in error.message
    assert processes("sleep\x0032") == []


def test_grandchild_that_keeps_the_pipe() -> None:
    """As a ControlPersist master of ssh does; in a session of its own it lives on."""
    start = time.monotonic()
    answer = run("setsid sleep 33 & echo whole")
    assert answer.stdout == b"whole\n"
    assert answer.exit_status == 0
    assert time.monotonic() - start < 10
    for _ in range(100):
        if len(processes("sleep\x0033")) == 1:
            break
        time.sleep(0.01)  # setsid itself may not have ended yet
    (left,) = processes("sleep\x0033")
    os.kill(left, signal.SIGKILL)


def test_grandchild_that_talks_for_ever() -> None:
    start = time.monotonic()
    answer = run("(while :; do echo noise >&2; done) & echo whole")
    assert answer.stdout == b"whole\n"
    assert time.monotonic() - start < 10


def test_grandchild_in_the_group_is_ended() -> None:
    assert run("sleep 34 & echo whole").stdout == b"whole\n"
    time.sleep(0.05)
    assert processes("sleep\x0034") == []


def test_output_limit() -> None:
    limits = Limits(output=1000, timeout=20)
    assert len(run("head -c 1000 /dev/zero", limits).stdout) == 1000
    start = time.monotonic()
    error = failure("head -c 1001 /dev/zero; sleep 35", limits)
    assert error.kind == "output-limit"
    assert time.monotonic() - start < 10


def test_errors_keep_both_ends() -> None:
    script = "echo first >&2; head -c 300000 /dev/zero >&2; echo last >&2"
    answer = run(script, Limits(errors=2000))
    assert answer.stderr.startswith(b"first\n")
    assert answer.stderr.endswith(b"last\n")
    assert b"bytes left out" in answer.stderr
    assert len(answer.stderr) < 2100


def test_program_that_is_not_there() -> None:
    with pytest.raises(TransportError) as caught:
        process.run(["no-such-program"], b"", Limits(), name="here")
    assert caught.value.kind == "command-missing"


def test_argument_that_is_too_long() -> None:
    with pytest.raises(TransportError) as caught:
        process.run(["true", "x" * 3 * MEBIBYTE], b"", Limits(), name="here")
    assert caught.value.kind == "protocol"


def test_without_pidfd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    assert run("echo whole").stdout == b"whole\n"
    assert run("setsid sleep 0.5 & echo whole").stdout == b"whole\n"
    assert failure("sleep 36", QUICK).kind == "timeout"


def test_cancel_ends_all_runs_at_once() -> None:
    cancel = process.Cancel()
    ended: list[str] = []

    def work() -> None:
        try:
            run("echo part; sleep 37", cancel=cancel)
        except process.Cancelled:
            ended.append("cancelled")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(processes("sleep\x0037")) < 8:
        time.sleep(0.01)
    start = time.monotonic()
    cancel.set()
    for thread in threads:
        thread.join()
    assert time.monotonic() - start < 10
    assert ended == ["cancelled"] * 8
    assert processes("sleep\x0037") == []
    with pytest.raises(process.Cancelled):
        run("echo never", cancel=cancel)


INTERRUPTED = """
import sys
from dockeraudit.transport import Limits
from dockeraudit.transport.local import LocalTransport
try:
    LocalTransport().run(["sleep", "38"], b"", Limits(timeout=60))
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_interrupt_leaves_no_process() -> None:
    child = subprocess.Popen([sys.executable, "-c", INTERRUPTED], start_new_session=True)
    while not processes("sleep\x0038"):
        assert child.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    assert child.wait(5) == 130
    assert processes("sleep\x0038") == []


HUGE = """
from dockeraudit.transport import Limits, TransportError
from dockeraudit.transport.local import LocalTransport
try:
    LocalTransport().run(["sh"], b"head -c 300000000 /dev/zero", Limits())
except TransportError as error:
    # Not getrusage: its figure is inherited from the process that started this one.
    status = open("/proc/self/status").read()
    print(error.kind, int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def test_300_megabytes_in_little_memory() -> None:
    done = subprocess.run([sys.executable, "-c", HUGE], capture_output=True, text=True, check=True)
    kind, mebibytes = done.stdout.split()
    assert kind == "output-limit"
    assert int(mebibytes) < 200


def test_local_become_runs_root_without_sudo() -> None:
    if os.getuid() != 0:
        pytest.skip("only root is root without sudo")
    answer = LocalTransport(become=True).run(["sh"], b"id -u; echo $0", Limits())
    assert answer.stdout == b"0\nsh\n"
