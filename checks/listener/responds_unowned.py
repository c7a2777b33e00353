"""Something that is no known engine answers as the Docker API."""

from collections.abc import Iterator

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Process, Unread, Wire
from dockeraudit.host import Container, Host
from dockeraudit.host.binds import Mounted
from dockeraudit.host.contents import contents
from dockeraudit.host.engine_sockets import holding
from dockeraudit.host.listeners import address_text, wire_evidence
from dockeraudit.settings import Settings

_SOCKETS = ("docker.sock", "containerd.sock")
_RELAYS = ("socat", "ncat", "nc", "netcat", "ssh", "systemd-socket-proxyd")


@check(
    id="listener-responds-unowned",
    title="The Docker API answers on a port of nobody known",
    severity=Severity.CRITICAL,
    over=Host,
    rationale="A relay, a tunnel, a proxy or a daemon in a container may hand the API to the "
    "network under any port and name. Only asking the port tells.",
    remediation="`ss -ltnp 'sport = :PORT'` names the process, `docker ps --filter publish=PORT` "
    "the container. Stop it and what starts it, or bind it to 127.0.0.1. Reach engines over SSH: "
    "`docker -H ssh://root@HOST` (Debian- and RHEL-like hosts alike).",
    quiet="No TCP port that is open on the host, but those of its engines and known relays, "
    "answered /_ping as the API: in the clear, or over TLS without a client certificate. Asked "
    "only with --probe, from where the scanner is; at most 64 ports. Ports without a socket on "
    "the host (published without userland-proxy) and of UDP are not asked.",
)
def responds_unowned(host: Host, settings: Settings) -> Outcomes:
    asked = [wire for wire in host.facts.wires if wire.vantage == "scanner"]
    if not asked:
        yield NotApplicable("no port was asked: --probe asks every one that is open")
        return
    owned = _owned(host)
    for wire in asked:
        answers = wire.plain == "api" or wire.tls == "api"
        if not answers or wire.port in owned:
            continue
        where = address_text(wire.address, wire.port)
        how = "in the clear" if wire.plain == "api" else "over TLS without a client certificate"
        holders = tuple(_holders(host, wire))
        yield Finding(
            resource=f"port {wire.port}",
            message=f"{where} answers as the Docker API {how}, and belongs to no known engine",
            evidence=(*wire_evidence(wire), *holders),
        )


def _owned(host: Host) -> set[int]:
    """The ports that other checks judge: of engines, of relays, of containers with a socket."""
    ports = {each.port for engine in host.engines for each in engine.exposures}
    relays = {process.pid for process in _processes(host) if _names_socket(process)}
    sockets = () if isinstance(host.facts.sockets, Unread) else host.facts.sockets
    ports |= {socket.port for socket in sockets if relays & set(socket.pids)}
    for engine in host.engines:
        for container in contents(host, engine, Container):
            if isinstance(container, Container) and _holds_socket(container):
                ports |= _published(container)
    return ports


def _holds_socket(container: Container) -> bool:
    return any(isinstance(each, Mounted) for each in holding(container))


def _processes(host: Host) -> tuple[Process, ...]:
    return () if isinstance(host.facts.processes, Unread) else host.facts.processes


def _names_socket(process: Process) -> bool:
    words = () if isinstance(process.argv, Unread) else process.argv
    relay = bool(words) and words[0].rpartition("/")[2] in _RELAYS
    return relay and any(name in word for word in words for name in _SOCKETS)


def _published(container: Container) -> set[int]:
    bindings = container.seen.network_settings.ports.values()
    ports = (each.host_port for found in bindings for each in found)
    return {int(port) for port in ports if port.isdigit()}


def _holders(host: Host, wire: Wire) -> Iterator[Evidence]:
    """The processes behind a port."""
    sockets = () if isinstance(host.facts.sockets, Unread) else host.facts.sockets
    pids = {pid for socket in sockets if socket.port == wire.port for pid in socket.pids}
    for process in _processes(host):
        if process.pid in pids and not isinstance(process.argv, Unread):
            yield Evidence(f"/proc/{process.pid}/cmdline", " ".join(process.argv))
