"""The system's OpenSSH, as the user configured it.

Jump hosts, keys, agents, known_hosts and multiplexing come from ssh's own configuration. Host
keys are checked as that configuration says; nothing here weakens it, and an option that does is
the user's to give.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from math import ceil

from . import Answer, Limits, TransportOptions, process
from .become import as_root
from .failures import of_command, of_ssh


class SshTransport:
    """Runs commands on a host by one `ssh` process each."""

    def __init__(
        self,
        host: str,
        user: str | None = None,
        port: int | None = None,
        options: TransportOptions | None = None,
        cancel: process.Cancel | None = None,
    ) -> None:
        # Targets are checked where they are parsed; this is the last door before an argv.
        if not host or host.startswith("-") or (user is not None and user.startswith("-")):
            raise ValueError(f"no host or user of SSH: {host!r}, {user!r}")
        self._host = host
        self._user = user
        self._port = port
        self._options = options or TransportOptions()
        self._cancel = cancel

    def run(self, argv: Sequence[str], stdin: bytes, limits: Limits) -> Answer:
        become = self._options.become
        answer = process.run(
            self.command(as_root(argv) if become else argv, limits),
            stdin,
            limits,
            name=self._host,
            # The texts of errors are told apart in English.
            environment={**os.environ, "LC_ALL": "C"},
            cancel=self._cancel,
        )
        error = of_ssh(answer, self._host) or of_command(answer, self._host, argv, become=become)
        if error is not None:
            raise error
        return answer

    def command(self, argv: Sequence[str], limits: Limits) -> list[str]:
        """The ssh command line. Of an option given twice, ssh takes the first.

        BatchMode: a scan of many hosts runs unattended, so a question (password, passphrase,
        unknown host key) must be an error at once, and never wait for an answer. The rest is
        what scp gives too: forwardings, local commands and a RemoteCommand of the configuration
        belong to logins, and X11 is not for a host that may be hostile.
        """
        command = ["ssh"]
        if self._options.ssh_config is not None:
            command += ["-F", self._options.ssh_config]
        command += ["-T", "-x", "-o", "BatchMode=yes"]
        for option in self._options.ssh_options:
            command += ["-o", option]
        command += [
            "-o",
            f"ConnectTimeout={max(1, ceil(min(limits.connect_timeout, limits.timeout)))}",
            "-o",
            "ClearAllForwardings=yes",
            "-o",
            "PermitLocalCommand=no",
            "-o",
            "RemoteCommand=none",
        ]
        if self._user is not None:
            command += ["-l", self._user]
        if self._port is not None:
            command += ["-p", str(self._port)]
        return [*command, "--", self._host, shlex.join(argv)]
