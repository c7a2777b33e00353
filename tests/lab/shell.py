"""Running other programs: argument lists only, and an error that shows what the program said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

# Debian keeps dockerd, debootstrap and nsenter's friends in the sbin folders.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class LabError(RuntimeError):
    """The lab could not do what it was asked; the message says why."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without what would point a docker client elsewhere."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    env["PATH"] = f"{env['PATH']}:{PATH}" if env.get("PATH") else PATH
    env.update(extra or {})
    return env


def run(
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    check: bool = True,
    timeout: float = 600,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program; with ``check`` a failure is a LabError with its last words."""
    try:
        done = subprocess.run(
            list(argv),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            timeout=timeout,
            env=environment(env),
        )
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: not installed") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(argv)}: no end after {timeout:.0f} s") from None
    out, err = (stream.decode(errors="replace") for stream in (done.stdout, done.stderr))
    if check and done.returncode != 0:
        words = "\n".join((err or out).strip().splitlines()[-15:])
        raise LabError(f"{' '.join(argv)[:400]}: exit {done.returncode}\n{words}")
    return subprocess.CompletedProcess(list(argv), done.returncode, out, err)
