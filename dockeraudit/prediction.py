"""Configuration files judged before they are deployed: a host that has these files and no more.

Nothing of it runs, so only checks that the files alone decide can be asked; the rest would have to
say that it can't tell. What a start needs besides the files is assumed, and each assumption is
said: a packaged unit where none is given, sound TLS files where they are only named.
"""

import os
import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from dockeraudit.effective.model import Outcome
from dockeraudit.facts import (
    FACTS_VERSION,
    Boot,
    HostFacts,
    Interface,
    Key,
    Machine,
    Pem,
    Privilege,
    Unit,
    Unread,
)
from dockeraudit.host import Host
from dockeraudit.host.unitfile import lines_of, values

TARGET = "files"
"""What reports, waivers and baselines call the host that there is not yet."""

REASON = "judged from files only"

CHECKS = (
    "listener-bridge-reachable",
    "listener-metrics",
    "listener-network-diagnostic",
    "listener-public-address",
    "listener-socket-unit-tcp",
    "listener-tcp-plain",
    "listener-tls-without-client-auth",
    "listener-unix-extra",
    "listener-unix-socket",
    "listener-wildcard",
    "service-environment-secrets",
    "service-next-start",
    "service-restart-policy",
    "tls-ca-configured",
    "tls-hosts-lost",
    "tls-verify-enabled",
)
"""What the files alone decide."""

WITH_ENGINE = ("listener-api-cors",)
"""What the engine's version decides with them."""

WITH_TLS_FILES = ("certificate-*", "tls-ca-private")
"""What the TLS files decide, where all of them are given."""

DAEMON_JSON = "/etc/docker/daemon.json"
SERVICE = "/etc/systemd/system/docker.service"
SOCKET = "/etc/systemd/system/docker.socket"

_PACKAGED = {
    "docker.service": (
        "/lib/systemd/system/docker.service",
        b"[Unit]\nRequires=docker.socket\n[Service]\nType=notify\n"
        b"ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock\n"
        b"Restart=always\n[Install]\nWantedBy=multi-user.target\n",
    ),
    "docker.socket": (
        "/lib/systemd/system/docker.socket",
        b"[Socket]\nListenStream=/run/docker.sock\nSocketMode=0660\nSocketUser=root\n"
        b"SocketGroup=docker\n[Install]\nWantedBy=sockets.target\n",
    ),
}
"""As docker-ce packages them."""

_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|\[([0-9a-fA-F:]{3,})\]")


class PredictionError(ValueError):
    """Files that can't be judged; one line."""


class Files(Struct, frozen=True, kw_only=True):
    """The files, as they were read here."""

    daemon_json: bytes | None = None
    units: tuple[tuple[str, bytes], ...] = ()
    """The service (`*.service`) and its drop-ins (`*.conf`), by name."""
    socket_units: tuple[tuple[str, bytes], ...] = ()
    """The socket unit (`*.socket`) and its drop-ins."""
    environment: tuple[tuple[str, bytes], ...] = ()
    """Files of EnvironmentFile=, by their path on the host or by name."""
    others: tuple[tuple[str, bytes], ...] = ()
    """By their path on the host: PEM files, a seccomp profile …"""
    engine: str = ""


class Prediction(Struct, frozen=True):
    """A host that has the files, and what had to be assumed of it."""

    facts: HostFacts
    assumptions: tuple[str, ...]
    tls_files_given: bool
    """Whether there are TLS files, and all that the start needs are among them."""

    @property
    def checks(self) -> tuple[str, ...]:
        """Ids and globs of the checks that can be asked."""
        engine = WITH_ENGINE if isinstance(self.facts.engine_version, str) else ()
        return (*CHECKS, *engine, *(WITH_TLS_FILES if self.tls_files_given else ()))


def predict(files: Files, now: int) -> Prediction:
    """The host that has these files.

    Raises:
        PredictionError: they do not make a daemon's configuration.
    """
    assumptions: list[str] = []
    texts: dict[str, bytes | Unread] = {}
    service = _unit("docker.service", SERVICE, files.units, texts, assumptions)
    socket = _unit("docker.socket", SOCKET, files.socket_units, texts, assumptions)
    if files.daemon_json is None:
        assumptions.append(f"{DAEMON_JSON} does not exist")
    _place_environment(files.environment, service, texts, assumptions)
    pems: dict[str, Pem | Unread] = {}
    for path, content in files.others:
        if b"-----BEGIN " in content:
            pems[path] = pem(content)
        else:
            texts[path] = content
    facts = HostFacts(
        facts_version=FACTS_VERSION,
        target=TARGET,
        collected_at=now,
        duration=0.0,
        machine=Machine("", "", "", {}, now),
        privilege=Privilege(0, "root", "root"),
        tools={},
        boot=Boot("systemd"),
        units=(service, socket),
        processes=(),
        sockets=Unread(REASON),
        peers=Unread(REASON),
        texts=texts,
        pems=pems,
        engine_version=files.engine or Unread(f"{REASON}: --engine is not given"),
        interfaces=tuple(_interfaces((*texts.values(), files.daemon_json or b""))),
        notes=(REASON,),
    )
    return _with_named(facts, files, assumptions)


def _with_named(facts: HostFacts, files: Files, assumptions: list[str]) -> Prediction:
    """The daemon.json where the start looks for it, and sound TLS files where it names some."""
    config = DAEMON_JSON
    outcome = _outcome(facts)
    setting = outcome.setting("config-file") if outcome else None
    if setting is not None and setting.value:
        config = str(setting.value)
    if files.daemon_json is not None:
        facts = msgspec.structs.replace(facts, texts={**facts.texts, config: files.daemon_json})
    assumed: dict[str, None] = {}
    given = bool(facts.pems)
    for _ in range(4):  # each file that is there lets the start come to the next one
        outcome = _outcome(facts)
        named = [path for path in _tls_paths(outcome) if path not in facts.pems]
        if not named:
            break
        assumed |= dict.fromkeys(named)
        facts = msgspec.structs.replace(
            facts, pems={**facts.pems, **dict.fromkeys(named, _sound())}
        )
    if assumed:
        assumptions.append(f"sound TLS files lie at {', '.join(assumed)}")
    return Prediction(facts, tuple(assumptions), given and not assumed)


def _outcome(facts: HostFacts) -> Outcome | None:
    engine = next(iter(Host(facts).engines), None)
    found = engine.configured if engine is not None else None
    return found if isinstance(found, Outcome) else None


def _tls_paths(outcome: Outcome | None) -> Iterator[str]:
    """Files that the start looks at for TLS."""
    if outcome is None:
        return
    for name in ("tlscacert", "tlscert", "tlskey"):
        setting = outcome.setting(name)
        path = str(setting.value) if setting is not None and setting.value else ""
        if path in outcome.consulted:
            yield path


def _unit(
    name: str,
    path: str,
    given: tuple[tuple[str, bytes], ...],
    texts: dict[str, bytes | Unread],
    assumptions: list[str],
) -> Unit:
    """A unit made of the given files; systemd takes drop-ins in the order of their names."""
    ending = name[name.rindex(".") :]
    whole = [content for each, content in given if each.endswith(ending)]
    drop_ins = {
        os.path.basename(each): content for each, content in given if each.endswith(".conf")
    }
    if len(whole) + len(drop_ins) < len(given):
        raise PredictionError(
            f"a unit's name ends in {ending} or, for a drop-in, in .conf, and is there once: "
            + ", ".join(each for each, _ in given)
        )
    if len(whole) > 1:
        raise PredictionError(f"more than one {name} is given")
    if whole:
        texts[path] = whole[0]
    else:
        path, texts_of = _PACKAGED[name]
        texts[path] = texts_of
        assumptions.append(f"{name} is the packaged one ({_gist(name)})")
    sources = [path]
    for each in sorted(drop_ins):
        place = f"/etc/systemd/system/{name}.d/{each}"
        texts[place] = drop_ins[each]
        sources.append(place)
    return Unit(name, tuple(sources), Unread(REASON))


def _gist(name: str) -> str:
    return "dockerd -H fd://" if name == "docker.service" else "/run/docker.sock"


def _place_environment(
    given: tuple[tuple[str, bytes], ...],
    service: Unit,
    texts: dict[str, bytes | Unread],
    assumptions: list[str],
) -> None:
    """Put each environment file where the unit reads it: by its path, its name, or the only one."""
    named: list[str] = []
    for path in service.sources:
        content = texts[path]
        assert isinstance(content, bytes)
        lines = lines_of(path, content.decode("utf-8", "backslashreplace"))
        found = [line.value.lstrip("-") for line in values(lines, "Service", "EnvironmentFile")]
        named += [each for each in found if each]
    named = list(dict.fromkeys(named))
    for name, content in given:
        places = [each for each in named if name in (each, os.path.basename(each))]
        if not places and len(named) == 1 and len(given) == 1:
            places = named
        if len(places) != 1:
            known = ", ".join(named) or "none"
            raise PredictionError(
                f"which EnvironmentFile= of the unit {name} is, can't be told; it reads: {known}"
            )
        texts[places[0]] = content
    missing = [each for each in named if each not in texts]
    if missing:
        assumptions.append(f"{', '.join(missing)} sets nothing")


def _interfaces(contents: Iterable[bytes | Unread]) -> Iterator[Interface]:
    """Every address that the files name is taken for one of the machine's own."""
    yield Interface("lo", "127.0.0.1/8")
    yield Interface("lo", "::1/128")
    yield Interface("docker0", "172.17.0.1/16")
    found: dict[str, None] = {}
    for content in contents:
        if isinstance(content, bytes):
            for match in _ADDRESS.finditer(content.decode("utf-8", "replace")):
                found[match[1] or match[0]] = None
    for address in found:
        if address not in ("0.0.0.0", "::", "::1", "127.0.0.1", "172.17.0.1"):
            yield Interface("assumed", f"{address}/{128 if ':' in address else 32}")


def pem(content: bytes) -> Pem:
    """What a PEM file holds; of a key only its public half is kept."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    text = content.decode("ascii", "replace")
    blocks = re.findall(r"(-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \2-----)", text, re.DOTALL)
    keys = []
    for block, label in blocks:
        if not label.endswith("PRIVATE KEY"):
            continue
        encrypted = "ENCRYPTED" in block
        public: str | Unread = Unread("it has a passphrase")
        if not encrypted:
            try:
                key = load_pem_private_key(block.encode(), None)
            except (ValueError, TypeError) as error:
                public = Unread(f"it is no key: {error}")
            except Exception as error:  # UnsupportedAlgorithm, of a module needed for nothing else
                public = Unread(str(error))
            else:
                form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                public = key.public_key().public_bytes(*form).decode()
        keys.append(Key(label, encrypted, public))
    certificates = "".join(f"{block}\n" for block, label in blocks if label == "CERTIFICATE")
    return Pem(tuple(label for _, label in blocks), certificates, tuple(keys))


_made: list[Pem] = []


def _sound() -> Pem:
    """A certificate that is its own CA, with its key: what lets a start go on."""
    if not _made:
        import datetime

        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "assumed")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(datetime.datetime(2020, 1, 1))
            .not_valid_after(datetime.datetime(2120, 1, 1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _made.append(pem(certificate.public_bytes(Encoding.PEM) + private))
    return _made[0]
