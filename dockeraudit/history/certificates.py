"""When certificates of a report end: for the calendar."""

import re
from datetime import UTC, datetime

from msgspec import Struct

from dockeraudit.report import HostReport

_CHECKS = ("certificate-expired", "certificate-expires-soon")
# At the very end: the subject before it is whatever the certificate's maker wrote.
_CITED = re.compile(
    r"(?:subject (.*); )?notAfter (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", re.ASCII | re.DOTALL
)


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
    """The host's certificates as its report names them; None: it does not tell.

    Without a list of certificates in the report, only those are known that checks complained of.
    """
    listed = getattr(host, "certificates", None)
    if listed is not None:
        return tuple(
            CertificateEnd(
                f"{each.path}#{each.index}", each.role, each.engine, each.subject, each.not_after
            )
            for each in listed
        )
    judged = [result for result in host.results if result.check in _CHECKS]
    if not any(result.status in ("pass", "fail", "not-applicable") for result in judged):
        return None
    found = []
    for result in judged:
        for finding in result.findings:
            for proof in finding.evidence:
                cited = _CITED.fullmatch(proof.detail)
                moment = _moment(cited[2]) if cited else None
                if cited and moment is not None:
                    subject = cited[1] or ""
                    found.append(CertificateEnd(proof.source, "", finding.engine, subject, moment))
    return tuple(found)


def _moment(text: str) -> int | None:
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None
