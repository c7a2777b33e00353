"""One lab host, local to it: dockeraudit's scan and docker-bench-security's whole run, in turn.

`python -m benchmarks.against_docker_bench CHECKOUT [HOST]` as root, with the lab up. CHECKOUT is
a checkout of docker-bench-security; it is copied into the host for the run and removed after it.
Both run through `docker exec` into the host, so that neither has a network to cross; what
docker-bench says of sections 1 to 3 is printed beside our results with the same CIS number.
"""

import json
import subprocess
import sys

from benchmarks import measure
from tests.lab.engine import Engine

ROUNDS = 5
INSIDE = "/root/docker-bench-security"


def main() -> None:
    """Measure and print."""
    checkout, host = sys.argv[1], (sys.argv[2:] or ["plain-any"])[0]
    socket = f"unix://{Engine.default().socket}"
    docker = ["docker", "-H", socket]
    subprocess.run([*docker, "cp", f"{checkout}/.", f"{host}:{INSIDE}"], check=True)
    try:
        ours = [
            "env",
            f"DOCKER_HOST={socket}",
            sys.executable,
            "-m",
            "dockeraudit",
            "scan",
            f"docker://{host}",
            "--format",
            "json",
        ]
        bench = [*docker, "exec", "-w", INSIDE, host, "sh", "docker-bench-security.sh", "-b"]
        own, theirs = measure.in_turn(ROUNDS, ours, bench)
    finally:
        subprocess.run([*docker, "exec", host, "rm", "-rf", INSIDE], check=True)
    measure.row("docker-bench-security, whole run", measure.wall(theirs), "s")
    measure.row("dockeraudit scan", measure.wall(own), "s")
    measure.row("  ratio (at most 0.3)", measure.wall(own) / measure.wall(theirs), "x")
    _side_by_side(own[-1].output, theirs[-1].output)


def _side_by_side(own: bytes, theirs: bytes) -> None:
    """What each says, by CIS 1.6 number; ours without a number after that."""
    report, _ = json.JSONDecoder().raw_decode(own[own.index(b"{") :].decode())
    results = report["hosts"][0]["results"]
    verdicts: dict[str, str] = {}
    for line in theirs.decode(errors="replace").splitlines():
        level, _, rest = line.partition("] ")
        number, _, text = rest.partition(" - ")
        if level.startswith("[") and number[:1].isdigit():
            verdicts[number.strip()] = f"{level[1:]:<4} {text}"
    print("\nCIS     docker-bench-security | dockeraudit")
    for number, said in verdicts.items():
        ours = [
            f"{each['status']} {each['check']}"
            for each in results
            if {"framework": "cis-1.6", "id": number} in each["references"]
        ]
        if ours:
            print(f"{number:<7} {said[:70]}\n        | " + "\n        | ".join(ours))
    print("\nOnly dockeraudit:")
    for each in results:
        if not each["references"] and each["status"] in ("fail", "unknown"):
            print(f"  {each['status']} {each['check']}: {each['message']}")


if __name__ == "__main__":
    main()
