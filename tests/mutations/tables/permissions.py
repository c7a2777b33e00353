"""Files that are opened to others, or given to someone else."""

from tests.build import file
from tests.build_certificates import CA, OTHER_CA, key_of, pem
from tests.mutations.bases import CA_FILE, CERTIFICATE, KEY, TLS, hardened, own_ca, sysconfig
from tests.mutations.engine import Mutation, derived, mutation
from tests.mutations.steps import acl, folder, keep, listing, member, mode, owner, put

SERVICE = "/etc/systemd/system/docker.service.d/lab.conf"
SOCKET_UNIT = "/usr/lib/systemd/system/docker.socket"
CONTAINERD = "/run/containerd/containerd.sock"
REGISTRY = "/etc/docker/certs.d/registry.example"
CLIENT = "/root/.docker/config.json"
CA_KEY = f"{TLS}/ca-key.pem"

with_registry = derived(
    hardened,
    folder("/etc/docker/certs.d"),
    folder(REGISTRY),
    keep(f"{REGISTRY}/ca.crt", pem(OTHER_CA), 0o444),
    listing("/etc/docker/certs.d", "registry.example"),
    listing(REGISTRY, "ca.crt"),
)
with_client = derived(hardened, folder("/root/.docker", 0o700), put(CLIENT, file(0o600)))
with_ca_key = derived(own_ca, keep(CA_KEY, key_of(CA), 0o400))

BELOW_ETC_DOCKER = "daemon-json tls-ca tls-cert tls-key"


def each(names: str, suffix: str) -> str:
    """Ids of a pair's one half."""
    return " ".join(f"permissions-{name}-{suffix}" for name in names.split())


MUTATIONS: dict[str, Mutation] = {
    "permissions-binaries": mutation(hardened, mode("/usr/sbin/runc", 0o777)),
    "permissions-ca-key": mutation(with_ca_key, mode(CA_KEY, 0o644)),
    "permissions-client-dir": mutation(with_client, mode(CLIENT, 0o644)),
    "permissions-containerd-config": mutation(
        hardened, acl("/etc/containerd/config.toml", 0o664, "user:1000:rw-")
    ),
    "permissions-containerd-socket-mode": mutation(hardened, mode(CONTAINERD, 0o666)),
    "permissions-containerd-socket-owner": mutation(hardened, owner(CONTAINERD, 1000)),
    "permissions-daemon-json-mode": mutation(hardened, mode("/etc/docker/daemon.json", 0o646)),
    "permissions-daemon-json-owner": mutation(hardened, owner("/etc/docker/daemon.json", 1000)),
    "permissions-data-root": mutation(hardened, mode("/var/lib/containerd", 0o755)),
    "permissions-default-docker-mode": mutation(hardened, mode("/etc/default/docker", 0o666)),
    "permissions-default-docker-owner": mutation(hardened, owner("/etc/default/docker", 1000)),
    "permissions-docker-group": mutation(hardened, member("docker", "audit"), docker_group=()),
    "permissions-docker-socket-mode": mutation(hardened, mode("/run/docker.sock", 0o666)),
    "permissions-docker-socket-owner": mutation(hardened, owner("/run/docker.sock", 1000)),
    "permissions-etc-docker-mode": mutation(
        hardened, mode("/etc/docker", 0o757), also=each(BELOW_ETC_DOCKER, "mode")
    ),
    "permissions-etc-docker-owner": mutation(
        hardened, owner("/etc/docker", 1000), also=each(BELOW_ETC_DOCKER, "owner")
    ),
    "permissions-registry-certs-mode": mutation(with_registry, mode(f"{REGISTRY}/ca.crt", 0o666)),
    "permissions-registry-certs-owner": mutation(with_registry, owner(f"{REGISTRY}/ca.crt", 1000)),
    "permissions-service-unit-mode": mutation(hardened, mode(SERVICE, 0o664)),
    "permissions-service-unit-owner": mutation(hardened, owner(SERVICE, 1000)),
    "permissions-socket-unit-mode": mutation(hardened, mode(SOCKET_UNIT, 0o664)),
    "permissions-socket-unit-owner": mutation(hardened, owner(SOCKET_UNIT, 1000)),
    "permissions-swarm-state": mutation(hardened, mode("/var/lib/docker/swarm", 0o750)),
    "permissions-sysconfig-docker-mode": mutation(sysconfig, mode("/etc/sysconfig/docker", 0o666)),
    "permissions-sysconfig-docker-owner": mutation(sysconfig, owner("/etc/sysconfig/docker", 1000)),
    "permissions-tls-ca-mode": mutation(hardened, mode(CA_FILE, 0o664)),
    "permissions-tls-ca-owner": mutation(hardened, owner(CA_FILE, 1000)),
    "permissions-tls-cert-mode": mutation(hardened, mode(CERTIFICATE, 0o664)),
    "permissions-tls-cert-owner": mutation(hardened, owner(CERTIFICATE, 1000)),
    "permissions-tls-key-mode": mutation(hardened, mode(KEY, 0o440)),
    "permissions-tls-key-owner": mutation(hardened, owner(KEY, 1000)),
}
