"""Whether the API speaks TLS, whom it lets in, and with which files.

cmd/dockerd/options.go (SetDefaultOptions), daemon.go (loadDaemonCliConfig, newAPIServerTLSConfig).
"""

from __future__ import annotations

import re
from posixpath import join, normpath

from msgspec import Struct

from dockeraudit.effective.files import FileError, Files
from dockeraudit.effective.material import check_ca, check_pair
from dockeraudit.effective.model import (
    CannotTell,
    DaemonInput,
    DoesNotStart,
    FileInput,
    Mode,
    Origin,
    Setting,
    TlsSettings,
)
from dockeraudit.effective.reading import Reading
from dockeraudit.effective.values import trim_quotes

_DEFAULT = Origin("default")
_UNUSED = Origin("nothing: flags and default paths count only where a flag turns TLS on")
_NAMES = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
_SYSTEM_BUNDLES = frozenset(
    {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
    }
)


class TlsChoice(Struct, frozen=True):
    """What TLS comes to, before any file is read."""

    settings: TlsSettings
    default_host_is_tls: bool
    """What an empty host list looks at; since 23.0 before `tlsverify` in the file is counted."""


class _Switch(Struct, frozen=True):
    tls: bool | None
    verify: bool | None
    keep_paths: bool
    tls_origin: Origin
    verify_origin: Origin


def choose(read: Reading, files: Files) -> TlsChoice:
    """TLS as flags, file and environment ask for it."""
    modern = read.version >= (20, 10, 0)
    switch = _from_flags(read)
    tls, tls_origin = _merge(switch.tls, switch.tls_origin, "tls", read)
    verify, verify_origin = _merge(switch.verify, switch.verify_origin, "tlsverify", read)
    early = bool(tls)
    if "tlsverify" in read.present:
        tls, tls_origin = True, read.at(read.present["tlsverify"])
    if verify is None and tls is not None and modern:
        verify, verify_origin = tls, tls_origin
    demanded = bool(tls) and (verify is not False if modern else bool(verify))
    ca, cert, key = (_path(name, read, files, keep=switch.keep_paths) for name in _NAMES)
    settings = TlsSettings(
        Setting("tls", bool(tls), tls_origin),
        Setting("tlsverify", demanded, verify_origin),
        ca,
        cert,
        key,
    )
    return TlsChoice(settings, early if read.version >= (23, 0, 0) else bool(tls))


def _from_flags(read: Reading) -> _Switch:
    """SetDefaultOptions and the head of loadDaemonCliConfig."""
    parsed, version = read.parsed, read.version
    environment = bool(read.given.env.get("DOCKER_TLS_VERIFY"))
    changed_tls, changed_verify = "tls" in parsed.given, "tlsverify" in parsed.given
    verify = bool(parsed.bool("tlsverify")) if changed_verify else environment
    tls = bool(parsed.bool("tls")) or changed_verify or verify
    by_verify = (
        parsed.origin("tlsverify") if changed_verify else Origin("environment DOCKER_TLS_VERIFY")
    )
    tls_origin = parsed.origin("tls") if changed_tls and not changed_verify else by_verify
    if version < (20, 10, 0):
        return _Switch(
            tls, verify, tls, tls_origin if tls else _DEFAULT, by_verify if verify else _DEFAULT
        )
    if not (changed_tls or changed_verify):
        return _Switch(None, None, tls, _DEFAULT, _DEFAULT)
    return _Switch(tls, verify if changed_verify else None, tls, tls_origin, by_verify)


def _merge(
    flag: bool | None, origin: Origin, name: str, read: Reading
) -> tuple[bool | None, Origin]:
    """mergo.Merge of a pointer: the file's, unless it is absent or false and the flag's is true."""
    entry = read.entries.get(name)
    value = entry.value if entry is not None else None
    if entry is None or not isinstance(value, bool) or (flag and not value):
        return flag, origin
    return value, read.at(entry)


def certificate_folder(given: DaemonInput) -> tuple[str, Origin]:
    """Where the default certificate paths point, and why."""
    for name in ("DOCKER_CERT_PATH", "DOCKER_CONFIG"):
        folder = given.env.get(name)
        if folder:
            return folder, Origin(f"environment {name}")
    return join(given.env.get("HOME") or given.home, ".docker"), _DEFAULT


def _path(name: str, read: Reading, files: Files, *, keep: bool) -> Setting:
    entry = read.entries.get(name)
    if entry is not None and isinstance(entry.value, str) and entry.value:
        return Setting(name, entry.value, read.at(entry))
    if not keep:
        return Setting(name, "", _UNUSED)
    value = read.parsed.last(name)
    if value is not None:
        text = trim_quotes(value) if read.version < (23, 0, 0) else value
        return Setting(name, text, read.parsed.origin(name))
    folder, origin = certificate_folder(read.given)
    default = re.sub("^//+", "/", normpath(join(folder, _NAMES[name])))
    if name != "tlscacert" and _is_missing(files, default):
        return Setting(name, "", Origin(f"{origin}: there is no {default}"))
    return Setting(name, default, origin)


def _is_missing(files: Files, path: str) -> bool:
    try:
        files.stat(path)
    except FileError as error:
        return error.missing
    return False


def load(settings: TlsSettings, files: Files) -> None:
    """tlsconfig.Server: raises where the daemon can't load its files, or it can't be told."""
    if not settings.enabled.value:
        return
    cert_path, cert = _read(settings.cert, files)
    key_path, key = _read(settings.key, files)
    unknown = None
    try:
        check_pair(cert_path, cert, key_path, key)
    except CannotTell as reason:
        unknown = reason
    if settings.verify.value and settings.ca.value:
        check_ca(*_read(settings.ca, files))
    if unknown is not None:
        raise unknown


def _read(setting: Setting, files: Files) -> tuple[str, FileInput]:
    path = str(setting.value or "")
    if not path:
        raise DoesNotStart(f"{setting.name} is empty (from {setting.origin})")
    try:
        return path, files.read(path)
    except FileError as error:
        raise DoesNotStart(f"{setting.name} (from {setting.origin}): {path}: {error}") from None


def mode(settings: TlsSettings, given: DaemonInput, files: Files) -> Mode:
    """What a TCP listener of this daemon demands of its clients."""
    if not settings.enabled.value:
        return "PLAIN"
    if not settings.verify.value:
        return "TLS-NOAUTH"
    if settings.ca.value or _private_roots(given.env.get("SSL_CERT_FILE", ""), files):
        return "MTLS"
    return "MTLS-SYSROOTS"


def _private_roots(path: str, files: Files) -> bool:
    """Whether SSL_CERT_FILE swaps the system's roots for a CA of the operator's own."""
    if not path or path in _SYSTEM_BUNDLES:
        return False
    try:
        check_ca(path, files.read(path))
    except (FileError, DoesNotStart, CannotTell):
        return False
    return True
