"""tls-cipher: what it finds, and what it can't tell without a probe."""

from typing import Any

import pytest

from dockeraudit.facts import Unread
from dockeraudit.host import Engine, Host
from dockeraudit.plugins import checks
from tests.build import engine, facts, host
from tests.build_certificates import ONE, SERVER, tls_host, wire
from tests.checks.run import verdict

ID = "tls-cipher"


def offered(taken: str | None, **changes: Any) -> Host:
    probed = wire(SERVER, vantage="scanner", weak_cipher=taken, **changes)
    return tls_host(wires=(wire(SERVER), probed))


@pytest.mark.parametrize(
    ("subject", "status", "resources"),
    [
        pytest.param(host(), "not-applicable", [], id="no TLS"),
        pytest.param(Host(facts(), ()), "not-applicable", [], id="no engine"),
        pytest.param(tls_host(wires=(wire(SERVER),)), "not-applicable", [], id="no probe"),
        pytest.param(offered(""), "pass", [], id="refused"),
        pytest.param(offered("ECDHE-RSA-AES128-SHA"), "fail", [ONE.address], id="taken"),
        pytest.param(offered("AES128-SHA", port=999), "not-applicable", [], id="another port"),
        pytest.param(offered(None), "unknown", [], id="could not be tried"),
        pytest.param(engine(running=Unread("denied")), "unknown", [], id="listeners not known"),
    ],
)
def test_cipher(subject: Host | Engine, status: str, resources: list[str]) -> None:
    result = verdict(ID, subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_it_is_named_and_low() -> None:
    result = verdict(ID, offered("ECDHE-RSA-AES128-SHA"))
    assert result.message == "192.0.2.10:2376 takes the cipher suite ECDHE-RSA-AES128-SHA"
    assert result.severity == "low"
    assert checks()[ID].profiles == ("strict",)


MUTATIONS: dict[str, tuple[Host, Host]] = {ID: (offered(""), offered("ECDHE-RSA-AES128-SHA"))}
