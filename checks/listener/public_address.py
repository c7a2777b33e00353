"""The API listens on an address of the public internet."""

from ipaddress import ip_address

from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="listener-public-address",
    title="Docker API on a public address",
    severity=Severity.HIGH,
    over=Engine,
    rationale="Addresses of the public internet are scanned for the API all day; behind mutual "
    "TLS a leaked client certificate is then enough from anywhere.",
    remediation="Bind the API to a management network's address, and let a firewall admit only "
    "the clients' networks (`nft add rule inet filter input tcp dport 2376 ip saddr != "
    "{ CLIENTS } drop`).",
    quiet="No TCP listener on a globally routable address. A wildcard listener is "
    "listener-wildcard; address translation in front of the host is not seen from it.",
)
def public_address(engine: Engine, settings: Settings) -> Outcomes:
    listeners = _shared.tcp(engine)
    if not listeners:
        yield _shared.NO_TCP
    for listener in listeners:
        if listener.reach == "ADDR" and ip_address(listener.ip).is_global:
            yield Finding(
                resource=listener.address,
                message=f"{listener.address} is an address of the public internet",
                evidence=listener.evidence,
            )
