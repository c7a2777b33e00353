"""What a connection gets is not what the file holds."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host, Listener
from dockeraudit.host.certificates import (
    Certificate,
    HeldCertificate,
    certificates_in,
    wires_of,
)
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="tls-served-certificate",
    title="The served certificate is not the one in the file",
    severity=Severity.HIGH,
    over=Host,
    rationale="dockerd reads its certificate once, when it starts, and a reload does not read it"
    " again: one that was renewed in time still runs out on the wire. Or something in between"
    " answers in the daemon's place.",
    remediation='`systemctl restart docker`, on Debian and RHEL alike; with `"live-restore": true`'
    " in daemon.json containers go on meanwhile. If it differs still, look at who listens: `ss"
    " -lntp`.",
    quiet="Compared by SHA-256 of the leaf. Unknown where no connection was made or the file can't"
    " be read.",
    references=frameworks.KEYS,
)
def served_certificate(host: Host, settings: Settings) -> Outcomes:
    material = host.material
    listeners, gaps = _shared.with_tls(host)
    yield from gaps
    for engine, listener in listeners:
        held = (each for each in material.certificates if each.engine == engine.name)
        leaf = next((each for each in held if each.role == "daemon" and each.index == 1), None)
        if leaf is not None:
            yield from _compare(host, listener, leaf)
            continue
        files = (each for each in material.unread if each.engine == engine.name)
        why = next((each.reason for each in files), "it can't be parsed")
        yield Unread(f"the certificate that {listener.address} should serve: {why}")


def _compare(host: Host, listener: Listener, leaf: HeldCertificate) -> Outcomes:
    wires = [wire for wire in wires_of(host, listener) if wire.certificates]
    if not wires:
        yield Unread(f"no connection to {listener.address} was made that showed its certificate")
    seen: set[str] = set()
    for wire in wires:
        served = next(certificates_in(wire.certificates), "no certificate")
        where = f"{wire.address}:{wire.port} from the {wire.vantage}"
        if not isinstance(served, Certificate):
            yield Unread(f"what {where} serves can't be parsed: {served}")
        elif served.fingerprint not in (leaf.certificate.fingerprint, *seen):
            seen.add(served.fingerprint)
            yield Finding(
                listener.address,
                f"{listener.address} serves another certificate than {leaf.path} holds",
                (
                    Evidence(where, f"subject {served.subject}; sha256 {served.fingerprint}"),
                    Evidence(f"{leaf.path}#1", f"sha256 {leaf.certificate.fingerprint}"),
                ),
            )
