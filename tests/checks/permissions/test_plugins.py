"""permissions-authz-plugin-socket: plug-ins' folders, sockets and descriptions."""

from typing import Any

import pytest

from dockeraudit.effective.model import Outcome
from dockeraudit.facts import Group
from dockeraudit.host import Host
from dockeraudit.plugins import checks
from tests.build import Unread, directory, engine, facts, file
from tests.checks.run import verdict

ID = "permissions-authz-plugin-socket"
RUN, ETC = "/run/docker/plugins", "/etc/docker/plugins"
SOCKET, SPEC = f"{RUN}/authz.sock", f"{ETC}/authz.spec"


def seen(paths: dict[str, Any] | None = None, **changes: Any) -> Host:
    """A host with an authorization plug-in, sound but for what is given."""
    folders = ("/", "/run", "/run/docker", RUN, "/etc", "/etc/docker", ETC)
    files: dict[str, Any] = dict.fromkeys(folders, directory())
    files |= {SOCKET: file(0o755, kind="socket"), SPEC: file(0o644)}
    base: dict[str, Any] = {
        "files": files | (paths or {}),
        "listings": {RUN: ("authz.sock",), ETC: ("authz.spec",)},
        "groups": (Group("root", 0), Group("docker", 999)),
    }
    rootless = changes.pop("rootless", False)
    of = engine(running=Outcome(True), configured=Outcome(True), rootless=rootless)
    return Host(facts(**base | changes), (of,))


@pytest.mark.parametrize(
    ("subject", "status", "found"),
    [
        pytest.param(seen(files={}, listings={}), "not-applicable", [], id="no plug-in"),
        pytest.param(Host(facts(), ()), "not-applicable", [], id="no engine"),
        pytest.param(seen(rootless=True), "not-applicable", [], id="rootless"),
        pytest.param(seen(), "pass", [], id="sound"),
        pytest.param(
            seen({SOCKET: file(0o660, kind="socket")}), "pass", [], id="0660 of root's group"
        ),
        pytest.param(
            seen({SOCKET: file(0o777, kind="socket")}), "fail", [(SOCKET, "high")], id="open"
        ),
        pytest.param(
            seen({SOCKET: file(0o660, 0, 999, "socket")}), "fail", [(SOCKET, "high")],
            id="the docker group may answer",
        ),
        pytest.param(
            seen({SOCKET: file(0o660, 1000, 0, "socket")}), "fail", [(SOCKET, "high")],
            id="another's",
        ),
        pytest.param(seen({SPEC: file(0o666)}), "fail", [(SPEC, "high")], id="a description"),
        pytest.param(seen({ETC: directory(0o777)}), "fail", [(ETC, "high")], id="a folder"),
        pytest.param(
            seen(listings={RUN: Unread("permission denied")}), "unknown", [], id="not listed"
        ),
        pytest.param(seen({SPEC: Unread("permission denied")}), "unknown", [], id="unread"),
    ],
)  # fmt: skip
def test_plugins(subject: Host, status: str, found: list[tuple[str, str]]) -> None:
    result = verdict(ID, subject)
    assert result.status == status, result.message
    assert [(each.resource, each.severity) for each in result.findings] == found


def test_profiles() -> None:
    assert checks()[ID].profiles == ("strict",)


MUTATIONS: dict[str, tuple[Host, Host]] = {
    ID: (seen(), seen({SOCKET: file(0o777, kind="socket")})),
}
