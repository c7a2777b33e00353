"""Hosts that one test module boots for itself, to break or to fill, and takes down afterwards."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lab import paths, provision
from tests.lab.api import Api
from tests.lab.engine import Engine, inside
from tests.lab.hosts import Host
from tests.lab.provision import Running
from tests.lab.shell import environment, run

MARK = "throwaway"


@dataclass(frozen=True)
class Throwaway:
    """A host of one's own; its name in the lab has the process id of its owner in it."""

    running: Running

    @property
    def name(self) -> str:
        return self.running.host.name

    @property
    def address(self) -> str:
        return self.running.address

    @property
    def api(self) -> Api:
        return Api.of(self.running.pid)

    def blocks(self, folder: Path) -> str:
        """Blocks for an ssh_config: aliases as the lab's, NAME (root) and NAME-user (audit).

        Their known_hosts is written into a folder of the caller's.
        """
        known = folder / f"known_hosts.{self.name}"
        known.write_text(f"{self.name},{self.address} {self.running.host_key}\n")
        return "".join(
            f"Host {self.name}{suffix}\n    HostName {self.address}\n    User {user}\n"
            f"    UserKnownHostsFile {known}\n    HostKeyAlias {self.name}\n\n"
            for suffix, user in (("", "root"), ("-user", "audit"))
        )

    def sh(self, script: str, *, timeout: float = 60) -> str:
        """Run a script as root, through the outer engine; a failure is an error."""
        argv = ["docker", "-H", f"unix://{Engine.default().socket}", "exec", "-i", self.name]
        done = subprocess.run(
            inside([*argv, "/bin/sh", "-s"]),
            input=script.encode("utf-8", "surrogateescape"),
            capture_output=True,
            check=False,
            timeout=timeout,
            env=environment(),
        )
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace")
            raise AssertionError(f"{self.name}: exit {done.returncode}\n{said}")
        return done.stdout.decode("utf-8", "surrogateescape")

    def put(self, files: Mapping[bytes, tuple[bytes, int]]) -> None:
        """Write files, whatever bytes their paths are made of: content and mode by path."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for path, (content, mode) in files.items():
                entry = tarfile.TarInfo(path.decode("utf-8", "surrogateescape").lstrip("/"))
                entry.size, entry.mode, entry.mtime = len(content), mode, int(time.time())
                tar.addfile(entry, io.BytesIO(content))
        Engine.default().docker(
            "exec", "-i", self.name, "tar", "-xpf", "-", "-C", "/", stdin=out.getvalue()
        )


@contextmanager
def booted(*hosts: Host) -> Iterator[list[Throwaway]]:
    """Boot hosts side by side; the lab has to be up."""
    engine = Engine.default()
    _sweep(engine)
    named = [replace(host, name=f"{host.name}-{MARK}-{os.getpid()}") for host in hosts]
    key = (paths.state() / "ssh" / "id_ed25519.pub").read_text()
    try:
        with ThreadPoolExecutor(len(named)) as pool:
            yield [Throwaway(r) for r in pool.map(lambda h: provision.boot(engine, h, key), named)]
    finally:
        for host in named:
            provision.remove(engine, host)
            (paths.state() / "known_hosts.d" / host.name).unlink(missing_ok=True)


def _sweep(engine: Engine) -> None:
    """Take away what a run that was killed left behind."""
    said = engine.docker("ps", "--all", "--filter", f"name=-{MARK}-", "--format", "{{.Names}}")
    for name in said.stdout.split():
        owner = re.search(rf"-{MARK}-(\d+)$", name)
        if owner and not Path("/proc", owner[1]).exists():
            engine.docker("rm", "--force", "--volumes", name, check=False)
            shutil.rmtree(paths.state() / "certs" / name, ignore_errors=True)
            for folder in ("up", "known_hosts.d"):
                (paths.state() / folder / name).unlink(missing_ok=True)


def config(folder: Path, hosts: Sequence[Throwaway], more: str = "") -> Path:
    """An ssh_config in a folder of one's own: `more`, the throw-away hosts, then the lab's hosts.

    Its path is in the command line of every ssh of a scan with it, and nowhere else.
    """
    blocks = "".join(host.blocks(folder) for host in hosts)
    path = folder / "ssh_config"
    path.write_text(f"{more}{blocks}{(paths.state() / 'ssh_config').read_text()}")
    return path


def key_pair(folder: Path, name: str) -> str:
    """A new key in a folder; returns the public half's line."""
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)])
    return (folder / f"{name}.pub").read_text().strip()
