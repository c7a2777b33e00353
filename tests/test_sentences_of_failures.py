"""Why a host was not reached, and what to do then, is said in Korean whole.

What ssh, a tool, a system or a library said is quoted: a message that is nothing else but such a
line behind a name stays as it is.
"""

import ast
import gzip
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from dockeraudit import outside
from dockeraudit.bastions import SEVERAL, Bastions
from dockeraudit.collect import CollectError, parse
from dockeraudit.facts import HostFacts, Privilege, Unread, Wire
from dockeraudit.facts_files import FactsFileError, pack, read_facts
from dockeraudit.host import Host
from dockeraudit.language import speaking
from dockeraudit.plugins import checks
from dockeraudit.repeated import repeated
from dockeraudit.report import HostError, HostReport
from dockeraudit.results import Looked
from dockeraudit.runner import Pace, run
from dockeraudit.scan import Plan, not_reached, report_host, unreachable
from dockeraudit.sentences import failure
from dockeraudit.targets import Target
from dockeraudit.transport import (
    Answer,
    Limits,
    TransportError,
    TransportOptions,
    failures,
    foreign,
)
from dockeraudit.transport.failures import Rule, of_ssh, too_late, too_much, unanswered
from dockeraudit.transport.jump import silence
from dockeraudit.transport.process import Cancel
from tests.catalogue import ROOT
from tests.mutations.bases import recorded
from tests.sentences import whole
from tests.transport.test_failures import CHANGED, DOCUMENTED_SSH, KEX, RECORDED_SSH, UNKNOWN


def unsaid(text: str) -> bool:
    """Whether a text stays English for who reads Korean."""
    with speaking("ko"):
        return bool(text) and failure(text) == text


# ---- what to do, by rule ------------------------------------------------------------------------


def _rules() -> list[Rule]:
    found: list[Rule] = []
    for module in (failures, foreign):
        for value in vars(module).values():
            if isinstance(value, tuple) and value and isinstance(value[0], Rule):
                found += value
    return found


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: rule.hint)
def test_the_hint_of_a_rule(rule: Rule) -> None:
    assert not unsaid(rule.hint)


# ---- every error that is made anywhere ----------------------------------------------------------

MADE = {
    "TransportError": (1, 2),
    "HostError": (1, 2),
    "CollectError": (1,),
    "FactsFileError": (0, 1),
    "FactsError": (0,),
    "EngineError": (0,),
    "Unsendable": (0,),
    "refused": (1,),
}
"""What makes an error, and which of its arguments are texts that a report may have."""
ELSEWHERE = ("pytest_plugin", "effective", "cli/collect.py")
"""Errors of that name which no report of a scan has."""
GAP = "7"
GAPS = {
    "transport/failures.py: what": ": 7",
    "facts_files.py: error": "the collector did not run to its end",
    "whose": "the host key",
    "version()": "dockeraudit 0.1 on Python 3.11",
    "result": "the checks can't be loaded there: 7",
    "place.wanted": "a worker that offers 7",
    "_said(output)": "the host said '7'",
}
"""Gaps whose words are the program's own."""
QUOTED = re.compile(rf"{GAP}?(: {GAP}| {GAP}|$)*")
BEHIND = {
    "CollectError": "web1: {}",
    "refused": "web1: ssh's configuration asks for what asyncssh does not do here: {}",
    "Unsendable": "a worker of tls://x:1 can't take part: {}",
}
"""What is only met behind other words."""
ALONE = ("the checks can't be sent to workers",)


def _made() -> Iterator[tuple[str, str]]:
    """Each error's text, and the place that makes it."""
    for path in sorted((ROOT / "dockeraudit").rglob("*.py")):
        place = str(path.relative_to(ROOT / "dockeraudit"))
        if place.startswith(ELSEWHERE):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for number in MADE.get(node.func.id, ()):
                    text = _text(node.args[number], place) if len(node.args) > number else ""
                    if text and not QUOTED.fullmatch(text):
                        behind = BEHIND.get(node.func.id, "{}")
                        yield place, text if text.startswith(ALONE) else behind.format(text)


def _text(node: ast.expr, place: str) -> str:
    """A text as written, with its gaps filled; empty where it is made elsewhere."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "one_line":
        return _text(node.args[0], place)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _filled(part.value, place)
            if isinstance(part, ast.FormattedValue)
            else str(ast.literal_eval(part))
            for part in node.values
        )
    return _constant(node, place) if isinstance(node, ast.Name) else ""


def _filled(node: ast.expr, place: str) -> str:
    written = ast.unparse(node)
    known = GAPS.get(f"{place}: {written}") or GAPS.get(written)
    return known or _constant(node, place) or GAP


def _constant(node: ast.expr, place: str) -> str:
    if not (isinstance(node, ast.Name) and node.id.isupper()):
        return ""
    module = "dockeraudit." + place.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    value = getattr(import_module(module), node.id, "")
    return value if isinstance(value, str) else ""


MADE_TEXTS = sorted(set(_made()))


@pytest.mark.parametrize(("place", "text"), MADE_TEXTS)
def test_what_the_program_makes(place: str, text: str) -> None:
    assert whole(failure, text)


def test_errors_are_found() -> None:
    places = {place for place, _ in MADE_TEXTS}
    assert {"transport/failures.py", "scan.py", "runner.py", "distributed.py"} <= places
    assert len(MADE_TEXTS) > 100


# ---- errors whose words are put together --------------------------------------------------------


def _of_ssh(stderr: str) -> str:
    error = of_ssh(Answer(b"", stderr.encode(), 255, 0.1), "web1")
    assert error is not None
    return error.message


def _unanswered(status: int, stdout: bytes, stderr: bytes) -> str:
    return unanswered(Answer(stdout, stderr, status, 0.1), "web1").message


def _not_whole(output: bytes) -> str:
    with pytest.raises(CollectError) as caught:
        parse(output, "abc", target="web1", collected_at=0, duration=1)
    return f"web1: {caught.value}"


PLAIN = b"@abc begin\n"

PUT_TOGETHER: dict[str, Callable[[], str]] = {
    "key": partial(_of_ssh, "Host key verification failed.\r\n"),
    "other key": partial(_of_ssh, CHANGED),
    "jump host's key": partial(_of_ssh, "Host key verification failed.\r\n" + KEX + UNKNOWN),
    "jump host's other key": partial(_of_ssh, CHANGED + KEX + UNKNOWN),
    "silence": partial(_of_ssh, ""),
    "no shell": partial(_unanswered, 1, b"", b""),
    "no shell, and why": partial(_unanswered, 1, b"", b"go away"),
    "something else": partial(_unanswered, 0, b"hello", b""),
    "something else, silent": partial(_unanswered, 0, b"", b""),
    "late": lambda: too_late("web1", Limits(timeout=2.5), 10).message,
    "much": lambda: too_much("web1", Limits()).message,
    "not started": partial(_not_whole, b"hello\n"),
    "nothing": partial(_not_whole, b""),
    "torn": partial(_not_whole, PLAIN),
    "noise": partial(_not_whole, PLAIN + b"hello\n@abc end\n"),
    "gaps": partial(_not_whole, PLAIN + b"@abc end\n"),
    "lacking": partial(_not_whole, PLAIN + b"@abc lacking od awk\n@abc end\n"),
}


@pytest.mark.parametrize("name", PUT_TOGETHER)
def test_what_is_put_together(name: str) -> None:
    assert not unsaid(PUT_TOGETHER[name]())


@pytest.mark.parametrize("stderr", [stderr for stderr, _ in [*RECORDED_SSH, *DOCUMENTED_SSH]])
def test_of_ssh_the_hint_is_said_and_its_own_line_quoted(stderr: str) -> None:
    error = of_ssh(Answer(b"", stderr.encode(), 255, 0.1), "web1")
    assert error is not None
    assert not unsaid(error.hint)
    line = error.message.removeprefix("web1: ")
    assert line in stderr or not unsaid(error.message)


def _tried(message: str) -> str:
    """The message that is left of a target that fails each time."""
    told: list[Looked] = []
    target = Target("web1", "ssh", host="web1")

    def work(target: Target) -> Looked:
        return Looked(unreachable(target, HostError("refused", message, "mend it"), 0.1))

    pace = Pace(1, retries=2)
    run(iter([(0, target)]), work, pace, lambda _, looked: told.append(looked), Cancel())
    error = told[0].report.error
    assert error is not None
    return error.message


@pytest.mark.parametrize(
    "message", ["web1: the host key is not known here", "web1: Connection closed by 192.0.2.1"]
)
def test_how_often_it_was_tried(message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dockeraudit.runner.BACK_OFF", 0.001)  # seconds, which a test can wait
    text = _tried(message)
    assert text.endswith("(after 3 tries)")
    with speaking("ko"):
        assert "tries" not in failure(text)
        assert "not known" not in failure(text)


def test_the_deadline_of_a_run() -> None:
    told: list[Looked] = []
    cancel = Cancel()
    targets = [(n, Target(f"web{n}", "ssh", host=f"web{n}")) for n in range(2)]

    def work(target: Target) -> Looked:
        while not cancel.is_set():
            time.sleep(0.001)
        return Looked(unreachable(target, HostError("interrupted", "interrupted", ""), 0.1))

    run(iter(targets), work, Pace(1, deadline=0.05), lambda _, looked: told.append(looked), cancel)
    said = [looked.report.error.message for looked in told if looked.report.error is not None]
    assert sorted(text.partition(" before ")[0] for text in said) == [
        "web0: no whole answer",
        "web1: not asked",
    ]
    assert [text for text in said if unsaid(text)] == []


@pytest.mark.parametrize(
    "why",
    [
        "Host key verification failed.",
        "Permission denied (publickey).",
        "kex_exchange_identification: Connection closed by remote host",
    ],
)
def test_a_jump_host_that_is_down(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Else ssh is asked, which has no jump host in its configuration here.
    monkeypatch.setattr(Bastions, "_jump", lambda self, target: "bastion")
    bastions = Bastions(TransportOptions(), Cancel())
    error = of_ssh(Answer(b"", f"{why}\r\n{UNKNOWN}".encode(), 255, 0.1), "web1")
    assert error is not None
    error.jump = True

    def work(target: Target) -> Looked:
        return Looked(unreachable(target, not_reached(error), 0.1))

    target = Target("web1", "ssh", host="web1")
    refusals = [bastions.past(target, work).report.error for _ in range(SEVERAL + 1)]
    last = refusals[-1]
    assert last is not None
    assert last.kind == "bastion"
    assert not unsaid(last.message)
    with speaking("ko"):
        assert "is not known here" not in failure(last.message)


def test_a_jump_host_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    place = {"hostname": "127.0.0.1"}
    # Else ssh is asked where a host of that name is.
    monkeypatch.setattr("dockeraudit.transport.jump._configuration", lambda *_: place)
    monkeypatch.setattr("dockeraudit.transport.jump.PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        place["port"] = str(server.getsockname()[1])
        why = silence("bastion", TransportOptions(), Cancel())
    assert "no answer from" in why
    assert not unsaid(why)
    assert not unsaid("192.0.2.1 port 22 closes connections at once")


def test_what_was_seen_without_root() -> None:
    facts: HostFacts = recorded("mtls")()
    facts = msgspec.structs.replace(
        facts, privilege=Privilege(1000, "ops", "none"), processes=Unread("permission denied")
    )
    error = report_host(Host(facts), Plan(checks=tuple(checks().values()))).error
    assert error is not None
    assert not unsaid(error.message)
    assert not unsaid(error.hint)


def test_a_host_that_was_named_twice() -> None:
    error = repeated(HostReport("web1", "", "", "scanned", None), "10.0.0.1").error
    assert error is not None
    assert not unsaid(error.message)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.facts.json", b"{"),
        ("a.facts.json", b'{"facts_version":"99"}'),
        ("a.facts.json", b"[" * 100_000),
        ("a.facts.out", b"hello"),
        ("a.facts.out", b""),
        ("changed", b""),
    ],
)
def test_facts_files(name: str, data: bytes, tmp_path: Path) -> None:
    if name == "changed":
        name = "a.facts.json"
        plain = gzip.decompress(pack(recorded("mtls")()))
        data = plain.replace(b'"hostname"', b'"hostnamf"', 1)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FactsFileError) as caught:
        read_facts(str(tmp_path / name))
    assert not unsaid(str(caught.value))
    assert not unsaid(caught.value.hint)


@pytest.mark.parametrize("kind", [kind for kind in outside.WORDS if kind not in outside._MODES])
def test_what_a_probe_saw(kind: outside.Kind) -> None:
    for address in ("192.0.2.1", "2001:db8::1"):
        wire = Wire("scanner", address, 2376, "silent", None)
        seen = outside.Endpoint(wire, kind)
        assert not unsaid(f"{seen.sentence}; {seen.sentence}")


@pytest.mark.parametrize(
    "served", ["", "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n"]
)
def test_a_certificate_that_a_probe_did_not_see(served: str) -> None:
    wire = Wire("scanner", "192.0.2.1", 2376, "tls-server", "client-certificate-required", served)
    unseen = outside._unread(outside.Endpoint(wire, "client-certificate"))
    assert unseen
    assert not unsaid(unseen)
    with speaking("ko"):
        assert "not " not in failure(unseen)


def test_quotes_stay() -> None:
    for line in ("ssh: connect to host web1 port 22: Connection refused", "Error: no such pod"):
        error = TransportError("died", f"web1: {line}", "")
        assert unsaid(error.message)
