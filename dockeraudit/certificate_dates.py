"""When certificates end, as far as a report shows it.

A report has no list of certificates: what is known are the ends that `certificate-expires-soon`
and `certificate-expired` cite as evidence, so those that are past or near (60 days by default).
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from dockeraudit.report import HostReport

_CHECKS = ("certificate-expired", "certificate-expires-soon")
_CITED = re.compile(r"notAfter (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.ASCII)


class CertificateEnd(Struct, frozen=True):
    """A certificate of a host that ends soon, or has ended."""

    resource: str
    not_after: int
    """Seconds since 1970."""


def certificate_ends(host: HostReport) -> Iterator[CertificateEnd]:
    """Each certificate once, in the order of the results. Waived ones end as well."""
    seen: set[CertificateEnd] = set()
    for result in host.results:
        if result.check not in _CHECKS or result.status != "fail":
            continue
        for finding in result.findings:
            for proof in finding.evidence:
                cited = _CITED.match(proof.detail)
                moment = timestamp(cited[1]) if cited else None
                if moment is None:
                    continue
                end = CertificateEnd(finding.resource, moment)
                if end not in seen:
                    seen.add(end)
                    yield end


def timestamp(time: str) -> int | None:
    """Seconds since 1970 of a report's time; None for one that is no date of the calendar."""
    try:
        return int(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None
