"""Engines that nobody repairs any more."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import Finding, Manual, Outcomes, Reference, Severity, check
from dockeraudit.effective.version import parse_version
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon, Engine, Host
from dockeraudit.settings import Settings

from . import _releases


@check(
    id="service-engine-supported",
    title="Engine version gets no more security updates",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="Flaws that are found from now on stay open on this host.",
    remediation="Debian-like: upgrade the release, or take docker-ce from download.docker.com (apt "
    "install docker-ce). RHEL-like: dnf upgrade docker-ce docker-ce-cli containerd.io.",
    quiet="Judged by the data here, whose day is in the evidence. A distribution's own package "
    "counts as supported as long as the release is, whatever upstream's version; whether each "
    "update is installed is not looked at. Makers and releases without data here are for a person "
    "to judge.",
    references=(*frameworks.cis("1.2.2"), Reference("nist-800-53", "SA-22"), *frameworks.PATCHING),
    profiles=("daemon", "cis-level1", "cis-level2", "strict"),
)
def engine_supported(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    version = engine.version
    if isinstance(version, Unread):
        yield Unread(f"version of {engine.name}: {version.reason}")
        return
    build = _releases.build_of(host, engine, version)
    if build.vendor == "distribution":
        yield from _by_distribution(host, engine, version, settings.now)
    elif build.vendor == "other":
        what = f"engine {version} is by {build.name}: ask there how long it is maintained"
        yield Manual(f"engine of {engine.name}", what, (_said(engine, version),))
    else:
        yield from _by_line(engine, version, build.vendor == "unknown", settings.now)


def _by_distribution(
    host: Host, engine: Engine, version: str, now: int
) -> Iterator[Finding | Manual]:
    until = _releases.supported_until(host)
    name = host.facts.machine.os.get("PRETTY_NAME", "the distribution")
    evidence = (_said(engine, version), Evidence("/etc/os-release", f"PRETTY_NAME={name}"))
    if isinstance(until, Unread):
        what = f"engine {version} is a distribution's own, and {until.reason}"
        yield Manual(f"engine of {engine.name}", what, evidence)
    elif until is not None and _releases.day(now) > until:
        what = f"engine {version} is that of {name}, whose security support ended on {until}"
        yield Finding(f"engine of {engine.name}", what, evidence)


def _by_line(
    engine: Engine, text: str, unsure: bool, now: int
) -> Iterator[Finding | Manual | Unread]:
    version = parse_version(text)
    if version is None:
        yield Unread(f"{text!r} is no version that can be compared")
        return
    line = _releases.line_of(version)
    evidence = (_said(engine, text), Evidence("release data", f"as of {_releases.DATA.as_of}"))
    resource = f"engine of {engine.name}"
    if line.ended is not None and _releases.day(now) > line.ended:
        what = f"engine {text}: the line {line.name} has had no updates since {line.ended}"
        if unsure:
            yield Manual(resource, f"{what}, unless a distribution repairs its own", evidence)
        else:
            yield Finding(resource, what, evidence)
    elif version[0] > _releases.DATA.newest or (line.ended is None and _releases.stale(now)):
        what = f"engine {text}: the data here, of {_releases.DATA.as_of}, is too old to judge it"
        yield Manual(resource, what, evidence)


def _said(engine: Engine, version: str) -> Evidence:
    source = "dockerd --version" if _releases.api_version(engine) is None else "GET /version"
    return Evidence(source, f"Version {version}")
