"""Debian packages: what the lab needs on this machine, and where apt gets packages from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.shell import LabError, run

# program that must be there → package that brings it
NEEDED = {
    "busybox": "busybox-static",
    "containerd": "containerd",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "dockerd": "docker.io",
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "runc": "runc",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
POLICY = Path("/usr/sbin/policy-rc.d")


@dataclass(frozen=True)
class Mirror:
    """Debian's archive as this machine's apt reaches it."""

    uri: str
    proxy: str
    verified: bool


def install() -> None:
    """Install what is missing, and start none of the services that come along."""
    where = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin"
    missing = sorted(
        {package for program, package in NEEDED.items() if not shutil.which(program, path=where)}
    )
    if not missing:
        return
    if os.geteuid() != 0:
        raise LabError(f"not root, and these packages are missing: {' '.join(missing)}")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    with services_stay_down():
        run(["apt-get", "update", "-q"], check=False, env=env)
        run(
            ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing],
            timeout=900,
            env=env,
        )


@contextmanager
def services_stay_down() -> Iterator[None]:
    """Maintainer scripts ask policy-rc.d before they start a service: answer no meanwhile."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def mirror() -> Mirror:
    """Read apt's own configuration: the archive it uses for Debian's main component, its proxy."""
    found = _archive()
    if found is None:  # apt knows an archive's origin only when it has its lists
        run(["apt-get", "update", "-q"], check=False)
        found = _archive()
    if found is None:
        raise LabError("apt knows no Debian archive")
    return found


def _archive() -> Mirror | None:
    wanted = {"Origin": "Debian", "Label": "Debian", "Component": "main"}
    for block in run(["apt-get", "indextargets", "Created-By: Packages"]).stdout.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if wanted.items() <= lines.items():
            uri, entry = lines["Repo-URI"], lines.get("Sourcesentry", "")
            return Mirror(uri, _proxy(uri.split(":", 1)[0]), not _marked_trusted(entry))
    return None


def _proxy(scheme: str) -> str:
    said = run(["apt-config", "shell", "PROXY", f"Acquire::{scheme}::Proxy"]).stdout
    return said.strip().removeprefix("PROXY=").strip("'\"")


def _marked_trusted(entry: str) -> bool:
    """Does the source say that its archive is to be believed without a signature?"""
    try:
        text = Path(entry.rpartition(":")[0]).read_text()
    except OSError:
        return False
    words = [line.split("#", 1)[0].lower().replace(" ", "") for line in text.splitlines()]
    return any(line.startswith("trusted:yes") or "trusted=yes" in line for line in words)
