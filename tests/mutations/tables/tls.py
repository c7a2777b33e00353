"""How the API is protected on TCP, and by which CA."""

from dockeraudit.facts import HostFacts
from tests.build_certificates import CA, issue, pem
from tests.mutations.bases import (
    CA_FILE,
    CERTIFICATE,
    certified,
    hardened,
    own_ca,
)
from tests.mutations.engine import Mutation, derived, in_order, mutation
from tests.mutations.steps import (
    anonymous,
    arguments,
    bound,
    environment,
    keep,
    options,
    silent,
    substitute,
    touch,
    unlisten,
    wire,
)
from tests.mutations.tables.listener import UNASKED, but
from tests.mutations.tables.service import DROP_IN

many = [CA, *(issue(f"CA {number}", ca=True, signs=True) for number in range(6))]


def _renewed(facts: HostFacts) -> HostFacts:
    """The file was renewed, and the daemon was not restarted."""
    return in_order(
        certified(serial=8), wire(certificates=facts.wires[0].certificates), touch(CERTIFICATE)
    )(facts)


without_hosts = in_order(options({"hosts": None}), unlisten("/run/docker.sock"), bound("127.0.0.1"))
"""Hosts were taken out of daemon.json, and the daemon was restarted."""

flagged = derived(
    hardened,
    options({"tlsverify": None}),
    substitute(DROP_IN, "dockerd --", "dockerd --tlsverify --"),
    arguments("--tlsverify"),
    silent,
)
"""TLS by a flag, which decides where a daemon without hosts listens; its API was not asked."""

MUTATIONS: dict[str, Mutation] = {
    "tls-ca-configured": mutation(
        hardened,
        in_order(options({"tlscacert": None}), wire(client_ca_names=())),
        also="certificate-ca-key-on-host certificate-chain certificate-leaf-outlives-ca"
        " certificate-server-usable-as-client permissions-tls-ca-mode permissions-tls-ca-owner"
        " tls-ca-private",
    ),
    "tls-ca-private": mutation(own_ca, keep(CA_FILE, pem(*many), 0o444)),
    "tls-environment-trap": mutation(
        hardened,
        in_order(
            substitute(DROP_IN, "[Service]", "[Service]\nEnvironment=DOCKER_TLS_VERIFY=1"),
            environment(DOCKER_TLS_VERIFY="1"),
        ),
    ),
    "tls-hosts-lost": mutation(flagged, without_hosts, also="listener-unix-socket"),
    "tls-protocol": mutation(hardened, wire(protocol="TLSv1.1")),
    "tls-served-certificate": mutation(own_ca, _renewed, also="service-restart-pending"),
    "tls-verify-enabled": mutation(hardened, anonymous, also=but("tls-verify-enabled", UNASKED)),
}
