"""Why a result is no verdict, and what a pass says, in the language of people.

The report holds these sentences in English, as machines get them. Those of the forms here are said
in the language that is spoken; a sentence with a part of another form stays whole as it is.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache

from dockeraudit.language import current, gettext, marked

_FORMS = (
    marked("not found: {title}"),
    marked("permission denied (needs root)"),
    marked("no answer in time"),
    marked("no such file is there"),
    marked("getfacl not installed"),
    marked("neither curl nor the docker command is installed"),
    marked("no Docker engine runs or is installed on this host"),
    marked("no docker command is installed"),
    marked("no certificate of an engine or of a client of it was found"),
    marked("no private key of a CA was found"),
    marked("no client's key was found on this host"),
    marked("no engine has a TLS listener"),
    marked("no engine has a TLS key"),
    marked("no engine names a CA for its clients"),
    marked("no engine demands client certificates of a CA of its own"),
    marked("no engine listens on a swarm port"),
    marked("no engine is an active node of a swarm"),
    marked("no account has a docker context"),
    marked("no account has a configuration of the docker command"),
    marked("no account has a folder of its own for plug-ins of the docker command"),
    marked("no configuration of BuildKit and no builder of an account was found"),
    marked("no login file, crontab or process sets {names} for a client"),
    marked("no port was asked: --probe asks every one that is open"),
    marked("no weak ciphers were offered: --probe does"),
    marked("no container is a registry"),
    marked("no socket unit passes sockets to this daemon"),
    marked("no systemd unit starts the engine"),
    marked("audit rules belong to the machine around this container"),
    marked("autolock is off: there is no key to change"),
    marked("the API is not served over TCP"),
    marked("the API is on no address that containers reach"),
    marked("the API is on no address that is reached over {family} from outside"),
    marked("the host has no global {family} address"),
    marked("the host has control groups of version {version}"),
    marked("the storage driver is {name}"),
    marked("the storage driver: left to the engine, whose API is silent"),
    marked("the log driver is {name}"),
    marked("the lowest API version of engine {version} is fixed"),
    marked("the daemon does not run and would not start"),
    marked("the API of {engine} did not answer: whether it is in a swarm is not known"),
    marked("the CA that signed {path} is not on this host"),
    marked("no CA is known here that {path} could be verified against"),
    marked("which private keys lie here: not to be seen without root"),
    marked("whether {engine} is in a swarm: {reason}"),
    marked("client files of {account}: {reason}"),
    marked("the environment of {engine}: {reason}"),
    marked("networks of {engine}: {reason}"),
    marked("iptables: {reason}"),
    marked("the variables {names}: {reason}"),
    marked("the FORWARD chain of {family}: {reason}"),
    marked("limits that the kernel enforces: {reason}"),
    marked("which program process {process} runs: {reason}"),
    marked("which processes listen on {addresses} is not to be seen"),
    marked("AppArmor and SELinux: the engine's API says it, and did not answer"),
    marked("whether the kernel has seccomp: the engine's API says it, and did not answer"),
    marked("default-cgroupns-mode: unset, and which cgroups the host has is not known"),
    marked("the swarm chooses the control group of container {name}"),
    marked("container {name} is a task of a swarm, which starts it again"),
    marked("image {name} tells of no build steps"),
    marked("engine {version} has no {name}"),
    marked("systemd does not start {engine}"),
    marked("{engine} has no containers"),
    marked("{engine} has no images"),
    marked("{engine} has no TCP listener that demands client certificates"),
    marked("{engine} has no user namespaces switched on"),
    marked("{engine} has TLS off"),
    marked("{engine} is in no swarm"),
    marked("{engine} is in a swarm, which excludes live-restore"),
    marked("{engine} is told of no containerd: it runs its own"),
    marked("{engine} listens on no TCP address"),
    marked("{engine} uses no proxy"),
    marked("{engine} does not use {name}"),
    marked("{engine} does not run: what it keeps can't be listed"),
    marked("{engine} does not run and would not start"),
    marked("{engine} would not start, so it listens on no TCP address"),
    marked("{engine} sets no packet filter rules: see daemon-iptables"),
    marked("{engine} was started by hand: it has no next start"),
    marked("{engine} does not run"),
    marked("{path}: {reason}"),
)
_GAP = re.compile(r"\\{(\w+)\\}")
_LONGEST = 1000
_SHAPES = {"path": "(?:ACL of |GET )?/[^:;]*", "name": r"[^\s;]+", "engine": r"[^;:]*?"}


def reason(text: str) -> str:
    """The sentence for people."""
    if current() == "en" or len(text) > _LONGEST:
        return text
    return _said(current(), text)


@lru_cache(4096)
def _said(language: str, text: str) -> str:
    parts = [_part(part) for part in text.split("; ")]
    return "; ".join(part for part in parts if part) if all(parts) else text


def _part(text: str) -> str:
    """A part of a sentence; empty where it is of no known form."""
    for form, pattern in _patterns():
        match = pattern.fullmatch(text)
        if match is None:
            continue
        values = match.groupdict()
        for name, say in _SAID.items():
            if name in values:
                values[name] = say(values[name])
                if not values[name]:
                    return ""
        return gettext(form).format(**values)
    return ""


_SAID: dict[str, Callable[[str], str]] = {"title": gettext, "reason": _part}


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(form, re.compile(_GAP.sub(_gap, re.escape(form)), re.DOTALL)) for form in _FORMS]


def _gap(match: re.Match[str]) -> str:
    return f"(?P<{match[1]}>{_SHAPES.get(match[1], '.+?')})"
