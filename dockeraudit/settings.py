"""What a user may set for the checks; every default is what the documents promise."""

from msgspec import Struct


class Settings(Struct, frozen=True):
    """Thresholds and allowlists. `now` is the clock that certificates are judged by."""

    now: int
    """Seconds since the epoch: the collection's time unless the user says otherwise."""
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
