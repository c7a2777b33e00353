"""All mutations of recorded hosts, by check."""

from tests.mutations.engine import Mutation
from tests.mutations.tables import certificate, daemon, listener, permissions, service, tls

TABLE: dict[str, Mutation] = {
    id: mutation
    for family in (certificate, daemon, listener, permissions, service, tls)
    for id, mutation in family.MUTATIONS.items()
}
