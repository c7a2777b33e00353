"""The lab as tests use it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab import paths
from tests.lab.api import Api
from tests.lab.engine import inside
from tests.lab.provision import Running
from tests.lab.shell import environment


@dataclass(frozen=True)
class Lab:
    """All hosts, up, and a way to run commands where they can be reached."""

    hosts: Mapping[str, Running]

    @property
    def ssh_config(self) -> Path:
        """For ``ssh -F``: aliases NAME (as root) and NAME-user (as the user audit)."""
        return paths.state() / "ssh_config"

    def host(self, name: str) -> Running:
        return self.hosts[name]

    def api(self, name: str) -> Api:
        """The host's engine, to load the busybox image and to start containers."""
        return Api.of(self.hosts[name].pid)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float = 120,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command in the lab's network; the exit code is the caller's to judge.

        ``env`` is laid over this process's environment, less DOCKER_*.
        """
        return subprocess.run(
            inside(argv),
            input=stdin if stdin is not None else b"",
            capture_output=True,
            check=False,
            timeout=timeout,
            env=environment(env),
            cwd=cwd,
        )

    def ssh(self, alias: str, script: str, *, timeout: float = 60) -> str:
        """Run a shell script on a host and return what it wrote; a failure is an error."""
        argv = ["ssh", "-F", os.fspath(self.ssh_config), alias, "sh -s"]
        done = self.run(argv, stdin=script.encode(), timeout=timeout)
        if done.returncode != 0:
            raise AssertionError(f"{alias}: exit {done.returncode}\n{done.stderr.decode()}")
        return done.stdout.decode()
