"""Secrets of services among their variables."""

from collections.abc import Iterator

from dockeraudit import frameworks
from dockeraudit.check import (
    LEVEL_1,
    Finding,
    Manual,
    NotApplicable,
    Outcomes,
    Severity,
    check,
    known,
)
from dockeraudit.facts import Evidence, ServiceFacts
from dockeraudit.host import Daemon
from dockeraudit.host.contents import inventory
from dockeraudit.host.swarm import Membership
from dockeraudit.host.variables import secrets_in
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="swarm-secrets",
    title="Services get secrets by their environment",
    severity=Severity.LOW,
    over=Daemon,
    rationale="A variable is shown by docker inspect on every node that runs the service, and "
    "reaches its logs and children; a swarm's secret is sent encrypted, as a file, to those tasks "
    "only that name it.",
    remediation="docker secret create NAME FILE, then docker service update --secret-add NAME "
    f"--env-rm VARIABLE SERVICE, {_shared.ALIKE}; the program has to read /run/secrets/NAME.",
    quiet="Never a pass where there are services: whether one gets its secrets in another way, a "
    "person has to look up. A variable counts as a secret by its name where it has a value, and "
    "by its value's form (key, token, URL with a password). Only managers know.",
    references=frameworks.cis("7.4") + frameworks.SWARM + frameworks.SECRETS,
    profiles=LEVEL_1,
)
@_shared.of_a_manager
def secrets(daemon: Daemon, place: Membership, settings: Settings) -> Outcomes:
    inside = known(inventory(daemon.engine))
    services = known(inside.services, "services")
    if not services:
        yield NotApplicable("the swarm has no services")
        return
    count = known(inside.secrets, "secrets of the swarm")
    for service in services:
        yield from _judged(service, count)


def _judged(service: ServiceFacts, count: int) -> Iterator[Finding | Manual]:
    resource = f"service {service.spec.name or service.id}"
    spec = service.spec.task_template.container_spec
    found = list(secrets_in(spec.env))
    names = ", ".join(each.name for each in found)
    given = ", ".join(each.secret_name for each in spec.secrets) or "none"
    evidence = (
        Evidence(f"docker service inspect {service.spec.name}", f"Env {names or 'no secret name'}"),
        Evidence(f"docker service inspect {service.spec.name}", f"Secrets {given}"),
        Evidence("docker secret ls", f"{count} secrets"),
    )
    if found:
        yield Finding(resource, f"{resource} gets secrets by its environment: {names}", evidence)
    else:
        message = f"{resource} names no secret among its variables: look up how it gets its secrets"
        yield Manual(resource, message, evidence)
