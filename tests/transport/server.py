"""A private sshd on 127.0.0.1 and ::1, with an ssh configuration that knows it by many names."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from dockeraudit.transport import TransportOptions
from dockeraudit.transport.ssh import SshTransport

CONFIG = """\
Host strange
  IdentityFile {folder}/strange
Host forced
  IdentityFile {folder}/forced
Host forwardless
  IdentityFile {folder}/forwardless
Host unknown
  UserKnownHostsFile {folder}/nobody
Host changed
  UserKnownHostsFile {folder}/changed
Host shared
  ControlMaster auto
  ControlPath {folder}/control
  ControlPersist 60
Host jumped
  ProxyJump good
Host jump-refused
  ProxyJump good
  Port {closed}
Host jump-nowhere
  ProxyJump good
  HostName name.invalid
Host jump-forbidden
  ProxyJump forwardless
Host jump-unknown
  ProxyJump unknown
Host refused
  Port {closed}
Host mute
  Port {mute}
Host talker
  Port {talker}
Host nowhere
  HostName name.invalid
Host remote-command
  RemoteCommand echo from the configuration
Host quiet
  LogLevel QUIET
Host six
  HostName ::1
Host old
  KexAlgorithms diffie-hellman-group1-sha1
Host nologin
  User {nologin}
Host * !strange !forced !forwardless
  IdentityFile {folder}/key
Host *
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile /dev/null
  KexAlgorithms curve25519-sha256
"""

SSHD = """\
Port {port}
ListenAddress 127.0.0.1
ListenAddress ::1
HostKey {folder}/hostkey
PidFile none
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 50
Subsystem sftp internal-sftp
"""


class Server:
    """One sshd process of our own, and listeners that are no sshd."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dockeraudit-sshd-"))
        self.folder.chmod(0o755)
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self._listeners: list[socket.socket] = []

    def __enter__(self) -> Self:
        program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        assert program, "these tests need an sshd: apt-get install openssh-server"
        for key in ("hostkey", "otherkey", "key", "strange", "forced", "forwardless"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", self._file(key)],
                check=True,
            )
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.port = _free_port()
        self.closed = _free_port()
        self._write(
            "authorized",
            self._public("key")
            + f'command="echo something else",restrict {self._public("forced")}'
            + f"restrict {self._public('forwardless')}",
        )
        self._write("known", self._known("hostkey"))
        self._write("changed", self._known("otherkey"))
        self._write("sshd_config", SSHD.format(port=self.port, folder=self.folder))
        self.config = self._write(
            "config",
            CONFIG.format(
                folder=self.folder,
                port=self.port,
                closed=self.closed,
                mute=self._listener(),
                talker=self._listener(b"220 mail.example ESMTP\r\n" * 20 + b"\0\xff\x1b[2J\r\n"),
                user=self.user,
                nologin=nologin_account(),
            ),
        )
        self._process = subprocess.Popen(
            [program, "-D", "-e", "-f", self._file("sshd_config")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("wb"),
        )
        self._wait()
        return self

    def __exit__(self, *error: object) -> None:
        subprocess.run(
            ["ssh", "-F", self.config, "-O", "exit", "shared"], check=False, capture_output=True
        )
        self._process.terminate()
        self._process.wait()
        for listener in self._listeners:
            listener.close()
        shutil.rmtree(self.folder)

    def transport(self, host: str = "good", become: bool = False, *more: str) -> SshTransport:
        options = TransportOptions(ssh_config=self.config, ssh_options=more, become=become)
        return SshTransport(host, options=options)

    def _wait(self) -> None:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def _listener(self, greeting: bytes = b"") -> int:
        """A port that takes connections in its queue; a greeting is sent to the first ten."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listeners.append(listener)
        if greeting:
            import threading

            def greet() -> None:
                for _ in range(10):
                    try:
                        connection, _address = listener.accept()
                        connection.sendall(greeting)
                        connection.close()
                    except OSError:
                        return

            threading.Thread(target=greet, daemon=True).start()
        return int(listener.getsockname()[1])

    def _known(self, key: str) -> str:
        public = self._public(key)
        return f"[127.0.0.1]:{self.port} {public}[::1]:{self.port} {public}"

    def _public(self, key: str) -> str:
        return (self.folder / f"{key}.pub").read_text()

    def _file(self, name: str) -> str:
        return str(self.folder / name)

    def _write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return self._file(name)


def nologin_account() -> str:
    """An account of this machine that may not log in."""
    for entry in pwd.getpwall():
        if entry.pw_shell.endswith("/nologin") and Path(entry.pw_shell).exists():
            return entry.pw_name
    return "nobody"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
