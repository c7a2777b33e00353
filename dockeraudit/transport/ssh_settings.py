"""What ssh's configuration says of a host, told by ssh itself, for a client that is not ssh.

`ssh -G` costs about 5 ms of CPU, so hosts that the same `Host` lines fit share one: they differ in
HostName, User and Port only. What another client can't do as ssh does is an error for that
host, never passed over; `LEFT_ASIDE` are the keywords without which nothing gets weaker.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec
from msgspec import Struct

from . import Limits, TransportError, process, ssh_config_files
from .failures import CONFIGURATION, of_ssh, one_line

Values = Mapping[str, Sequence[str]]
"""The lines of `ssh -G` by keyword."""

OTHER_CLIENT = "use --ssh-client openssh for this host"
PATIENCE = Limits(timeout=30)

_LEFT_ASIDE = """
    addkeystoagent batchmode canonicaldomains canonicalizefallbacklocal canonicalizehostname
    canonicalizemaxdots canonicalizepermittedcnames challengeresponseauthentication channeltimeout
    clearallforwardings compression connectionattempts controlmaster controlpath controlpersist
    dynamicforward enableescapecommandline enablesshkeysign escapechar exitonforwardfailure
    fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout
    forwardx11trusted gatewayports gssapiauthentication gssapiclientidentity
    gssapidelegatecredentials gssapikexalgorithms gssapikeyexchange gssapirenewalforcesrekey
    gssapiserveridentity gssapitrustdns hashknownhosts hostbasedacceptedalgorithms
    hostbasedauthentication ignoreunknown ipqos kbdinteractiveauthentication kbdinteractivedevices
    localcommand localforward loglevel logverbose nohostauthenticationforlocalhost
    numberofpasswordprompts obscurekeystroketiming passwordauthentication permitlocalcommand
    permitremoteopen pkcs11provider proxyusefdpass rekeylimit remotecommand remoteforward requesttty
    securitykeyprovider serveralivecountmax serveraliveinterval sessiontype stdinnull
    streamlocalbindmask streamlocalbindunlink syslogfacility tag tcpkeepalive tunnel tunneldevice
    updatehostkeys verifyhostkeydns versionaddendum visualhostkey warnweakcrypto xauthlocation
"""
LEFT_ASIDE = frozenset(_LEFT_ASIDE.split())
_FOLLOWED = """
    addressfamily bindaddress casignaturealgorithms certificatefile checkhostip ciphers
    connecttimeout globalknownhostsfile host hostkeyalgorithms hostkeyalias hostname
    identitiesonly identityagent identityfile kexalgorithms macs port preferredauthentications
    proxyjump pubkeyacceptedalgorithms pubkeyauthentication requiredrsasize sendenv setenv
    stricthostkeychecking user userknownhostsfile
"""
FOLLOWED = frozenset(_FOLLOWED.split())

PREFERRED = {
    "kexalgorithms": ("mlkem768x25519-sha256",),
    "ciphers": ("aes128-gcm@openssh.com",),
}
"""What goes first where the user has said nothing: equal or better, and cheap."""


class Algorithms(Struct, frozen=True):
    """Names as in `ssh -Q`, the preferred ones first."""

    kex: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    host_keys: tuple[str, ...]
    user_keys: tuple[str, ...]
    authorities: tuple[str, ...]


class Settings(Struct, frozen=True):
    """How to reach one host."""

    hostname: str
    user: str
    port: int
    family: str
    """any, inet or inet6."""
    bind_address: str | None
    alias: str | None
    known_hosts: tuple[str, ...]
    checking: str
    """StrictHostKeyChecking: true, ask, accept-new or false."""
    rsa_bits: int
    """RSA keys of hosts may not be shorter."""
    check_address: bool
    """The address must not be known by another key than the name."""
    algorithms: Algorithms
    identities: tuple[str, ...]
    certificates: tuple[str, ...]
    identities_only: bool
    agent: str | None
    environment: tuple[tuple[str, str], ...]
    jump: tuple[str, ...]
    connect_timeout: float | None
    """Seconds, where the user gave them on the command line."""


class Supported(Struct, frozen=True):
    """The algorithms that the client has, by ssh's keyword."""

    kexalgorithms: frozenset[str]
    ciphers: frozenset[str]
    macs: frozenset[str]
    hostkeyalgorithms: frozenset[str]
    pubkeyacceptedalgorithms: frozenset[str]


@lru_cache(32)
def configuration(config: str | None, options: tuple[str, ...]) -> Configuration:
    """The configuration of this process's user; it is read once."""
    return Configuration(config, options)


class Configuration:
    """ssh's configuration files with the options of a command line."""

    def __init__(self, config: str | None, options: tuple[str, ...]) -> None:
        self._config = config
        self._options = options
        self._files = ssh_config_files.read(config)
        given = {re.split(r"[\s=]", option.strip(), maxsplit=1)[0].lower() for option in options}
        self._patient = "connecttimeout" in given
        self._plain = (
            self._files.plain
            and given.isdisjoint(ssh_config_files.ADDRESS)
            and not any("%" in option or option.lower().startswith("canon") for option in options)
        )
        self._lock = threading.Lock()
        self._kinds: dict[frozenset[int], Settings] = {}

    def of(
        self,
        host: str,
        user: str | None,
        port: int | None,
        supported: Supported,
        cancel: process.Cancel | None,
    ) -> Settings:
        """The settings for a host, as it was named.

        Raises:
            TransportError: ssh refuses the configuration, or it asks for what only ssh does.
        """
        if not self._plain:
            return self._asked(host, user, port, supported, cancel)
        fitting = self._files.fitting(host)
        kind = fitting & self._files.telling
        with self._lock:
            found = self._kinds.get(kind)
            if found is None:
                found = self._asked(host, user, port, supported, cancel)
                if self._own(host, user, port, found, fitting) != found:
                    self._plain = False
                if self._plain:
                    self._kinds[kind] = found
                return found
        return self._own(host, user, port, found, fitting)

    def _own(
        self, host: str, user: str | None, port: int | None, kind: Settings, fitting: frozenset[int]
    ) -> Settings:
        """The settings of a kind of hosts, for one of them."""
        address = self._files.address(host, fitting)
        return msgspec.structs.replace(
            kind,
            hostname=_written(address.get("hostname", host)),
            user=user or address.get("user") or _account(),
            port=port or int(address.get("port", 22)),
        )

    def _asked(
        self,
        host: str,
        user: str | None,
        port: int | None,
        supported: Supported,
        cancel: process.Cancel | None,
    ) -> Settings:
        more = [*(["-l", user] if user else []), *(["-p", str(port)] if port else [])]
        options = [word for option in self._options for word in ("-o", option)]
        values, read = _ask(self._config, (*options, *more), host, cancel)
        if not read <= self._files.read:
            self._plain = False
        defaults = _defaults()
        found = settled(host, values, defaults, supported)
        return found if self._patient else msgspec.structs.replace(found, connect_timeout=None)


@lru_cache(1)
def _defaults() -> Values:
    return _ask("none", (), "host", None)[0]


def _ask(
    config: str | None, more: Sequence[str], host: str, cancel: process.Cancel | None
) -> tuple[Values, frozenset[str]]:
    """What ssh would do, and the files that it read."""
    command = ["ssh", *(["-F", config] if config is not None else [])]
    command += ["-T", "-x", "-o", "BatchMode=yes", *more, "-v", "-G", "--", host]
    environment = {**os.environ, "LC_ALL": "C"}
    answer = process.run(command, b"", PATIENCE, name=host, environment=environment, cancel=cancel)
    if answer.exit_status != 0:
        said = [line for line in answer.stderr.splitlines() if not line.startswith(b"debug1: ")]
        why = one_line(said[-1]) if said else f"status {answer.exit_status}"
        raise of_ssh(answer, host) or TransportError(
            "protocol", one_line(f"{host}: ssh -G failed: {why}"), CONFIGURATION
        )
    values: dict[str, list[str]] = {}
    for line in answer.stdout.decode("utf-8", "surrogateescape").splitlines():
        keyword, _, value = line.partition(" ")
        values.setdefault(keyword.lower(), []).append(value)
    told = answer.stderr.decode("utf-8", "surrogateescape")
    read = re.findall(r"^debug1: Reading configuration data (.*?)\r?$", told, re.MULTILINE)
    return values, frozenset(path for path in read if os.path.exists(path))


def settled(host: str, values: Values, defaults: Values, supported: Supported) -> Settings:
    """The settings in what `ssh -G` printed; `defaults` is what it prints without any file.

    Raises:
        TransportError: the configuration asks for what only ssh does.
    """
    for keyword, lines in values.items():
        known = keyword in LEFT_ASIDE or keyword in FOLLOWED
        if not known and list(lines) != list(defaults.get(keyword, ())) and lines != ["none"]:
            raise refused(host, f"{keyword} {' '.join(lines)}")

    def one(keyword: str, otherwise: str = "") -> str:
        return values.get(keyword, [otherwise])[0]

    tokens = _tokens(host, one)
    if one("pubkeyauthentication", "true") in ("no", "false") or not any(
        fnmatchcase("publickey", method)
        for method in one("preferredauthentications", "publickey").split(",")
    ):
        raise refused(host, "login without a public key")
    return Settings(
        hostname=one("hostname", host),
        user=one("user"),
        port=int(one("port", "22")),
        family=one("addressfamily", "any"),
        bind_address=one("bindaddress") or None,
        alias=one("hostkeyalias") or None,
        known_hosts=tuple(
            _expanded(host, word, tokens)
            for keyword in ("userknownhostsfile", "globalknownhostsfile")
            for word in one(keyword).split()
            if word not in ("none", "/dev/null")
        ),
        checking={"yes": "true", "no": "false", "off": "false"}.get(
            one("stricthostkeychecking"), one("stricthostkeychecking")
        ),
        rsa_bits=int(one("requiredrsasize", "1024")),
        check_address=one("checkhostip") in ("yes", "true"),
        algorithms=_algorithms(host, values, defaults, supported),
        identities=tuple(_paths(host, values.get("identityfile", ()), tokens)),
        certificates=tuple(_paths(host, values.get("certificatefile", ()), tokens)),
        identities_only=one("identitiesonly") in ("yes", "true"),
        agent=_agent(host, one("identityagent", "SSH_AUTH_SOCK"), tokens),
        environment=tuple(_environment(values)),
        jump=tuple(filter(None, one("proxyjump").removeprefix("none").split(","))),
        connect_timeout=float(one("connecttimeout")) if one("connecttimeout").isdigit() else None,
    )


def refused(host: str, what: str) -> TransportError:
    """The error for a host whose configuration is not for this client."""
    return TransportError(
        "protocol",
        one_line(f"{host}: ssh's configuration asks for what asyncssh does not do here: {what}"),
        OTHER_CLIENT,
    )


def _algorithms(host: str, values: Values, defaults: Values, supported: Supported) -> Algorithms:
    def usable(keyword: str, has: frozenset[str]) -> tuple[str, ...]:
        names = values.get(keyword, [""])[0].split(",")
        if values.get(keyword) == defaults.get(keyword):
            names = [*PREFERRED.get(keyword, ()), *names]
        found = tuple(dict.fromkeys(name for name in names if name in has))
        if not found:
            raise refused(host, f"{keyword} {','.join(names)}")
        return found

    return Algorithms(
        kex=usable("kexalgorithms", supported.kexalgorithms),
        ciphers=usable("ciphers", supported.ciphers),
        macs=usable("macs", supported.macs),
        host_keys=usable("hostkeyalgorithms", supported.hostkeyalgorithms),
        user_keys=usable("pubkeyacceptedalgorithms", supported.pubkeyacceptedalgorithms),
        authorities=tuple(values.get("casignaturealgorithms", [""])[0].split(",")),
    )


def _tokens(host: str, one: Callable[[str, str], str]) -> dict[str, str]:
    node = os.uname().nodename
    return {
        "%": "%",
        "d": ssh_config_files.home(),
        "h": one("hostname", host),
        "i": str(os.getuid()),
        "k": one("hostkeyalias", "") or host,
        "L": node.partition(".")[0],
        "l": node,
        "n": host,
        "p": one("port", "22"),
        "r": one("user", ""),
        "u": _account(),
    }


def _expanded(host: str, value: str, tokens: Mapping[str, str]) -> str:
    """A file's name without ~, tokens and variables."""

    def token(match: re.Match[str]) -> str:
        if match[1] not in tokens:
            raise refused(host, value)
        return tokens[match[1]]

    def variable(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise refused(host, value)
        return os.environ[match[1]]

    if value.startswith("~/"):
        value = os.path.join(ssh_config_files.home(), value[2:])
    return re.sub(r"\$\{([^}]*)\}", variable, re.sub(r"%(.?)", token, value))


def _paths(host: str, values: Sequence[str], tokens: Mapping[str, str]) -> Iterator[str]:
    for value in values:
        if value != "none":
            yield _expanded(host, value, tokens)


def _agent(host: str, value: str, tokens: Mapping[str, str]) -> str | None:
    """The socket of the agent."""
    if value == "none":
        return None
    if value == "SSH_AUTH_SOCK":
        return os.environ.get("SSH_AUTH_SOCK") or None
    if re.fullmatch(r"\$\w+", value):
        return os.environ.get(value[1:]) or None
    return _expanded(host, value, tokens)


def _environment(values: Values) -> Iterator[tuple[str, str]]:
    """What SendEnv and SetEnv name; as for ssh, our own texts are in the C locale."""
    here = {**os.environ, "LC_ALL": "C"}
    patterns = [word for line in values.get("sendenv", ()) for word in line.split()]
    for name, value in here.items():
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            yield name, value
    for line in values.get("setenv", ()):
        name, _, value = line.partition("=")
        yield name, value


def _written(hostname: str) -> str:
    """A name as ssh looks it up: in small letters, and an address in its usual form."""
    import socket

    try:
        found = socket.getaddrinfo(
            hostname, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
        return socket.getnameinfo(found[0][4], socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
    except (OSError, UnicodeError):
        return hostname if ":" in hostname else hostname.lower()


@lru_cache(1)
def _account() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""
