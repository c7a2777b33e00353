"""The same hosts by ssh and by asyncssh: equal evidence, equal verdicts, equal errors."""

import pytest

from tests.lab.program import Run, comparable, scan
from tests.lab.use import Lab

HOSTS = ["containers", "mtls", "plain-any", "no-engine"]


@pytest.fixture(scope="module")
def runs(lab: Lab) -> dict[str, Run]:
    # A user who may not use sudo, a port that nobody listens on, and an address without a host.
    others = ["plain-any-user", "root@mtls:1", "root@192.0.2.1"]
    common = [f"--ssh-config={lab.ssh_config}", "--ssh-option=ConnectTimeout=3", "--become"]
    return {
        client: scan(*common, f"--ssh-client={client}", *HOSTS, *others)
        for client in ("openssh", "asyncssh")
    }


@pytest.mark.parametrize("host", HOSTS)
def test_equal_evidence_and_verdicts(runs: dict[str, Run], host: str) -> None:
    openssh, asyncssh = (comparable(runs[each].host(host)) for each in ("openssh", "asyncssh"))
    assert openssh["state"] == "scanned"
    assert asyncssh == openssh


def test_equal_errors(runs: dict[str, Run]) -> None:
    hosts = [[host["error"] for host in run.report["hosts"]] for run in runs.values()]
    kinds = [[error["kind"] for error in each if error] for each in hosts]
    assert kinds[0] == kinds[1]
    assert len(kinds[0]) == 3
    assert runs["openssh"].code == runs["asyncssh"].code
    for error, other in zip(*hosts, strict=True):
        assert (error and error["hint"]) == (other and other["hint"])
