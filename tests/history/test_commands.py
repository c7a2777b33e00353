"""`dockeraudit history` and `dockeraudit diff`: what they print and how they end."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from dockeraudit.cli.diff import command as diff
from dockeraudit.cli.history import command as history
from dockeraudit.cli.scan import command as scan
from dockeraudit.lines import cells
from dockeraudit.report import Report
from tests.history.reports import found, lost, other, report, scanned

EVIL = "/x\x1b[2J\n::error::forged\u202e ##vso[task.complete]" + "A" * 3000

A = found("web1", "listener-tcp-plain", "[::]:2375", severity="critical")
CLEAN = other("listener-tcp-plain")

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(command: click.Command, *arguments: str) -> tuple[int, str]:
        capfd.readouterr()
        status = command.main(list(arguments), "dockeraudit", standalone_mode=False)
        return int(status), capfd.readouterr().out

    return call


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, Report], str]:
    def write(name: str, one: Report) -> str:
        path = tmp_path / name
        path.write_bytes(msgspec.json.encode(one))
        return str(path)

    return write


Save = Callable[[str, Report], str]


def readable(text: str) -> None:
    for line in text.splitlines():
        assert len(line.replace(r"\x3a", ":")) <= 80, line
        assert line.isprintable(), repr(line)
        assert not line.lstrip().startswith("::")
        assert "##vso[" not in line


@pytest.mark.parametrize(
    ("before", "after", "status", "words"),
    [
        (scanned("web1", A), scanned("web1", A), 0, "nothing is new or worse"),
        (scanned("web1", A), scanned("web1", CLEAN), 0, "FIXED (1)"),
        (scanned("web1", CLEAN), scanned("web1", A), 1, "NEW (1)"),
        (scanned("web1", A), lost("web1"), 3, "UNREACHABLE"),
        (scanned("web1", A), scanned("web1"), 3, "can't tell: the check was not selected"),
        (
            scanned("web1", found("web1", "listener-tcp-plain", "[::]:2375", severity="low")),
            scanned("web1", A),
            1,
            "was low",
        ),
        (lost("web1"), scanned("web1", A), 1, "could not be seen before: not reached"),
    ],
)
def test_diff_of_files(
    run: Run, save: Save, before: Any, after: Any, status: int, words: str
) -> None:
    files = save("a.json", report(before)), save("b.json", report(after, day=1))
    ended, text = run(diff, *files)
    assert ended == status
    assert words in text
    readable(text)
    ended, document = run(diff, *files, "--format", "json")
    assert ended == status
    told = json.loads(document)
    assert told["exit_code"] == status
    assert run(diff, *files)[1] == text


def test_diff_of_runs(run: Run, save: Save, tmp_path: Path) -> None:
    """A host that comes back brings no news that was known."""
    file = str(tmp_path / "audit.db")
    hosts = (scanned("web1", A), lost("web1"), scanned("web1", A), scanned("web1", CLEAN))
    names = [save(f"{day}.json", report(host, day=day)) for day, host in enumerate(hosts)]
    assert run(history, "add", *names, "--history", file)[0] == 0
    assert run(diff, "--history", file, "1", "2")[0] == 3
    ended, text = run(diff, "--history", file, "2", "3")
    assert (ended, "NEW" in text) == (0, False)
    ended, text = run(diff, "--history", file)
    assert ended == 0
    assert "FIXED (1)" in text
    assert "run 3" in text


def test_hostile_text_stays_on_its_line(run: Run, save: Save, tmp_path: Path) -> None:
    file = str(tmp_path / "audit.db")
    evil = found(EVIL, EVIL, EVIL, severity="low")
    worse = found(EVIL, EVIL, EVIL)
    names = [
        save("a.json", report(scanned(EVIL, evil))),
        save("b.json", report(scanned(EVIL, worse), day=1)),
    ]
    readable(run(diff, *names)[1])
    run(history, "--history", file, "add", *names)
    for question in ("runs", "findings", "fixed --days 36500", "worse --days 36500", "calendar"):
        readable(run(history, "--history", file, *question.split())[1])


def test_answers(run: Run, save: Save, tmp_path: Path) -> None:
    file = str(tmp_path / "audit.db")
    hosts = (
        scanned("web1", A, found("web1", "two", "/x", severity="low")),
        scanned("web1", CLEAN, found("web1", "two", "/x", severity="high")),
    )
    for day, host in enumerate(hosts):
        run(history, "add", save(f"{day}.json", report(host, day=day)), "--history", file)
    always = ("--history", file)
    words = {
        ("runs",): "FINISHED (UTC)",
        ("findings",): "HIGH      web1: two, open",
        ("findings", "--severity", "critical"): "0 findings open",
        ("fixed", "--days", "36500"): "critical     1       1.0         1.0",
        ("worse", "--days", "36500"): "was low until 2026-11-19",
        ("calendar",): "No certificate is known",
    }
    for question, expected in words.items():
        status, text = run(history, *question, *always)
        assert (status, expected in text) == (0, True), text
        readable(text)
        json.loads(run(history, *question, *always, "--format", "json")[1])
    assert run(history, "prune", "--keep", "1", *always)[0] == 0
    text = run(history, "runs", *always)[1]
    assert "1*" in text
    assert "pruned" in text


def test_answers_in_korean(run: Run, save: Save, tmp_path: Path) -> None:
    file = str(tmp_path / "audit.db")
    names = [
        save("0.json", report(scanned("web1", A, found("web1", "two", "/x", severity="low")))),
        save("1.json", report(scanned("web1", CLEAN, found("web1", "two", "/x")), day=1)),
    ]
    run(history, "add", *names, "--history", file)
    words = {
        ("runs",): "완료(UTC)",
        ("findings",): "높음      web1: two, ",
        ("findings", "--severity", "critical"): "미해결 발견 사항 0건",
        ("fixed", "--days", "36500"): "치명      1      1.0        1.0",
        ("worse", "--days", "36500"): "2026-11-19까지 낮음",
        ("calendar",): "인증서가 없습니다",
    }
    for question, expected in words.items():
        always = (*question, "--history", file)
        text = run(history, *always, "--lang", "ko")[1]
        assert expected in text
        assert not re.search(r"\b(open|fixed|last|days?|findings?)\b", text), text
        assert all(cells(line) <= 80 for line in text.splitlines())
        machine = run(history, *always, "--format", "json")
        assert run(history, *always, "--format", "json", "--lang", "ko") == machine
    status, text = run(diff, *names, "--lang", "ko", "-v")
    assert status == 1
    for expected in (
        "이전      ",
        "악화 (1)",
        "해결 (1)",
        "이전 심각도 낮음",
        "결과      종료 코드 1",
    ):
        assert expected in text
    plain = run(diff, *names, "--format", "json")
    assert run(diff, *names, "--format", "json", "--lang", "ko") == plain


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (lost("web1", "no answer"), "알 수 없음: 연결하지 못함: no answer: no answer"),
        (scanned("web1"), "알 수 없음: 점검 항목이 선택되지 않음"),
    ],
)
def test_why_nobody_can_tell_in_korean(run: Run, save: Save, host: Any, said: str) -> None:
    names = [save("a.json", report(scanned("web1", A))), save("b.json", report(host, day=1))]
    assert said in run(diff, *names, "--lang", "ko")[1]


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        (diff, ("a.json",), "name two JSON reports"),
        (diff, ("1", "2"), "Runs of a history need --history FILE"),
        (diff, ("--history", "none.db"), "no such file"),
        (history, ("runs",), "name it with --history FILE"),
        (history, ("findings", "--history", "none.db"), "no such file"),
        (history, ("prune", "--history", "none.db", "--keep", "3"), "no such file"),
        (history, ("prune", "--history", "none.db"), "name one of"),
        (history, ("add", "--history", "x.db", "none.json"), "No such file"),
        (history, ("runs", "--history", "/dev/null"), "not a plain file"),
    ],
)
def test_wrong_use_is_one_line(
    run: Run, command: click.Command, arguments: tuple[str, ...], words: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    with pytest.raises(click.UsageError) as caught:
        run(command, *arguments)
    assert words in caught.value.format_message()
    assert "\n" not in caught.value.format_message()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON report"),
        (b"{}", "missing required field"),
        (msgspec.json.encode(report()).replace(b'"1"', b'"9"', 1), "schema version '9'"),
    ],
)
def test_files_that_are_no_report(run: Run, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(click.UsageError, match=words):
        run(diff, str(path), str(path))


def test_a_run_that_is_not_there(run: Run, save: Save, tmp_path: Path) -> None:
    file = str(tmp_path / "audit.db")
    run(history, "add", save("a.json", report(scanned("web1", A))), "--history", file)
    for word in ("7", "previous", "-1", "²"):
        with pytest.raises(click.UsageError, match=r"no run|No such option"):
            run(diff, "--history", file, word, "last")


def test_a_report_shows_the_trend_that_it_is_the_end_of(run: Run, tmp_path: Path) -> None:
    facts = Path(__file__).resolve().parents[1] / "collect" / "recorded" / "plain-any.facts.json"
    given = ["scan", str(facts), "--history", str(tmp_path / "h.db"), "--format"]
    for number in (1, 2):
        _, out = run(scan, *given, "json")
        one = json.loads(out)
        assert len(one["trend"]["points"]) == number
        last = one["trend"]["points"][-1]
        assert last["time"] == one["finished"]
        assert last["open"] == one["summary"]["by_severity"]
    _, page = run(scan, *given, "html")
    assert '<h2 id="trend">Trend</h2>' in page
    assert "3 runs." in page
    _, out = run(scan, str(facts), "--format", "json")
    assert json.loads(out)["trend"] is None
