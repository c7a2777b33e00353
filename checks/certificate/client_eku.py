"""A client's certificate is not meant for clients only."""

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import ANY_USAGE, CLIENT_AUTH, SERVER_AUTH
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-client-eku",
    title="A client certificate is not limited to clients",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Without clientAuth the daemon refuses it. With serverAuth, or without any extended"
    " key usage, its holder can pose as a daemon towards all other clients of the CA.",
    remediation=_shared.RENEW_CLIENT,
    quiet="Only certificates in ~/.docker and in docker contexts of this host's accounts are seen.",
    references=_shared.REFERENCES,
)
def client_eku(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, _shared.CLIENT)
    yield from gaps
    for held in found:
        said = _said(held.certificate.usages)
        if held.leaf and said:
            listed = ", ".join(sorted(held.certificate.usages or ())) or "absent"
            yield Finding(
                held.resource,
                f"{held.resource} {said}",
                (_shared.cited(held, f"extendedKeyUsage {listed}"),),
            )


def _said(usages: frozenset[str] | None) -> str:
    if usages is None:
        return "has no extended key usage, so it is good for a server too"
    if usages & {SERVER_AUTH, ANY_USAGE}:
        return "may be used by a server as well as by a client"
    return "" if CLIENT_AUTH in usages else "has extended key usages without clientAuth"
