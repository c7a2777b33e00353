"""What a user may set for the checks; every default is what the documents promise."""

from typing import Annotated

from msgspec import Meta, Struct


class Exemption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Containers or images that a check leaves out, and why; what is excepted stays in reports.

    Where it names more than one of container, image and label, all have to match.
    """

    check: Annotated[str, Meta(description="Which check: an id, or a glob of ids.")]
    reason: Annotated[str, Meta(min_length=1, description="Why; the report says it.")]
    container: Annotated[str, Meta(description="A container's name, or a glob of names.")] = ""
    image: Annotated[str, Meta(description="An image's name, or a glob of names.")] = ""
    label: Annotated[str, Meta(description="A label's key, or a glob of keys.")] = ""

    def __post_init__(self) -> None:
        if not (self.container or self.image or self.label):
            raise ValueError("name a container, an image or a label")


class Settings(Struct, frozen=True):
    """Thresholds and allowlists. `now` is the clock that certificates are judged by."""

    now: int
    """Seconds since the epoch: the collection's time unless the user says otherwise."""
    strict: bool = False
    """Whether what is otherwise only advised counts: 3072-bit RSA, certificates of 398 days, those
    of clients of 90, NET_RAW dropped. The profile `strict` sets it."""
    certificate_days: tuple[int, int, int] = (7, 30, 60)
    """Days left under which an expiry is high, medium, low."""
    leaf_validity_days: int = 825
    """The longest lifetime of a server or client certificate."""
    ca_validity_days: int = 3653
    docker_group: tuple[str, ...] | None = None
    """Accounts that may be in a group with access to an engine socket; None: nobody was named,
    so members are for a person to judge."""
    allowed_listeners: tuple[str, ...] = ()
    """Addresses (`0.0.0.0:2376`) that may listen on every interface."""
    trusted_registries: tuple[str, ...] = ()
    """Registries that images may come from, or a part of one: `registry.example/team`. None: nobody
    was named, so where images come from is for a person to judge."""
    swarm: bool = False
    """Whether engines are meant to be nodes of a swarm."""
    allowed_published_ports: tuple[str, ...] | None = None
    """Ports of the host that containers may publish: `443`, `53/udp`, `0.0.0.0:443`, the last on
    every address too; None: none was named, so they are for a person to judge."""
    allowed_cgroup_parents: tuple[str, ...] = ()
    """Control groups that containers may be put under."""
    stopped_containers: int = 25
    """How many stopped containers an engine may keep."""
    exceptions: tuple[Exemption, ...] = ()
    """What single checks leave out."""
