"""What the checks of containers ask: security options, published ports, what the engine says."""

import re
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from dockeraudit.check import NotApplicable, Outcomes, known
from dockeraudit.facts import Document, Evidence, Task, Unread
from dockeraudit.facts.inventory import Binding, Bindings
from dockeraudit.host import Container, Daemon
from dockeraudit.host.contents import NotThere, contents, inventory

AGAIN = (
    "Debian- and RHEL-like hosts alike; settings of a container can't be changed: docker rm -f "
    "NAME, then docker run with the other option (docker compose up -d does both)."
)
UPDATE = "Debian- and RHEL-like hosts alike, while it runs; compose files want it, too."
PRIVILEGED = (
    " A privileged container is reported in one line here as well, since the rule is broken; it "
    "goes with --privileged (container-privileged)."
)


def daemon(container: Container) -> Daemon:
    """The daemon that keeps it."""
    return Daemon(container.host, container.engine)


def has_info(container: Container) -> bool:
    """Whether the engine described itself."""
    api = container.engine.api
    return api is not None and isinstance(api.info, Document)


def knows_info(container: Container) -> None:
    """Go on only where the engine described itself.

    Raises:
        MissingEvidence: `GET /info` was not read.
    """
    api = container.engine.api
    known(Unread("not reached") if api is None else api.info, "GET /info")


def info_evidence(container: Container, name: str) -> Evidence:
    """A value of `GET /info`, word for word."""
    api = container.engine.api
    value = api.info.value.get(name) if api and isinstance(api.info, Document) else None
    text = ", ".join(map(str, value)) if isinstance(value, list) else value
    return Evidence("GET /info", f"{name} {'(unset)' if text in (None, '') else text}")


def security(container: Container, name: str) -> list[str]:
    """Values of SecurityOpt under a name: both `name=value` and `name:value` are written.

    A bare name has the value "".
    """
    found = []
    for option in container.seen.host_config.security_opt:
        if option == name:
            found.append("")
        elif option.startswith((f"{name}=", f"{name}:")):
            found.append(option[len(name) + 1 :])
    return found


def privileged(container: Container) -> Evidence:
    """What says that it is privileged."""
    return container.said("HostConfig.Privileged", container.seen.host_config.privileged)


def seconds(time: str) -> int | None:
    """An RFC 3339 time since the epoch; None: it is none."""
    try:
        return int(datetime.fromisoformat(re.sub(r"\.\d+", "", time)).timestamp())
    except (ValueError, OverflowError):
        return None


def swarm_task(container: Container) -> bool:
    """Whether a swarm made it and sets some of its options."""
    return "com.docker.swarm.task.id" in container.seen.config.labels


def never_started(container: Container) -> bool:
    """Whether what the engine sets at a start is not there yet."""
    return container.seen.state.status == "created"


def task(container: Container) -> Task | None:
    """Its first process; None where it does not run or could not be seen."""
    seen = container.seen.task
    return seen if container.running and isinstance(seen, Task) else None


def task_evidence(container: Container, field: str, value: object) -> Evidence:
    """What the kernel says of its first process."""
    return Evidence(f"/proc/{container.seen.state.pid}/status", f"{field}: {value}")


class Published(Struct, frozen=True):
    """A port of the host that leads to one of a container's."""

    port: str
    """The container's: `80/tcp`."""
    ip: str
    """Empty: where the engine publishes by default."""
    host_port: str
    """Empty: any free one; a range is possible in a stopped one: `8000-8010`."""
    evidence: Evidence

    @property
    def number(self) -> int:
        """The host's port, the first of a range; 0: any free one."""
        first = self.host_port.partition("-")[0]
        return int(first) if first.isdecimal() else 0

    @property
    def place(self) -> str:
        """How messages name it."""
        ip = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{ip or '(default)'}:{self.host_port or '(any)'}"


def published(container: Container) -> list[Published]:
    """What is published now; of a stopped container what its next start publishes.

    In the host's network nothing is, whatever it was told. A swarm publishes a service's ports on
    every address of every node.

    Raises:
        MissingEvidence: it is a swarm's task, and what its service publishes only managers know.
    """
    if container.mode("network") == "host":
        return []
    if container.running:
        field, bindings = "NetworkSettings.Ports", container.seen.network_settings.ports
    else:
        field, bindings = "HostConfig.PortBindings", container.seen.host_config.port_bindings
    found = [_published(container, field, port, each) for port, each in _each(bindings)]
    return [*found, *_by_swarm(container)] if swarm_task(container) else found


def _by_swarm(container: Container) -> Iterator[Published]:
    kept = known(inventory(container.engine))
    if kept.swarm is None:
        known(Unread(f"what the service of {container.label} publishes: only managers know"))
    name = container.seen.config.labels.get("com.docker.swarm.service.name", "")
    for service in known(kept.services, "services") if container.running else ():
        for each in service.spec.endpoint_spec.ports if service.spec.name == name else ():
            if each.publish_mode == "ingress" and each.published_port:
                port = f"{each.target_port}/{each.protocol or 'tcp'}"
                said = f"Ports {each.published_port} to {port}, mode ingress"
                evidence = Evidence(f"docker service inspect {name}", said)
                yield Published(port, "0.0.0.0", str(each.published_port), evidence)


def by_port(container: Container) -> dict[str, list[Published]]:
    """What is published, by the container's port."""
    ports: dict[str, list[Published]] = {}
    for each in published(container):
        ports.setdefault(each.port, []).append(each)
    return ports


def _each(bindings: Bindings) -> Iterator[tuple[str, Binding]]:
    for port, places in sorted(bindings.items()):
        for each in places:
            yield port, each


def _published(container: Container, field: str, port: str, binding: Binding) -> Published:
    value = f"{binding.host_ip or '(unset)'}:{binding.host_port or '(unset)'}"
    said = container.said(f"{field} {port}", value)
    return Published(port, binding.host_ip, binding.host_port, said)


def allowed(place: Published, ports: tuple[str, ...]) -> bool:
    """Whether one of the ports that may be published is it: `443`, `53/udp`, `0.0.0.0:443`."""
    protocol = place.port.partition("/")[2] or "tcp"
    for each in ports:
        number, _, wanted = each.rpartition(":")[2].partition("/")
        if number == place.host_port and (wanted or protocol) == protocol:
            return True
    return False


def via(container: Container, mode: str) -> str:
    """Whose namespace it has joined, as the end of a message; empty: it has not."""
    if not mode.startswith("container:"):
        return ""
    wanted, kept = mode.partition(":")[2], inventory(container.engine)
    others = () if isinstance(kept, Unread) else kept.containers
    for other in () if isinstance(others, Unread) else others:
        if other.id == wanted:
            wanted = other.name.removeprefix("/") or wanted
    return f", by way of container {wanted}"


def followed(container: Container, mode: str) -> Outcomes:
    """Why a namespace can't be told: it belongs to a container that is not listed any more."""
    if mode.startswith("container:") and container.running:
        owner = mode.partition(":")[2][:12]
        yield Unread(f"{container.label} has joined a namespace of {owner}, which is not listed")


def containers(
    daemon: Daemon,
) -> tuple[list[Container], list[Unread]] | NotApplicable | Unread:
    """All that an engine keeps, and those that were listed and could not be read."""
    found = list(contents(daemon.host, daemon.engine, Container))
    kept = [each for each in found if isinstance(each, Container)]
    unknown = [each for each in found if isinstance(each, Unread)]
    if kept:
        return kept, unknown
    if unknown:
        return unknown[0]
    return NotApplicable("; ".join(each.reason for each in found if isinstance(each, NotThere)))
