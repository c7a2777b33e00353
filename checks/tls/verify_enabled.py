"""A TCP listener does not demand client certificates."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Finding, Outcomes, Severity, check
from dockeraudit.facts import Unread
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="tls-verify-enabled",
    title="The Docker API is served over TCP without client certificates",
    severity=Severity.CRITICAL,
    over=Engine,
    rationale="The API makes whoever calls it root on the host, and nothing but a client"
    " certificate tells its callers apart. `tlsverify` set to false, in whatever way, gives"
    " encryption only.",
    remediation=_shared.MUTUAL_TLS,
    quiet="No TCP listener, or each demands client certificates; of which CA is tls-ca-configured's"
    " question. A daemon that does not run is judged by its next start. On loopback it is high.",
    references=(*frameworks.cis("2.7", "2.8"), *frameworks.REMOTE),
    profiles=("daemon", *LEVEL_1),
)
def verify_enabled(engine: Engine, settings: Settings) -> Outcomes:
    listeners = _shared.tcp_listeners(engine)
    for listener in listeners:
        if isinstance(listener.mode, Unread):
            yield Unread(f"how {listener.address} is protected: {listener.mode.reason}")
        elif listener.anonymous:
            plain = listener.mode == "PLAIN"
            how = (
                "without TLS" if plain else "over TLS, but without asking for a client certificate"
            )
            will = "serves" if engine.process is not None else "will serve"
            yield Finding(
                listener.address,
                f"{engine.name} {will} its API on {listener.address} {how}",
                listener.evidence,
                Severity.HIGH if listener.reach == "LOOPBACK" else None,
            )
    if not listeners:
        yield _shared.no_tcp(engine)
