"""Records what the lab's hosts send, and the facts it is read as: `python -m tests.collect.record`.

As root, with the lab up; every recording is read before it is committed.
"""

import subprocess
from pathlib import Path

import msgspec

from dockeraudit.collect import build, parse
from dockeraudit.facts import HostFacts, encode
from tests.lab.engine import inside
from tests.lab.hosts import HOSTS
from tests.lab.paths import state

NONCE = "5eed0f00d5eed"
FOLDER = Path(__file__).parent / "recorded"
USERS = ("busybox-user", "hardened-user")


def read(output: bytes, alias: str) -> HostFacts:
    """The facts in an output, collected when the host's own clock says."""
    facts = parse(output, NONCE, target=alias, collected_at=0, duration=0.5)
    return msgspec.structs.replace(facts, collected_at=facts.machine.clock)


def main() -> None:
    """Record every host as root, and two as the ordinary user."""
    for alias in (*(host.name for host in HOSTS), *USERS):
        command = ["ssh", "-F", str(state() / "ssh_config"), "-T", "--", alias, "sh"]
        output = subprocess.run(
            inside(command), input=build(NONCE), capture_output=True, check=True
        ).stdout
        facts = read(output, alias)
        (FOLDER / f"{alias}.out").write_bytes(output)
        text = msgspec.json.format(encode(facts), indent=1)
        (FOLDER / f"{alias}.facts.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
