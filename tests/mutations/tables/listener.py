"""Sockets of the API that are opened to more, and other doors to the engine."""

from dockeraudit.facts import HostFacts
from tests.build import file
from tests.mutations.bases import hardened, packaged, relayed, wildcard
from tests.mutations.engine import Mutation, derived, in_order, mutation
from tests.mutations.steps import (
    anonymous,
    arguments,
    info,
    interface,
    listen,
    moved,
    options,
    put,
    settings_of,
    silent,
    substitute,
    unlisten,
    write,
)

UNIT = "/usr/lib/systemd/system/docker.service"
SOCKET_UNIT = "/usr/lib/systemd/system/docker.socket"
CLUSTER = "192.0.2.10"

in_swarm = derived(
    hardened,
    info(Swarm={"LocalNodeState": "active", "NodeAddr": CLUSTER, "ControlAvailable": True}),
    listen(CLUSTER, 2377),
    listen(CLUSTER, 7946),
)

opened_plain = in_order(
    substitute(UNIT, "-H fd://", "-H fd:// -H tcp://127.0.0.1:2375"),
    arguments("-H", "tcp://127.0.0.1:2375"),
    listen("127.0.0.1", 2375, answer="api"),
)
"""One more -H in the unit, and the daemon started with it."""


def _as_recorded(facts: HostFacts) -> HostFacts:
    return relayed()


def _hosts_without(facts: HostFacts) -> list[str]:
    return [each for each in settings_of(facts)["hosts"] if each.startswith("tcp:")]


def _without_unix_socket(facts: HostFacts) -> HostFacts:
    return in_order(options({"hosts": _hosts_without(facts)}), unlisten("/run/docker.sock"))(facts)


def _further_socket(facts: HostFacts) -> HostFacts:
    hosts = [*settings_of(facts)["hosts"], "unix:///run/further.sock"]
    further = put("/run/further.sock", file(0o660, kind="socket"))
    return in_order(options({"hosts": hosts}), listen("/run/further.sock"), further)(facts)


UNASKED = (
    "listener-tls-without-client-auth tls-verify-enabled tls-ca-configured"
    " certificate-server-usable-as-client permissions-tls-ca-mode permissions-tls-ca-owner"
)
"""What judges whether client certificates are asked for, or by which CA."""


ON_TCP = "tls-verify-enabled listener-public-address listener-wildcard"
"""What looks at TCP listeners, and has none to look at on a host that is as packaged."""


def but(id: str, ids: str) -> str:
    """The others."""
    return " ".join(each for each in ids.split() if each != id)


MUTATIONS: dict[str, Mutation] = {
    "listener-api-cors": mutation(hardened, options({"api-cors-header": "*"})),
    "listener-bridge-reachable": mutation(wildcard, anonymous, also=UNASKED),
    "listener-containerd-tcp": mutation(
        hardened,
        write("/etc/containerd/config.toml", 'version = 2\n[grpc]\ntcp_address = "0.0.0.0:4000"\n'),
    ),
    "listener-metrics": mutation(
        hardened, in_order(options({"metrics-addr": "0.0.0.0:9323"}), listen("::", 9323))
    ),
    "listener-network-diagnostic": mutation(hardened, options({"network-diagnostic-port": 2000})),
    "listener-public-address": mutation(
        derived(hardened, interface("eth0", "1.1.1.1/24")), moved("1.1.1.1")
    ),
    "listener-relay-process": mutation(packaged, _as_recorded),
    "listener-socket-unit-tcp": mutation(
        packaged,
        in_order(
            substitute(SOCKET_UNIT, "[Socket]", "[Socket]\nListenStream=127.0.0.1:2375"),
            listen("127.0.0.1", 2375, answer="api"),
        ),
        also=f"listener-tcp-plain {ON_TCP}",
    ),
    "listener-swarm-ports": mutation(
        in_swarm,
        in_order(unlisten(CLUSTER, 7946), listen("::", 7946)),
        also="swarm-bind-address",
    ),
    "listener-tcp-plain": mutation(packaged, opened_plain, also=ON_TCP),
    "listener-tls-without-client-auth": mutation(
        hardened, anonymous, also=but("listener-tls-without-client-auth", UNASKED)
    ),
    "listener-unix-extra": mutation(hardened, _further_socket),
    "listener-unix-socket": mutation(derived(hardened, silent), _without_unix_socket),
    "listener-wildcard": mutation(hardened, moved("0.0.0.0"), also="listener-bridge-reachable"),
}
