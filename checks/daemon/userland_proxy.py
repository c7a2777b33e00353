"""A process for each published port."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-userland-proxy",
    title="Published ports are held by a proxy process each",
    severity=Severity.LOW,
    over=Daemon,
    rationale="docker-proxy runs as root for each published port and hides the client's address; "
    "kernels of today reach containers over loopback without it.",
    remediation='Add "userland-proxy": false to /etc/docker/daemon.json, '
    + _shared.RESTART
    + " Try first whether ports on 127.0.0.1 and [::1] still answer.",
    quiet="userland-proxy is false, and the daemon has no docker-proxy below it. Rootless engines "
    "before 28 publish ports through the proxy: not applicable.",
    references=frameworks.cis("2.16", "2.17") + frameworks.NETWORK,
    profiles=LEVEL_1,
)
@_shared.where_it_starts
def userland_proxy(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    if engine.rootless and in_force.release(engine) < (28, 0, 0):
        yield NotApplicable(f"rootless engine {engine.version} publishes ports through its proxy")
        return
    if engine.process is not None and (proxies := _below(daemon, engine.process.pid)):
        yield Finding("docker-proxy", "docker-proxy holds the published ports", proxies)
        return
    told = in_force.option(daemon, "userland-proxy", True)
    if told.value is not False:
        message = f"{_shared.when(engine)}userland-proxy is on"
        yield Finding("userland-proxy", message, (told.evidence,))


def _below(daemon: Daemon, pid: int) -> tuple[Evidence, ...]:
    """The proxies that the daemon started, whatever it was told."""
    return tuple(
        Evidence(f"/proc/{each.pid}/exe", str(each.exe))
        for each in _shared.processes(daemon)
        if each.role == "docker-proxy" and each.parent == pid
    )
