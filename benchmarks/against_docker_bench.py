"""The lab host with 13 containers: a full strict scan and docker-bench-security's run, in turn.

`python -m benchmarks.against_docker_bench CHECKOUT [HOST]` as root, with the lab up. CHECKOUT is
a checkout of docker-bench-security. It and dockeraudit, as a user would install it (from a wheel,
with the interpreter that runs this), are copied into the host for the run and removed after it:
both scan the machine that they are on. Then ours over SSH, from here. Take an idle machine: two
busy cores double every figure.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import measure
from tests.lab import paths
from tests.lab.engine import Engine, inside

ROUNDS = 5
ROOT = Path(__file__).resolve().parents[1]
THEIRS = "/root/docker-bench-security"
OURS = "/root/dockeraudit"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
SCAN = ("-m", "dockeraudit", "scan", "--profile", "strict", "--format", "json")


def main() -> None:
    """Measure and print."""
    checkout, host = sys.argv[1], (sys.argv[2:] or ["containers"])[0]
    docker = ["docker", "-H", f"unix://{Engine.default().socket}"]
    entered = ["nsenter", "--all", "--target", _pid(docker, host), "--"]
    there = [*entered, "env", "-i", "-C", THEIRS, f"PATH={PATH}", f"PYTHONPATH={OURS}/site"]
    here = [*there, f"{OURS}/bin/python", *SCAN]
    config = str(paths.state() / "ssh_config")
    over_ssh = inside([sys.executable, *SCAN, "--ssh-config", config, host])
    bench = [*there, "sh", "docker-bench-security.sh", "-b"]
    try:
        subprocess.run([*docker, "cp", f"{checkout}/.", f"{host}:{THEIRS}"], check=True)
        with tempfile.TemporaryDirectory() as folder:
            _install(Path(folder))
            subprocess.run([*docker, "cp", f"{folder}/.", f"{host}:{OURS}"], check=True)
        _compare(here, over_ssh, bench)
    finally:
        subprocess.run([*docker, "exec", host, "rm", "-rf", THEIRS, OURS], check=True)


def _pid(docker: Sequence[str], host: str) -> str:
    """The host's first process. To enter its namespaces costs less than `docker exec`."""
    asked = [*docker, "inspect", "--format", "{{.State.Pid}}", host]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def _install(folder: Path) -> None:
    """An interpreter with its library, and dockeraudit with what it needs, in a folder."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    left_out = shutil.ignore_patterns("test", "site-packages", "dist-packages", "config-*")
    shutil.copytree(stdlib, folder / "lib" / stdlib.name, ignore=left_out)
    (folder / "bin").mkdir()
    shutil.copy(Path(sys.executable).resolve(), folder / "bin" / "python")
    source = folder / "source"
    unbuilt = shutil.ignore_patterns(".*", "build", "*.egg-info", "tests", "benchmarks")
    shutil.copytree(ROOT, source, ignore=unbuilt)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    quiet = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    subprocess.run([*pip, "--target", str(folder / "site"), source], check=True, env=quiet)
    shutil.rmtree(source)


def _compare(here: Sequence[str], over_ssh: Sequence[str], bench: Sequence[str]) -> None:
    own, remote = measure.in_turn(ROUNDS, here, over_ssh)
    (theirs,) = measure.in_turn(1, bench)
    wall = measure.wall(theirs)
    measure.row("docker-bench-security, whole run", wall, "s")
    measure.row("dockeraudit scan --profile strict, there", measure.wall(own), "s")
    measure.row("  times faster (at least 30)", wall / measure.wall(own), "x")
    measure.row(
        "dockeraudit scan --profile strict, over SSH (at most 1.0)", measure.wall(remote), "s"
    )


if __name__ == "__main__":
    main()
