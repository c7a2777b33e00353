"""Our transport as a backend of testinfra, for users' own testinfra code.

Importing this module adds the connection `dockeraudit` to testinfra, so that
`testinfra.get_host("dockeraudit://user@host:22")` and pytest's `--hosts=dockeraudit://host`
get ssh as the user configured it, with checked host keys, a deadline and a limit.
"""

from __future__ import annotations

from shlex import quote
from typing import Any

from testinfra import host as testinfra_host  # type: ignore[import-untyped]
from testinfra.backend import BACKENDS  # type: ignore[import-untyped]
from testinfra.backend.base import (  # type: ignore[import-untyped]
    BaseBackend,
    CommandResult,
)

from dockeraudit.targets import TargetError, parse

from . import Limits, TransportOptions, open_transport

NAME = "dockeraudit"


class Backend(BaseBackend):  # type: ignore[misc]
    """testinfra's view of one of our transports; arguments are those that testinfra gives."""

    NAME = NAME

    def __init__(
        self,
        hostspec: str,
        *,
        ssh_config: str | None = None,
        ssh_identity_file: str | None = None,
        ssh_options: tuple[str, ...] = (),
        timeout: float | str = Limits().timeout,
        limits: Limits | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(hostspec, **kwargs)
        target = parse(hostspec)
        if target.kind == "facts":
            raise TargetError(f"{hostspec} holds facts: there is no host to run commands on")
        if ssh_identity_file:
            ssh_options = (*ssh_options, f"IdentityFile={ssh_identity_file}")
        self.limits = limits or Limits(timeout=float(timeout))
        self.transport = open_transport(
            target, TransportOptions(ssh_config=ssh_config, ssh_options=tuple(ssh_options))
        )

    def get_sudo_command(self, command: str, sudo_user: str | None) -> str:
        """As testinfra's, but a question is an error at once, never waited for."""
        if sudo_user is None:
            return f"sudo -n /bin/sh -c {quote(command)}"
        return f"sudo -n -u {quote(sudo_user)} /bin/sh -c {quote(command)}"

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        line = self.get_command(command, *args)
        answer = self.transport.run(["sh", "-c", line], b"", self.limits)
        return self.result(
            answer.exit_status,
            line.encode("utf-8", "surrogateescape"),
            answer.stdout,
            answer.stderr,
        )


# get_backend_class looks the name up in this public table at each call.
BACKENDS[NAME] = f"{__name__}.{Backend.__name__}"


def host(spec: str, **options: Any) -> testinfra_host.Host:
    """testinfra's `Host` for a target, over our transport: `host("user@host:22").run("id")`.

    `options` are those of `Backend`: ssh_config, ssh_options, limits, sudo, sudo_user …
    """
    backend = Backend(spec, **options)
    found = testinfra_host.Host(backend)
    backend.set_host(found)
    return found
