"""When certificates of a report end: for the calendar."""

from msgspec import Struct

from dockeraudit.report import HostReport


class CertificateEnd(Struct, frozen=True):
    """A certificate in its place, and its last second."""

    place: str
    """`/etc/docker/tls/server.pem#1`, or the address that served it."""
    role: str
    engine: str
    subject: str
    ends: int
    """Seconds since the epoch."""


def ends(host: HostReport) -> tuple[CertificateEnd, ...] | None:
    """The host's certificates as its report names them; None: it does not tell."""
    if host.certificates is None:
        return None
    return tuple(
        CertificateEnd(
            f"{each.path}#{each.index}", each.role, each.engine, each.subject, each.not_after
        )
        for each in host.certificates
    )
