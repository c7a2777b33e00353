"""CPU of the controller for each host, by OpenSSH's processes and by asyncssh.

`python -m benchmarks.ssh_clients` uses an sshd of its own on loopback; with the lab's hosts:
`python tests/lab/__main__.py exec -- python -m benchmarks.ssh_clients SSH_CONFIG HOST...`
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncssh

from benchmarks import measure
from dockeraudit.collect import build
from dockeraudit.transport import Limits, Transport, TransportOptions
from dockeraudit.transport.asyncssh_client import AsyncsshTransport
from dockeraudit.transport.ssh import SshTransport
from tests.transport.server import Server

CONNECTIONS = int(os.environ.get("CONNECTIONS", "200"))
"""For each way."""
AT_A_TIME = 32
CURVE25519 = "KexAlgorithms=curve25519-sha256"
ANSWER = "cat >/dev/null; head -c 90000 /dev/zero"
"""The script goes there, and as much comes back as from the lab's host with thirteen containers."""

WAYS: dict[str, tuple[type[Any], tuple[str, ...], str]] = {
    "openssh, as configured": (SshTransport, (), "true"),
    "openssh, curve25519": (SshTransport, (CURVE25519,), "true"),
    "openssh, curve25519, with data": (SshTransport, (CURVE25519,), ANSWER),
    "asyncssh, key exchange only": (AsyncsshTransport, (), ""),
    "asyncssh": (AsyncsshTransport, (), "true"),
    "asyncssh, with data": (AsyncsshTransport, (), ANSWER),
}


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(_measured(sys.argv[2], sys.argv[3], sys.argv[4:])))
        return
    if len(sys.argv) > 1:
        _compare(sys.argv[1], sys.argv[2:])
        return
    with Server() as server:
        _compare(server.config, ["good"])


def _compare(config: str, hosts: list[str]) -> None:
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.ssh_clients", "--one", way, config, *hosts]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        cpu, wall = json.loads(done.stdout)
        measure.row(f"{way}: CPU for each host", cpu / CONNECTIONS)
        measure.row("  hosts a second", CONNECTIONS / wall, "/s")


def _measured(way: str, config: str, hosts: list[str]) -> tuple[float, float]:
    """Seconds of CPU, children included, and of time, after a connection that does not count."""
    kind, options, command = WAYS[way]
    work = _exchanged(config, hosts) if not command else None
    given = TransportOptions(ssh_config=config, ssh_options=options)
    script = build("n") if command == ANSWER else b""

    def one(number: int) -> None:
        transport: Transport = kind(hosts[number % len(hosts)], options=given)
        answer = transport.run(["sh", "-c", command], script, Limits(timeout=120))
        assert answer.exit_status == 0

    if work is None:
        one(0)
    before, started = _cpu(), time.perf_counter()
    if work is not None:
        asyncio.run(work)
    else:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(one, range(CONNECTIONS)))
    return _cpu() - before, time.perf_counter() - started


async def _exchanged(config: str, hosts: list[str]) -> None:
    """Connect and exchange keys, as asyncssh does it for whoever asks for a host's key."""
    places = []
    for host in hosts:
        told = subprocess.run(
            ["ssh", "-F", config, "-G", host], check=True, capture_output=True, text=True
        ).stdout
        values = dict(line.split(" ", 1) for line in told.splitlines() if " " in line)
        places.append((values["hostname"], int(values["port"])))
    turn = asyncio.Semaphore(AT_A_TIME)

    async def one(number: int) -> None:
        async with turn:
            await asyncssh.get_server_host_key(*places[number % len(places)], config=None)

    await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    main()
