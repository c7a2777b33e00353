"""A client's TLS variables do something else than their values say."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.client_lines import Assignment
from dockeraudit.settings import Settings

from . import _scopes
from ._scopes import Scope

_OFF = ("0", "f", "false", "n", "no", "off", "disable", "disabled")


@check(
    id="client-tls-verify-misread",
    title="DOCKER_TLS_VERIFY or DOCKER_TLS does not do what its value says",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="The docker command only asks whether these variables are empty: 0 and false switch "
    "TLS on as well. DOCKER_TLS without DOCKER_TLS_VERIFY encrypts, and talks to whoever answers.",
    remediation="To verify: `export DOCKER_TLS_VERIFY=1`, and no DOCKER_TLS. To have no TLS: "
    "`unset DOCKER_TLS_VERIFY DOCKER_TLS`, in the file that is named (Debian- and RHEL-like hosts "
    "alike). Other clients read the same values in their own ways, so 1 and unset are the only "
    "ones that all understand.",
    quiet="Each variable is unset, empty, or says yes; DOCKER_TLS does not stand alone where "
    "DOCKER_HOST leads over TCP. Values that a file computes are taken to say yes.",
    references=frameworks.REMOTE,
    profiles=("daemon", "strict"),
)
def tls_verify_misread(host: Host, settings: Settings) -> Outcomes:
    yield from _scopes.closed_homes(host)
    found = _scopes.scopes(host)
    if not any(scope.on("DOCKER_TLS_VERIFY") or scope.on("DOCKER_TLS") for scope in found):
        yield _scopes.NO_TLS_VARIABLES
    findings = {each.resource: each for scope in reversed(found) for each in _judged(scope)}
    yield from findings.values()


def _judged(scope: Scope) -> Iterator[Finding]:
    verify, half = scope.on("DOCKER_TLS_VERIFY"), scope.on("DOCKER_TLS")
    if verify is not None and _says_off(verify):
        yield _finding(verify, "which switches TLS and its verification on")
    if half is not None and verify is None and scope.tcp is not None:
        yield _finding(half, "which encrypts and takes any certificate", scope.tcp)
    elif half is not None and _says_off(half):
        yield _finding(half, "which switches TLS on")


def _says_off(variable: Assignment) -> bool:
    return (variable.value or "").strip().lower() in _OFF


def _finding(variable: Assignment, effect: str, beside: Assignment | None = None) -> Finding:
    place = _scopes.place(variable)
    return Finding(
        resource=f"{place} {variable.name}",
        message=f"{place} sets {variable.name}={variable.value}, {effect}",
        evidence=_scopes.evidence(variable, beside),
    )
