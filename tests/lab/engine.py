"""The outer engine: a dockerd in a network namespace of its own; its containers are the hosts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab import paths
from tests.lab.shell import LabError, environment, run

NAMESPACE = "dockeraudit-lab"
# `nsenter --net=` and not `ip netns exec`: the latter mounts a new /sys, without the cgroup mounts.
NETNS = Path("/run/netns") / NAMESPACE


def inside(argv: Sequence[str]) -> list[str]:
    """The same command, run in the lab's network namespace."""
    return ["nsenter", f"--net={NETNS}", "--", *argv]


@dataclass(frozen=True)
class Engine:
    """The outer dockerd, started and stopped by the process id that it recorded itself."""

    data: Path
    runtime: Path

    @classmethod
    def default(cls) -> Engine:
        return cls(paths.cache() / "engine", paths.RUN)

    @property
    def socket(self) -> Path:
        return self.runtime / "docker.sock"

    @property
    def pidfile(self) -> Path:
        return self.runtime / "docker.pid"

    def pid(self) -> int | None:
        """The running daemon's process id; None if the recorded one is gone or another by now."""
        try:
            pid = int(self.pidfile.read_text())
            argv = Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self.pidfile) in argv else None

    def start(self) -> None:
        """Start the daemon unless it runs; returns when it answers."""
        if self.pid() is not None:
            self._wait(60)
            return
        for folder in (self.data, self.runtime):
            folder.mkdir(parents=True, exist_ok=True)
        _make_namespace()
        run(inside(["ip", "link", "set", "lo", "up"]))
        config = self.runtime / "daemon.json"
        paths.write(config, "{}\n")
        argv = [
            "dockerd",
            *(
                "--data-root",
                str(self.data),
                "--exec-root",
                str(self.runtime / "exec"),
                "-p",
                str(self.pidfile),
            ),
            *(
                "-H",
                f"unix://{self.socket}",
                "--storage-driver",
                "overlay2",
                "--config-file",
                str(config),
            ),
            # Hosts inherit this name server: nobody is there, so a lookup fails at once.
            *("--dns", "127.0.0.1"),
        ]
        with (self.runtime / "dockerd.log").open("ab") as log:
            subprocess.Popen(
                inside(argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                start_new_session=True,
                cwd="/",
            )
        self._wait(60)

    def stop(self) -> None:
        """End the daemon that was started here, and take the namespace down."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 60
            while Path("/proc", str(pid)).exists() and self.pid() == pid:
                if time.monotonic() > deadline:
                    raise LabError(
                        f"dockerd (process {pid}) did not end; see {self.runtime / 'dockerd.log'}"
                    )
                time.sleep(0.1)
        if NETNS.exists():
            run(["ip", "netns", "delete", NAMESPACE])

    def docker(
        self, *args: str, stdin: bytes | None = None, check: bool = True, timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Run the docker command against this engine."""
        return run(
            [_client(), "-H", f"unix://{self.socket}", *args],
            stdin=stdin,
            check=check,
            timeout=timeout,
        )

    def has_image(self, tag: str) -> bool:
        return (
            self.docker("image", "inspect", "--format", "{{.Id}}", tag, check=False).returncode == 0
        )

    def import_image(self, tarball: Path, tag: str) -> None:
        self.docker("import", str(tarball), tag)

    def forget_images(self, tag: str) -> None:
        """Remove the older images of the same name; one that a host still uses stays."""
        name = tag.partition(":")[0]
        for old in self.docker(
            "images", "--format", "{{.Repository}}:{{.Tag}}", name
        ).stdout.split():
            if old != tag:
                self.docker("image", "rm", old, check=False)

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.docker("version", check=False).returncode != 0:
            if time.monotonic() > deadline:
                raise LabError(f"dockerd does not answer; see {self.runtime / 'dockerd.log'}")
            time.sleep(0.2)


def _make_namespace() -> None:
    """Have the namespace; a name left behind with nothing mounted there is made anew."""
    if NETNS.exists() and run(inside(["true"]), check=False).returncode != 0:
        run(["ip", "netns", "delete", NAMESPACE])
    if not NETNS.exists():
        run(["ip", "netns", "add", NAMESPACE])


def _client() -> str:
    """Debian's client first: a much newer one no longer speaks this engine's API version."""
    found = shutil.which("docker", path=f"/usr/bin:{environment()['PATH']}")
    if found is None:
        raise LabError("docker (the command) is not installed")
    return found
