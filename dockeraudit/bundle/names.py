"""Finds what is a host's or a person's name in facts and reports, by where it stands.

A dotted word alone is no host's name (`docker.service`, `io.containerd.grpc.v1`): names are taken
from places that hold nothing else, and are then found wherever they stand.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from dockeraudit.facts import HostFacts
from dockeraudit.report import Report
from dockeraudit.targets import TargetError, parse

NO_HOSTS = frozenset(
    (
        "localhost",
        "localhost.localdomain",
        "localhost4",
        "localhost4.localdomain4",
        "localhost6",
        "localhost6.localdomain6",
        "localdomain",
        "broadcasthost",
        "local",
        "ip6-localhost",
        "ip6-loopback",
        "ip6-localnet",
        "ip6-mcastprefix",
        "ip6-allnodes",
        "ip6-allrouters",
        "ip6-allhosts",
        "host.docker.internal",
        "gateway.docker.internal",
        "kubernetes.docker.internal",
        "host-gateway",
        "swarm-ca",
        "swarm-manager",
        "swarm-worker",
        "none",
    )
)
"""Names that are the same on every host."""

MAKERS = (
    "docker.com",
    "docker.io",
    "containerd.io",
    "mobyproject.org",
    "github.com",
    "golang.org",
    "kernel.org",
    "freedesktop.org",
    "systemd.io",
    "debian.org",
    "ubuntu.com",
    "redhat.com",
    "fedoraproject.org",
    "rockylinux.org",
    "almalinux.org",
    "alpinelinux.org",
    "suse.com",
    "opensuse.org",
    "apache.org",
)
"""Domains of those who made the software; units and registries name them."""

NO_PEOPLE = frozenset(("root", "nobody", "nfsnobody"))
FIRST_PERSON = 1000
"""Accounts below it belong to the system."""

_NOT_NETWORK = ("unix", "fd", "npipe", "file", "unixgram", "chroot")
_URL = re.compile(
    r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]*)://(?:([^\s/@\"']*)@)?([A-Za-z0-9._-]+)"
)
_CERTS_D = re.compile(r"/certs\.d/([A-Za-z0-9.-]+)")
_WITH_PORT = re.compile(r"(?<![\w./:@-])((?:[A-Za-z0-9-]+\.)+([A-Za-z][A-Za-z0-9-]*)):[0-9]{1,5}\b")
_OPTION = re.compile(
    r"--(?:insecure-registry|registry-mirror|dns-search|add-host|cluster-advertise)[= ]+"
    r"[\"']?(?:https?://)?([A-Za-z0-9.-]+)"
)
_NO_PROXY = re.compile(r"(?i)\bno_proxy=[\"']?([^\s\"']+)")
_COMMON_NAME = re.compile(r"\bCN\s?=\s?([A-Za-z0-9._-]+)(?=$|[,/+\n\"'])")
_ALTERNATIVE = re.compile(r"\bDNS:(?:\*\.)?([A-Za-z0-9._-]+)")
_HOME = re.compile(r"(?<![\w.])/home/([\w.+-]+)")
_IMAGE = re.compile(r"([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:))(?::[0-9]+)?/")
_FILE_ENDINGS = (
    *("json", "toml", "yaml", "yml", "conf", "cfg", "ini", "env", "xml", "txt", "log", "md", "d"),
    *("service", "socket", "timer", "rules", "sh", "py"),
)
_DAEMON_KEYS = (
    "insecure-registries",
    "registry-mirrors",
    "allow-nondistributable-artifacts",
    "dns-search",
)
_SYSTEM_FOLDERS = ("/var/", "/usr/", "/opt/", "/run/", "/bin/", "/sbin/", "/dev/", "/proc/")


class Names:
    """Hosts' and people's names, as far as they were seen."""

    def __init__(self, verbatim: frozenset[str] = frozenset()) -> None:
        self._verbatim = verbatim
        """Texts of the checks' heads, whose `ssh://USER@HOST` is nobody's."""
        self.hosts: set[str] = set()
        """Lower case."""
        self.people: set[str] = set()

    def host(self, name: str, *, own: bool = False) -> None:
        """Take a host's name, or what stands in its place; of its own the first label too."""
        name = name.strip().strip(".").lower()
        if not name or name in NO_HOSTS or not re.search(r"[^\W\d_]", name):
            return
        if name.endswith(MAKERS) and any(name == m or name.endswith(f".{m}") for m in MAKERS):
            return
        self.hosts.add(name)
        if own and "." in name:
            self.host(name.partition(".")[0])

    def person(self, name: str) -> None:
        """Take an account's name."""
        if name and name not in NO_PEOPLE and not name.isdecimal():
            self.people.add(name)

    def target(self, spec: str) -> None:
        """Take what the user named: `alice@web1:2222`, `docker://web`."""
        try:
            found = parse(spec)
        except TargetError:
            self.text(spec)
            return
        if found.kind == "ssh":
            self.host(found.host, own=True)
            self.person(found.user or "")
        self.text(spec)

    def facts(self, facts: HostFacts) -> None:
        """All that a host's facts name."""
        self.target(facts.target)
        self.host(facts.machine.hostname, own=True)
        for name in facts.names:
            self.host(name, own=True)
        self._accounts(facts)
        for api in facts.apis:
            info = getattr(api.info, "value", {})
            if isinstance(info.get("Name"), str):
                self.host(info["Name"], own=True)
            self._registries(info.get("RegistryConfig"))
        for path, content in facts.texts.items():
            if path.endswith(".json") and isinstance(content, bytes):
                self._daemon(content)
        for process in facts.processes if isinstance(facts.processes, tuple) else ():
            if isinstance(process.argv, tuple):
                self.text(" ".join(process.argv))
        self._certificates(facts)

    def report(self, report: Report) -> None:
        """What a report names in its own fields."""
        for host in report.hosts:
            self.target(host.target)
            self.host(host.hostname, own=True)
        for waiver in report.waivers:
            self.person(waiver.owner)
        for fixed in report.baseline.fixed if report.baseline else ():
            self.target(fixed.target)

    def walk(self, value: object, key: str = "") -> None:
        """What the texts in plain data name."""
        if isinstance(value, str):
            if value in self._verbatim:
                return
            self.text(value)
            if key in ("Image", "RepoTags", "RepoDigests") and (match := _IMAGE.match(value)):
                self.host(match[1])
            elif key == "owner":
                self.person(value)
        elif isinstance(value, bytes):
            self.text(value.decode("utf-8", "surrogateescape"))
        elif isinstance(value, dict):
            for name, item in value.items():
                self.text(name)
                self.walk(item, name)
        elif isinstance(value, list | tuple):
            for item in value:
                self.walk(item, key)

    def text(self, text: str) -> None:
        """What stands in places of a text that hold nothing but names."""
        if "://" in text:
            for scheme, user, name in _URL.findall(text):
                if scheme.lower() not in _NOT_NETWORK:
                    self.host(name)
                    self.person(user.partition(":")[0] if scheme == "ssh" else "")
        if ":" in text:
            for name, last in _WITH_PORT.findall(text):
                if last.lower() not in _FILE_ENDINGS:
                    self.host(name)
        for pattern in (_CERTS_D, _OPTION, _COMMON_NAME, _ALTERNATIVE):
            for name in pattern.findall(text):
                self.host(name)
        for names in _NO_PROXY.findall(text):
            for name in names.split(","):
                self.host(name.removeprefix("*.").partition(":")[0])
        for name in _HOME.findall(text):
            self.person(name)

    def _accounts(self, facts: HostFacts) -> None:
        system = {each.name for each in facts.accounts if each.uid < FIRST_PERSON}
        for account in facts.accounts:
            if account.uid >= FIRST_PERSON:
                self.person(account.name)
                folder, _, last = account.home.rstrip("/").rpartition("/")
                if folder and not account.home.startswith(_SYSTEM_FOLDERS):
                    self.person(last)
        others = [name for group in facts.groups for name in group.members]
        others += [*facts.boot.linger, facts.privilege.user, *(unit.user for unit in facts.units)]
        for name in others:
            if name not in system:
                self.person(name)

    def _registries(self, given: Any) -> None:
        if isinstance(given, dict):
            for name in given.get("IndexConfigs") or ():
                self.host(name.partition(":")[0])

    def _daemon(self, content: bytes) -> None:
        try:
            given = json.loads(content)
        except (ValueError, RecursionError):
            return
        for key in _DAEMON_KEYS if isinstance(given, dict) else ():
            for name in _texts(given.get(key)):
                self.host(name.partition("://")[2] or name.partition(":")[0])

    def _certificates(self, facts: HostFacts) -> None:
        from dockeraudit.host.certificates import Certificate, certificates_in

        for text in certificate_texts(facts):
            for certificate in certificates_in(text):
                if isinstance(certificate, Certificate):
                    self.text(certificate.subject)
                    for name in certificate.names:
                        self.host(name.removeprefix("*."))


def certificate_texts(facts: HostFacts) -> Iterator[str]:
    """The certificates of a host's facts, as PEM."""
    for pem in facts.pems.values():
        if text := getattr(pem, "certificates", ""):
            yield text
    for wire in facts.wires:
        if wire.certificates:
            yield wire.certificates


def _texts(value: object) -> Iterable[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
