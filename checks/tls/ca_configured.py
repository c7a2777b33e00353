"""Client certificates are demanded, but of no CA in particular."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.effective.model import Outcome
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="tls-ca-configured",
    title="Client certificates of every public CA are accepted",
    severity=Severity.CRITICAL,
    over=Engine,
    rationale="With `tlsverify` in daemon.json and no `tlscacert`, dockerd starts without a word"
    " and checks clients against the system's trust store: anybody can buy, or get for nothing, a"
    " certificate that makes him root here. On the command line the default ca.pem would be used.",
    remediation=_shared.MUTUAL_TLS + "\nThe line that is missing is `tlscacert`.",
    quiet="No TLS listener, or one that demands no client certificates (tls-verify-enabled)."
    " Whether the CA is somebody's own is tls-ca-private's question.",
    references=frameworks.REMOTE,
)
def ca_configured(engine: Engine, settings: Settings) -> Outcomes:
    judged = 0
    for listener in _shared.tcp_listeners(engine):
        judged += listener.mode not in ("PLAIN", "TLS-NOAUTH")
        if isinstance(listener.mode, Unread):
            yield Unread(f"which clients {listener.address} takes: {listener.mode.reason}")
        elif listener.mode == "MTLS-SYSROOTS":
            yield Finding(
                listener.address,
                f"{listener.address} accepts client certificates of any CA in the system's trust"
                " store, since tlscacert is not set",
                (*listener.evidence, *_origin(engine)),
            )
    if not judged:
        yield NotApplicable(f"{engine.name} has no TCP listener that demands client certificates")


def _origin(engine: Engine) -> tuple[Evidence, ...]:
    outcome = engine.effective
    if not isinstance(outcome, Outcome) or outcome.tls is None:
        return ()
    verify, ca = outcome.tls.verify, outcome.tls.ca
    return (
        Evidence(str(verify.origin), f"{verify.name} {verify.value}"),
        Evidence(str(ca.origin), f"{ca.name} {ca.value or '(empty)'}"),
    )
