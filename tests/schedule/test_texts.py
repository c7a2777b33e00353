"""Unit files and crontabs: what they start is what was asked for, word for word."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockeraudit.schedule import Job, Places, ScheduleError
from dockeraudit.schedule.crontab import cron_line, crontab
from dockeraudit.schedule.job import checked_calendar, checked_name, checked_words, fields
from dockeraudit.schedule.units import exec_line, quoted, service, timer

PLACES = Places()
AWKWARD = [
    "plain",
    "",
    "two words",
    'say "hi"',
    "it's",
    "100%",
    "%n %%",
    "$HOME",
    "${HOME}",
    "$$",
    "back\\slash",
    "\\n",
    ";",
    "# no comment",
    "@-:+!",
    "--option=a b",
    "~",
    "*?[a]",
    "`id`",
    "$(id)",
    "ü 안전",
    "a&b|c>d<e",
]


def job(*scan: str, **changes: object) -> Job:
    given: dict[str, object] = {
        "name": "nightly",
        "every": "daily",
        "user": "root",
        "program": ("/opt/dockeraudit/bin/dockeraudit",),
        "scan": scan,
        **changes,
    }
    return Job(**given)  # type: ignore[arg-type]


def taken_apart(line: str) -> list[str]:
    """A crude reading of systemd.syntax and systemd.service: the rules, written the other way."""
    words, word, inside, quote = [], "", False, ""
    at = 0
    while at < len(line):
        char = line[at]
        if quote and char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote, inside = char, True
        elif char == "\\":
            at += 1
            word += {"\\": "\\", '"': '"'}[line[at]]
            inside = True
        elif not quote and char == " ":
            if inside:
                words.append(word)
            word, inside = "", False
        else:
            word, inside = word + char, True
        at += 1
    assert not quote
    if inside:
        words.append(word)
    expanded = [each.replace("%%", "%") for each in words]
    return [expanded[0], *(each.replace("$$", "$") for each in expanded[1:])]


def through_cron(line: str) -> list[str]:
    """What sh gets from cron: `%` is a line end unless escaped; then what sh makes of it."""
    assert "%" not in line.replace(r"\%", "")
    line = line.replace(r"\%", "%")
    script = f"set -- {line}\nfor word; do printf '%s\\n' \"$word\"; done"
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True, text=True)
    return done.stdout.split("\n")[:-1]


def test_awkward_words_in_a_unit() -> None:
    assert taken_apart(exec_line(("/bin/x", *AWKWARD))) == ["/bin/x", *AWKWARD]


def test_awkward_words_in_cron() -> None:
    assert through_cron(cron_line(("x", *AWKWARD))) == ["x", *AWKWARD]


printable = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)


@given(st.lists(printable, max_size=5))
def test_any_words_in_a_unit(words: list[str]) -> None:
    assert taken_apart(exec_line(("/bin/x", *words))) == ["/bin/x", *words]


@settings(max_examples=25, deadline=None)
@given(st.lists(printable, max_size=5))
def test_any_words_in_cron(words: list[str]) -> None:
    assert through_cron(cron_line(("x", *words))) == ["x", *words]


def test_plain_words_stay_plain() -> None:
    assert quoted("--report=json=/srv/a.json") == "--report=json=/srv/a.json"
    assert exec_line(("/a b/$x", "c$")) == '"/a b/$x" c$$'


def test_systemd_itself_reads_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` over both files, where it is installed."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing; the lab test has it")
    one = job(*AWKWARD, program=("/bin/true",), writes=("/var/my reports/100%",))
    (tmp_path / "dockeraudit-nightly.service").write_text(service(one, PLACES))
    (tmp_path / "dockeraudit-nightly.timer").write_text(timer(one))
    for name in ("dockeraudit-nightly.timer", "dockeraudit-nightly.service"):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)],
            capture_output=True,
            text=True,
            check=False,
        )
        ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
        assert ours == []
        assert done.returncode == 0, done.stderr


def lines(text: str) -> list[str]:
    return text.splitlines()


def test_a_service_keeps_a_local_scan_truthful() -> None:
    text = lines(service(job(writes=("/srv/reports", "/var/lib/dockeraudit/nightly")), PLACES))
    assert text[0] == "# dockeraudit schedule: nightly"
    for line in (
        "ProtectSystem=strict",
        "ProtectHome=read-only",
        "NoNewPrivileges=yes",
        "ReadWritePaths=/srv/reports",
        "SuccessExitStatus=1 3",
        "StateDirectoryMode=0700",
        "UMask=0077",
    ):
        assert line in text
    settings = {line.partition("=")[0] for line in text if not line.startswith("#")}
    assert not settings & {
        "PrivateTmp",
        "PrivateNetwork",
        "PrivateUsers",
        "PrivateDevices",
        "ProtectProc",
        "ProcSubset",
    }
    assert sum(line.startswith("ReadWritePaths") for line in text) == 1
    kept = next(line for line in text if line.startswith("CapabilityBoundingSet="))
    for needed in ("DAC_READ_SEARCH", "DAC_OVERRIDE", "SYS_PTRACE", "NET_ADMIN"):
        assert needed not in kept


@pytest.mark.parametrize(
    ("user", "sudo", "lines_of_it"),
    [
        ("root", False, ("NoNewPrivileges=yes", "CapabilityBoundingSet=~CAP_AUDIT_CONTROL")),
        ("audit", False, ("NoNewPrivileges=yes", "CapabilityBoundingSet=\n")),
        ("audit", True, ("NoNewPrivileges=no", "CapabilityBoundingSet=~CAP_AUDIT_CONTROL")),
    ],
)
def test_privileges(user: str, sudo: bool, lines_of_it: tuple[str, ...]) -> None:
    text = service(job(user=user, sudo=sudo), PLACES)
    assert f"User={user}\n" in text
    assert all(line in text for line in lines_of_it)


def test_a_timer() -> None:
    text = lines(timer(job(every="Mon..Fri 04:17", jitter=90)))
    assert text[0] == "# dockeraudit schedule: nightly"
    for line in ("OnCalendar=Mon..Fri 04:17", "RandomizedDelaySec=90", "Persistent=true"):
        assert line in text


@pytest.mark.parametrize(
    ("every", "seconds"), [("hourly", 300), ("daily", 3600), ("Mon 04:17", 300)]
)
def test_jitter(every: str, seconds: int) -> None:
    assert job(every=every).delay == seconds
    assert job(every=every, jitter=0).delay == 0


def test_a_crontab() -> None:
    text = crontab(job("web1", "--check", "a 100%", jitter=0), "db7")
    assert text.startswith("# dockeraudit schedule: nightly\n")
    assert text.endswith(
        "\n0 0 * * * root /opt/dockeraudit/bin/dockeraudit schedule run --name nightly --log"
        " -- web1 --check 'a 100\\%'\n"
    )


def test_a_crontab_does_not_look_like_the_start_of_a_daemon() -> None:
    import re

    text = crontab(job(), "db7")
    start = re.compile(r"\bdockerd\b|(service|rc-service|systemctl|init[.]d).*docker")
    assert not any(start.search(line) for line in lines(text))


def test_cron_spreads_a_fleet_and_each_host_keeps_its_minute() -> None:
    minutes = {fields(job(), f"host{number}").split()[0] for number in range(200)}
    assert len(minutes) > 40
    assert fields(job(), "a") == fields(job(), "a")
    assert {int(fields(job(every="hourly"), str(n)).split()[0]) for n in range(50)} <= set(range(6))


@pytest.mark.parametrize("every", ["17 4 * * 1-5", "*/5 * * * *", "0 0 1,15 * Mon"])
def test_cron_takes_its_own_notation(every: str) -> None:
    assert fields(job(every=every), "a") == every


@pytest.mark.parametrize("every", ["Mon 04:17", "17 4 * *", "* * * * * root", "", "a\nb c d e f"])
def test_cron_takes_nothing_else(every: str) -> None:
    with pytest.raises(ScheduleError):
        fields(job(every=every), "a")


def test_cron_drops_long_commands_so_they_are_refused() -> None:
    with pytest.raises(ScheduleError, match="--inventory"):
        crontab(job(*(f"host{number}" for number in range(200))), "a")


@pytest.mark.parametrize("every", ["", " ", "17 4 * * 1", "%n", "daily\nUnit=evil.service"])
def test_no_calendar(every: str) -> None:
    with pytest.raises(ScheduleError):
        checked_calendar(every)


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a/b", "../x", "a b", "a" * 41, "ä"])
def test_no_name(name: str) -> None:
    with pytest.raises(ScheduleError):
        checked_name(name)
    assert checked_name("nightly-2") == "nightly-2"


@pytest.mark.parametrize("word", ["a\nb", "\x1b[2J", "\x00", "\udc80", "\x7f"])
def test_no_word(word: str) -> None:
    with pytest.raises(ScheduleError):
        checked_words(("fine", word))
