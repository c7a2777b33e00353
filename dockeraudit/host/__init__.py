"""A host under judgement: its facts, and what is computed from them."""

from dockeraudit.host.host import Daemon, Host
from dockeraudit.host.model import Engine, Listener, Mode, Reach, Witness

__all__ = ["Daemon", "Engine", "Host", "Listener", "Mode", "Reach", "Witness"]
