"""Whoever may call the API may do everything."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_2, Finding, Outcomes, Severity, check
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="daemon-authorization-plugin",
    title="No authorization plugin restricts API calls",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="The daemon knows all or nothing: a client that may list containers may also mount "
    "the host's disk. Only a plugin tells clients apart.",
    remediation="Install a plugin (for example opa-docker-authz) and add "
    '"authorization-plugins": ["NAME"] to /etc/docker/daemon.json, then systemctl reload docker.',
    quiet="A plugin is in use. What it allows is not looked at; clients of the unix socket have no "
    "name that it could go by.",
    references=frameworks.cis("2.12", "2.13") + frameworks.REMOTE,
    profiles=LEVEL_2,
)
@_shared.where_it_starts
def authorization_plugin(daemon: Daemon, settings: Settings) -> Outcomes:
    engine = daemon.engine
    plugins = in_force.said(engine, "Plugins")
    if plugins is not None and "Authorization" in plugins.table:
        told = in_force.Told(
            plugins.table["Authorization"],
            in_force.evidence("Plugins.Authorization", plugins.table["Authorization"]),
        )
    else:
        told = in_force.option(daemon, "authorization-plugins", [])
    if not told.items:
        message = f"{_shared.when(engine)}no authorization plugin is in use"
        yield Finding("authorization-plugins", message, (told.evidence,))
