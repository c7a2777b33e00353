"""The Docker API is encrypted, yet open to anyone."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Outcomes, Severity, check
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="listener-tls-without-client-auth",
    title="Docker API open to anyone, over TLS without client certificates",
    severity=Severity.CRITICAL,
    over=Engine,
    rationale="TLS alone hides the traffic and protects nothing: `tlsverify` set to false, by flag "
    "or in daemon.json, turns TLS on and lets in everyone who connects, as root.",
    remediation=_shared.PROTECT,
    quiet="No TCP listener with TLS, or client certificates are demanded on all of them. Unknown "
    "where neither a connection nor the daemon's arguments tell how a socket answers.",
    references=frameworks.cis("2.7", "2.8"),
    profiles=("daemon", *LEVEL_1),
)
def tls_without_client_auth(engine: Engine, settings: Settings) -> Outcomes:
    yield from _shared.anonymous(
        engine, "TLS-NOAUTH", "serves the Docker API over TLS to clients without a certificate"
    )
