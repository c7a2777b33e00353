"""Replaces addresses, hosts' and people's names by pseudonyms, the same in facts and in reports.

A pseudonym is an HMAC under a key that is not in the bundle: nobody gets back to the original by
trying all addresses or a list of names, and the same key gives the same pseudonyms next month.
"""

import hmac
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args

import msgspec

from dockeraudit.bundle import vocabulary
from dockeraudit.bundle.addresses import PATTERN, Addresses
from dockeraudit.bundle.names import NO_HOSTS, NO_PEOPLE, Names
from dockeraudit.facts import HostFacts, Pem, Unread
from dockeraudit.judge import fingerprint
from dockeraudit.report import FixedFinding, HostReport, Report, ReportedFinding

T = TypeVar("T")

Kind = Literal["addresses", "hostnames", "users"]
KINDS: tuple[Kind, ...] = get_args(Kind)

WITHHELD = "withheld by redaction: a certificate names hosts, addresses or people"
"""Why certificates of redacted facts are unread: a changed one would be a forged one."""
WITHHELD_LABEL = "withheld"

_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----[^-]*-----END [A-Z0-9 ]{1,40}-----")
_CERTIFICATE = re.compile(
    r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*(?:-----END (?:TRUSTED )?CERTIFICATE-----)?"
)
_RUN = re.compile(r"[^\W_]+(?:[._-]+[^\W_]+)*")
_BETWEEN = re.compile(r"([._-]+)")
_HOME = re.compile(r"(?<![\w.])/home/([\w.+-]+)")
_URL_HOST = re.compile(
    r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]*://(?:[^\s/@\"']*@)?)([A-Za-z0-9._-]+)"
)
_CUT = " […]"
"""Ends evidence that was cut (`judge`), maybe in the middle of a name."""
_BEFORE_ACCOUNTS = (
    r"((?:\b(?:rootless|manager of|runs as|seen as|may do what|only when)"
    r"|\.(?:service|socket) of|(?<!\S)-M) )"
)
"""What stands before an account's name in sentences of the judge, the checks and engines' names."""
_ACCOUNT_LINES = ("/etc/subuid", "/etc/subgid")
_LABELS = 12
"""So many labels of a host's name are looked at, from the right."""

_API_NAME = re.compile(r"(?:[A-Z][a-z0-9]*){1,6}")

_AS_THEY_ARE = frozenset(
    (
        *("packages", "programs", "engine_version", "tools", "parameters", "os", "kernel"),
        *("architecture", "version", "tool", "facts_version", "schema_version"),
        *("check", "severity", "status", "framework", "references", "fingerprint", "profile"),
        *("fail_on", "state", "kind", "mode", "reach", "witness", "role", "plain", "tls"),
        *("protocol", "is"),
    )
)
"""Fields that name software, rules or one word of a list: nobody's name or address."""


class Redactor:
    """What one key makes of all texts of a bundle."""

    def __init__(
        self,
        key: bytes,
        kinds: Iterable[Kind],
        names: Names,
        *,
        keep_certificates: bool = False,
        verbatim: frozenset[str] = frozenset(),
    ) -> None:
        self.kinds = frozenset(kinds)
        self.keep_certificates = keep_certificates
        self._key = key
        self._verbatim = verbatim
        """Texts of the checks' heads: they are the same everywhere."""
        self._addresses = Addresses(hmac.digest(key, b"addresses", "sha256"))
        hosts = names.hosts if "hostnames" in self.kinds else frozenset()
        people = names.people if "users" in self.kinds else frozenset()
        ordinary = vocabulary.words()
        self.ordinary = {name for name in {*hosts, *people} if name.lower() in ordinary}
        """Names that are words of the reports as well: replaced only where no other word stands."""
        self._people = people
        told = sorted((re.escape(name) for name in self.ordinary & people), key=len, reverse=True)
        self._told = re.compile(rf"{_BEFORE_ACCOUNTS}({'|'.join(told)})(?![\w-])") if told else None
        self._hosts = hosts
        self._known = {name: self.person(name) for name in people if name not in self.ordinary}
        self._known |= {name: self.host(name) for name in hosts if name not in self.ordinary}
        odd = sorted(name for name in self._known if not _RUN.fullmatch(name))
        self._odd = [
            (re.compile(rf"(?<!\w){re.escape(name)}(?!\w)"), self._known[name])
            for name in sorted(odd, key=len, reverse=True)
        ]
        self._domains = {
            name.partition(".")[2] for name in hosts if name.count(".") >= 2
        } - NO_HOSTS
        split = [_BETWEEN.split(name) for name in self._known]
        self._firsts = {parts[0] for parts in split}
        self._lasts = {_BETWEEN.split(domain)[-1] for domain in self._domains}
        self._width = max([2 * _LABELS - 1, *map(len, split)])
        self._replaced = lru_cache(maxsize=1 << 16)(self._of_text)

    def host(self, name: str) -> str:
        """What stands for a host's name, label by label."""
        if name.lower().rstrip(".") in NO_HOSTS:
            return name
        return ".".join(self._label(label.lower(), "host") for label in name.split("."))

    def person(self, name: str) -> str:
        """What stands for an account's name."""
        return name if name in NO_PEOPLE or not name else self._label(name, "user")

    def _label(self, text: str, kind: str) -> str:
        if not text:
            return ""
        message = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
        return f"{kind}-{hmac.digest(self._key, message, 'sha256').hex()[:10]}"

    def text(self, text: str) -> str:
        """A text with the pseudonyms in it."""
        return text if text in self._verbatim else self._replaced(text)

    def _of_text(self, text: str) -> str:
        if text.removeprefix("not found: ") in self._verbatim:
            return text
        if not self.keep_certificates:
            text = _CERTIFICATE.sub(f"[{WITHHELD}]", text)
        if text.endswith(_CUT):
            whole = text.removesuffix(_CUT)
            text = whole[: max(whole.rfind(" "), whole.rfind("\n")) + 1] + _CUT
        done: list[str] = []
        last = 0
        for match in _PEM.finditer(text):
            done += (self._plain(text[last : match.start()]), match[0])
            last = match.end()
        return "".join((*done, self._plain(text[last:])))

    def _plain(self, text: str) -> str:
        done: list[str] = []
        last = 0
        for match in PATTERN.finditer(text):
            done.append(self._named(text[last : match.start()]))
            addresses = "addresses" in self.kinds
            done.append(self._addresses.replacement(match) if addresses else match[0])
            last = match.end()
        return "".join((*done, self._named(text[last:])))

    def _named(self, text: str) -> str:
        if not text or not (self._known or self.ordinary):
            return text
        if "://" in text and self.ordinary:
            text = _URL_HOST.sub(self._url, text)
        if "/home/" in text and "users" in self.kinds:
            text = _HOME.sub(lambda match: f"/home/{self._folder(match[1])}", text)
        if self._told is not None:
            text = self._told.sub(lambda match: match[1] + self.person(match[2]), text)
        for pattern, pseudonym in self._odd:
            text = pattern.sub(pseudonym, text)
        return _RUN.sub(self._run, text)

    def _url(self, match: re.Match[str]) -> str:
        host = match[2].lower()
        return match[1] + (self.host(host) if host in self.ordinary & self._hosts else match[2])

    def _folder(self, name: str) -> str:
        return self.person(name) if name in self._people else name

    def _run(self, match: re.Match[str]) -> str:
        """Words with dots and dashes between them: the longest names first, from the left."""
        run = match[0]
        parts = _BETWEEN.split(run)
        lower = [part.lower() for part in parts]
        if not any(
            part in self._firsts or low in self._firsts or low in self._lasts
            for part, low in zip(parts, lower, strict=True)
        ):
            return run
        done: list[str] = []
        at = 0
        while at < len(parts):
            begins = parts[at] in self._firsts or lower[at] in self._firsts
            for end in range(min(len(parts), at + self._width), at, -2):
                if not begins and lower[end - 1] not in self._lasts:
                    continue
                found = self._name("".join(parts[at:end]))
                if found is not None:
                    done.append(found)
                    break
            else:
                end = at + 1
                done.append(parts[at])
            done += parts[end : end + 1]
            at = end + 1
        return "".join(done)

    def _name(self, text: str) -> str | None:
        known = self._known.get(text) or self._known.get(text.lower())
        if known is not None:
            return known
        tail = text.lower()
        while "." in tail:
            if tail in self._domains:
                return self.host(text.lower())
            tail = tail.partition(".")[2]
        return None

    def target(self, spec: str) -> str:
        """A target as the user named it; hosts and accounts stand in it by themselves."""
        scheme, separator, rest = spec.rpartition("://")
        user, at, place = rest.rpartition("@")
        name, colon, port = place.partition(":")
        if name.lower() in self._hosts and name != "local":
            place = f"{self.host(name)}{colon}{port}"
        if at and user in self._people:
            user = self.person(user)
        return self.text(f"{scheme}{separator}{user}{at}{place}")

    def own_host(self, name: str) -> str:
        """What stands for a text that is a host's name and nothing else."""
        return self.host(name) if name.lower() in self._hosts else self.text(name)

    def own_person(self, name: str) -> str:
        """What stands for a text that is an account's name and nothing else."""
        return self.person(name) if name in self._people else self.text(name)

    def facts(self, facts: HostFacts) -> HostFacts:
        """A host's facts with pseudonyms; certificates are withheld unless they are to be kept."""
        if not self.keep_certificates:
            facts = _without_certificates(facts)
        plain = msgspec.to_builtins(facts, builtin_types=(bytes,))
        done = self._walked(plain)
        done["target"] = self.target(facts.target)
        machine = done["machine"]
        machine["hostname"] = self.own_host(facts.machine.hostname)
        if machine["machine_id"] and "hostnames" in self.kinds:
            told = b"machine\0" + facts.machine.machine_id.encode("utf-8", "surrogatepass")
            machine["machine_id"] = hmac.digest(self._key, told, "sha256").hex()[:32]
        done["privilege"]["user"] = self.own_person(facts.privilege.user)
        done["names"] = {self.own_host(name): self._walked(at) for name, at in facts.names.items()}
        for path in _ACCOUNT_LINES:
            if isinstance(content := facts.texts.get(path), bytes):
                done["texts"][path] = self._accounts(content)
        done["boot"]["linger"] = [self.own_person(name) for name in facts.boot.linger]
        for account in done["accounts"]:
            account["name"] = self.own_person(account["name"])
        for before, group in zip(facts.groups, done["groups"], strict=True):
            group["members"] = [self.own_person(name) for name in before.members]
        for before_unit, unit in zip(facts.units, done["units"], strict=True):
            unit["user"] = self.own_person(before_unit.user)
        for before_api, api in zip(facts.apis, done["apis"], strict=True):
            given = getattr(before_api.info, "value", {}).get("Name")
            if isinstance(given, str):
                api["info"]["value"]["Name"] = self.own_host(given)
        for account_before, account in zip(facts.accounts, done["accounts"], strict=True):
            if account_before.name in self.ordinary:
                account["home"] = self.text(account_before.home)
        return msgspec.convert(done, HostFacts)

    def _accounts(self, content: bytes) -> bytes:
        """Lines `NAME:…`."""
        text = content.decode("utf-8", "surrogateescape")
        lines = (line.partition(":") for line in text.split("\n"))
        made = "\n".join(
            f"{self.own_person(name)}{colon}{self.text(rest)}" for name, colon, rest in lines
        )
        return made.encode("utf-8", "surrogateescape")

    def report(self, report: Report) -> Report:
        """A report with pseudonyms; fingerprints are made anew of them."""
        head = self._walked(msgspec.to_builtins(msgspec.structs.replace(report, hosts=())))
        for waiver, given in zip(head["waivers"], report.waivers, strict=True):
            waiver["owner"] = self.own_person(given.owner)
            waiver["target"] = self.target(given.target)
        done: Report = msgspec.convert(head, Report)
        if report.baseline is not None and done.baseline is not None:
            fixed = tuple(map(self._fixed, report.baseline.fixed, done.baseline.fixed))
            baseline = msgspec.structs.replace(done.baseline, fixed=fixed)
            done = msgspec.structs.replace(done, baseline=baseline)
        hosts = tuple(self._host(host) for host in report.hosts)
        return msgspec.structs.replace(done, hosts=hosts)

    def _host(self, host: HostReport) -> HostReport:
        done = self._walked(msgspec.to_builtins(host))
        done["target"] = self.target(host.target)
        done["hostname"] = self.own_host(host.hostname)
        done["same_as"] = self.target(host.same_as) if host.same_as else ""
        # What an inventory says may name anybody, in words that no fact knows.
        done["labels"] = dict.fromkeys(host.labels, WITHHELD_LABEL)
        made: HostReport = msgspec.convert(done, HostReport)
        results = tuple(
            msgspec.structs.replace(
                after,
                findings=tuple(
                    msgspec.structs.replace(
                        finding, fingerprint=self._fingerprint(host, before.check, given, finding)
                    )
                    for given, finding in zip(before.findings, after.findings, strict=True)
                ),
            )
            for before, after in zip(host.results, made.results, strict=True)
        )
        return msgspec.structs.replace(made, results=results)

    def _fingerprint(
        self, host: HostReport, check: str, before: ReportedFinding, after: ReportedFinding
    ) -> str:
        for target, named in (
            (host.target, self.target(host.target)),
            (host.hostname, self.own_host(host.hostname)),
        ):
            if fingerprint(target, check, before.engine, before.resource) == before.fingerprint:
                return fingerprint(named, check, after.engine, after.resource)
        return self._keyed(before.fingerprint)

    def _fixed(self, before: FixedFinding, after: FixedFinding) -> FixedFinding:
        target = self.target(before.target)
        made = fingerprint(before.target, before.check, before.engine, before.resource)
        if made == before.fingerprint:
            new = fingerprint(target, after.check, after.engine, after.resource)
        else:
            new = self._keyed(before.fingerprint)
        return msgspec.structs.replace(after, target=target, fingerprint=new)

    def _keyed(self, text: str) -> str:
        return hmac.digest(self._key, f"fingerprint\0{text}".encode(), "sha256").hex()[:32]

    def _walked(self, value: Any, key: str = "") -> Any:
        """Plain data with pseudonyms in all its texts, keys that are texts of a host included."""
        if isinstance(value, str):
            if key == "owner":
                return self.own_person(value)
            return self.text(value)
        if isinstance(value, bytes):
            text = self.text(value.decode("utf-8", "surrogateescape"))
            return text.encode("utf-8", "surrogateescape")
        if isinstance(value, dict):
            return {
                name if _API_NAME.fullmatch(name) else self.text(name): (
                    item if _stays(name, item) else self._walked(item, name)
                )
                for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._walked(item, key) for item in value]
        return value


def _stays(name: str, item: Any) -> bool:
    """Whether a field is left as it is; the reason why it could not be read never is."""
    return name in _AS_THEY_ARE and not (isinstance(item, dict) and item.get("is") == "unread")


def _without_certificates(facts: HostFacts) -> HostFacts:
    pems: dict[str, Pem | Unread] = {
        path: Unread(WITHHELD) if isinstance(pem, Pem) and pem.certificates else pem
        for path, pem in facts.pems.items()
    }
    wires = tuple(msgspec.structs.replace(wire, certificates="") for wire in facts.wires)
    return msgspec.structs.replace(facts, pems=pems, wires=wires)
