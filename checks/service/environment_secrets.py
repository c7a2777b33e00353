"""Credentials in a unit, which every account of the host can read."""

import re
from collections.abc import Iterator

from dockeraudit.check import (
    Finding,
    Manual,
    NotApplicable,
    Outcomes,
    Reference,
    Severity,
    check,
    no_engine,
)
from dockeraudit.facts import Evidence, Unit, Unread
from dockeraudit.host import Host, startup, unitfile
from dockeraudit.host.unitfile import Line
from dockeraudit.settings import Settings

from . import _shared

_MASKED_URL = re.compile(r":(?:\\?/){2}\*\*\*@")
_SECRET = re.compile(r"token|passw|passphrase|secret|credential|(api|access|private)_?key", re.I)
_PROXY = re.compile(r"(http|https|all|ftp)_proxy", re.I)


@check(
    id="service-environment-secrets",
    title="Credentials in the engine's unit, where every account can read them",
    severity=Severity.MEDIUM,
    over=Host,
    rationale="Every account may call systemctl show docker.service and read all of Environment= "
    "and the command line.",
    remediation="Move the line to a file that only root can read and name that: "
    "EnvironmentFile=/etc/docker/proxy.env (chmod 0600, on Debian- and RHEL-like hosts alike); or "
    "use `proxies` in a daemon.json of mode 0600 (23.0 and newer). Then change the password.",
    quiet="No Environment= with a credential. Values are masked on the host: where only a proxy "
    "variable's name is known, a person has to look. EnvironmentFile= is not shown to others.",
    references=(Reference("nist-800-53", "IA-5(7)"),),
    profiles=_shared.PROFILES,
)
def environment_secrets(host: Host, settings: Settings) -> Outcomes:
    if not host.engines:
        yield no_engine(host)
    units = [engine.unit for engine in host.engines if engine.unit is not None]
    if host.engines and not units:
        yield NotApplicable("no systemd unit starts the engine")
    for unit in units:
        lines = startup.unit_lines(host.facts, unit)
        if isinstance(lines, Unread):
            yield lines
            continue
        for line in unitfile.values(lines, "Service", "Environment"):
            yield from _variables(unit, line)
        for line in unitfile.values(lines, "Service", "ExecStart"):
            if _MASKED_URL.search(line.value):
                what = f"{line.origin} has a URL with a password on dockerd's command line"
                said = (Evidence(line.origin, "ExecStart= with ://***@"),)
                yield Finding(f"ExecStart of {_shared.label(unit)}", what, said)


def _variables(unit: Unit, line: Line) -> Iterator[Finding | Manual]:
    for name, given in unitfile.assignments(line).items():
        where = f"{name} of {_shared.label(unit)}"
        said = (Evidence(line.origin, f"Environment={name}=***"),)
        if _MASKED_URL.search(given.value):
            what = f"{line.origin} sets {name} to a URL with a password"
            yield Finding(where, what, said)
        elif given.value and _SECRET.search(name):
            yield Finding(where, f"{line.origin} sets {name}, by its name a secret", said)
        elif given.value == "***" and _PROXY.fullmatch(name):
            what = f"{line.origin} sets {name}; whether there is a password in it was masked"
            yield Manual(where, what, said)
