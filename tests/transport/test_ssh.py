"""SSH, on a real sshd of our own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dockeraudit.targets import parse
from dockeraudit.transport import (
    Answer,
    Kind,
    Limits,
    TransportError,
    TransportOptions,
    open_transport,
)
from dockeraudit.transport.failures import unanswered
from dockeraudit.transport.ssh import SshTransport
from tests.transport.server import Server
from tests.transport.test_process import processes

LIMITS = Limits(timeout=30, connect_timeout=10)


def failure(server: Server, host: str, script: bytes = b"", *options: str) -> TransportError:
    with pytest.raises(TransportError) as caught:
        server.transport(host, False, *options).run(
            ["sh"], script or b"echo in", Limits(timeout=30, connect_timeout=2)
        )
    for text in (caught.value.message, caught.value.hint):
        assert text
        assert text.isprintable()
        assert len(text) <= 300
    return caught.value


@pytest.mark.parametrize("host", ["good", "six", "jumped", "remote-command", "quiet"])
def test_answer(server: Server, host: str) -> None:
    script = b"echo out; echo err >&2; exit 3"
    answer = server.transport(host).run(["sh"], script, LIMITS)
    assert (answer.stdout, answer.stderr, answer.exit_status) == (b"out\n", b"err\n", 3)


def test_script_of_a_mebibyte(server: Server) -> None:
    script = b"# " + b"x" * 1024 * 1024 + b"\necho whole\n"
    assert server.transport().run(["sh"], script, LIMITS).stdout == b"whole\n"


def test_a_mebibyte_in_and_out(server: Server) -> None:
    data = bytes(range(256)) * 4096
    assert server.transport().run(["cat"], data, LIMITS).stdout == data


def test_words_are_quoted(server: Server) -> None:
    words = ["a b", "$(id)", "'", '"', "*", "", "-n", "\\", "!", "é"]
    answer = server.transport().run(["printf", "%s|", *words], b"", LIMITS)
    assert answer.stdout.decode() == "".join(f"{word}|" for word in words)


def test_by_address_user_and_port(server: Server) -> None:
    options = TransportOptions(ssh_config=server.config)
    for place in ("127.0.0.1", "[::1]"):
        target = parse(f"{server.user}@{place}:{server.port}")
        more = TransportOptions(
            ssh_config=server.config,
            ssh_options=(f"HostName={target.host}", "PreferredAuthentications=publickey"),
        )
        for given in (more, options):
            answer = open_transport(target, given).run(["sh"], b"echo in", LIMITS)
            assert answer.stdout == b"in\n"


@pytest.mark.parametrize(
    ("host", "kind"),
    [
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
    ],
)
def test_errors_are_told_apart(server: Server, host: str, kind: Kind) -> None:
    error = failure(server, host)
    assert error.kind == kind
    assert error.message.startswith(f"{host}: ")


@pytest.mark.parametrize(
    "option", ["Foo=bar", "ControlPath", "Port=99999999", "KexAlgorithms=nope", "-oX", "Ciphers=x"]
)
def test_wrong_options(server: Server, option: str) -> None:
    assert failure(server, "good", b"", option).kind == "protocol"


def test_missing_configuration() -> None:
    transport = SshTransport("good", options=TransportOptions(ssh_config="/nonexistent"))
    with pytest.raises(TransportError) as caught:
        transport.run(["sh"], b"", LIMITS)
    assert caught.value.kind == "protocol"
    assert "/nonexistent" in caught.value.message


def test_no_prompt_even_if_the_user_allows_it(server: Server) -> None:
    assert failure(server, "unknown", b"", "BatchMode=no", "StrictHostKeyChecking=ask").kind == (
        "host-key-unknown"
    )


def test_checking_is_the_users_to_weaken(server: Server) -> None:
    transport = server.transport(
        "unknown", False, "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"
    )
    assert transport.run(["sh"], b"echo in", LIMITS).stdout == b"in\n"


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
    ],
)
def test_died(server: Server, script: bytes, kind: Kind) -> None:
    assert failure(server, "good", script).kind == kind


def test_status_255_of_the_command(server: Server) -> None:
    assert server.transport().run(["sh"], b"echo x; exit 255", LIMITS).exit_status == 255


def test_never_answers(server: Server) -> None:
    start = time.monotonic()
    with pytest.raises(TransportError) as caught:
        server.transport().run(["sh"], b"echo part; sleep 41", Limits(timeout=1.5))
    assert caught.value.kind == "timeout"
    assert time.monotonic() - start < 10
    assert processes(server.config) == []


def test_garbage(server: Server) -> None:
    script = b"head -c 100000 /dev/urandom; head -c 100000 /dev/urandom >&2; exit 9"
    answer = server.transport().run(["sh"], script, LIMITS)
    assert len(answer.stdout) == 100000
    assert answer.exit_status == 9


def test_hostile_error_text(server: Server) -> None:
    script = b"printf 'x\\033[2J\\000\\377 sh: not found\\n' >&2; exit 127"
    error = failure(server, "good", script)
    assert error.kind == "no-shell"
    assert "\x1b" not in error.message


def test_no_shell_on_the_path(server: Server) -> None:
    transport = server.transport()
    with pytest.raises(TransportError) as caught:
        # What a host without sh says is the login shell's; here sh starts without a PATH.
        transport.run(["sh"], b"PATH=/nowhere; exec sh", LIMITS)
    assert caught.value.kind == "no-shell"


def test_forced_command(server: Server) -> None:
    answer = server.transport("forced").run(["sh"], b"echo in", LIMITS)
    assert answer.stdout == b"something else\n"
    assert unanswered(answer, "forced").kind == "protocol"
    assert "something else" in unanswered(answer, "forced").message


def test_locked_account() -> None:
    assert unanswered(Answer(b"", b"", 1, 0.1), "web1").kind == "no-shell"


def test_shared_connection(server: Server) -> None:
    """The first ssh leaves a master behind that outlives it; no run waits for that one."""
    for _ in range(3):
        start = time.monotonic()
        answer = server.transport("shared").run(["sh"], b"echo in; exit 4", LIMITS)
        assert (answer.stdout, answer.exit_status) == (b"in\n", 4)
        assert time.monotonic() - start < 10
    assert (server.folder / "control").is_socket()


HUGE = """
import sys
from dockeraudit.transport import Limits, TransportError, TransportOptions
from dockeraudit.transport.ssh import SshTransport
transport = SshTransport("good", options=TransportOptions(ssh_config=sys.argv[1]))
try:
    transport.run(["sh"], b"head -c 300000000 /dev/urandom", Limits(timeout=50))
except TransportError as error:
    # Not getrusage: its figure is inherited from the process that started this one.
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
    assert processes(server.config) == []


INTERRUPTED = """
import signal, sys, threading
from dockeraudit.transport import Limits, TransportOptions, open_transport
from dockeraudit.transport.process import Cancel, Cancelled
from dockeraudit.targets import parse
cancel = Cancel()
def scan():
    transport = open_transport(parse("good"), TransportOptions(ssh_config=sys.argv[1]), cancel)
    try:
        transport.run(["sh"], b"touch " + sys.argv[2].encode() + b"; sleep 42", Limits())
    except Cancelled:
        print("cancelled\\n", end="", flush=True)
# As the program does it. A KeyboardInterrupt inside join() makes CPython 3.11 forget the thread.
signal.signal(signal.SIGINT, lambda number, frame: cancel.set())
threads = [threading.Thread(target=scan) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(130)
"""


def test_interrupt_ends_every_ssh(server: Server, tmp_path: Path) -> None:
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
    assert time.monotonic() - start < 10
    assert [pid for pid in processes(server.config) if pid != child.pid] == []


@pytest.mark.parametrize("host", ["-oProxyCommand=touch /tmp/x", ""])
def test_last_door(host: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        SshTransport(host)


def test_command_line() -> None:
    options = TransportOptions(ssh_config="/c", ssh_options=("ConnectTimeout=3", "Port=7"))
    command = SshTransport("web1", "ann", 22, options).command(["sh"], LIMITS)
    assert command[:3] == ["ssh", "-F", "/c"]
    assert command[-2:] == ["web1", "sh"]
    assert command[-3] == "--"
    assert command.index("BatchMode=yes") < command.index("ConnectTimeout=3")
    assert command.index("ConnectTimeout=3") < command.index("ConnectTimeout=10")
    assert not [word for word in command if "HostKey" in word or "KnownHosts" in word]


def test_become_is_one_round_trip(server: Server) -> None:
    answer = server.transport(become=True).run(["sh"], b"id -u; echo $LC_ALL", LIMITS)
    expected = b"0\nC\n" if server.user == "root" else answer.stdout
    assert answer.stdout == expected
