"""Every reason why a check gives no verdict is said in Korean.

The reasons are taken from the code itself, with their gaps filled; those of a gap that is a reason
in turn are filled with one that is known.
"""

import ast
from collections.abc import Iterator

import pytest

from dockeraudit.collect import assemble, kernel
from dockeraudit.sentences import reason
from tests.catalogue import ROOT
from tests.sentences import whole

FOLDERS = ("checks", "dockeraudit")
ELSEWHERE = ("sentences", "simple")
REASON = "permission denied (needs root)"
FILLED = {
    "path": "/etc/docker/daemon.json",
    "real": "/etc/docker/daemon.json",
    "at": "/etc/docker/daemon.json",
    "place": "/etc/docker/daemon.json",
    "top": "/etc/docker",
    "where": "/etc/docker",
    "cert_path": "/etc/docker/cert.pem",
    "key_path": "/etc/docker/key.pem",
    "source": "/etc/docker",
    "_CONFIG": "/etc/containerd/config.toml",
    "facts.boot.scripts[0]": "/etc/init.d/docker",
    "worker(daemon.engine.name, place)": "docker is a worker: only managers know, scan one",
    "file.reason": REASON,
    "kind[:-1]": "network",
    "kind": "container",
    "word": "container",
    "REASON": "judged from files only",
    "what": "GET /info",
    "command": "auditctl -l",
}
"""What stands in a gap, by its expression; else what its last word says."""
LAST = {
    "reason": REASON,
    "why": REASON,
    "path": "/etc/docker/daemon.json",
    "source": "/etc/group",
    "real": "/etc/docker/daemon.json",
    "resource": "container web",
    "label": "stopped container web",
    "address": "192.0.2.1:2376",
    "pid": "77",
    "gid": "77",
    "index": "2",
    "total": "7",
    "got": "7",
    "undecided": "what /etc/docker/daemon.json holds is not known",
}
QUOTED = ("docker info: 29.0.1", "auditctl -l: 29.0.1")
"""Nothing but a command and its own words."""
BEHIND = {"29.0.1 names none": "the docker command's version: 29.0.1 names none"}
"""What is only met behind other words."""
OWN = {
    ("checks/certificate/leaf_outlives_ca.py", "held.resource"): "/etc/docker/cert.pem",
    ("checks/certificate/chain.py", "name"): "192.0.2.1:2376 (served)",
    ("checks/image/_shared.py", "image.resource"): "image web:latest",
    ("checks/network/overlay_encrypted.py", "network.resource"): "network web",
    ("dockeraudit/host/swarm.py", "why"): "its API was not reached",
    ("checks/swarm/_shared.py", "why"): " (x509)",
}


def _reasons() -> Iterator[tuple[str, str]]:
    """Each text of a reason, and its place."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            place = str(path.relative_to(ROOT))
            if any(part in ELSEWHERE for part in path.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                    if node.func.id in ("Unread", "NotApplicable", "NotThere", "CannotTell"):
                        yield from ((place, text) for text in _texts(node.args[0], place))
                    elif node.func.id == "known" and len(node.args) > 1:
                        texts = _texts(node.args[1], place)
                        yield from ((place, f"{text}: {REASON}") for text in texts)


def _texts(node: ast.expr, place: str) -> list[str]:
    """What an expression may be; nothing where it is made elsewhere."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return [*_texts(one, place), *_texts(other, place)]
        case ast.BoolOp(values=values):
            return [text for each in values for text in _texts(each, place)]
        case ast.JoinedStr(values=values):
            found = [""]
            for part in values:
                more = (
                    _texts(part.value, place) or [_filled(part.value, place)]
                    if isinstance(part, ast.FormattedValue)
                    else _texts(part, place)
                )
                found = [text + each for text in found for each in more]
            return found
    return []


def _filled(node: ast.expr, place: str) -> str:
    written = ast.unparse(node)
    last = written.rpartition(".")[2]
    for known in (OWN.get((place, written)), FILLED.get(written), LAST.get(last)):
        if known is not None:
            return known
    return "29.0.1"


COLLECTED = (
    *assemble._REASONS.values(),
    *(kernel.refusal(code, "iptables").reason for code in ("missing", "denied", "time", "lines")),
    kernel.no_audit("missing", "").reason,
    assemble._why("missing", "docker"),
    assemble._why("off", "docker"),
)
REASONS = sorted(
    {(place, BEHIND.get(text, text)) for place, text in _reasons() if text not in ("", *QUOTED)}
    | {("dockeraudit/collect", text) for text in COLLECTED}
)


@pytest.mark.parametrize(("place", "text"), REASONS)
def test_a_reason_is_said(place: str, text: str) -> None:
    assert whole(reason, text)


def test_a_gap_does_not_swallow_the_next_reason() -> None:
    text = f"networks of docker: {REASON}; iptables: {REASON}; packet filters: {REASON}"
    assert whole(reason, text)


def test_an_engine_that_was_seen_from_outside() -> None:
    assert whole(reason, "version of docker (192.0.2.1:2376): it was looked at from outside")


def test_reasons_are_found() -> None:
    assert len(REASONS) > 200
