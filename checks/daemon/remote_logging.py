"""Containers' logs stay on the host."""

from collections.abc import Iterator

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_2, Finding, Manual, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared

_SENDS = ("awslogs", "gcplogs", "logentries", "splunk")
_KEEPS = ("json-file", "local", "journald")
_ADDRESSED = {"syslog": "tcp+tls", "fluentd": "tls", "gelf": ""}
"""Drivers with an address of their own, and the scheme by which it is encrypted."""


@check(
    id="daemon-remote-logging",
    title="Containers' logs stay on the host or travel in the clear",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="Who takes over the host can wipe the logs that lie on it, and what goes over the "
    "network in the clear can be read and changed.",
    remediation='Set "log-driver" in /etc/docker/daemon.json to one that sends, for example '
    '"syslog" with "log-opts": {"syslog-address": "tcp+tls://HOST:6514"}, or let an agent ship '
    "the files or the journal, " + _shared.RESTART + " Containers keep the driver they were "
    "created with.",
    quiet="The default driver sends: syslog over tcp+tls, fluentd over tls, awslogs, gcplogs, "
    "logentries, splunk, or an agent on this host that fluentd or gelf name. Where logs stay on "
    "the host and a program runs that is known to ship logs, a person has to decide whether it "
    "ships these; where processes can't be seen, too, and of a plugin. Containers with drivers of "
    "their own are not looked at.",
    references=frameworks.cis("2.13", "2.14") + frameworks.AUDIT,
    profiles=LEVEL_2,
)
@_shared.where_it_starts
def remote_logging(daemon: Daemon, settings: Settings) -> Outcomes:
    when = _shared.when(daemon.engine)
    told = _shared.logging_driver(daemon)
    driver, proof = told.text, (told.evidence,)
    if driver == "none":
        yield Finding("log-driver", f"{when}containers' logs are thrown away", proof)
    elif driver in _ADDRESSED:
        yield from _addressed(daemon, told)
    elif driver in _KEEPS:
        yield from _kept(daemon, told)
    elif driver not in _SENDS:
        message = f"{when}the log driver {driver} is a plugin: confirm that logs are shipped"
        yield Manual("log-driver", message, proof)


def _kept(daemon: Daemon, driver: in_force.Told) -> Outcomes:
    """Logs in files or the journal: sent on by another program, if at all."""
    message = f"{_shared.when(daemon.engine)}the log driver {driver.text} keeps logs on this host"
    shippers = tuple(_shippers(daemon))
    proof = (driver.evidence, *shippers)
    if shippers:
        yield Manual("log-driver", f"{message}: confirm that they are shipped", proof)
    elif not daemon.host.facts.privilege.sees or daemon.engine.process is None:
        yield Manual("log-driver", f"{message}, and what runs there was not seen", proof)
    else:
        yield Finding("log-driver", f"{message}, and nothing known to ship logs runs", proof)


def _shippers(daemon: Daemon) -> Iterator[Evidence]:
    for process in _shared.processes(daemon):
        words = () if isinstance(process.argv, Unread) else process.argv
        named = process.role == "other" and any(
            name in word for word in words for name in ("fluentd", "td-agent", "logstash")
        )
        if process.role == "log-shipper" or named:
            what = process.exe if isinstance(process.exe, str) else " ".join(words)
            yield Evidence(f"/proc/{process.pid}", what)


def _addressed(daemon: Daemon, driver: in_force.Told) -> Outcomes:
    when = _shared.when(daemon.engine)
    address = _shared.log_option(daemon, f"{driver.text}-address")
    scheme, _, place = address.text.rpartition("://")
    here = not place or scheme in ("unix", "unixgram") or _shared.is_loopback(place)
    proof = (driver.evidence, address.evidence)
    if here and driver.text == "syslog":
        message = f"{when}logs go to this host's syslog: confirm that it forwards them"
        yield Manual("log-driver", message, proof)
    elif not here and (not scheme or scheme != _ADDRESSED[driver.text]):
        message = f"{when}logs go to {address.text} in the clear"
        yield Finding(f"{driver.text}-address", message, proof)
