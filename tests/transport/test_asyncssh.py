"""SSH by asyncssh, on a real sshd of our own: the same behaviour as with the system's ssh."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockeraudit.targets import parse
from dockeraudit.transport import (
    Kind,
    Limits,
    Transport,
    TransportError,
    TransportOptions,
    client_missing,
    open_ssh,
    open_transport,
)
from dockeraudit.transport.asyncssh_client import AsyncsshTransport
from dockeraudit.transport.process import Cancel, Cancelled
from tests.transport.server import Server
from tests.transport.test_process import descriptors, processes

LIMITS = Limits(timeout=90, connect_timeout=60)
FAILURES: list[tuple[str, Kind]] = [
    ("nowhere", "dns"),
    ("refused", "refused"),
    ("mute", "timeout"),
    ("unknown", "host-key-unknown"),
    ("changed", "host-key-changed"),
    ("strange", "auth"),
    ("nologin", "no-shell"),
    ("talker", "protocol"),
    ("old", "protocol"),
    ("jump-nowhere", "dns"),
    ("jump-refused", "refused"),
    ("jump-forbidden", "unreachable"),
    ("jump-unknown", "host-key-unknown"),
]


def transport(
    server: Server, host: str = "good", *options: str, become: bool = False
) -> AsyncsshTransport:
    given = TransportOptions(
        ssh_config=server.config, ssh_options=options, become=become, client="asyncssh"
    )
    found = open_ssh(host, None, None, given, None)
    assert isinstance(found, AsyncsshTransport)
    return found


def failure(
    way: Transport, script: bytes = b"echo in", limits: Limits | None = None
) -> TransportError:
    with pytest.raises(TransportError) as caught:
        way.run(["sh"], script, limits or Limits(timeout=60, connect_timeout=2))
    for text in (caught.value.message, caught.value.hint):
        assert text
        assert text.isprintable()
        assert len(text) <= 300
    return caught.value


@pytest.fixture(scope="module")
def loop(server: Server) -> None:
    """The one loop, which stays."""
    transport(server).run(["true"], b"", LIMITS)


@pytest.fixture(autouse=True)
def nothing_left(loop: None) -> Iterator[None]:
    """After each test: no descriptor that was not there before."""
    before = descriptors()
    yield
    for _ in range(200):
        if descriptors() <= before:
            break
        time.sleep(0.01)
    assert descriptors() - before == set()


@pytest.mark.parametrize("host", ["good", "six", "jumped", "remote-command", "quiet", "shared"])
def test_answer(server: Server, host: str) -> None:
    script = b"echo out; echo err >&2; exit 3"
    answer = transport(server, host).run(["sh"], script, LIMITS)
    assert (answer.stdout, answer.stderr, answer.exit_status) == (b"out\n", b"err\n", 3)
    assert 0 < answer.duration < 30


def test_ways_to_write_a_jump_host(server: Server) -> None:
    for jump in (
        f"{server.user}@[::1]:{server.port}",
        f"ssh://{server.user}@six:{server.port}",
        "good,six",
    ):
        way = transport(server, "good", f"ProxyJump={jump}")
        assert way.run(["sh"], b"echo in", LIMITS).stdout == b"in\n", jump


def test_a_mebibyte_in_and_out(server: Server) -> None:
    data = bytes(range(256)) * 4096
    assert transport(server).run(["cat"], data, LIMITS).stdout == data


def test_script_that_nobody_reads(server: Server) -> None:
    assert transport(server).run(["true"], b"x" * 4 * 1024 * 1024, LIMITS).exit_status == 0


def test_no_stdin_is_its_end(server: Server) -> None:
    assert transport(server).run(["cat"], b"", LIMITS).stdout == b""


def test_words_are_quoted(server: Server) -> None:
    words = ["a b", "$(id)", "'", '"', "*", "", "-n", "\\", "!", "é"]
    answer = transport(server).run(["printf", "%s|", *words], b"", LIMITS)
    assert answer.stdout.decode() == "".join(f"{word}|" for word in words)


def test_no_terminal(server: Server) -> None:
    answer = transport(server).run(["sh"], b"test -t 0 || echo none; echo $SSH_AUTH_SOCK", LIMITS)
    assert answer.stdout == b"none\n\n"


def test_by_address_user_and_port(server: Server) -> None:
    options = TransportOptions(ssh_config=server.config, client="asyncssh")
    for place in ("127.0.0.1", "[::1]"):
        target = parse(f"{server.user}@{place}:{server.port}")
        named = TransportOptions(
            ssh_config=server.config, ssh_options=(f"HostName={target.host}",), client="asyncssh"
        )
        for each in (named, options):
            answer = open_transport(target, each).run(["sh"], b"echo in", LIMITS)
            assert answer.stdout == b"in\n"


@pytest.mark.parametrize(("host", "kind"), FAILURES)
def test_errors_are_those_of_ssh(server: Server, host: str, kind: Kind) -> None:
    ours = failure(transport(server, host))
    theirs = failure(server.transport(host))
    assert ours.kind == kind
    assert (ours.kind, ours.hint, ours.jump) == (theirs.kind, theirs.hint, theirs.jump)
    assert ours.message.startswith(f"{host}: ")


@pytest.mark.parametrize(
    "option", ["Foo=bar", "ControlPath", "Port=99999999", "KexAlgorithms=nope", "-oX", "Ciphers=x"]
)
def test_wrong_options(server: Server, option: str) -> None:
    assert failure(transport(server, "good", option)).kind == "protocol"


def test_missing_configuration() -> None:
    options = TransportOptions(ssh_config="/nonexistent", client="asyncssh")
    error = failure(AsyncsshTransport("good", options=options))
    assert error.kind == "protocol"
    assert "/nonexistent" in error.message


@pytest.mark.parametrize("checking", ["ask", "yes", "accept-new"])
def test_an_unknown_key_is_never_taken(server: Server, checking: str) -> None:
    options = ("BatchMode=no", f"StrictHostKeyChecking={checking}")
    assert failure(transport(server, "unknown", *options)).kind == "host-key-unknown"
    assert not (server.folder / "nobody").exists()


def test_checking_is_the_users_to_weaken(server: Server) -> None:
    off = transport(server, "unknown", "StrictHostKeyChecking=no")
    assert off.run(["sh"], b"echo in", LIMITS).stdout == b"in\n"
    assert not (server.folder / "nobody").exists()


def test_a_changed_key_is_never_taken(server: Server) -> None:
    way = transport(server, "changed", "StrictHostKeyChecking=no")
    assert failure(way).kind == "host-key-changed"


def test_a_revoked_key_is_never_taken(server: Server, tmp_path: Path) -> None:
    known = tmp_path / "known"
    public = (server.folder / "hostkey.pub").read_text()
    known.write_text((server.folder / "known").read_text() + f"@revoked * {public}")
    for checking in ("yes", "no"):
        options = (f"UserKnownHostsFile={known}", f"StrictHostKeyChecking={checking}")
        assert failure(transport(server, "good", *options)).kind == "host-key-changed"
    theirs = server.transport("good", False, f"UserKnownHostsFile={known}")
    assert failure(theirs).kind == "host-key-changed"


@pytest.mark.parametrize(
    "option",
    [
        "ProxyCommand=nc %h %p",
        "KnownHostsCommand=/bin/true",
        "RevokedHostKeys=/dev/null",
        "PubkeyAuthentication=no",
        "PreferredAuthentications=password",
        "KexAlgorithms=sntrup761x25519-sha512@openssh.com",
        "BindInterface=lo",
    ],
)
def test_what_only_ssh_does_is_refused(server: Server, option: str) -> None:
    error = failure(transport(server, "good", option))
    assert error.kind == "protocol"
    assert error.hint == "use --ssh-client openssh for this host"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(b"kill -9 $PPID; sleep 1", "died", id="its sshd is killed"),
        pytest.param(b"echo part; kill -9 $PPID; sleep 1", "died", id="in the middle"),
        pytest.param(b"kill -9 $$", "died", id="its shell is killed"),
        pytest.param(
            b"echo part; echo 'Host key verification failed.' >&2; kill -9 $PPID; sleep 1",
            "died",
            id="with a lie on its lips",
        ),
        pytest.param(b"echo 'sh: not found' >&2; exit 127", "no-shell", id="without a shell"),
    ],
)
def test_died(server: Server, script: bytes, kind: Kind) -> None:
    assert failure(transport(server), script).kind == kind


def test_status_255_of_the_command(server: Server) -> None:
    script = b"echo 'Host key verification failed.' >&2; exit 255"
    assert transport(server).run(["sh"], script, LIMITS).exit_status == 255


@pytest.mark.parametrize(
    "script", [b"echo part; sleep 41", b"while :; do echo x >&2; done", b"exec >&- 2>&-; sleep 3"]
)
def test_never_answers(server: Server, script: bytes) -> None:
    start = time.monotonic()
    error = failure(transport(server), script, Limits(timeout=1.5))
    assert error.kind == "timeout"
    assert time.monotonic() - start < 10


def test_connect_timeout_of_the_user_goes_first(server: Server) -> None:
    start = time.monotonic()
    error = failure(transport(server, "mute", "ConnectTimeout=1"), limits=LIMITS)
    assert error.kind == "timeout"
    assert time.monotonic() - start < 8


def test_garbage(server: Server) -> None:
    script = b"head -c 100000 /dev/urandom; head -c 100000 /dev/urandom >&2; exit 9"
    answer = transport(server).run(["sh"], script, LIMITS)
    assert (len(answer.stdout), answer.exit_status) == (100000, 9)
    assert b"bytes left out" in answer.stderr


def test_output_limit(server: Server) -> None:
    limits = Limits(output=1000, timeout=20)
    way = transport(server)
    assert len(way.run(["sh"], b"head -c 1000 /dev/zero", limits).stdout) == 1000
    start = time.monotonic()
    assert failure(way, b"head -c 1001 /dev/zero; sleep 35", limits).kind == "output-limit"
    assert time.monotonic() - start < 10


HUGE = """
import sys
from dockeraudit.transport import Limits, TransportError, TransportOptions
from dockeraudit.transport.asyncssh_client import AsyncsshTransport
transport = AsyncsshTransport("good", options=TransportOptions(ssh_config=sys.argv[1]))
try:
    transport.run(["sh"], b"head -c 300000000 /dev/urandom", Limits(timeout=50))
except TransportError as error:
    status = open("/proc/self/status").read()
    print(error.kind, int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def test_300_megabytes_in_little_memory(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HUGE, server.config], capture_output=True, text=True, check=True
    )
    kind, mebibytes = done.stdout.split()
    assert kind == "output-limit"
    assert int(mebibytes) < 200
    assert done.stderr == ""


INTERRUPTED = """
import signal, sys, threading
from dockeraudit.transport import Limits, TransportOptions, open_transport
from dockeraudit.transport.process import Cancel, Cancelled
from dockeraudit.targets import parse
cancel = Cancel()
def scan(host):
    options = TransportOptions(ssh_config=sys.argv[1], client="asyncssh")
    try:
        script = b"touch " + sys.argv[2].encode() + b"; sleep 42"
        open_transport(parse(host), options, cancel).run(["sh"], script, Limits())
    except Cancelled:
        print("cancelled\\n", end="", flush=True)
signal.signal(signal.SIGINT, lambda number, frame: cancel.set())
threads = [threading.Thread(target=scan, args=[host]) for host in ("good", "jumped", "mute")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(130)
"""


def test_interrupt_ends_every_run(server: Server, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, server.config, str(mark)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    while not mark.exists():
        assert child.poll() is None
        time.sleep(0.02)
    start = time.monotonic()
    os.kill(child.pid, signal.SIGINT)
    stdout, _ = child.communicate(timeout=10)
    assert child.returncode == 130
    assert stdout.split() == [b"cancelled"] * 3
    assert time.monotonic() - start < 8
    assert [pid for pid in processes(server.config) if pid != child.pid] == []


def test_cancelled_before_it_begins(server: Server) -> None:
    cancel = Cancel()
    cancel.set()
    options = TransportOptions(ssh_config=server.config)
    with pytest.raises(Cancelled):
        AsyncsshTransport("good", options=options, cancel=cancel).run(["true"], b"", LIMITS)


def test_cancel_ends_what_is_no_process() -> None:
    cancel = Cancel()
    ended: list[str] = []
    with cancel.ending(lambda: ended.append("over")):
        pass
    with cancel.ending(lambda: ended.append("under way")):
        cancel.set()
    with cancel.ending(lambda: ended.append("later")):
        assert ended == ["under way", "later"]


def test_many_at_a_time(server: Server) -> None:
    """Some fine, some that hang: each gets its own answer."""
    answers: dict[int, str] = {}

    def work(number: int) -> None:
        try:
            host = "mute" if number % 4 == 3 else "good"
            limits = Limits(timeout=40, connect_timeout=30 if host == "good" else 1)
            script = f"echo {number}".encode()
            answers[number] = transport(server, host).run(["sh"], script, limits).stdout.decode()
        except TransportError as error:
            answers[number] = error.kind

    threads = [threading.Thread(target=work, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {
        number: "timeout" if number % 4 == 3 else f"{number}\n" for number in range(16)
    }


def test_after_a_fork(server: Server) -> None:
    """A forked process gets a loop of its own."""
    child = os.fork()
    if child == 0:
        answer = transport(server).run(["true"], b"", LIMITS)
        os._exit(answer.exit_status + 7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_become_is_one_round_trip(server: Server) -> None:
    answer = transport(server, become=True).run(["sh"], b"id -u; echo $LC_ALL", LIMITS)
    assert answer.stdout == (b"0\nC\n" if server.user == "root" else answer.stdout)


@contextmanager
def speaker(words: bytes) -> Iterator[int]:
    """A port where somebody says something, and listens no further than that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(words)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join(10)


def packet(kind: int, payload: bytes) -> bytes:
    """A packet before encryption: its length, that of the padding, what it is, padding."""
    body = bytes([4, kind]) + payload + b"pad!"
    return len(body).to_bytes(4) + body


BANNERS = st.sampled_from([b"", b"SSH-2.0-x\r\n", b"hello\r\nSSH-2.0-x\r\n", b"SSH-1.5-x\r\n"])
PACKETS = st.lists(st.builds(packet, st.integers(0, 255), st.binary(max_size=80)), max_size=4)
RAW = st.one_of(st.binary(max_size=80), PACKETS.map(b"".join), st.just(b"\xff" * 100_000))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(BANNERS, RAW)
def test_whatever_a_host_says(server: Server, banner: bytes, raw: bytes) -> None:
    with speaker(banner + raw) as port:
        error = failure(transport(server, "good", f"Port={port}"))
    assert error.kind in ("protocol", "died", "refused", "timeout", "no-shell")


@pytest.mark.parametrize("host", ["-oProxyCommand=touch /tmp/x", ""])
def test_last_door(host: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        AsyncsshTransport(host)


@contextmanager
def agent(folder: Path, *keys: Path) -> Iterator[str]:
    """An ssh-agent of our own that holds some keys."""
    path = str(folder / "agent")
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not os.path.exists(path):
            assert process.poll() is None
            time.sleep(0.01)
        for key in keys:
            subprocess.run(
                ["ssh-add", "-q", str(key)], check=True, env={**os.environ, "SSH_AUTH_SOCK": path}
            )
        yield path
    finally:
        process.terminate()
        process.wait()


def test_keys_of_an_agent(server: Server, tmp_path: Path) -> None:
    strange, key = server.folder / "strange", server.folder / "key"
    with agent(tmp_path, strange, key) as path:
        options = [f"IdentityAgent={path}", "IdentityFile=/nonexistent", "IdentitiesOnly=no"]
        way = transport(server, "good", *options)
        assert way.run(["sh"], b"echo in", LIMITS).stdout == b"in\n"
        # Only the public half is here, and of the agent's keys only that one may be shown.
        named = [f"IdentityAgent={path}", f"IdentityFile={key}.pub"]
        way = transport(server, "strange", *named)
        assert way.run(["sh"], b"echo in", LIMITS).stdout == b"in\n"
        named = [f"IdentityAgent={path}", f"IdentityFile={strange}.pub"]
        assert failure(transport(server, "strange", *named)).kind == "auth"


def test_a_locked_key_asks_nothing(server: Server, tmp_path: Path) -> None:
    key = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", key], check=True)
    start = time.monotonic()
    assert failure(transport(server, "strange", f"IdentityFile={key}")).kind == "auth"
    assert time.monotonic() - start < 8


def test_without_the_package(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert client_missing("openssh") is None
    assert client_missing("asyncssh") == (
        "asyncssh is not installed: pip install 'dockeraudit[asyncssh]'"
    )
    options = TransportOptions(ssh_config=server.config, client="asyncssh")
    with pytest.raises(TransportError, match="pip install") as caught:
        open_transport(parse("good"), options)
    assert caught.value.kind == "command-missing"
