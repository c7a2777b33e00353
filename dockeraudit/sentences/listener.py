"""What the checks of where the API answers find."""

from dockeraudit.language import marked
from dockeraudit.sentences import container
from dockeraudit.sentences._forms import Forms, listed

_DEEDS = Forms(
    (
        marked("at the next start {rest}"),
        marked("serves the Docker API without TLS: whoever connects is root"),
        marked("serves the Docker API over TLS to clients without a certificate"),
        marked("listens on every address"),
    )
)
_REACHES = Forms(
    (
        marked("this machine's files"),
        marked("reachable by every process of this machine"),
        marked("reachable by every container"),
        marked("reachable from the network at one address"),
        marked("reachable from the network at every address"),
    )
)
_USERS = listed(
    Forms((marked("whoever reaches {address_name}"), marked("account {account_values}"))), ", "
)
_PLACES = Forms((marked("the host's network"), "{text}"))
_LACKING = Forms((marked("TLS and without authentication"), marked("authentication"), "TLS"))
_SOCKETS = Forms((marked("{file} (read-only makes no difference)"), "{file}"))
_NEIGHBOURS = Forms(
    (
        marked("{name} and others over the network {other_name}, by {rest}"),
        marked("{name} over the network {other_name}, by {rest}"),
        marked("{name} and others over the network {other_name}"),
        marked("{name} over the network {other_name}"),
    )
)
_WAYS = Forms(
    (
        marked("on the host's network"),
        marked("in another container's network"),
        marked("at {addresses}, by {neighbours}"),
        marked("by {neighbours}"),
        marked("at {values}"),
    ),
    neighbours=_NEIGHBOURS,
)
_RELAYS = Forms(
    (
        marked("as a filtering proxy it is given nothing but its defaults"),
        marked("as a filtering proxy it is given {values}"),
        marked("{name} acts on the engine for its users"),
    )
)

SWARM_PORTS = (
    marked("swarm's cluster management port {number} is on every address"),
    marked("swarm's node gossip port {number} is on every address"),
)
"""What the checks of swarms find, too."""

say = Forms(
    (
        marked("api-cors-header is *"),
        marked("every container can call the API on {address} ({mode})"),
        marked("containerd's {name} address is {address_values}"),
        marked("debug is on, so /debug/pprof is open to {users}"),
        marked("engine metrics are served on {address} to anyone"),
        marked("the network diagnostic server listens on port {number}"),
        marked("the socket unit opens {address} for the API ({mode}, {reach})"),
        *SWARM_PORTS,
        marked("the API is served on {addresses} and on no unix socket"),
        marked("{container} serves a registry on {place}: does {source} set TLS and users?"),
        marked("{container} serves a registry on {place} without {lacking}"),
        marked("{container} ({image}) holds {socket} and is reached {ways}; {relay}"),
        marked("{container} ({image}) holds {socket} and is reached {ways}"),
        marked("{program} (pid {number}) hands the engine's socket to {address_name}"),
        marked(
            "{program} (pid {number}) uses the engine's socket and listens on {address}: "
            "does it pass the API on?"
        ),
        marked("{file} passes requests to an engine socket"),
        marked("{address} answers as the Docker API in the clear, and belongs to no known engine"),
        marked(
            "{address} answers as the Docker API over TLS without a client certificate, "
            "and belongs to no known engine"
        ),
        marked("{address} is filtered over IPv4 and open over IPv6 at {other_name}"),
        marked("{address} is an address of the public internet"),
        marked("{address} serves the API beside {values}"),
        marked("{name} {deed} ({reach})"),
        marked("{name} {deed}"),
    ),
    deed=_DEEDS,
    reach=_REACHES,
    users=_USERS,
    container=container.LABELS,
    place=_PLACES,
    lacking=_LACKING,
    socket=_SOCKETS,
    ways=_WAYS,
    relay=_RELAYS,
)
