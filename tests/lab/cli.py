"""What ``python tests/lab/__main__.py`` does with its arguments."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.lab import lab, paths
from tests.lab.engine import NETNS, inside
from tests.lab.hosts import BY_NAME
from tests.lab.shell import LabError, environment


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tests/lab", description="Real Docker hosts on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("up", "bring hosts up"),
        ("down", "take hosts down"),
        ("status", "show what is up"),
    ):
        commands.add_parser(name, help=text).add_argument("hosts", nargs="*", metavar="HOST")
    commands.add_parser("ssh-config", help="print where ssh_config is").add_argument(
        "hosts", nargs="*", metavar="HOST"
    )
    execute = commands.add_parser("exec", help="run a command in the lab's network")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    given = parser.parse_args(argv)
    try:
        if given.command == "exec":
            return _exec(given.argv)
        lab.chosen(given.hosts)
        return {"up": _up, "down": _down, "status": _status, "ssh-config": _ssh_config}[
            given.command
        ](given.hosts)
    except LabError as error:
        print(f"tests/lab: {error}", file=sys.stderr)
        return 1


def _up(hosts: list[str]) -> int:
    started = time.monotonic()
    running = lab.up(hosts, say=True)
    print(
        f"{len(running)} hosts up after {time.monotonic() - started:.1f} s;"
        f" ssh -F {paths.state() / 'ssh_config'}"
    )
    return 0


def _down(hosts: list[str]) -> int:
    lab.down(hosts)
    return 0


def _status(hosts: list[str]) -> int:
    running = lab.status()
    for name in hosts or BY_NAME:
        one = running.get(name)
        where = f"{one.address:<12} {one.engine or '-':<15}" if one else f"{'down':<28}"
        print(f"{name:<15} {where} {BY_NAME[name].summary}")
    return 0 if all(name in running for name in hosts or BY_NAME) else 1


def _ssh_config(hosts: list[str]) -> int:
    running = lab.status()
    down = [name for name in hosts or BY_NAME if name not in running]
    if down:
        raise LabError(f"not up: {', '.join(down)}")
    print(paths.state() / "ssh_config")
    return 0


def _exec(argv: list[str]) -> int:
    argv = argv[1:] if argv[:1] == ["--"] else argv
    if not argv:
        raise LabError("exec needs a command")
    if not NETNS.exists():
        raise LabError("the lab is not up")
    command = inside(argv)
    os.execvpe(command[0], command, {**os.environ, "PATH": environment()["PATH"]})
