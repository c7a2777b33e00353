"""A docker context takes any engine for the right one."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.host.client_lines import endpoint
from dockeraudit.settings import Settings

from . import _files, _scopes
from ._scopes import Scope


@check(
    id="client-context-skip-verify",
    title="A docker context does not verify the engine's certificate",
    severity=Severity.HIGH,
    over=Host,
    rationale="The client encrypts to whoever answers: an impostor takes registry passwords and "
    "secrets, and hands out images and output of its own.",
    remediation="As the account: `docker context update NAME --docker "
    '"host=tcp://HOST:2376,ca=ca.pem,cert=cert.pem,key=key.pem"`, without skip-tls-verify. For '
    "the default context set DOCKER_TLS_VERIFY=1 instead of DOCKER_TLS (Debian- and RHEL-like "
    "hosts alike).",
    quiet="No context over TCP has SkipTLSVerify, and none of the default context's settings is "
    "DOCKER_TLS without DOCKER_TLS_VERIFY. Options of the docker command (`--tls`) are not seen; "
    "homes that can't be read are unknown.",
    references=frameworks.REMOTE,
    profiles=("daemon", "strict"),
)
def context_skip_verify(host: Host, settings: Settings) -> Outcomes:
    yield from _scopes.closed_homes(host)
    found = list(_files.contexts(host))
    default = [scope for scope in _scopes.scopes(host) if _over_tls(scope)]
    if not found and not default:
        yield _files.NO_CONTEXT
    for context in found:
        if isinstance(context, Unread):
            yield context
        elif context.skips_verification and endpoint(context.address):
            yield Finding(
                resource=context.path,
                message=f"{context.label} takes any certificate of {context.address}",
                evidence=(Evidence(context.path, "Endpoints.docker.SkipTLSVerify true"),),
            )
    findings = {each.resource: each for scope in reversed(default) for each in _unverified(scope)}
    yield from findings.values()


def _over_tls(scope: Scope) -> bool:
    """Whether the default context speaks TLS, verified or not."""
    switched = scope.on("DOCKER_TLS") or scope.on("DOCKER_TLS_VERIFY")
    return scope.tcp is not None and switched is not None


def _unverified(scope: Scope) -> tuple[Finding, ...]:
    half = scope.on("DOCKER_TLS")
    if half is None or scope.tcp is None or scope.on("DOCKER_TLS_VERIFY") is not None:
        return ()
    return (
        Finding(
            resource=f"{_scopes.place(half)} DOCKER_TLS",
            message=f"the default context of {scope.who} takes any certificate of "
            f"{scope.tcp.value}: DOCKER_TLS without DOCKER_TLS_VERIFY",
            evidence=_scopes.evidence(half, scope.tcp),
        ),
    )
