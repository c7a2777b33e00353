"""Scheduled jobs on real hosts: the timer fires, the report appears, the exit status is seen.

dockeraudit itself runs on these hosts, so they are throw-away ones with Debian's python3, and get
this checkout as a virtual environment in /opt.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import time
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from tests.lab import images, paths, throwaway
from tests.lab.engine import Engine
from tests.lab.hosts import DROP_IN, RELAY_UNIT, TLS, File, Host, Tls
from tests.lab.hosts import Truth as HostTruth
from tests.lab.program import comparable
from tests.lab.throwaway import Throwaway
from tests.lab.use import Lab

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "/opt/dockeraudit/bin/dockeraudit"
BEFORE: list[dict[str, Any]] = []
"""What was said of the host with systemd before it had a job."""

IMAGE = images.Recipe(
    "bookworm-python", "bookworm", (*images.TOOLS, *images.SYSTEMD, "cron", "python3")
)
# What a confined scan could fail to see: homes, /tmp, modes, other processes and their sockets.
SCHEDULED = Host(
    "scheduled",
    IMAGE.name,
    "systemd, cron and Python; a relay and a TLS listener, keys in a home and in /tmp.",
    HostTruth(tcp=("0.0.0.0:2375", "[::]:2376")),
    files=(
        File(
            DROP_IN,
            "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2376"
            f" --tlsverify --tlscacert={TLS}/ca.pem"
            f" --tlscert={TLS}/server-cert.pem --tlskey={TLS}/server-key.pem\n",
        ),
        File("/etc/systemd/system/docker-relay.service", RELAY_UNIT),
    ),
    before="systemctl enable docker-relay.service",
    tls=Tls(key_mode=0o644),
    sudo="nopasswd",
)
SYSVINIT = Host(
    "no-systemd", "sid", "sysvinit: cron's file is written.", HostTruth(active="", enabled="")
)


def closure(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    """A distribution and what it needs, without extras."""
    for line in distribution(name).requires or []:
        requirement, _, marker = line.partition(";")
        wanted = re.split(r"[^A-Za-z0-9_.-]", requirement.strip(), maxsplit=1)[0]
        if "extra" in marker or wanted.lower() in found:
            continue
        try:
            found[wanted.lower()] = distribution(wanted)
        except PackageNotFoundError:  # for another platform or an older Python
            continue
        closure(wanted, found)
    return found


def packed() -> bytes:
    """A virtual environment for /opt: this checkout, what it needs, Debian's python3."""
    assert sys.version_info[:2] == (3, 11), "the extension modules have to suit bookworm's Python"
    site = "dockeraudit/lib/python3.11/site-packages"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:

        def text(path: str, content: str, mode: int = 0o644) -> None:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content.encode()), mode
            tar.addfile(entry, io.BytesIO(content.encode()))

        def owned(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mode &= 0o755
            return None if "__pycache__" in entry.name else entry

        text("dockeraudit/pyvenv.cfg", "home = /usr/bin\nversion = 3.11\n")
        link = tarfile.TarInfo("dockeraudit/bin/python")
        link.type, link.linkname = tarfile.SYMTYPE, "/usr/bin/python3.11"
        tar.addfile(link)
        start = "from dockeraudit.cli import main\nmain()\n"
        text(PROGRAM.removeprefix("/opt/"), f"#!/opt/dockeraudit/bin/python\n{start}", 0o755)
        tar.add(ROOT / "dockeraudit", f"{site}/dockeraudit", filter=owned)
        for door in ("checks", "reports"):
            tar.add(ROOT / door, f"{site}/dockeraudit/{door}", filter=owned)
        for each in closure("dockeraudit", {}).values():
            for file in each.files or []:
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    tar.add(str(file.locate()), f"{site}/{file}", filter=owned)
    return out.getvalue()


def put(host: Throwaway, data: bytes, folder: str) -> None:
    """Unpack a tar on a host."""
    engine = Engine.default()
    engine.docker("exec", "--interactive", host.name, "tar", "-xf", "-", "-C", folder, stdin=data)


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Iterator[tuple[Throwaway, Throwaway]]:
    """A host with systemd and one without, both with dockeraudit in /opt."""
    del lab
    images.RECIPES.setdefault(IMAGE.name, IMAGE)
    with paths.locked("lab"):
        images.ensure(Engine.default(), [IMAGE.name])
    program = packed()
    with throwaway.booted(SCHEDULED, SYSVINIT) as (one, other):
        python = one.sh(
            "tar -C / -cf /run/python.tar usr/bin/python3.11 usr/lib/python3.11"
            " $(ldd /usr/bin/python3.11 | sed -n 's|.*=> /\\(.*libexpat[^ ]*\\) .*|\\1|p' |"
            " xargs -I{} realpath --relative-to=/ /{})\n"
            "ldd /usr/bin/python3.11 | sed -n 's|.*=> \\(.*libexpat[^ ]*\\) .*|\\1|p'"
        ).strip()
        moved = one.sh("base64 -w0 /run/python.tar; rm /run/python.tar")
        other.sh(f"base64 -d <<'E' | tar -C / -xf - --skip-old-files\n{moved}\nE\nldconfig\n")
        assert python
        for host in (one, other):
            put(host, program, "/opt")
        yield one, other


@pytest.fixture(scope="module")
def machine(hosts: tuple[Throwaway, Throwaway]) -> Throwaway:
    """The host with systemd, with a client's key in a home, another in /tmp, and a cron job."""
    host, _ = hosts
    host.sh(
        f"cp -a {TLS} /tmp/tls; sed -i 's|{TLS}|/tmp/tls|g' {DROP_IN}\n"
        "systemctl daemon-reload; systemctl restart docker.service\n"
        "cd /home/audit; install -d -m 755 .docker\n"
        f"cp {TLS}/server-key.pem .docker/key.pem; cp {TLS}/server-cert.pem .docker/cert.pem\n"
    )
    BEFORE.append(scanned(host))
    host.sh(
        f"{PROGRAM} schedule install --with cron --every '* * * * *' --name by-cron -- "
        "--check 'tls-*' --fail-on none\n"
    )
    return host


def scanned(host: Throwaway) -> dict[str, Any]:
    """What a scan of the host itself, started by hand, says of it."""
    said = host.sh(f"{PROGRAM} scan --format json 2>/dev/null; test $? -le 1")
    (found,) = json.loads(said)["hosts"]
    assert isinstance(found, dict)
    return found


def wait_for_run(host: Throwaway, name: str, seconds: float) -> dict[str, Any]:
    """The state of a job whose last run has ended."""
    deadline = time.monotonic() + seconds
    while True:
        (state,) = json.loads(host.sh(f"{PROGRAM} schedule status --json --name {name}"))
        if state["last"] and state["last"]["finished"]:
            assert isinstance(state, dict)
            return state
        assert time.monotonic() < deadline, host.sh(
            f"systemctl status dockeraudit-{name}.service; "
            f"journalctl -u dockeraudit-{name}.service; true"
        )
        time.sleep(0.5)


def test_the_timer_fires(machine: Throwaway) -> None:
    said = machine.sh(
        f"{PROGRAM} schedule install --name soon --every '*:*:0/2' --jitter 0 2>&1\n"
        "systemd-analyze verify /etc/systemd/system/dockeraudit-soon.* 2>&1\n"
    )
    assert said.splitlines() == [
        "wrote /etc/systemd/system/dockeraudit-soon.service",
        "wrote /etc/systemd/system/dockeraudit-soon.timer",
        "enabled dockeraudit-soon.timer",
    ]
    state = wait_for_run(machine, "soon", 40)
    assert state["last"]["exit_status"] == 1
    # From here on it is a daily job: install again changes it.
    machine.sh(f"{PROGRAM} schedule install --name soon --every daily")
    (state,) = json.loads(machine.sh(f"{PROGRAM} schedule status --json --name soon"))
    assert state["active"]
    assert state["schedule"] == "daily"
    assert re.fullmatch(r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]+", state["next_run"])
    assert state["problem"] == ""
    shown = machine.sh(f"{PROGRAM} schedule status --name soon")
    assert "result    exit status 1, findings" in shown
    assert "logs      journalctl -u dockeraudit-soon.service" in shown


def test_the_report_is_there_and_nobody_else_reads_it(machine: Throwaway) -> None:
    said = machine.sh(
        "cd /var/lib/dockeraudit/soon; stat -c '%a %U %n' . report.json last.json lock"
    )
    assert said == "700 root .\n600 root report.json\n600 root last.json\n600 root lock\n"


def test_the_exit_status_is_seen_and_findings_are_no_failure(machine: Throwaway) -> None:
    unit = "dockeraudit-soon.service"
    machine.sh(f"systemctl start {unit}")
    assert "status=1/FAILURE" in machine.sh(f"systemctl status {unit} --no-pager --lines=0; true")
    assert machine.sh(f"systemctl show -P Result -P ExecMainStatus {unit}") == "success\n1\n"
    assert machine.sh(f"systemctl is-failed {unit}; true").strip() == "inactive"
    journal = machine.sh(f"journalctl -o json --output-fields=MESSAGE,PRIORITY -u {unit}")
    lines = [json.loads(line) for line in journal.splitlines()]
    ends = [line for line in lines if "job soon: exit status 1, findings" in line["MESSAGE"]]
    assert ends
    assert {line["PRIORITY"] for line in ends} == {"4"}
    assert any("RESULT" in line["MESSAGE"] or "listener-" in line["MESSAGE"] for line in lines)


def test_a_run_that_fails_fails_the_unit(machine: Throwaway) -> None:
    unit = "dockeraudit-soon.service"
    said = machine.sh(
        "flock /var/lib/dockeraudit/soon/lock sleep 3 & sleep 0.5\n"
        f"systemctl start {unit}; systemctl show -P Result -P ExecMainStatus {unit}; wait\n"
        f"journalctl -u {unit} -o cat -n 20 | grep 'still running'\n"
        f"systemctl reset-failed {unit}"
    ).splitlines()
    assert said[:2] == ["exit-code", "75"]
    assert said[2].startswith("dockeraudit: job soon is still running")
    assert len(said) == 3


def test_confined_or_not_the_verdicts_are_the_same(machine: Throwaway) -> None:
    said = machine.sh(
        "systemctl start dockeraudit-soon.service\ncat /var/lib/dockeraudit/soon/report.json"
    )
    (confined,) = json.loads(said)["hosts"]
    free = scanned(machine)
    assert free["state"] == "scanned"
    statuses = {result["check"]: result["status"] for result in free["results"]}
    assert list(statuses.values()).count("fail") > 5
    for check in (
        "certificate-client-key-on-daemon-host",
        "listener-relay-process",
        "permissions-tls-key-mode",
    ):
        assert statuses[check] == "fail"
    assert statuses["certificate-key-match"] == "pass", "what lies below /tmp was read"
    wrong = [
        (a["check"], a["status"], a["message"], b["status"], b["message"])
        for a, b in zip(confined["results"], free["results"], strict=True)
        if (a["status"], a["message"]) != (b["status"], b["message"])
    ]
    assert wrong == []
    assert comparable(confined) == comparable(free)
    assert comparable(free) == comparable(BEFORE[0]), "the jobs themselves are no news"


def test_an_account_without_rights(machine: Throwaway) -> None:
    """The job of an ordinary user: its own folder, no capability, and sudo only where asked for."""
    said = machine.sh(
        f"{PROGRAM} schedule install --every weekly --name plain --user audit -- --become\n"
        "systemctl start dockeraudit-plain.service\n"
        "stat -c '%a %U' /var/lib/dockeraudit/plain/report.json\n"
        f"{PROGRAM} schedule install --every weekly --name plain --user audit -- --fail-on none\n"
        "systemctl start dockeraudit-plain.service\n"
        "systemctl show -P ExecMainStatus dockeraudit-plain.service\n"
        f"{PROGRAM} schedule remove --name plain\n"
    ).splitlines()
    assert said == ["600 audit", "0"]


def test_removed_whole(machine: Throwaway) -> None:
    machine.sh(f"{PROGRAM} schedule install --every hourly --name gone")
    said = machine.sh(
        f"{PROGRAM} schedule remove --name gone 2>/dev/null\n"
        "ls /etc/systemd/system /etc/systemd/system/timers.target.wants /var/lib/systemd/timers"
        " | grep gone; systemctl list-timers --all | grep gone; true"
    )
    assert said == ""


def test_a_foreign_unit_stays(machine: Throwaway) -> None:
    said = machine.sh(
        "echo '[Timer]' >/etc/systemd/system/dockeraudit-theirs.timer\n"
        f"{PROGRAM} schedule install --every daily --name theirs 2>&1; echo $?\n"
        "cd /etc/systemd/system; cat dockeraudit-theirs.timer; ls | grep -c theirs\n"
        "rm /etc/systemd/system/dockeraudit-theirs.timer"
    )
    assert "left alone" in said
    assert said.endswith("\n2\n[Timer]\n1\n")


def test_a_calendar_that_is_none(machine: Throwaway) -> None:
    said = machine.sh(f"{PROGRAM} schedule install --every 'every day' 2>&1; echo $?")
    assert "is no calendar expression of systemd" in said
    assert said.endswith("\n2\n")


def test_words_reach_the_scan_as_they_were_given(machine: Throwaway) -> None:
    """systemd's own reading of the awkward ones; the scan refuses the pattern, and names it."""
    word = """a b%n$HOME${HOME}$$"'\\;~"""
    quoted = "'" + word.replace("'", "'\\''") + "'"
    said = machine.sh(
        f"{PROGRAM} schedule install --every yearly --name words -- --skip {quoted} ';' 2>&1\n"
        "systemctl start dockeraudit-words.service\n"
        "systemctl show -P ExecStart dockeraudit-words.service\n"
        "journalctl -u dockeraudit-words.service -o cat --no-pager\n"
        f"{PROGRAM} schedule remove --name words >/dev/null 2>&1; true"
    )
    assert f"no check {word!r}" in said


def test_cron_fires(machine: Throwaway) -> None:
    state = wait_for_run(machine, "by-cron", 70)
    assert (state["kept_by"], state["active"], state["problem"]) == ("cron", True, "")
    assert (state["schedule"], state["last"]["exit_status"]) == ("* * * * *", 0)
    said = machine.sh(
        "cd /var/lib/dockeraudit/by-cron; stat -c '%a %n' report.json run.log; cat run.log\n"
        f"{PROGRAM} schedule remove --name by-cron 2>/dev/null; ls /etc/cron.d"
    )
    assert said.startswith("600 report.json\n600 run.log\n")
    assert "by-cron" not in said.splitlines()[-1]


def test_without_systemd_it_is_a_line_of_cron(hosts: tuple[Throwaway, Throwaway]) -> None:
    _, host = hosts
    before = scanned(host)
    said = host.sh(f"{PROGRAM} schedule install --every daily 2>&1; echo $?; mkdir /etc/cron.d")
    assert said.endswith(
        "there is no /etc/cron.d: install a cron that reads it (cron, cronie, bcron)\n2\n"
    )
    said = host.sh(
        f"{PROGRAM} schedule install --every daily --name n --"
        " web1 --skip 'a%b' --check 'service-*' 2>&1\n"
        "cat /etc/cron.d/dockeraudit-n; stat -c '%a %U' /etc/cron.d/dockeraudit-n\n"
        f"{PROGRAM} schedule status\n"
    )
    assert "wrote /etc/cron.d/dockeraudit-n\nwarning: no cron daemon runs here" in said
    assert re.search(
        r"^\d+ 0 \* \* \* root /opt/dockeraudit/bin/dockeraudit schedule run --name n --log --"
        r" --report json=/var/lib/dockeraudit/n/report.json web1 --skip a\\%b"
        r" --check 'service-\*'$",
        said,
        re.MULTILINE,
    )
    assert "644 root\n" in said
    assert re.search(r"^n  \(cron: \d+ 0 \* \* \*\)$", said, re.MULTILINE)
    assert comparable(scanned(host)) == comparable(before), "the job itself is no news"
    line = host.sh("sed -n '/schedule run/p' /etc/cron.d/dockeraudit-n").split("root ", 1)[1]
    run = line.strip().replace("web1 --skip a\\%b", "--fail-on none")
    assert host.sh(f"{run} 2>&1; stat -c %a /var/lib/dockeraudit/n/report.json") == "600\n"
