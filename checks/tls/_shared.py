"""What the tls checks have in common: the TCP listeners they judge, and how they cite."""

from dockeraudit.check import MissingEvidence, NotApplicable, known
from dockeraudit.effective.model import Outcome
from dockeraudit.effective.version import Version, parse_version
from dockeraudit.facts import Unread
from dockeraudit.host import Engine, Host, Listener
from dockeraudit.host.certificates import tls_listeners

MUTUAL_TLS = """\
In /etc/docker/daemon.json (Debian and RHEL alike):
    {"hosts": ["fd://", "tcp://ADDRESS:2376"], "tlsverify": true,
     "tlscacert": "/etc/docker/tls/ca.pem", "tlscert": "/etc/docker/tls/server-cert.pem",
     "tlskey": "/etc/docker/tls/server-key.pem"}
The packaged unit's own `-H fd://` would clash with that: `systemctl edit docker.service` with
    [Service]
    ExecStart=
    ExecStart=/usr/sbin/dockerd            (/usr/bin/dockerd on RHEL and with docker-ce)
Then `systemctl daemon-reload && systemctl restart docker`."""


def tcp_listeners(engine: Engine) -> tuple[Listener, ...]:
    """The engine's TCP listeners.

    Raises:
        MissingEvidence: there may be some that could not be seen.
    """
    return tuple(each for each in known(engine.exposed) if each.transport == "tcp")


def no_tcp(engine: Engine) -> NotApplicable:
    """Why there is nothing to judge."""
    outcome = engine.effective
    if isinstance(outcome, Outcome) and outcome.starts is False:
        return NotApplicable(f"{engine.name} would not start, so it listens on no TCP address")
    return NotApplicable(f"{engine.name} listens on no TCP address")


def with_tls(
    host: Host,
) -> tuple[list[tuple[Engine, Listener]], list[Unread | NotApplicable]]:
    """The TLS listeners of all engines, and what else a check has to yield."""
    found: list[tuple[Engine, Listener]] = []
    gaps: list[Unread | NotApplicable] = []
    for engine in host.engines:
        found += [(engine, each) for each in tls_listeners(engine)]
        try:
            tcp_listeners(engine)
        except MissingEvidence as missing:
            gaps.append(missing.unread)
    if host.unseen is not None:
        gaps.append(host.unseen)
    if not found and not gaps:
        gaps.append(NotApplicable("no engine has a TLS listener"))
    return found, gaps


def parsed(version: str | Unread) -> Version | Unread:
    """An engine's version as numbers."""
    if isinstance(version, Unread):
        return version
    return parse_version(version) or Unread(f"the engine's version {version!r} is not understood")
