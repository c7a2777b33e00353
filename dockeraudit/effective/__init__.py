"""What a dockerd does with its flags, its daemon.json, its environment and its sockets.

Pure functions over frozen data: nothing in this package reads a file or speaks to a host.
"""

from dockeraudit.effective.decide import decide
from dockeraudit.effective.explain import explain
from dockeraudit.effective.listeners import reach_of
from dockeraudit.effective.model import (
    DaemonInput,
    Endpoint,
    FileInput,
    Machine,
    Origin,
    Outcome,
    Setting,
    TlsSettings,
)

__all__ = [
    "DaemonInput",
    "Endpoint",
    "FileInput",
    "Machine",
    "Origin",
    "Outcome",
    "Setting",
    "TlsSettings",
    "decide",
    "explain",
    "reach_of",
]
