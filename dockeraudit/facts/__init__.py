"""What was seen on a host, with where it was seen; nothing here has an opinion.

Every type is a frozen msgspec struct, so a facts file is these types as JSON and reading one
validates it. What could not be read is `Unread(reason)`, never an empty value.
"""

from dockeraudit.facts.evidence import Absent, Document, Evidence, Names, Unread
from dockeraudit.facts.files import AclEntries, FileFacts, Key, Pem
from dockeraudit.facts.host import (
    FACTS_VERSION,
    Account,
    FactsError,
    Group,
    HostFacts,
    Interface,
    Machine,
    Privilege,
    decode,
    encode,
)
from dockeraudit.facts.inventory import (
    ContainerFacts,
    ImageFacts,
    Inventory,
    NetworkFacts,
    PluginFacts,
    ServiceFacts,
    SwarmFacts,
    Task,
    VolumeFacts,
)
from dockeraudit.facts.kernel import Audit, Filters, MountPoint, Package
from dockeraudit.facts.process import ApiFacts, Process, Socket, SocketPeer, Wire
from dockeraudit.facts.units import Boot, Unit

__all__ = [
    "FACTS_VERSION",
    "Absent",
    "Account",
    "AclEntries",
    "ApiFacts",
    "Audit",
    "Boot",
    "ContainerFacts",
    "Document",
    "Evidence",
    "FactsError",
    "FileFacts",
    "Filters",
    "Group",
    "HostFacts",
    "ImageFacts",
    "Interface",
    "Inventory",
    "Key",
    "Machine",
    "MountPoint",
    "Names",
    "NetworkFacts",
    "Package",
    "Pem",
    "PluginFacts",
    "Privilege",
    "Process",
    "ServiceFacts",
    "Socket",
    "SocketPeer",
    "SwarmFacts",
    "Task",
    "Unit",
    "Unread",
    "VolumeFacts",
    "Wire",
    "decode",
    "encode",
]
