"""Clients are told to call an engine over TCP in the clear."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.host import Host
from dockeraudit.host.client_lines import endpoint
from dockeraudit.settings import Settings

from . import _scopes
from ._scopes import Scope


@check(
    id="client-docker-host-plain",
    title="Clients call an engine over TCP without TLS",
    severity=Severity.HIGH,
    over=Host,
    rationale="Whoever sits on the way reads and changes what the client sends and gets, registry "
    "passwords included, and the engine that is called this way lets anybody in.",
    remediation="Point the client at the engine over SSH, `export DOCKER_HOST=ssh://USER@HOST`, or "
    "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH beside DOCKER_HOST, in the file that is named "
    "(/etc/environment, /etc/profile.d, ~/.profile; Debian- and RHEL-like hosts alike). Log in "
    "again afterwards.",
    quiet="Every DOCKER_HOST that leads over TCP has a DOCKER_TLS_VERIFY beside it: in the files "
    "for all accounts, in the same account's, in the same crontab, line or process. Of values "
    "that a file computes only defaults are known. Options (`docker -H`), other files than login "
    "files and crontabs, files that these read in turn, and processes and crontabs that only root "
    "may look into are not seen; homes that can't be read are unknown.",
    references=frameworks.REMOTE,
    profiles=("daemon", "strict"),
)
def docker_host_plain(host: Host, settings: Settings) -> Outcomes:
    yield from _scopes.closed_homes(host)
    found = _scopes.scopes(host)
    if not any(scope.on("DOCKER_HOST") for scope in found):
        yield _scopes.NO_VARIABLES
    findings: dict[str, Finding] = {}
    for scope in found:
        if scope.tcp is not None and scope.on("DOCKER_TLS_VERIFY") is None:
            finding = _finding(scope)
            findings.setdefault(finding.resource, finding)
    yield from findings.values()


def _finding(scope: Scope) -> Finding:
    where, half = scope.tcp, scope.on("DOCKER_TLS")
    assert where is not None
    message = f"{_scopes.place(where)} sets DOCKER_HOST={where.value} without DOCKER_TLS_VERIFY"
    if half is not None:
        message += "; DOCKER_TLS alone is for the docker command only, and verifies nothing"
    return Finding(
        resource=f"{_scopes.place(where)} DOCKER_HOST={where.value}",
        message=f"{message} ({scope.who})",
        evidence=_scopes.evidence(where, half),
        severity=Severity.MEDIUM if _scopes.loopback(endpoint(where.value or "")) else None,
    )
