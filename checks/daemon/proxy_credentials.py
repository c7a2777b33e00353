"""The engine's proxy password lies where many can read it."""

import re
from collections.abc import Iterator

from dockeraudit import frameworks, in_force
from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check
from dockeraudit.effective.model import Outcome
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon
from dockeraudit.settings import Settings

from . import _shared

_USERINFO = re.compile(r"://[^/\s]*@")
_OPTIONS = {"http-proxy": "HttpProxy", "https-proxy": "HttpsProxy"}


@check(
    id="daemon-proxy-credentials",
    title="The engine's proxy setting holds a password",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="daemon.json is open to every account as it is installed, and `systemctl show "
    "docker` tells anybody what Environment= says. The password gets into backups and tickets "
    "with them.",
    remediation="Let the proxy know this host by its address, or run a local one that adds the "
    "password, and write the URL without user and password: proxies in /etc/docker/daemon.json, "
    "HTTP_PROXY in a drop-in of docker.service, /etc/default/docker (Debian-like) or "
    "/etc/sysconfig/docker (RHEL-like). Change the password, " + _shared.RESTART,
    quiet="The proxies in force, by the engine's own word or by its options, name no user. The "
    "engine masks the password itself. Variables of a daemon whose API is silent stay on the "
    "host: unknown.",
    references=frameworks.SECRETS,
    profiles=("daemon", "strict"),
)
@_shared.where_it_starts
def proxy_credentials(daemon: Daemon, settings: Settings) -> Outcomes:
    proxies = list(_proxies(daemon))
    if not proxies:
        yield NotApplicable(f"{daemon.engine.name} uses no proxy")
    for proxy in proxies:
        if isinstance(proxy, Unread):
            yield proxy
        elif _USERINFO.search(proxy[1]):
            name, url, source = proxy
            shown = _USERINFO.sub("://***@", url)
            message = f"{_shared.when(daemon.engine)}{name} holds a user name and password"
            yield Finding(name, message, (Evidence(source, f"{name} {shown}"),))


def _proxies(daemon: Daemon) -> Iterator[tuple[str, str, str] | Unread]:
    """Name, URL and source of each proxy; the engine's own word says them all."""
    effective = daemon.engine.effective
    spoken = False
    for name, field in _OPTIONS.items():
        told = in_force.said(daemon.engine, field)
        spoken = spoken or told is not None
        setting = effective.setting(name) if isinstance(effective, Outcome) else None
        if told is not None and told.text:
            origin = f" ({setting.origin})" if setting is not None and setting.value else ""
            yield name, told.text, f"GET /info{origin}"
        elif told is None and setting is not None and setting.value:
            yield name, str(setting.value), str(setting.origin)
    if not spoken:
        yield from _withheld(daemon)


def _withheld(daemon: Daemon) -> Iterator[Unread]:
    """What can't be told where the engine's API says nothing."""
    effective = daemon.engine.effective
    if isinstance(effective, Unread):
        yield Unread(f"proxies: {effective.reason}")
    elif effective.starts is None:
        yield Unread(f"proxies: {effective.undecided or 'they were not computed'}")
    environment = _shared.environment(daemon.engine)
    if isinstance(environment, Unread):
        yield Unread(f"the variables HTTP_PROXY and HTTPS_PROXY: {environment.reason}")
        return
    for name in environment.values:
        if name.upper() in ("HTTP_PROXY", "HTTPS_PROXY"):
            yield Unread(f"{name}: its value was withheld")
