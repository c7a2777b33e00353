"""The daemon serves no unix socket."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Engine
from dockeraudit.settings import Settings


@check(
    id="listener-unix-socket",
    title="No unix socket: the local docker command can't be used",
    severity=Severity.LOW,
    over=Engine,
    rationale="Hosts that are set up for TCP alone lose /run/docker.sock: whoever repairs the "
    "host, its health checks and its tools then need a client certificate, or open the API wider.",
    remediation='Add the socket to the hosts: `"hosts": ["unix:///var/run/docker.sock", '
    '"tcp://192.0.2.10:2376"]` in daemon.json, or `-H unix:///var/run/docker.sock`, then '
    "`systemctl restart docker`.",
    quiet="A unix socket is served, wherever it lies.",
)
def unix_socket(engine: Engine, settings: Settings) -> Outcomes:
    listeners = known(engine.exposed)
    if not listeners:
        yield NotApplicable("the daemon does not run and would not start")
    elif not any(listener.transport == "unix" for listener in listeners):
        yield Finding(
            resource="unix socket",
            message="the API is served on "
            + ", ".join(listener.address for listener in listeners)
            + " and on no unix socket",
            evidence=tuple(
                Evidence(each.evidence[0].source, each.evidence[0].detail) for each in listeners
            ),
        )
