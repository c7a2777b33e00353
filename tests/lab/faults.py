"""Two hundred addresses on the lab's loopback, and what happens to a scan at each of them.

One sshd serves them all, and the address that a session was made to decides what it gets. Behind
a whole one is a lab's host, entered by its namespaces: a real engine, seen as often as there are
addresses. Each address gives it a hostname and a machine id of its own, in a mount and a UTS
namespace that end with the session, so that no two of them are "the same host".
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

from dockeraudit.collect import build
from tests.lab.engine import inside
from tests.lab.program import ROOT
from tests.lab.shell import PATH, environment, run
from tests.lab.throwaway import key_pair

UNTIL_THE_END = "while kill -0 $PPID 2>/dev/null; do sleep 0.3; done"
"""Say nothing more; sshd leaves a command alone when its client has gone."""


class Place(NamedTuple):
    """Addresses 127.77.NUMBER.1 and up, and what is there."""

    number: int
    command: str = ""
    """What a session gets in the place of its command; empty: sshd is not there."""


PLACES = {
    "whole": Place(1, "exec @ENTER@"),
    "refused": Place(2),
    "mute": Place(3),
    "halfway": Place(4, f"@ENTER@ | head -c 3000; {UNTIL_THE_END}"),
    "flood": Place(5, "exec head -c 300000000 /dev/zero"),
    "other-key": Place(6, "exec sh"),
    "killed": Place(7, f"@ENTER@ | head -c 3000; kill -9 $PPID; {UNTIL_THE_END}"),
    "garbage": Place(8, "exec head -c 1000000 /dev/urandom"),
    "replayed": Place(9, "exec /bin/sh @FOLDER@/replay"),
}
RECORDED = "5eed0f00d5eed"
"""The nonce of an answer that is kept to be replayed."""
MOST = 250  # addresses at one place

# Of 127.77.1.23, for example, host-1-23.
NAMED = """\
set -- $SSH_CONNECTION
name=${3#127.77.}
name=host-${name%.*}-${name#*.}
"""
ENTER = """\
@NAMED@
HOME=/root exec nsenter --target @PID@ --mount --uts --ipc --net --pid --root --wd -- \\
    unshare --mount --uts sh -c '
hostname "$1"
mount -t tmpfs none /mnt
echo "$1" | md5sum | head -c 32 >/mnt/id
mount --bind /mnt/id /etc/machine-id
umount -l /mnt
shift
exec "$@"' sh "$name" sh -c "$SSH_ORIGINAL_COMMAND"
"""
# The answer that `Crowd.record` kept, as if the host had given it just now.
REPLAY = """\
@NAMED@
read -r nonce
cat >/dev/null
exec sed -e "s/^@@RECORDED@/@${nonce#N=}/" -e "s/@NAME@/$name/" \\
    -e "s/@MACHINE@/$(echo "$name" | md5sum | head -c 32)/" @FOLDER@/answer
"""
SSHD = """\
Port @PORT@
ListenAddress 0.0.0.0
AllowUsers root@127.*
HostKey @FOLDER@/hostkey
PidFile none
AuthorizedKeysFile @FOLDER@/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 500
# The login shell reads a .bashrc, which here is another machine's and may do much.
SetEnv HOME=@FOLDER@
LogLevel ERROR
"""
CONFIG = """\
Host 127.77.2.*
    Port 1
Host 127.77.3.*
    Port @MUTE@
Host 127.77.6.*
    UserKnownHostsFile @FOLDER@/changed
Host *
    User root
    Port @PORT@
    IdentityFile @FOLDER@/key
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile @FOLDER@/known
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
@MORE@
"""
# Takes connections into its queue and never looks at them; its other port is free for sshd.
MUTE = f"""
import signal, socket
free = socket.create_server(("127.0.0.1", 0))
first = socket.create_server(("127.77.3.1", 0))
port = first.getsockname()[1]
others = [socket.create_server((f"127.77.3.{{n}}", port)) for n in range(2, {MOST} + 1)]
print(port, free.getsockname()[1], flush=True)
free.close()
signal.pause()
"""
# The program with its own command line; at its end it says what it has left open or unreaped.
WATCHED = """
import json, os, sys
from pathlib import Path
place, *argv = sys.argv[1:]
sys.argv = ["dockeraudit", *argv]

def descriptors():
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            pass  # that of listdir itself
    return sorted(found)

before = descriptors()
try:
    from dockeraudit.cli import main
    main()
finally:
    children = Path("/proc/self/task").glob("*/children")
    status = Path("/proc/self/status").read_text()
    Path(place).write_text(json.dumps({
        "descriptors": [each for each in descriptors() if each not in before],
        "children": [pid for file in children for pid in file.read_text().split()],
        "peak": int(status.partition("VmHWM:")[2].split()[0]) * 1024,
        "threads": int(status.partition("Threads:")[2].split()[0]),
        "own": os.times().user + os.times().system,
        "of_children": os.times().children_user + os.times().children_system,
    }))
"""


@dataclass(frozen=True)
class Watched:
    """One run of the program, and what it was like at its end."""

    code: int
    out: bytes
    err: str
    seconds: float
    descriptors: list[str]
    """Those that were not open at its start."""
    children: list[str]
    """Process ids, alive or not yet reaped."""
    peak: int
    """Bytes of memory that the process itself had at most (VmHWM)."""
    threads: int
    own: float
    """Seconds of CPU of the process itself."""
    of_children: float
    """Seconds of CPU of the processes that it reaped: ssh."""

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report, if that is what it printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Crowd:
    """The addresses, and the ssh_config with which they can be reached."""

    config: Path

    def addresses(self, place: str, count: int) -> list[str]:
        """The first addresses of a place."""
        assert count <= MOST
        return [f"127.77.{PLACES[place].number}.{number}" for number in range(1, count + 1)]

    def place(self, address: str) -> str:
        """What is at an address."""
        number = int(address.split(".")[2])
        return next(name for name, place in PLACES.items() if place.number == number)

    def record(self) -> bytes:
        """Let the replayed addresses answer what the first whole one answers now; its answer."""
        argv = ["ssh", "-F", str(self.config), self.addresses("whole", 1)[0], "sh"]
        done = subprocess.run(
            inside(argv), input=build(RECORDED), stdout=subprocess.PIPE, check=True
        )
        (self.config.parent / "answer").write_bytes(done.stdout)
        return done.stdout

    def run(
        self,
        *argv: str,
        seconds: float,
        under: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Watched:
        """`dockeraudit …` where the addresses are, `under` a command that execs what follows it."""
        with tempfile.TemporaryDirectory(prefix="dockeraudit-watched-") as folder:
            place = Path(folder) / "end"
            command = [sys.executable, "-c", WATCHED, str(place), *argv]
            started = time.monotonic()
            done = subprocess.run(
                inside([*under, *command]),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=seconds,
                env=environment(env),
                cwd=ROOT,
            )
            took = time.monotonic() - started
            err = done.stderr.decode("utf-8", "surrogateescape")
            assert place.exists(), f"{done.returncode}: {err}"
            return Watched(done.returncode, done.stdout, err, took, **json.loads(place.read_text()))


@dataclass(frozen=True)
class Disk:
    """A small disk in a mount namespace of its own, where nothing else sees or fills it."""

    pid: int

    @property
    def under(self) -> list[str]:
        """What runs the command that follows it where the disk is, at /mnt."""
        return ["nsenter", f"--mount=/proc/{self.pid}/ns/mnt", "--"]

    def path(self, name: str) -> Path:
        """A file of the disk, as the rest of this machine reads it."""
        return Path("/proc", str(self.pid), "root", "mnt", name)

    def resize(self, kibibytes: int) -> None:
        run([*self.under, "mount", "-o", f"remount,size={kibibytes}k", "/mnt"])


@contextmanager
def small_disk(kibibytes: int) -> Iterator[Disk]:
    """A disk of that size, for as long as this is entered."""
    script = f"mount -t tmpfs -o size={kibibytes}k tmpfs /mnt && echo there && exec cat"
    with subprocess.Popen(
        ["unshare", "--mount", "--", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        with holder.stdin:
            assert holder.stdout.readline() == b"there\n"
            yield Disk(holder.pid)


@contextmanager
def crowd(pid: int, *, more: str = "") -> Iterator[Crowd]:
    """The addresses; `pid`: the init of the lab's host behind the whole ones.

    `more`: further lines for all hosts in ssh_config.
    """
    folder = Path(tempfile.mkdtemp(prefix="dockeraudit-crowd-"))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        mute = subprocess.Popen(
            inside([sys.executable, "-c", MUTE]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        processes.append(mute)
        assert mute.stdout is not None
        with mute.stdout:
            mute_port, port = mute.stdout.readline().split()
        values = {
            "@FOLDER@": str(folder),
            "@MUTE@": mute_port.decode(),
            "@PORT@": port.decode(),
            "@PID@": str(pid),
            "@ENTER@": f"/bin/sh {folder}/enter",
            "@MORE@": more,
            "@RECORDED@": RECORDED,
            "@NAMED@": NAMED,
            "@NAME@": "host-1-1",
            "@MACHINE@": md5(b"host-1-1\n", usedforsecurity=False).hexdigest(),
        }
        _write(folder, values)
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        program = shutil.which("sshd", path=PATH)
        assert program, "an sshd is needed: apt-get install openssh-server"
        with (folder / "log").open("wb") as log:
            argv = inside([program, "-D", "-e", "-f", str(folder / "sshd_config")])
            processes.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=log))
        _wait(folder)
        yield Crowd(folder / "ssh_config")
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
            process.wait()
        shutil.rmtree(folder)


def _write(folder: Path, values: Mapping[str, str]) -> None:
    """Keys, scripts and configuration."""
    hostkey, other = key_pair(folder, "hostkey"), key_pair(folder, "other")
    key_pair(folder, "key")
    forced = []
    for name, place in PLACES.items():
        if place.command:
            (folder / name).write_text(_fit(place.command, values) + "\n")
            forced.append(
                f"Match LocalAddress 127.77.{place.number}.0/24\n"
                f"    ForceCommand /bin/sh {folder}/{name}\n"
            )
    known = f"[127.*]:{values['@PORT@']}"
    files = {
        "enter": ENTER,
        "replay": REPLAY,
        "known": f"{known} {hostkey}\n",
        "changed": f"{known} {other}\n",
        "sshd_config": SSHD + "".join(forced),
        "ssh_config": CONFIG,
    }
    for name, text in files.items():
        (folder / name).write_text(_fit(text, values))


def _fit(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _wait(folder: Path) -> None:
    """Until sshd answers; its own log says why it does not."""
    argv = ["ssh", "-F", str(folder / "ssh_config"), "127.77.99.1", "true"]
    for _ in range(100):
        if run(inside(argv), check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text(errors="replace"))
