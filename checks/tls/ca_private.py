"""The CA of the clients is not the daemon's own."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, Manual, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

PUBLIC_FOLDERS = ("/usr/share/ca-certificates/", "/usr/share/pki/", "/etc/pki/ca-trust/extracted/")
"""Where distributions keep the public CAs."""

MOST = 5
"""CAs in one file that may still be somebody's own."""


@check(
    id="tls-ca-private",
    title="The clients' CA is a public or shared one",
    severity=Severity.HIGH,
    over=Host,
    rationale="Whoever has a client certificate of any CA in the file that tlscacert names is root"
    " on the host. With a bundle of public CAs that is everybody, with a CA that also serves other"
    " ends it is whoever has a certificate for those.",
    remediation="Make a CA for this purpose alone: `openssl genrsa -aes256 -out ca-key.pem 4096`"
    " and `openssl req -new -x509 -sha256 -days 1825 -key ca-key.pem -out ca.pem`, on a machine"
    " that is no Docker host; put only ca.pem where tlscacert points, sign the clients anew, and"
    " `systemctl restart docker`, on Debian and RHEL alike.",
    quiet="One CA that nothing else on this host uses. What else it signs elsewhere can't be seen"
    " from here. Two to five CAs are for a person to judge: a change of CAs needs two for a while.",
    references=frameworks.KEYS,
)
def ca_private(host: Host, settings: Settings) -> Outcomes:
    material = host.material
    files: dict[str, list[HeldCertificate]] = {}
    for held in material.certificates:
        if held.role == "daemon-ca":
            files.setdefault(held.path, []).append(held)
    registries = {
        held.certificate.key.spki: held.path
        for held in material.certificates
        if held.role == "registry-ca"
    }
    for path, cas in files.items():
        yield from _judge(host, path, cas, registries)
    unread = [each for each in material.unread if each.role == "daemon-ca"]
    yield from (Unread(each.reason) for each in unread)
    if not files and not unread:
        yield NotApplicable("no engine names a CA for its clients")


def _judge(
    host: Host, path: str, cas: list[HeldCertificate], registries: dict[bytes, str]
) -> Outcomes:
    unique = {held.certificate.fingerprint: held for held in cas}
    evidence = tuple(
        Evidence(f"{path}#{held.index}", f"subject {held.certificate.subject}")
        for held in list(unique.values())[:MOST]
    )
    where, _ = host.resolved(path)
    if len(unique) > MOST:
        yield Finding(path, f"{path} lets in the clients of {len(unique)} CAs", evidence)
    elif where.startswith(PUBLIC_FOLDERS):
        yield Finding(path, f"{path} belongs to the system's trust store", evidence)
    elif len(unique) > 1:
        yield Manual(
            path, f"{path} lets in the clients of {len(unique)} CAs: is each meant?", evidence
        )
    else:
        for held in unique.values():
            if other := registries.get(held.certificate.key.spki):
                said = (
                    f"the CA in {path} is a registry's as well ({other}): whom else does it sign?"
                )
                yield Manual(path, said, evidence)
