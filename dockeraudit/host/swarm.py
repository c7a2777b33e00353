"""What an engine says of the swarm it is a node of, and where the swarm's ports are open."""

from msgspec import Struct

from dockeraudit.facts import Document, Evidence, Socket, Unread
from dockeraudit.host.contents import info
from dockeraudit.host.host import Host
from dockeraudit.host.model import Engine, split_address

GOSSIP_PORT = 7946
MANAGEMENT_PORT = 2377


class Membership(Struct, frozen=True):
    """An engine's place in a swarm, by `GET /info`."""

    state: str
    """`inactive`, `pending`, `active`, `error`, `locked`."""
    manager: bool = False
    managers: int = 0
    """How many there are; only managers know. So for `nodes`."""
    nodes: int = 0
    address: str = ""
    """What the node tells others to reach it by."""
    remote: tuple[str, ...] = ()
    """`ADDRESS:PORT` of each manager."""
    management_port: int = MANAGEMENT_PORT
    error: str = ""

    @property
    def inside(self) -> bool:
        """Whether it is a node, in good order or not."""
        return self.state != "inactive"

    def said(self, name: str, value: object) -> Evidence:
        """A word of the engine as evidence."""
        return Evidence("GET /info", f"Swarm.{name} {value}")


def membership(host: Host, engine: Engine) -> Membership | Unread:
    """Whether a running engine is in a swarm, and as what."""
    return host.once(("swarm", engine.name), lambda: _membership(engine))


def _membership(engine: Engine) -> Membership | Unread:
    told = engine.api.info if engine.api is not None else None
    if not isinstance(told, Document):
        why = told.reason if isinstance(told, Unread) else "its API was not reached"
        return Unread(f"whether {engine.name} is in a swarm: {why}")
    swarm: dict[str, object] = info(engine, "Swarm", {})
    managers = _managers(swarm)
    own = managers.get(_text(swarm, "NodeID"), "")
    return Membership(
        state=_text(swarm, "LocalNodeState") or "inactive",
        manager=swarm.get("ControlAvailable") is True,
        managers=_number(swarm, "Managers"),
        nodes=_number(swarm, "Nodes"),
        address=_text(swarm, "NodeAddr"),
        remote=tuple(managers.values()),
        management_port=split_address(own)[1] or MANAGEMENT_PORT,
        error=_text(swarm, "Error"),
    )


def _text(swarm: dict[str, object], name: str) -> str:
    value = swarm.get(name)
    return value if isinstance(value, str) else ""


def _number(swarm: dict[str, object], name: str) -> int:
    value = swarm.get(name)
    return value if isinstance(value, int) else 0


def _managers(swarm: dict[str, object]) -> dict[str, str]:
    """Addresses of the managers by their node's id."""
    listed = swarm.get("RemoteManagers")
    return {
        str(each.get("NodeID")): str(each.get("Addr"))
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict)
    }


class SwarmSocket(Struct, frozen=True):
    """A TCP socket of a swarm's own traffic."""

    socket: Socket
    purpose: str

    @property
    def resource(self) -> str:
        """How findings name it."""
        return f"port {self.socket.port}"

    @property
    def wide(self) -> bool:
        """Whether it takes connections on every address of the host."""
        return self.socket.address in ("0.0.0.0", "::")

    @property
    def message(self) -> str:
        """What is wrong with it where it is wide."""
        return f"swarm's {self.purpose} port {self.socket.port} is on every address"

    @property
    def evidence(self) -> Evidence:
        """The kernel's word on it."""
        seen = self.socket
        return Evidence(f"/proc/net/{seen.transport}", f"LISTEN {seen.address}:{seen.port}")


def sockets(host: Host, engine: Engine) -> tuple[SwarmSocket, ...] | Unread:
    """The ports that an engine has open for its swarm.

    Where the holders of sockets can't be seen, those on the ports of an active node are its own:
    nobody else could have them.
    """
    seen = host.facts.sockets
    if isinstance(seen, Unread):
        return Unread(f"listening sockets: {seen.reason}")
    place = membership(host, engine)
    active = isinstance(place, Membership) and place.state == "active"
    management = place.management_port if isinstance(place, Membership) else MANAGEMENT_PORT
    purposes = {management: "cluster management", GOSSIP_PORT: "node gossip"}
    pid = engine.process.pid if engine.process is not None else 0
    unclear = [each for each in seen if each.port in purposes and not each.pids]
    if isinstance(place, Unread) and engine.process is not None and unclear:
        return place
    return tuple(
        SwarmSocket(each, purposes[each.port])
        for each in seen
        if each.port in purposes and (pid in each.pids or (active and not each.pids))
    )
