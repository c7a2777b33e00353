"""The daemon's certificate is not meant for servers."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import SERVER_AUTH
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-server-eku",
    title="The daemon's certificate is not limited to servers",
    severity=Severity.HIGH,
    over=Host,
    rationale="With extended key usages that lack serverAuth every client refuses the server. With"
    " none at all the same certificate passes as a client's as well: whoever reads this host's key"
    " may then call the other hosts of the CA.",
    remediation=_shared.RENEW_SERVER,
    quiet="Whether it has clientAuth too is certificate-server-usable-as-client's question.",
    references=_shared.REFERENCES,
)
def server_eku(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.SERVER)
    yield from gaps
    for held in found:
        usages = held.certificate.usages
        if not held.leaf or (usages is not None and held.certificate.allows(SERVER_AUTH)):
            continue
        if usages is None:
            said, severity = "has no extended key usage, so it is good for clients too", "medium"
        else:
            said, severity = "has extended key usages without serverAuth", "high"
        listed = ", ".join(sorted(usages or ())) or "absent"
        yield Finding(
            held.resource,
            f"{held.resource} {said}",
            (_shared.cited(held, f"extendedKeyUsage {listed}"),),
            Severity(severity),
        )
