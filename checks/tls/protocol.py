"""The API is served over an old version of TLS."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.host.certificates import wires_of
from dockeraudit.settings import Settings

from . import _shared
from ._shared import parsed

OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1")


@check(
    id="tls-protocol",
    title="The API is served over a TLS version before 1.2",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="TLS 1.0 and 1.1 rest on MD5 and SHA-1 and on ciphers that have been broken. No"
    " engine since 20.10 speaks them: either this one is very old, or something else ends the TLS.",
    remediation="Upgrade the engine (`apt-get install docker-ce` on Debian, `dnf install docker-ce`"
    " on RHEL), or set the proxy in front to TLS 1.2 and newer, e.g. `ssl_protocols TLSv1.2"
    " TLSv1.3;` in nginx.",
    quiet="An engine of 20.10 or newer takes nothing older than 1.2, so its own listener passes."
    " For others, a connection that agreed on 1.2 does not show that less is refused: unknown.",
    references=frameworks.KEYS,
)
def protocol(host: Host, settings: Settings) -> Outcomes:
    listeners, gaps = _shared.with_tls(host)
    yield from gaps
    for engine, listener in listeners:
        old = [wire for wire in wires_of(host, listener) if wire.protocol in OLD]
        if old:
            where = f"{old[0].address}:{old[0].port} from the {old[0].vantage}"
            yield Finding(
                listener.address,
                f"{listener.address} agreed on {old[0].protocol}, under TLSv1.2",
                (Evidence(where, f"protocol {old[0].protocol}"),),
            )
            continue
        version = parsed(engine.version)
        if isinstance(version, Unread):
            yield Unread(f"the lowest TLS version of {listener.address}: {version.reason}")
        elif version < (20, 10, 0):
            yield Unread(f"the lowest TLS version that {listener.address} accepts was not tried")
