"""systemd opens a TCP socket for the API."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Engine, Listener
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="listener-socket-unit-tcp",
    title="Docker API on a TCP port opened by the socket unit",
    severity=Severity.CRITICAL,
    over=Engine,
    rationale="A ListenStream with a port in docker.socket serves the API through `-H fd://`: it "
    "stands in no argument and no daemon.json, the daemon does not warn of it, and it accepts "
    "connections even while the daemon is stopped, which the first of them starts.",
    remediation="Take the port out of the socket unit: `systemctl edit docker.socket` with\n"
    "    [Socket]\n    ListenStream=\n    ListenStream=/run/docker.sock\n"
    "then `systemctl daemon-reload && systemctl restart docker.socket docker.service`.",
    quiet="No port in the socket unit, or the daemon demands client certificates on it (its TLS "
    "settings hold for sockets from systemd too). A socket that is passed but not served is none.",
)
def socket_unit_tcp(engine: Engine, settings: Settings) -> Outcomes:
    if engine.start is None or engine.socket_unit is None:
        yield NotApplicable("no socket unit passes sockets to this daemon")
        return
    start = known(engine.start)
    ports = [stream for stream in start.sockets if not stream.value.startswith(("/", "@"))]
    for listener in _shared.tcp(engine):
        stream = next((each for each in ports if _port(each.value) == listener.port), None)
        if stream is None:
            continue
        if isinstance(listener.mode, Unread):
            yield Unread(f"{listener.address}: {listener.mode.reason}")
        elif listener.anonymous:
            yield _finding(listener, Evidence(stream.origin, stream.value))


def _port(stream: str) -> int:
    text = stream.rpartition(":")[2]
    return int(text) if text.isdigit() else 0


def _finding(listener: Listener, stream: Evidence) -> Finding:
    return Finding(
        resource=listener.address,
        message=f"the socket unit opens {listener.address} for the API ({listener.mode}, "
        f"{_shared.where(listener)})",
        evidence=(stream, *listener.evidence),
        severity=Severity.HIGH if listener.reach == "LOOPBACK" else None,
    )
