"""The Docker API answers anyone who connects, in clear text."""

from dockeraudit import frameworks
from dockeraudit.check import LEVEL_1, Outcomes, Severity, check
from dockeraudit.host import Engine
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="listener-tcp-plain",
    title="Docker API open to anyone, without encryption",
    severity=Severity.CRITICAL,
    over=Engine,
    rationale="Whoever can call the API can start a container with the host's disk in it, and so "
    "is root on the host. On loopback every local account and every forwarded request is enough.",
    remediation=_shared.PROTECT,
    quiet="No TCP listener of the engine, or TLS on all of them. A relay in front of the unix "
    "socket is listener-relay-process. Unknown where neither a connection nor the daemon's "
    "arguments tell how a socket answers.",
    references=frameworks.cis("2.7", "2.8"),
    profiles=("daemon", *LEVEL_1),
)
def tcp_plain(engine: Engine, settings: Settings) -> Outcomes:
    yield from _shared.anonymous(
        engine, "PLAIN", "serves the Docker API without TLS: whoever connects is root"
    )
