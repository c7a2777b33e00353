"""A docker context leads to an engine in the clear."""

from dockeraudit import frameworks
from dockeraudit.check import Finding, Outcomes, Severity, check
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Host
from dockeraudit.host.client_lines import endpoint
from dockeraudit.settings import Settings

from . import _files, _scopes


@check(
    id="client-context-plain",
    title="A docker context calls an engine over TCP without TLS",
    severity=Severity.HIGH,
    over=Host,
    rationale="Whoever sits on the way reads and changes what the client sends and gets, registry "
    "passwords included, and the engine that is called this way lets anybody in.",
    remediation="As the account: `docker context update NAME --docker host=ssh://USER@HOST`, or "
    '`--docker "host=tcp://HOST:2376,ca=ca.pem,cert=cert.pem,key=key.pem"` (Debian- and RHEL-like '
    "hosts alike).",
    quiet="No context leads over TCP, or each of those has a CA or a client certificate of its "
    "own. DOCKER_TLS_VERIFY does not reach contexts. Contexts in other folders than ~/.docker "
    "(DOCKER_CONFIG) are not seen; homes that can't be read are unknown.",
    references=frameworks.REMOTE,
    profiles=("daemon", "strict"),
)
def context_plain(host: Host, settings: Settings) -> Outcomes:
    yield from _scopes.closed_homes(host)
    found = list(_files.contexts(host))
    if not found:
        yield _files.NO_CONTEXT
    for context in found:
        if isinstance(context, Unread):
            yield context
            continue
        name = endpoint(context.address)
        if not name or context.has_material or context.skips_verification:
            continue
        yield Finding(
            resource=context.path,
            message=f"{context.label} calls {context.address} without TLS",
            evidence=(Evidence(context.path, f"Endpoints.docker.Host {context.address}"),),
            severity=Severity.MEDIUM if _scopes.loopback(name) else None,
        )
