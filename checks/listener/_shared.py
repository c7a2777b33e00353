"""What the listener checks have in common."""

from collections.abc import Iterator

from dockeraudit.check import Finding, NotApplicable, Severity, known
from dockeraudit.facts import Unread
from dockeraudit.host import Engine, Listener

NO_TCP = NotApplicable("the API is not served over TCP")
PROTECT = """\
Leave the API on its unix socket and reach it over SSH (`docker -H ssh://root@HOST`). \
Where TCP is needed, demand client certificates: in /etc/docker/daemon.json
    {"tlsverify": true, "tlscacert": "/etc/docker/tls/ca.pem",
     "tlscert": "/etc/docker/tls/server-cert.pem", "tlskey": "/etc/docker/tls/server-key.pem"}
and remove the `tcp://` host from where it is set: `DOCKER_OPTS` in /etc/default/docker \
(Debian), `OPTIONS` in /etc/sysconfig/docker (RHEL), a drop-in (`systemctl edit docker.service`), \
or `hosts` in daemon.json. Then
    systemctl daemon-reload && systemctl restart docker"""


def tcp(engine: Engine) -> tuple[Listener, ...]:
    """The TCP listeners to judge: of now, or of the next start where it does not run."""
    return tuple(each for each in known(engine.exposed) if each.transport == "tcp")


def anonymous(engine: Engine, mode: str, says: str) -> Iterator[Finding | Unread]:
    """A finding for each TCP listener of a mode; a mode that isn't known is missing evidence."""
    for listener in tcp(engine):
        if isinstance(listener.mode, Unread):
            yield Unread(f"{listener.address}: {listener.mode.reason}")
        elif listener.mode == mode:
            yield Finding(
                resource=listener.address,
                message=f"{listener.address} {tense(engine, says)} ({where(listener)})",
                evidence=listener.evidence,
                severity=Severity.HIGH if listener.reach == "LOOPBACK" else None,
            )


def tense(engine: Engine, says: str) -> str:
    """A statement about now, or about the next start where the engine does not run."""
    return says if engine.process is not None else f"at the next start {says}"


def where(listener: Listener) -> str:
    """Who can reach a listener, in words."""
    return {
        "LOCAL": "this machine's files",
        "LOOPBACK": "reachable by every process of this machine",
        "BRIDGE": "reachable by every container",
        "ADDR": "reachable from the network at one address",
        "ANY": "reachable from the network at every address",
    }[listener.reach]
