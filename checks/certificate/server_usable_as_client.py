"""The daemon's certificate opens other daemons of its CA."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.certificates import CLIENT_AUTH
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-server-usable-as-client",
    title="The daemon's certificate is accepted as a client's",
    severity=Severity.HIGH,
    over=Host,
    rationale="It is signed by the CA whose clients are let in, and not limited to servers: whoever"
    " reads the key of one host is root on each host of that CA.",
    remediation=_shared.RENEW_SERVER + "\nOr sign servers and clients with two different CAs.",
    quiet="Where no client certificate is demanded, or the server is of another CA than the"
    " clients.",
    references=_shared.REFERENCES,
)
def server_usable_as_client(host: Host, settings: Settings) -> Outcomes:
    _, gaps = _shared.certificates(host, (*_shared.SERVER, "daemon-ca"))
    yield from gaps
    material, judged = host.material, 0
    for engine, leaf in _shared.leaves(host):
        cas = _shared.client_cas(engine, material)
        judged += len(cas)
        usable = leaf.certificate.allows(CLIENT_AUTH)
        if usable and _shared.leads(leaf, _shared.sent_with(leaf, material), cas):
            usages = leaf.certificate.usages
            listed = ", ".join(sorted(usages)) if usages is not None else "absent"
            yield Finding(
                leaf.resource,
                f"{leaf.resource} passes as a client certificate of the CA in {cas[0].path}",
                (_shared.cited(leaf, f"extendedKeyUsage {listed}"), _shared.cited(cas[0])),
            )
    if not judged and not gaps:
        yield NotApplicable("no engine demands client certificates of a CA of its own")
