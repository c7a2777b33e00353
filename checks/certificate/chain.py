"""The daemon's certificate does not lead to its CA."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Engine, Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="certificate-chain",
    title="The daemon's certificate does not verify against its CA",
    severity=Severity.HIGH,
    over=Host,
    rationale="Clients that trust the CA refuse the server, and their users switch verification"
    " off. The usual causes: the CA was made anew and the server not, or an intermediate is"
    " missing.",
    remediation="Look: `openssl verify -CAfile ca.pem -untrusted server-cert.pem server-cert.pem`."
    " Put missing intermediates below the certificate in the file that tlscert names, leaf first,"
    " each followed by the one that signed it, and `systemctl restart docker` (Debian and RHEL"
    " alike). Is it of an older CA:\n" + _shared.RENEW_SERVER,
    quiet="Signatures and names only: dates, usages and constraints have checks of their own. The"
    " server may lawfully be of another CA than the clients: then their ca.pem decides, and without"
    " one on this host the verdict is unknown.",
    references=_shared.REFERENCES,
)
def chain(host: Host, settings: Settings) -> Outcomes:
    found, gaps = _shared.certificates(host, (*_shared.SERVER, "daemon-ca"))
    yield from gaps
    for engine, leaf in _shared.leaves(host):
        yield from _judge(engine, leaf, host)
    if not any(held.leaf for held in found) and not gaps:
        yield NotApplicable("no engine has a certificate")


def _judge(engine: Engine, leaf: HeldCertificate, host: Host) -> Outcomes:
    held = host.material.certificates
    sent = _shared.sent_with(leaf, host.material)
    cas = [each for each in held if each.role == "daemon-ca" and each.engine == engine.name]
    theirs = [each for each in held if each.role == "client-ca"]
    if _shared.leads(leaf, sent, [*cas, *theirs]):
        return
    evidence = (
        _shared.cited(leaf, f"issuer {leaf.certificate.issuer or '(empty)'}"),
        *(_shared.cited(each) for each in [*cas, *theirs][:5]),
    )
    name = leaf.resource
    if missing := _missing(leaf, sent, [*cas, *theirs], host):
        yield Finding(name, f"{name} lacks the intermediate that is in {missing}", evidence)
    elif theirs or any(each.certificate.subject == leaf.certificate.issuer for each in cas):
        against = ", ".join(dict.fromkeys(each.path for each in [*cas, *theirs]))
        yield Finding(name, f"{name} does not verify against {against}", evidence)
    elif not cas:
        yield Unread(f"no CA is known here that {name} could be verified against")
    else:
        yield Unread(
            f"{name} is not of the clients' CA in {cas[0].path}, and no client's ca.pem is here"
            " to tell whether they trust another for it"
        )


def _missing(
    leaf: HeldCertificate,
    sent: list[HeldCertificate],
    anchors: list[HeldCertificate],
    host: Host,
) -> str:
    """The file of an intermediate on this host that would have closed the gap."""
    for path, texts in _shared.other_certificates(host):
        spare = [HeldCertificate(path, at, "other", each) for at, each in enumerate(texts, 1)]
        if _shared.leads(leaf, [*sent, *spare], anchors):
            return path
    return ""
