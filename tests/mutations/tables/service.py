"""How the daemon is started and kept, and its versions."""

from dockeraudit.facts import HostFacts
from tests.mutations.bases import current, hardened, twofold
from tests.mutations.engine import Mutation, derived, in_order, mutation
from tests.mutations.steps import (
    components,
    ended,
    options,
    process,
    processes_of,
    release,
    substitute,
    touch,
    unit,
)

UNIT = "/usr/lib/systemd/system/docker.service"
DROP_IN = "/etc/systemd/system/docker.service.d/lab.conf"


def _second(facts: HostFacts) -> int:
    """The daemon that someone started by hand."""
    return next(
        each.pid
        for each in processes_of(facts)
        if each.role == "dockerd" and "--config-file" in str(each.argv)
    )


def _one_daemon(facts: HostFacts) -> HostFacts:
    return ended(_second(facts))(facts)


def _as_recorded(facts: HostFacts) -> HostFacts:
    return twofold()


MUTATIONS: dict[str, Mutation] = {
    "service-active": mutation(
        hardened, unit("docker.service", ActiveState="activating", NRestarts="7")
    ),
    "service-containerd": mutation(
        hardened, unit("containerd.service", UnitFileState="masked", LoadState="masked")
    ),
    "service-enabled": mutation(
        hardened, unit("docker.service", wants=(), UnitFileState="disabled")
    ),
    "service-engine-known-vulnerable": mutation(current, components(runc="1.1.11")),
    "service-engine-supported": mutation(
        hardened, release(VERSION_ID="11", PRETTY_NAME="Debian GNU/Linux 11 (bullseye)")
    ),
    "service-environment-secrets": mutation(
        hardened, substitute(DROP_IN, "[Service]", "[Service]\nEnvironment=API_TOKEN=***")
    ),
    "service-live-restore": mutation(
        hardened, options({"live-restore": None}, {"LiveRestoreEnabled": False})
    ),
    "service-managed": mutation(
        hardened,
        in_order(
            process("dockerd", cgroup="/user.slice/user-0.slice/session-1.scope"),
            unit("docker.service", ActiveState="inactive", SubState="dead", MainPID="0"),
        ),
        also="service-restart-pending",
    ),
    "service-multiple-daemons": mutation(
        derived(twofold, _one_daemon),
        _as_recorded,
        also="daemon-iptables listener-public-address listener-tcp-plain listener-wildcard"
        " permissions-daemon-json-mode permissions-daemon-json-owner service-enabled"
        " service-managed tls-verify-enabled",
    ),
    "service-next-start": mutation(
        hardened,
        in_order(substitute(DROP_IN, "dockerd --", "dockerd -H fd:// --"), touch(DROP_IN)),
        also="service-restart-pending",
    ),
    "service-restart-pending": mutation(hardened, unit("docker.service", NeedDaemonReload="yes")),
    "service-restart-policy": mutation(
        hardened,
        in_order(
            substitute(UNIT, "Restart=always", "Restart=no"), unit("docker.service", Restart="no")
        ),
    ),
}
