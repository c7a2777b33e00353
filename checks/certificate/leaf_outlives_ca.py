"""A certificate is valid longer than the CA that signed it."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-leaf-outlives-ca",
    title="A certificate outlives the CA that signed it",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="It ends with its CA, whatever its own date says: who watches the date on the server"
    " certificate misses the day on which everything stops.",
    remediation="Make a new CA that lives longer than what it signs:\n"
    + _shared.RENEW_CA
    + "\nThen the certificate.",
    quiet="One day is allowed, as where both were made one after the other with the same number of"
    " days. Unknown where the CA's certificate is not on this host.",
    references=_shared.REFERENCES,
)
def leaf_outlives_ca(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, (*_shared.SERVER, *_shared.CLIENT))
    yield from gaps
    for held in found:
        issuer = _shared.issuer_of(held, host.material)
        if issuer is None:
            if not held.certificate.self_signed:
                yield Unread(f"the CA that signed {held.resource} is not on this host")
            continue
        end, last = held.certificate.not_after, issuer.certificate.not_after
        if end > last + _shared.DAY:
            yield Finding(
                held.resource,
                f"{held.resource} is valid until {_shared.day(end)}, its CA in {issuer.path} only"
                f" until {_shared.day(last)}",
                (
                    _shared.cited(held, f"notAfter {_shared.moment(end)}"),
                    _shared.cited(issuer, f"notAfter {_shared.moment(last)}"),
                ),
            )
