"""The lab host with 13 containers: a full strict scan and docker-bench-security's run, in turn.

`python -m benchmarks.against_docker_bench CHECKOUT [HOST]` as root, with the lab up. CHECKOUT is
a checkout of docker-bench-security; it is copied into the host for the run and removed after it.
Both work inside the host without a network to cross: docker-bench in `docker exec`, ours with its
collector run there the same way and judged here (`dockeraudit scan docker://HOST`). Then ours over
SSH. Take an idle machine: two busy cores double every figure.
"""

import subprocess
import sys
from collections.abc import Sequence

from benchmarks import measure
from tests.lab import paths
from tests.lab.engine import Engine, inside

ROUNDS = 5
INSIDE = "/root/docker-bench-security"


def main() -> None:
    """Measure and print."""
    checkout, host = sys.argv[1], (sys.argv[2:] or ["containers"])[0]
    socket = f"unix://{Engine.default().socket}"
    docker = ["docker", "-H", socket]
    scan = [sys.executable, "-m", "dockeraudit", "scan", "--profile", "strict", "--format", "json"]
    here = ["env", f"DOCKER_HOST={socket}", *scan, f"docker://{host}"]
    over_ssh = inside([*scan, "--ssh-config", str(paths.state() / "ssh_config"), host])
    subprocess.run([*docker, "cp", f"{checkout}/.", f"{host}:{INSIDE}"], check=True)
    try:
        bench = [*docker, "exec", "-w", INSIDE, host, "sh", "docker-bench-security.sh", "-b"]
        _compare(here, over_ssh, bench)
    finally:
        subprocess.run([*docker, "exec", host, "rm", "-rf", INSIDE], check=True)


def _compare(here: Sequence[str], over_ssh: Sequence[str], bench: Sequence[str]) -> None:
    own, remote = measure.in_turn(ROUNDS, here, over_ssh)
    (theirs,) = measure.in_turn(1, bench)
    wall = measure.wall(theirs)
    measure.row("docker-bench-security, whole run", wall, "s")
    measure.row("dockeraudit scan --profile strict, inside", measure.wall(own), "s")
    measure.row("  times faster (at least 30)", wall / measure.wall(own), "x")
    measure.row(
        "dockeraudit scan --profile strict, over SSH (at most 1.0)", measure.wall(remote), "s"
    )


if __name__ == "__main__":
    main()
