"""The Docker API of a host, over its unix socket, from outside: it needs no docker command."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.lab import images
from tests.lab.shell import LabError

CONTAINER_IMAGE = "lab-busybox"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Api:
    """One engine, by the path of its socket as this machine sees it (/proc/PID/root/…)."""

    socket_path: str
    timeout: float = 60

    @classmethod
    def of(cls, host_pid: int, path: str = "/run/docker.sock", timeout: float = 60) -> Api:
        """The engine in the host whose init is process ``host_pid`` of this machine."""
        return cls(f"/proc/{host_pid}/root{path}", timeout)

    def call(self, method: str, path: str, body: object = None, raw: bytes | None = None) -> Any:
        """One request; JSON in, JSON out. LabError has the engine's message."""
        connection = _UnixConnection(self.socket_path, self.timeout)
        try:
            data = raw if raw is not None else None if body is None else json.dumps(body).encode()
            kind = "application/x-tar" if raw is not None else "application/json"
            connection.request(
                method, path, data, {"Content-Type": kind} if data is not None else {}
            )
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise LabError(
                f"{method} {path}: {answer.status} {said.decode(errors='replace').strip()}"
            )
        try:
            return json.loads(said)
        except ValueError:
            return said.decode(errors="replace")

    def version(self) -> str:
        return str(self.call("GET", "/version")["Version"])

    def has_image(self, name: str = CONTAINER_IMAGE) -> bool:
        try:
            self.call("GET", f"/images/{quote(name)}/json")
        except LabError:
            return False
        return True

    def load_image(self, name: str = CONTAINER_IMAGE) -> None:
        """Give the engine the tiny busybox image, unless it has it."""
        if not self.has_image(name):
            self.call(
                "POST",
                f"/images/create?fromSrc=-&repo={quote(name)}&tag=latest",
                raw=images.container_image(),
            )

    def run_container(self, name: str, config: dict[str, Any] | None = None) -> str:
        """Start a sleeping container of the tiny image, ``config`` laid over; returns its id."""
        self.load_image()
        settings = {
            "Image": CONTAINER_IMAGE,
            "Cmd": ["/bin/sh", "-c", "exec sleep 86400"],
            **(config or {}),
        }
        made = str(self.call("POST", f"/containers/create?name={quote(name)}", settings)["Id"])
        self.call("POST", f"/containers/{made}/start")
        return made

    @contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Containers may be run; the image is taken away again where there was none."""
        had = self.has_image()
        try:
            yield
        finally:
            if not had and self.has_image():
                self.call("DELETE", f"/images/{quote(CONTAINER_IMAGE)}?force=1")

    def remove_container(self, name: str) -> None:
        self.call("DELETE", f"/containers/{quote(name)}?force=1&v=1")
