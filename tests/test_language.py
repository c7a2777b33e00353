"""What people read is Korean where it is asked for, whole and laid out; machines get English."""

import json
import re
import subprocess
import sys
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest

from dockeraudit import language
from dockeraudit.cli.explain import page
from dockeraudit.language import chosen, counted, date, gettext, moment, prose, speaking
from dockeraudit.lines import cells
from dockeraudit.plugins import checks, formats, writer
from dockeraudit.policy import decide
from dockeraudit.sentences import reason
from tests import catalogue
from tests.cli.program import ROOT, environment, facts, run
from tests.reports.scans import SCANS

PO = sorted(catalogue.LOCALE.glob("*/LC_MESSAGES/*.po"))
PLACEHOLDER = re.compile(r"\{[a-z_]*\}|%\([a-z_]+\)s|%s")
CODE = re.compile(r"`[^`]+`")
HANGUL = re.compile("[가-힣]")
PEOPLE = [name for name in formats() if getattr(writer(name), "FOR_PEOPLE", False)]


@pytest.fixture(params=PO, ids=lambda path: path.parts[-3])
def entries(request: pytest.FixtureRequest) -> list[catalogue.Entry]:
    """A catalogue's entries."""
    return catalogue.read(request.param)[1]


def test_there_is_a_catalogue_for_each_language() -> None:
    assert {path.parts[-3] for path in PO} == {*language.LANGUAGES} - {language.SOURCE}


def test_every_text_is_translated(entries: list[catalogue.Entry]) -> None:
    known = {each.one: each for each in entries}
    wanted = catalogue.messages()
    assert sorted(wanted.keys() - known.keys()) == [], "run python -m tests.catalogue"
    for each in wanted.values():
        found = known[each.one]
        assert found.text.strip(), f"no translation of {each.one!r}"
        assert "fuzzy" not in found.flags, f"nobody has looked at {each.one!r}"
        assert found.many == each.many, f"the plural of {each.one!r}"


def test_no_translation_is_idle(entries: list[catalogue.Entry]) -> None:
    assert sorted({each.one for each in entries} - catalogue.messages().keys()) == []


def test_placeholders_and_code_are_kept(entries: list[catalogue.Entry]) -> None:
    for each in entries:
        forms = {*PLACEHOLDER.findall(each.one), *PLACEHOLDER.findall(each.many)}
        assert {*PLACEHOLDER.findall(each.text)} == forms, each.one
        assert sorted(CODE.findall(each.text)) == sorted(CODE.findall(each.one)), each.one


def test_titles_are_no_sentences(entries: list[catalogue.Entry]) -> None:
    titles = {check.title for check in checks().values()}
    for each in entries:
        if each.one in titles:
            assert not each.text.endswith((".", "다")), each.text


@pytest.mark.parametrize("path", PO, ids=lambda path: path.parts[-3])
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    head, entries = catalogue.read(path)
    assert path.with_suffix(".mo").read_bytes() == catalogue.compiled(head, entries)
    assert path.read_text("utf-8") == catalogue.written(*catalogue.updated(path))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko"}, "ko"),
        ({"LANG": "ko_KR.utf8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8@hanja"}, "ko"),
        ({"LANG": "ko_KR.eucKR"}, "en"),
        ({"LANG": "kok_IN.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "tlh_XX.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        ({"LC_MESSAGES": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "\udcff.\n"}, "en"),
    ],
)
def test_the_environment_chooses(environment: dict[str, str], expected: str) -> None:
    assert chosen(environment) == expected


def test_words_and_numbers() -> None:
    assert gettext("") == ""
    assert [counted(n, "{n} host", "{n} hosts") for n in (0, 1, 2)] == [
        "0 hosts",
        "1 host",
        "2 hosts",
    ]
    with speaking("ko"):
        assert gettext("") == ""
        assert gettext("a text that no catalogue has") == "a text that no catalogue has"
        assert [counted(n, "{n} host", "{n} hosts") for n in (0, 1, 1200)] == [
            "호스트 0대",
            "호스트 1대",
            "호스트 1,200대",
        ]
    assert gettext("waived") == "waived"


def test_dates() -> None:
    time = "2026-11-04T06:15:41Z"
    assert (date(time), moment(time)) == ("4 Nov 2026", "4 Nov 2026, 06:15 UTC")
    with speaking("ko"):
        assert (date(time), moment(time)) == ("2026년 11월 4일", "2026년 11월 4일 06:15 UTC")
        assert moment(None) == "알 수 없음"
        assert moment("soon") == "soon"


def test_commands_stay_as_they_are() -> None:
    text = "Then:\n    docker ps -a\n    docker rm x\nOn a machine that is no Docker host:"
    with speaking("ko"):
        assert prose(text) == (
            "그런 다음:\n    docker ps -a\n    docker rm x\nDocker 호스트가 아닌 장비에서:"
        )


@pytest.mark.parametrize("check", checks().values(), ids=lambda check: check.id)
def test_every_check_is_explained(check: object) -> None:
    with speaking("ko"):
        text = page(check)  # type: ignore[arg-type]
    head, rest = text.split("## 중요한 이유\n")
    assert HANGUL.search(head)
    assert HANGUL.search(rest.split("## ")[0])
    assert HANGUL.search(rest.split("## 조치 방법\n")[1].split("## ")[0])


def test_columns_stand_under_their_heads() -> None:
    for scan in SCANS.values():
        with speaking("ko"):
            lines = "".join(writer("table").render(scan())).split("\n")
        heads = [at for at, line in enumerate(lines) if line.startswith("호스트")]
        for at in heads:
            rows = lines[at : lines.index("", at)]
            figures = [row for row in rows if re.search(r"(점검됨|일부) .*\d", row)]
            assert {cells(row) for row in figures} <= {cells(rows[0])}
        assert all(cells(line) <= 80 for line in lines)


@pytest.mark.parametrize("format", PEOPLE)
@pytest.mark.parametrize("scan", SCANS)
def test_reports_for_people_speak(format: str, scan: str) -> None:
    report = SCANS[scan]()
    english = "".join(writer(format).render(report))
    with speaking("ko"):
        korean = "".join(writer(format).render(report))
    assert HANGUL.search(korean)
    assert ('<html lang="ko">' in korean) == (format == "html")
    assert "".join(writer(format).render(report)) == english


@pytest.mark.parametrize("format", PEOPLE)
def test_no_english_of_our_own_is_left(format: str) -> None:
    """What the catalogue has, is looked up; what hosts and checks said stays as it was."""
    places = ("reports/", "dockeraudit/history")
    texts = {
        max(PLACEHOLDER.split(each.one), key=len)
        for each in catalogue.messages().values()
        if each.place.startswith(places)
    }
    for name, scan in SCANS.items():
        report = scan()
        said = str(report)
        with speaking("ko"):
            korean = "".join(writer(format).render(report)).rpartition("<script>")
        for text in texts:
            if len(text) > 14 and text not in said:
                assert text not in (korean[0] or korean[2]), name


def test_markdown_takes_korean_for_words() -> None:
    """A title that is plain words in English is so in Korean: no part of it is set as code."""
    package = writer("table").__name__.rpartition(".")[0]  # type: ignore[attr-defined]
    summary = import_module(f"{package}.markdown")._summary
    for check in checks().values():
        with speaking("ko"):
            title = gettext(check.title)
        if summary(check.title) == check.title:
            assert summary(title) == title


def _whole(*arguments: str, env: dict[str, str] | None = None) -> str:
    done = run(*arguments, **(env or {}))  # type: ignore[arg-type]
    assert done.status in (0, 1), done.err
    return done.out


def test_the_option_and_the_environment() -> None:
    english = {"LC_ALL": "C", "LC_MESSAGES": "", "LANG": ""}
    korean = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "ko_KR.UTF-8"}
    for command in (
        ("scan", facts("plain-any")),
        ("list",),
        ("explain", "listener-tcp-plain"),
    ):
        plain = _whole(*command, env=english)
        assert not HANGUL.search(plain)
        shown = _whole(*command, env=korean)
        assert HANGUL.search(shown)
        assert "암호화 없이 누구에게나 열린 Docker API" in shown
        times = re.compile(r"\d+\.\d+초|\d+\.\d+ s|exit \d")
        assert times.sub("", _whole(*command, "--lang", "ko", env=english)) == times.sub("", shown)
        assert not HANGUL.search(_whole(*command, "--lang", "en", env=korean))


def test_saved_results_are_rendered_in_any_language(tmp_path: Path) -> None:
    saved = tmp_path / "report.json"
    run("scan", facts("plain-any"), "--lang", "ko", "--report", f"json={saved}")
    assert not HANGUL.search(saved.read_text("utf-8"))
    machine = sorted({*formats()} - {*PEOPLE})
    for tongue in language.LANGUAGES:
        where = tmp_path / tongue
        where.mkdir()
        options = [("--report", f"{name}={where / name}") for name in formats()]
        run("report", str(saved), "--lang", tongue, *chain.from_iterable(options))
    for name in machine:
        assert (tmp_path / "ko" / name).read_bytes() == (tmp_path / "en" / name).read_bytes(), name
    for name in PEOPLE:
        assert HANGUL.search((tmp_path / "ko" / name).read_text("utf-8"))
        assert not HANGUL.search((tmp_path / "en" / name).read_text("utf-8"))
    heads = json.loads(_whole("list", "--format", "json", "--lang", "ko"))
    assert not HANGUL.search(json.dumps(heads, ensure_ascii=False))


def test_a_language_that_is_not_there() -> None:
    done = run("scan", facts("plain-any"), "--lang", "kos")
    assert done.status == 2
    assert "Did you mean 'ko'?" in done.err
    assert "en, ko" in done.err


def test_rules_are_said_in_korean() -> None:
    """Every form of the sentence that the exit code has, in each of the scans."""
    package = writer("table").__name__.rpartition(".")[0]  # type: ignore[attr-defined]
    rule = import_module(f"{package}._rule").rule
    for text in (
        *(decide(each.hosts, each.fail_on)[1] for each in (scan() for scan in SCANS.values())),
        "no finding at or above --fail-on low; 1 target named a host once more",
        "1 critical, 2 high at or above --fail-on low or its own of a group",
        "no finding at or above --fail-on high",
        "the scan is incomplete; 1 host not reached; 2 results unknown at or above --fail-on low",
        "--fail-on none: findings do not count; no Docker engine on 3 hosts",
        "the scan is incomplete; not one check applied on 1 host with an engine",
        "the scan is incomplete; nothing was scanned",
        "interrupted; no finding at or above --fail-on low",
        "dockeraudit itself failed on 2 of the hosts; no finding at or above --fail-on low",
        "no finding at or above --fail-on low; a file of checks left out: a.py",
        "no finding at or above --fail-on low; 2 files of checks left out: a.py, b.toml",
    ):
        assert rule(text) == text
        with speaking("ko"):
            said = rule(text)
        assert all(HANGUL.search(part) for part in said.split("; ")), said
        assert not re.search(r"\b(at|or|above|host|hosts|of|finding|scan)\b", said), said
    with speaking("ko"):
        assert rule("east.json: something else") == "east.json: something else"


def test_a_sentence_with_a_part_of_no_known_form_stays_whole() -> None:
    known = "no engine has a TLS listener"
    assert reason(known) == known
    with speaking("ko"):
        assert HANGUL.search(reason(known))
        both = f"{known}; no engine has a TLS key"
        assert reason(both) == f"{reason(known)}; {reason('no engine has a TLS key')}"
        for text in (
            "",
            "something new",
            f"{known}; something new",
            "x {reason} {0}",
            "A" * 9999,
        ):
            assert reason(text) == text


def test_nearly_every_reason_of_the_recorded_hosts_is_of_a_known_form() -> None:
    names = ("containers", "hardened-user", "plain-any", "swarm")
    options = ("--profile", "strict", "--format", "json")
    hosts = json.loads(_whole("scan", *map(facts, names), *options))["hosts"]
    reasons = [
        each["message"]
        for host in hosts
        for each in host["results"]
        if each["status"] in ("pass", "unknown", "not-applicable")
    ]
    with speaking("ko"):
        said = [text for text in reasons if HANGUL.search(reason(text))]
    assert len(reasons) > 500
    assert len(said) > 0.95 * len(reasons), sorted({*reasons} - {*said})


def test_english_loads_nothing() -> None:
    code = (
        "import sys; from dockeraudit.language import speaking, gettext\n"
        "with speaking('en'): gettext('waived')\n"
        "print('gettext' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
