"""What an engine's containers add to a collection: wall time with none, 13 and 200 of them.

`python -m benchmarks.inventory [HOST]` as root, with the lab up. The collector runs over SSH, as
a scan runs it; the first 13 containers sleep, the others were only created. All are removed.
"""

import statistics
import sys
from urllib.parse import quote

from benchmarks import measure
from dockeraudit.collect import build, parse
from dockeraudit.facts import Inventory, Unread
from tests.lab import lab
from tests.lab.api import CONTAINER_IMAGE, Api
from tests.lab.engine import inside
from tests.lab.paths import state
from tests.lab.shell import LabError

ROUNDS = 5
NONCE = "5eed0f00d5eed"
STEPS = (0, 13, 200)
ASLEEP = 13
CONFIG = {
    "Image": CONTAINER_IMAGE,
    "Cmd": ["/bin/sh", "-c", "exec sleep 86400"],
    "Env": [f"VARIABLE_{number}=some value" for number in range(20)],
    "Labels": {f"example.label.{number}": "some value" for number in range(20)},
    "HostConfig": {"NetworkMode": "none", "Memory": 64 << 20},
}


def main() -> None:
    """Measure and print."""
    host = (sys.argv[1:] or ["plain-any"])[0]
    running = lab.status()
    if host not in running:
        raise SystemExit(f"the lab's {host} is not up")
    api = Api.of(running[host].pid)
    command = inside(["ssh", "-F", str(state() / "ssh_config"), "-T", "--", host, "sh"])
    before = api.call("GET", "/images/json")
    times: list[float] = []
    made = 0
    try:
        api.load_image()
        for step in STEPS:
            while made < step:
                _make(api, f"bench-{made}", start=made < ASLEEP)
                made += 1
            costs = [measure.run(command, build(NONCE)) for _ in range(ROUNDS + 1)][1:]
            _whole(costs[-1].output, step)
            times.append(statistics.median(cost.wall for cost in costs))
            measure.row(f"collection with {step} containers", times[-1], "s")
    finally:
        for number in range(made):
            api.remove_container(f"bench-{number}")
        if not before:
            api.call("DELETE", f"/images/{quote(CONTAINER_IMAGE)}")
    measure.row("200 containers add (at most 1.5)", times[-1] - times[0], "s")
    measure.row("  ratio to none", times[-1] / times[0], "x")


def _make(api: Api, name: str, *, start: bool) -> None:
    api.call("POST", f"/containers/create?name={name}", CONFIG)
    if start:
        api.call("POST", f"/containers/{name}/start")


def _whole(output: bytes, number: int) -> None:
    """Fail where the answer lacks containers: a short one would be quick."""
    facts = parse(output, NONCE, target="", collected_at=0, duration=0.0)
    seen = facts.apis[0].inventory
    if not isinstance(seen, Inventory) or isinstance(seen.containers, Unread):
        raise LabError(f"no inventory: {seen}")
    if len(seen.containers) != number or seen.missing:
        raise LabError(f"not {number} containers; missing: {seen.missing}")


if __name__ == "__main__":
    main()
