"""A client certificate can't be withdrawn."""

from dockeraudit.check import Finding, Manual, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Engine, Host
from dockeraudit.host.certificates import HeldCertificate
from dockeraudit.settings import Settings

from . import _shared

LONGEST = 398
"""Days that a lost certificate may be left to run out."""
STRICT = 90


@check(
    id="certificate-revocation",
    title="A lost client certificate can't be withdrawn",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="dockerd reads no revocation list and asks no OCSP server: a lost client certificate"
    " works until it ends, or until the CA is replaced on every host and client.",
    remediation="Let client certificates live for 90 days or less:\n"
    + _shared.RENEW_CLIENT
    + "\nOr name an authorization plugin that knows the people by common name, in"
    ' /etc/docker/daemon.json: `"authorization-plugins": ["NAME"]`, then `systemctl restart'
    " docker`.",
    quiet="With an authorization plugin, and where none of the daemon's client certificates is on"
    " this host to see how long they live. Up to 398 days, in the strict profile up to 90, a person"
    " has to judge.",
    references=_shared.REFERENCES,
)
def revocation(host: Host, settings: Settings) -> Outcomes:
    _, ca_gaps = _shared.certificates(host, ("daemon-ca",))
    if not any(_shared.client_cas(engine, host.material) for engine in host.engines):
        yield from ca_gaps or (NotApplicable("no engine demands client certificates"),)
        return
    yield from ca_gaps
    found, gaps = _shared.certificates(host, _shared.CLIENT)
    yield from gaps
    clients = [
        (engine, held)
        for engine in host.engines
        for held in found
        if held.leaf and _opens(held, engine, host)
    ]
    longest = STRICT if settings.strict else LONGEST
    for engine, held in clients:
        if _has_plugin(engine):
            continue
        certificate, evidence = held.certificate, _shared.validity(held.certificate)
        said = f"nothing can withdraw {held.resource} before {_shared.day(certificate.not_after)}"
        outcome = Finding if certificate.days > longest else Manual
        yield outcome(held.resource, said, (_shared.cited(held, evidence),))
    if not clients and not gaps:
        yield NotApplicable("no client certificate of an engine's CA is on this host")


def _opens(held: HeldCertificate, engine: Engine, host: Host) -> bool:
    material = host.material
    sent, cas = _shared.sent_with(held, material), _shared.client_cas(engine, material)
    return _shared.leads(held, sent, cas)


def _has_plugin(engine: Engine) -> bool:
    outcome = engine.effective
    plugins = None if isinstance(outcome, Unread) else outcome.setting("authorization-plugins")
    return plugins is not None and bool(plugins.value)
