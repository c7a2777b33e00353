"""Published flaws in the versions that are installed."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import Finding, Manual, Outcomes, Severity, check
from dockeraudit.effective.version import parse_version
from dockeraudit.facts import Document, Evidence, Unread
from dockeraudit.host import Daemon, Engine, Host
from dockeraudit.settings import Settings

from . import _releases
from ._releases import Flaw


@check(
    id="service-engine-known-vulnerable",
    title="Engine, containerd or runc has published vulnerabilities",
    severity=Severity.HIGH,
    over=Daemon,
    rationale="The flaws are public, and so are ways to use them: most let a container out onto "
    "the host.",
    remediation="Debian-like: apt update; apt install --only-upgrade docker-ce containerd.io (or "
    "docker.io containerd runc). RHEL-like: dnf upgrade docker-ce containerd.io. Then restart "
    "the engine. For a distribution's own packages look the CVE ids up in its security tracker.",
    quiet="Only flaws known to the data here, whose day is in the evidence, by upstream's version "
    "numbers; those "
    "that need a swarm or authorization plugins only where these are in use. Distributions repair "
    "without changing the number: an id that the package's changelog on the host names counts as "
    "repaired, the others are listed for a person to look up.",
    references=(*frameworks.cis("1.2.2"), *frameworks.PATCHING),
    profiles=("daemon", "cis-level1", "cis-level2", "strict"),
)
def engine_known_vulnerable(daemon: Daemon, settings: Settings) -> Outcomes:
    host, engine = daemon.host, daemon.engine
    parts = dict(_releases.components(engine))
    if "engine" not in parts:
        yield _unread(engine)
    elif _releases.api_version(engine) is None and _by_docker(host, engine, parts["engine"]):
        yield Unread(f"versions of containerd and runc: the API of {engine.name} is silent")
    for part, version in parts.items():
        yield from _judged(host, engine, part, version)


def _by_docker(host: Host, engine: Engine, version: str) -> bool:
    return _releases.build_of(host, engine, version).vendor == "docker"


def _judged(
    host: Host, engine: Engine, part: str, version: str
) -> Iterator[Finding | Manual | Unread]:
    build = _releases.build_of(host, engine, version)
    evidence = (
        Evidence("GET /version" if engine.api else "dockerd --version", f"{part} {version}"),
        Evidence("vulnerability data", f"as of {_releases.DATA.as_of}"),
    )
    repaired = _releases.repaired(host, part) if build.vendor != "docker" else frozenset()
    unclear: list[str] = []
    for flaw, has in _releases.flaws_of(part, parse_version(version)):
        applies = _applies(engine, flaw)
        if applies is False or flaw.id in repaired:
            continue
        if has and applies and build.vendor == "docker":
            what = f"{part} {version} has {flaw.id}: {flaw.what}; repaired in {_fixed(flaw)}"
            yield Finding(f"{part} {flaw.id}", what, evidence)
        else:
            unclear.append(flaw.id if applies else f"{flaw.id} (if {flaw.only_if})")
    if unclear:
        what = (
            f"{part} {version} is by {build.name}: look up whether it repairs {', '.join(unclear)}"
        )
        yield Manual(f"{part} of {engine.name}", what, evidence)


def _applies(engine: Engine, flaw: Flaw) -> bool | None:
    """Whether what the flaw needs is in use; None: it can't be told."""
    if flaw.only_if is None:
        return True
    info = engine.api.info if engine.api is not None else None
    if flaw.only_if == "it is in a swarm":
        if not isinstance(info, Document):
            return None
        swarm = info.value.get("Swarm")
        return isinstance(swarm, dict) and swarm.get("LocalNodeState") not in ("", "inactive", None)
    outcome = engine.effective
    setting = None if isinstance(outcome, Unread) else outcome.setting("authorization-plugins")
    if isinstance(outcome, Unread):
        return None
    return setting is not None and bool(setting.value)


def _fixed(flaw: Flaw) -> str:
    return ", ".join(".".join(map(str, version)) for version in flaw.fixed)


def _unread(engine: Engine) -> Unread:
    reason = engine.version.reason if isinstance(engine.version, Unread) else "not told"
    return Unread(f"version of {engine.name}: {reason}")
