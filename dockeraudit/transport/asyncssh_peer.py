"""The other side of a connection of asyncssh: who it must be, and how far it got."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncssh
from asyncssh.public_key import decode_ssh_public_key

from .known_hosts import DEFAULT_PORT, Keys, known
from .ssh_settings import Settings

FAILED = "Host key verification failed."
CHANGED = f"WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\n{FAILED}"
REVOKED = f"WARNING: REVOKED HOST KEY DETECTED!\n{FAILED}"
CERTIFICATE = "-cert-v01@openssh.com"


class Peer(asyncssh.SSHClient):
    """Decides about the host's key, and answers no question.

    asyncssh is given no key to trust, so it asks here about each: the user's known_hosts files and
    StrictHostKeyChecking decide as they do for ssh, but nothing is ever written to them, and a
    changed key is never taken.
    """

    def __init__(self, settings: Settings, *, direct: bool) -> None:
        self.handshake: asyncio.Timeout | None = None
        """Ends when the host has shown its key; how long a login takes is another matter."""
        self.problem: str | None = None
        """Why the key was not taken, in ssh's words."""
        self._settings = settings
        self._direct = direct
        self._connection: asyncssh.SSHClientConnection | None = None
        self._known = self._of(settings.hostname, settings.port)
        # ssh checks with which algorithm an authority signed, asyncssh does not: an RSA key may
        # have used SHA-1, the others have one algorithm each.
        self._authorities = {
            (kind, blob)
            for kind, blob in self._known.authorities
            if kind != "ssh-rsa" and kind in settings.algorithms.authorities
        }

    def unfit(self) -> str | None:
        """What this client can't check as ssh does."""
        if self._known.authorities and not self._authorities and not self._known.trusted:
            return "host certificates of an authority with an RSA key"
        return None

    def options(self) -> dict[str, Any]:
        """Options of asyncssh for the connection; whatever it would read or ask itself is off."""
        settings = self._settings
        algorithms = settings.algorithms
        return {
            "client_factory": lambda: self,
            "config": None,
            "username": settings.user,
            "host_key_alias": settings.alias,
            "known_hosts": ([], [], self._revoked()),
            "server_host_key_algs": self._host_key_algorithms(),
            "kex_algs": list(algorithms.kex),
            "encryption_algs": list(algorithms.ciphers),
            "mac_algs": list(algorithms.macs),
            "compression_algs": ["none"],
            "signature_algs": list(algorithms.user_keys),
            "x509_trusted_certs": None,
            "x509_trusted_cert_paths": [],
            "preferred_auth": ["publickey"],
            "host_based_auth": False,
            "kbdint_auth": False,
            "password_auth": False,
            "gss_host": None,
            "gss_kex": False,
            "gss_auth": False,
            "agent_path": None,
            "agent_forwarding": False,
            "pkcs11_provider": None,
            "x11_forwarding": False,
            "connect_timeout": None,
            "login_timeout": 0,
            "keepalive_interval": 0,
        }

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        self._shown()
        found = (key.algorithm.decode("ascii", "replace"), key.public_data)
        self.problem = self._judged(found, addr)
        return self.problem is None

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self._shown()
        found = (key.algorithm.decode("ascii", "replace"), key.public_data)
        self.problem = None if found in self._authorities else FAILED
        return self.problem is None

    def lost(self, place: str) -> str:
        """What ssh would say when the other side is gone."""
        if vars(self._connection or self).get("_banner_lines"):
            return "kex_exchange_identification: banner line contains invalid characters"
        if self._connection is None or not self._connection.get_extra_info("server_version"):
            return "kex_exchange_identification: Connection closed by remote host"
        return f"Connection closed by {place}"

    def _shown(self) -> None:
        if self.handshake is not None:
            self.handshake.reschedule(None)

    def _judged(self, found: tuple[str, bytes], address: str) -> str | None:
        kind, blob = found
        if blob in self._known.revoked:
            return REVOKED
        if kind == "ssh-rsa" and (bits := _rsa_bits(blob)) < self._settings.rsa_bits:
            return f"Bad server host key: Invalid key length ({bits} bits)"
        if found in self._known.trusted:
            return CHANGED if self._elsewhere(found, address) else None
        if any(kind == other for other, _ in self._known.trusted):
            return CHANGED
        if self._settings.checking == "false" and not self._elsewhere(found, address):
            return None
        return FAILED

    def _elsewhere(self, found: tuple[str, bytes], address: str) -> bool:
        """CheckHostIP: the address is known by another key of this kind."""
        settings = self._settings
        if not (settings.check_address and self._direct and address) or settings.alias:
            return False
        named = self._of(address, settings.port)
        if found[1] in named.revoked:
            return True
        return found not in named.trusted and any(found[0] == kind for kind, _ in named.trusted)

    def _of(self, host: str, port: int) -> Keys:
        return known(self._settings.known_hosts, host, port or DEFAULT_PORT, self._settings.alias)

    def _revoked(self) -> list[asyncssh.SSHKey]:
        """For certificates, whose parts asyncssh looks up itself."""
        found = []
        for blob in self._known.revoked:
            try:
                found.append(decode_ssh_public_key(blob))
            except asyncssh.KeyImportError:
                continue  # a key that asyncssh can't read can't be shown to it either
        return found

    def _host_key_algorithms(self) -> list[str]:
        """Those of known keys first, as ssh has it; certificates where an authority is known."""
        names = self._settings.algorithms.host_keys
        certificates = [name for name in names if name.endswith(CERTIFICATE)]
        plain = [name for name in names if not name.endswith(CERTIFICATE)]
        kinds = {kind for kind, _ in self._known.trusted}
        plain.sort(key=lambda name: _kind(name) not in kinds)
        return (certificates if self._authorities else []) + plain


def _kind(algorithm: str) -> str:
    """The type of the keys that an algorithm signs with."""
    return "ssh-rsa" if algorithm.startswith("rsa-") else algorithm


def _rsa_bits(blob: bytes) -> int:
    """The length of the modulus: the third field, after the type and the exponent."""
    fields = []
    while blob:
        size = int.from_bytes(blob[:4])
        fields.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return int.from_bytes(fields[2]).bit_length() if len(fields) > 2 else 0
