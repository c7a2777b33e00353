"""The user's keys for asyncssh: files, certificates and the agent, in the order of ssh."""

from __future__ import annotations

import os
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import asyncssh
from asyncssh import encryption, kex, mac, public_key
from msgspec import Struct

from .ssh_settings import Settings, Supported


class Identity(Struct, frozen=True):
    """One IdentityFile; a key that is locked or not there at all may still be in the agent."""

    public: bytes | None
    key: asyncssh.SSHKey | None
    certificate: asyncssh.SSHCertificate | None


class Identities:
    """The keys to log in with. While entered, those of the agent can sign."""

    def __init__(self, settings: Settings) -> None:
        self.keys: list[Any] = []
        self._settings = settings
        self._agent: asyncssh.SSHAgentClient | None = None

    async def __aenter__(self) -> Self:
        settings = self._settings
        found = [identity(path) for path in settings.identities]
        wanted = [each.public for each in found if each.public is not None]
        held = await self._held()
        first = [held[public] for public in wanted if public in held]
        others = [key for public, key in held.items() if public not in wanted]
        self.keys = [*first, *([] if settings.identities_only else others)]
        more = [_certificate(path) for path in settings.certificates]
        for each in found:
            if each.key is None:
                continue
            for certificate in (each.certificate, *more):
                if certificate is not None and certificate.key.public_data == each.public:
                    self.keys.append((each.key, certificate))
            if each.public not in held:
                self.keys.append(each.key)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._agent is not None:
            self._agent.close()
            await self._agent.wait_closed()

    async def _held(self) -> dict[bytes, asyncssh.SSHKeyPair]:
        """The keys in the agent; one that does not answer has none, as for ssh."""
        if self._settings.agent is None:
            return {}
        try:
            self._agent = await asyncssh.connect_agent(self._settings.agent)
            return {key.public_data: key for key in await self._agent.get_keys()}
        except (OSError, ValueError, asyncssh.Error):
            return {}


def identity(path: str) -> Identity:
    """A key file as it is now."""
    try:
        changed = os.stat(path).st_mtime_ns
    except OSError:
        changed = 0
    return _identity(path, changed)


@lru_cache(256)
def _identity(path: str, _changed: int) -> Identity:
    try:
        key = asyncssh.read_private_key(path)
    except (OSError, ValueError, asyncssh.Error):
        return Identity(_public(path), None, None)
    certificate = _certificate(f"{path}-cert.pub")
    return Identity(key.public_data, key, certificate)


def _public(path: str) -> bytes | None:
    """The public half of a key that can't be used itself: beside it, or the file names only it."""
    for name in (f"{path}.pub", path):
        try:
            return asyncssh.read_public_key(name).public_data
        except (OSError, ValueError, asyncssh.Error):
            continue
    return None


def _certificate(path: str) -> asyncssh.SSHCertificate | None:
    try:
        return asyncssh.read_certificate(path)
    except (OSError, ValueError, asyncssh.Error):
        return None


@lru_cache(1)
def supported() -> Supported:
    """What asyncssh can do on this machine."""

    def names(*lists: list[bytes]) -> frozenset[str]:
        return frozenset(name.decode() for each in lists for name in each)

    keys = public_key.get_public_key_algs()
    return Supported(
        kexalgorithms=names(kex.get_kex_algs()),
        ciphers=names(encryption.get_encryption_algs()),
        macs=names(mac.get_mac_algs()),
        hostkeyalgorithms=names(keys, public_key.get_certificate_algs()),
        pubkeyacceptedalgorithms=names(keys),
    )
