"""The jump host (ProxyJump) that ssh's configuration has before a host, and whether it answers."""

from __future__ import annotations

import socket
from math import ceil
from typing import TYPE_CHECKING

from . import Limits, TransportError, TransportOptions, process
from .failures import one_line
from .ssh import SshTransport

if TYPE_CHECKING:
    from dockeraudit.targets import Target

PATIENCE = 5.0
"""Seconds for a jump host to take a connection and to say that it speaks SSH."""


def jump_host(target: Target, options: TransportOptions, cancel: process.Cancel) -> str:
    """The host's ProxyJump as ssh itself works it out (`ssh -G`); empty: it has none.

    Several hops are divided by commas, the first one that is connected to first.
    """
    found = _configuration(target.host, target.user, target.port, options, cancel)
    return found.get("proxyjump", "")


def silence(jump: str, options: TransportOptions, cancel: process.Cancel) -> str:
    """Why the first hop of a ProxyJump does not answer from here; empty: it does, or who knows."""
    place = jump.partition(",")[0].removeprefix("ssh://")
    user, _, address = place.rpartition("@")
    host, port = _split(address)
    # ssh hands its own configuration file to the ssh of the hop, and no option besides.
    only_file = TransportOptions(ssh_config=options.ssh_config)
    hop = _configuration(host, user or None, port, only_file, cancel)
    if not hop.get("hostname") or "proxyjump" in hop or "proxycommand" in hop:
        return ""
    where = f"{hop['hostname']} port {hop.get('port', '22')}"
    try:
        with socket.create_connection(
            (hop["hostname"], int(hop.get("port", "22"))), PATIENCE
        ) as connection:
            connection.settimeout(PATIENCE)
            if connection.recv(1):
                return ""
            return f"{where} closes connections at once"
    except TimeoutError:
        return f"no answer from {where} within {ceil(PATIENCE)} s"
    except (OSError, ValueError) as error:
        return one_line(f"{where}: {getattr(error, 'strerror', None) or error}")


def _split(address: str) -> tuple[str, int | None]:
    if address.startswith("["):
        host, _, tail = address[1:].partition("]")
        digits = tail[1:]
    else:
        host, colon, digits = address.rpartition(":")
        if not colon or ":" in host:
            host, digits = address, ""
    return host, int(digits) if digits.isascii() and digits.isdigit() else None


def _configuration(
    host: str,
    user: str | None,
    port: int | None,
    options: TransportOptions,
    cancel: process.Cancel,
) -> dict[str, str]:
    """What ssh would do for a host; nothing where it can't say."""
    try:
        program, *words, _ = SshTransport(host, user, port, options).command(["true"], Limits())
        argv = [program, "-G", *words]
        answer = process.run(argv, b"", Limits(timeout=10), name=host, cancel=cancel)
    except (TransportError, process.Cancelled, ValueError):
        return {}
    lines = answer.stdout.decode("utf-8", "replace").splitlines() if not answer.exit_status else []
    return {key: value for key, _, value in (line.partition(" ") for line in lines)}
