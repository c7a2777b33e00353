"""What the checks of swarms find."""

from dockeraudit.language import marked
from dockeraudit.sentences import listener
from dockeraudit.sentences._forms import Forms

say = Forms(
    (
        marked("autolock is off: the swarm's keys lie on the managers' disks in clear"),
        marked("autolock is on: look up when its key was changed last"),
        *listener.SWARM_PORTS,
        marked("the swarm's CA is {number} days old: decide whether it should be changed"),
        marked("{engine} is a manager of a swarm ({state}), and nothing says that it shall be"),
        marked("{engine} is a node of a swarm ({state}), and nothing says that it shall be"),
        marked("the swarm has 1 manager, and stands still when it fails: decide whether it may"),
        marked("the swarm has {number} managers"),
        marked("certificates of nodes are valid for {number} days"),
        marked(
            "the node is managed over an unknown address: look up which one --data-path-addr was "
            "given"
        ),
        marked("the node is managed over {address}: look up which one --data-path-addr was given"),
        marked("service {service} gets secrets by its environment: {values}"),
        marked(
            "service {service} names no secret among its variables: look up how it gets its secrets"
        ),
    )
)
