"""A host under judgement: its facts, and what is computed from them."""

from dockeraudit.host.contents import Container, Image, Network
from dockeraudit.host.host import Daemon, Host
from dockeraudit.host.model import Engine, Listener, Mode, Reach, Witness

__all__ = [
    "Container",
    "Daemon",
    "Engine",
    "Host",
    "Image",
    "Listener",
    "Mode",
    "Network",
    "Reach",
    "Witness",
]
