"""Listeners of an engine: what its sockets are, and in which mode each of them answers.

The mode comes from a connection where one was made, else from what the process was told. A
socket of dockerd that the API is not served on (metrics, swarm, inherited ones) is no listener.
"""

from functools import lru_cache
from ipaddress import ip_address

from dockeraudit.effective.listeners import reach_of
from dockeraudit.effective.model import Endpoint, Outcome
from dockeraudit.facts import Evidence, HostFacts, Process, Socket, Unread, Wire
from dockeraudit.host.model import Listener, Mode, Reach, Witness, split_address
from dockeraudit.host.startup import plain_path

SETTLED = 20
"""Seconds after its start in which a daemon may still be about to open its sockets."""

_TLS_MODES: dict[str, Mode] = {"api": "TLS-NOAUTH", "failed": "BROKEN"}


def observed(
    facts: HostFacts, engine: str, process: Process, running: Outcome | Unread | None
) -> tuple[Listener, ...]:
    """What the process listens on and serves the API on.

    Where the holders of sockets may not be seen, what the process was told stands in, with the
    socket table as a second witness.
    """
    held = held_by(facts, process)
    if not held:
        return told(facts, engine, process, running)
    endpoints = running.endpoints if isinstance(running, Outcome) else ()
    found = [_listener(facts, engine, process, socket, endpoints, running) for socket in held]
    seen = [each for each in found if each]
    if is_starting(facts, process):
        open_now = {each.address for each in seen}
        planned = told(facts, engine, process, running)
        seen += [each for each in planned if each.address not in open_now]
    return tuple(sorted(seen, key=lambda each: each.address))


def is_starting(facts: HostFacts, process: Process) -> bool:
    """Whether sockets may still be missing: plain TCP is opened up to 18 s after the start."""
    return process.started is not None and facts.machine.clock - process.started < SETTLED


def told(
    facts: HostFacts, engine: str, process: Process | None, running: Outcome | Unread | None
) -> tuple[Listener, ...]:
    """What the process was told to listen on."""
    if not isinstance(running, Outcome) or running.starts is False:
        return ()
    return tuple(
        _from_endpoint(facts, engine, each, "running", process) for each in running.endpoints
    )


def upcoming(
    facts: HostFacts, engine: str, configured: Outcome | Unread | None
) -> tuple[Listener, ...]:
    """What the next start opens; nothing where it would fail."""
    if not isinstance(configured, Outcome) or not configured.starts:
        return ()
    return tuple(
        _from_endpoint(facts, engine, each, "configured", None) for each in configured.endpoints
    )


def served(facts: HostFacts, process: Process, outcome: Outcome) -> bool:
    """Whether each endpoint of an outcome is a socket that the process holds."""
    held = {display(socket) for socket in held_by(facts, process)}
    return all(_plain_address(endpoint) in held for endpoint in outcome.endpoints)


def held_by(facts: HostFacts, process: Process) -> tuple[Socket, ...]:
    """The listening sockets of a process; empty also where holders may not be seen."""
    sockets = () if isinstance(facts.sockets, Unread) else facts.sockets
    return tuple(socket for socket in sockets if process.pid in socket.pids)


def display(socket: Socket) -> str:
    """The address as reports show it: `0.0.0.0:2375`, `[::]:2375`, `/run/docker.sock`."""
    if socket.transport == "unix":
        return plain_path(socket.address)
    return address_text(socket.address, socket.port)


def address_text(address: str, port: int) -> str:
    """An IP address and port in the usual form."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _plain_address(endpoint: Endpoint) -> str:
    return plain_path(endpoint.address) if endpoint.transport == "unix" else endpoint.address


def _listener(
    facts: HostFacts,
    engine: str,
    process: Process,
    socket: Socket,
    told: tuple[Endpoint, ...],
    running: Outcome | Unread | None,
) -> Listener | None:
    address = display(socket)
    endpoint = next((each for each in told if _plain_address(each) == address), None)
    if socket.transport == "unix":
        if endpoint is None and (told or not address.endswith("docker.sock")):
            return None
        return Listener(
            engine, "unix", address, "PLAIN", "LOCAL", "observed", _seen(process, socket, endpoint)
        )
    wires = _wires(facts, socket.address, socket.port)
    mode = _mode(wires, endpoint, running)
    if mode is None:
        return None
    return Listener(
        engine=engine,
        transport="tcp",
        address=address,
        mode=mode,
        reach=_reach(facts, socket.address),
        witness="observed",
        evidence=_seen(process, socket, endpoint)
        + tuple(each for wire in wires for each in wire_evidence(wire)),
    )


def _mode(
    wires: tuple[Wire, ...], endpoint: Endpoint | None, running: Outcome | Unread | None
) -> Mode | Unread | None:
    """The mode of one socket; None: the API is not served on it."""
    by_wire = next((mode for wire in wires if (mode := _mode_on_wire(wire, endpoint))), None)
    if by_wire is not None:
        return by_wire
    if endpoint is not None:
        return endpoint.mode
    if isinstance(running, Outcome) and running.starts:
        return None
    if any(
        wire.plain == "other" or (wire.vantage == "host" and wire.plain in ("silent", "refused"))
        for wire in wires
    ):
        return None
    return Unread("no connection was tried, and what the daemon was told is not known")


def _mode_on_wire(wire: Wire, endpoint: Endpoint | None) -> Mode | None:
    if wire.plain == "api":
        return "PLAIN"
    if wire.plain != "tls-server" or not isinstance(wire.tls, str):
        return None
    if wire.tls == "client-certificate-required":
        if endpoint is not None and endpoint.mode.startswith("MTLS"):
            return endpoint.mode
        return "MTLS-SYSROOTS" if wire.client_ca_names == () else "MTLS"
    return _TLS_MODES.get(wire.tls)


def _wires(facts: HostFacts, address: str, port: int) -> tuple[Wire, ...]:
    """The connections made to a socket, the host's own first: a filter may lie before others'.

    A wildcard was called on any address of its port.
    """
    of_port = [wire for wire in facts.wires if wire.port == port]
    exact = [wire for wire in of_port if wire.address == address]
    if _is_unspecified(address):
        own = [wire for wire in of_port if wire.vantage == "host"]
        exact = (exact or own[:1]) + [wire for wire in of_port if wire.vantage == "scanner"]
    return tuple(sorted(exact, key=lambda wire: wire.vantage))


@lru_cache(maxsize=256)
def _is_unspecified(address: str) -> bool:
    return ip_address(address).is_unspecified


def wire_evidence(wire: Wire | None) -> tuple[Evidence, ...]:
    """What a connection got, in words."""
    if wire is None:
        return ()
    answers = [f"plain HTTP: {_words(wire.plain)}"]
    if wire.tls is not None:
        answers.append(f"TLS without a client certificate: {_words(wire.tls)}")
    where = address_text(wire.address, wire.port)
    return (Evidence(f"connection from the {wire.vantage} to {where}", "; ".join(answers)),)


def _words(answer: str | Unread) -> str:
    if isinstance(answer, Unread):
        return f"not tried ({answer.reason})"
    return {"api": "the Docker API answered", "tls-server": "it speaks TLS"}.get(
        answer, answer.replace("-", " ")
    )


def _seen(process: Process, socket: Socket, endpoint: Endpoint | None) -> tuple[Evidence, ...]:
    table = f"/proc/{socket.namespace or process.pid}/net/{socket.transport}"
    where = Evidence(table, f"LISTEN {display(socket)} held by dockerd, pid {process.pid}")
    if endpoint is None:
        return (where,)
    return (where, Evidence(endpoint.origin.source, f"{endpoint.address} is {endpoint.mode}"))


def _from_endpoint(
    facts: HostFacts,
    engine: str,
    endpoint: Endpoint,
    witness: Witness,
    process: Process | None,
) -> Listener:
    evidence = [Evidence(endpoint.origin.source, f"{endpoint.address} is {endpoint.mode}")]
    if process is not None:
        evidence.append(Evidence(f"/proc/{process.pid}/cmdline", " ".join(_argv(process))))
    reach: Reach = endpoint.reach
    if endpoint.transport == "tcp":
        reach = _reach(facts, split_address(endpoint.address)[0])
    return Listener(
        engine=engine,
        transport=endpoint.transport,
        address=_plain_address(endpoint),
        mode=endpoint.mode,
        reach=reach,
        witness=witness,
        evidence=tuple(evidence),
    )


def _argv(process: Process) -> tuple[str, ...]:
    return () if isinstance(process.argv, Unread) else process.argv


def _reach(facts: HostFacts, address: str) -> Reach:
    return reach_of(address_text(address, 0), bridges=bridges(facts))


def bridges(facts: HostFacts) -> tuple[str, ...]:
    """Addresses of the engine's bridges: containers reach them."""
    if isinstance(facts.interfaces, Unread):
        return ()
    return tuple(
        interface.address.partition("/")[0]
        for interface in facts.interfaces
        if interface.name.startswith(("docker", "br-"))
    )
