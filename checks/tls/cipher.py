"""The API is served with ciphers that have been given up."""

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import wires_of
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="tls-cipher",
    title="The API is served with CBC ciphers, 3DES or RSA key exchange",
    severity=Severity.LOW,
    over=Host,
    rationale="CBC suites of TLS have been attacked again and again through their padding, 3DES"
    " through its short blocks; with RSA key exchange who gets the key later reads all that was"
    " recorded before.",
    remediation="Upgrade the engine (`apt-get install docker-ce` on Debian, `dnf install docker-ce`"
    " on RHEL): releases up to 28 take CBC, current ones only AEAD. Of a proxy in front set the"
    " ciphers, e.g. `ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;` in nginx.",
    quiet="Offered only CBC, 3DES and RSA key exchange, the server took none: tried with --probe"
    " only, by what the scanner's own OpenSSL has of them. Without that it does not apply.",
    references=frameworks.KEYS,
    profiles=STRICT,
)
def cipher(host: Host, settings: Settings) -> Outcomes:
    listeners, gaps = _shared.with_tls(host)
    yield from gaps
    for _, listener in listeners:
        tried = [wire for wire in wires_of(host, listener) if wire.weak_cipher is not None]
        taken = [wire for wire in tried if wire.weak_cipher]
        asked = [wire for wire in wires_of(host, listener) if wire.vantage == "scanner"]
        if not tried and not asked:
            yield NotApplicable("no weak ciphers were offered: --probe does")
        elif not tried:
            yield Unread(f"whether {listener.address} takes weak ciphers could not be tried")
        elif taken:
            where = f"{taken[0].address}:{taken[0].port} from the {taken[0].vantage}"
            yield Finding(
                listener.address,
                f"{listener.address} takes the cipher suite {taken[0].weak_cipher}",
                (
                    Evidence(
                        where, f"took {taken[0].weak_cipher} where only weak ones were offered"
                    ),
                ),
            )
