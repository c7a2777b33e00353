"""Pulled images' signatures are not asked for."""

from dockeraudit import frameworks
from dockeraudit.check import (
    LEVEL_2,
    Finding,
    NotApplicable,
    Outcomes,
    Severity,
    check,
    known,
)
from dockeraudit.effective.version import Version, parse_version
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.settings import Settings

from . import _scopes
from ._scopes import Scope

_VARIABLE = "DOCKER_CONTENT_TRUST"
_OFF = ("0", "f", "F", "false", "False", "FALSE")
"""What Go's ParseBool takes for no; the docker command takes all else for yes."""


@check(
    id="client-content-trust",
    title="Content trust is off for docker pull and push",
    severity=Severity.LOW,
    over=Host,
    rationale="Without content trust a tag is whatever the registry, or who took it over, says it "
    "is. With it the docker command takes only tags that a publisher signed.",
    remediation="`echo 'export DOCKER_CONTENT_TRUST=1' > /etc/profile.d/docker-trust.sh` "
    "(Debian- and RHEL-like hosts alike). From 29 on the docker command knows the variable no "
    "more: verify signatures with cosign or notation, or by an admission policy.",
    quiet="DOCKER_CONTENT_TRUST is on in a file for all accounts, or in one of root's, and nothing "
    "that is seen turns it off again. It binds only the docker command of a shell that reads "
    "these files: not the API, other clients, nor services. A docker command of 29 or newer, or "
    "none at all: not applicable.",
    references=frameworks.cis("4.5") + frameworks.SUPPLY,
    profiles=LEVEL_2,
)
def content_trust(host: Host, settings: Settings) -> Outcomes:
    version = known(_version(host), "the docker command's version")
    if version is None:
        yield NotApplicable("no docker command is installed")
        return
    if version >= (29, 0, 0):
        yield NotApplicable(
            f"the docker command is {'.'.join(map(str, version[:3]))}, which knows no content "
            "trust: verify signatures with cosign or notation"
        )
        return
    scopes = {scope.who: scope for scope in _scopes.scopes(host)}
    for scope in scopes.values():
        if _off(scope):
            yield _turned_off(scope)
    everyone = [scopes[who] for who in ("every account", "account root") if who in scopes]
    if any(scope.on(_VARIABLE) for scope in everyone):
        return
    yield from (each for each in _scopes.closed_homes(host) if "files of root:" in each.reason)
    yield Finding(
        resource=_VARIABLE,
        message=f"no login file sets {_VARIABLE} for all accounts or for root",
        evidence=(Evidence("docker --version", host.facts.programs["docker"]),),
    )


def _off(scope: Scope) -> bool:
    found = scope.on(_VARIABLE)
    return found is not None and found.value in _OFF


def _turned_off(scope: Scope) -> Finding:
    found = scope.variables[_VARIABLE]
    place = _scopes.place(found)
    return Finding(
        resource=f"{place} {_VARIABLE}",
        message=f"{place} sets {_VARIABLE}={found.value}, which turns it off for {scope.who}",
        evidence=_scopes.evidence(found),
    )


def _version(host: Host) -> Version | Unread | None:
    """By the first line of `docker --version`; None: there is no docker command."""
    line = host.facts.programs.get("docker", "")
    if not line:
        told = host.facts.tools.get("docker")
        return Unread("it was not asked") if told else None
    word = line.partition("version ")[2].partition(",")[0].strip()
    return parse_version(word) or Unread(f"{line!r} names none")
