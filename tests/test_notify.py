"""Notifications: what is news, what is told once, and a receiver on this machine that gets it."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dockeraudit import notify
from dockeraudit.drift import view
from dockeraudit.notify import DAY, events, message, send
from dockeraudit.report import Proof, Report, ReportedCertificate, Result, SeverityName, Waiver
from tests.reports.scans import SCANS, host, report, result, unreachable

NOW = 1795500000
SECRET = "s3cr3t-t0ken"
AWAY = unreachable("b", "timeout", "no answer within 10 s", "wait")


def bad(
    check: str = "listener-tcp-plain", severity: SeverityName = "critical", **changes: Any
) -> Result:
    proofs = changes.pop("proofs", ((Proof("x", "y"),),))
    return result(check, "fail", f"{check} is bad", proofs=proofs, severity=severity, **changes)


def ends(
    days: int, path: str = "/etc/docker/tls/server-cert.pem", **changes: Any
) -> tuple[ReportedCertificate, ...]:
    """A host's certificates: one that ends in so many days."""
    given = {"index": 1, "role": "daemon", "engine": "docker", "subject": "CN=a", **changes}
    return (ReportedCertificate(path=path, not_after=NOW + days * DAY + 3600, **given),)


def news(now: Report, before: Report | None = None, **given: Any) -> list[tuple[str, str]]:
    """Kind and text of what is told."""
    previous = view(before) if before is not None else None
    return [(each.kind, each.text) for each in events(now, previous, now=NOW, **given)]


def kinds(now: Report, before: Report | None = None, **given: Any) -> list[str]:
    return [kind for kind, _ in news(now, before, **given)]


# ---- what is news -------------------------------------------------------------------------------

CLEAN = report(host("a"))
OPEN = report(host("a", bad()))


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        pytest.param(CLEAN, None, [], id="clean, first time"),
        pytest.param(CLEAN, CLEAN, [], id="clean as before"),
        pytest.param(OPEN, None, ["new"], id="all is new the first time"),
        pytest.param(OPEN, CLEAN, ["new"], id="new"),
        pytest.param(OPEN, OPEN, [], id="still there"),
        pytest.param(CLEAN, OPEN, ["fixed"], id="fixed"),
        pytest.param(report(host("a", bad(severity="medium"))), CLEAN, [], id="medium is no news"),
        pytest.param(
            OPEN, report(host("a", bad(severity="medium"))), ["worse"], id="worse, now critical"
        ),
        pytest.param(report(host("a", bad(severity="high"))), OPEN, [], id="better is no news"),
        pytest.param(
            report(host("a", bad(waiver=Waiver("r", "o", "2027-01-01")))), CLEAN, [], id="waived"
        ),
        pytest.param(report(host("a"), AWAY), report(host("a"), host("b")), ["lost"], id="lost"),
        pytest.param(report(host("a"), AWAY), report(host("a"), AWAY), [], id="lost before"),
        pytest.param(report(host("a"), AWAY), report(host("a")), [], id="never reached"),
        pytest.param(report(AWAY), None, [], id="never reached, first time"),
        pytest.param(
            report(host("a"), AWAY), report(host("a"), host("b", bad())), ["lost"], id="not fixed"
        ),
        pytest.param(CLEAN, report(host("a"), host("b", bad())), [], id="not scanned is not fixed"),
        pytest.param(
            report(host("a", result("tls-verify-enabled", "unknown", "denied"))),
            OPEN,
            [],
            id="not all seen is not fixed",
        ),
        pytest.param(
            report(host("a", bad("tls-verify-enabled", "high"))),
            OPEN,
            ["new"],
            id="one for another",
        ),
        pytest.param(
            report(host("a", bad("service-enabled", "low"))),
            OPEN,
            ["fixed"],
            id="a low one is left",
        ),
        pytest.param(report(), OPEN, [], id="nothing scanned is not fixed"),
    ],
)
def test_news(now: Report, before: Report | None, said: list[str]) -> None:
    assert kinds(now, before) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (13, ["expiring"]),
        (14, ["expiring"]),
        (15, []),
        (0, ["expiring"]),
        (-3, ["expiring"]),
    ],
)
def test_certificates(days: int, said: list[str]) -> None:
    one = report(host("a", certificates=ends(days)))
    assert kinds(one, one) == said, "near its end is news though the finding is old"


def test_certificate_text() -> None:
    assert news(report(host("a", certificates=ends(5)))) == [
        (
            "expiring",
            "CERTIFICATE /etc/docker/tls/server-cert.pem of a ends in 5 days, on 2026-11-29",
        )
    ]
    assert kinds(report(host("a", certificates=ends(40))), days=60) == ["expiring"]
    ((_, second),) = news(report(host("a", certificates=ends(5, "/tls/ca.pem", index=2))))
    assert "CERTIFICATE /tls/ca.pem#2 of a ends" in second


def test_one_certificate_of_two_engines_is_one_piece_of_news() -> None:
    one = report(host("a", certificates=(*ends(5), *ends(5, engine="other"))))
    assert kinds(one) == ["expiring"]


def test_a_swarm_renews_its_own() -> None:
    assert kinds(report(host("a", certificates=ends(1, role="swarm-node")))) == []


def test_worst_first_and_all_in_one_message() -> None:
    now = report(
        host("a", bad("tls-verify-enabled", "high"), bad(), certificates=ends(3)),
        host("c", bad(salt="c")),
        AWAY,
    )
    found = events(now, view(report(host("a"), host("b"), host("c"))), now=NOW)
    assert [(e.kind, e.severity) for e in found] == [
        ("new", "critical"),
        ("new", "critical"),
        ("new", "high"),
        ("lost", None),
        ("expiring", None),
    ]
    title, body = message(found, now)
    assert title == (
        "dockeraudit: 2 new critical, 1 new high, 1 not reached any more,"
        " 1 certificates near their end"
    )
    assert body.splitlines()[0] == (
        "NEW critical on a: listener-tcp-plain is bad (listener-tcp-plain)"
    )
    assert "LOST b is not reached any more: timeout: no answer within 10 s" in body
    assert body.splitlines()[-1].startswith("Scan of 2026-11-24T06:15:41Z, 3 hosts: ")


@pytest.mark.parametrize("scan", SCANS)
def test_every_scan_gives_a_short_and_harmless_message(scan: str) -> None:
    now = SCANS[scan]()
    for before in (None, view(report()), view(SCANS["clean"]())):
        found = events(now, before, now=NOW, days=400)
        title, body = message(found, now)
        assert len(title) < 150
        assert title.isprintable()
        assert len(body) < 8000
        assert len(body.splitlines()) <= 13
        assert all(line.isprintable() for line in body.split("\n"))
        assert not set("<>`*|") & set(body)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone look", "\uff20everyone look"),
        ("<!channel> <@U1>", "\u2039\uff20channel\u203a \u2039\uff20U1\u203a"),
        ("[x](http://evil)", "[x] (http://evil)"),
        ("root@db1:22", "root@db1:22"),
        (f"http://user:{SECRET}@proxy:3128", "http://\u2026@proxy:3128"),
        ("a\nb\x1b[2J", "a\\nb\\x1b[2J"),
    ],
)
def test_safe(text: str, shown: str) -> None:
    assert notify.safe(text) == shown


def test_evidence_is_never_told() -> None:
    one = bad(proofs=((Proof("/proc/1/environ", f"TOKEN={SECRET}"),),))
    assert SECRET not in str(news(report(host("a", one))))


# ---- a receiver ---------------------------------------------------------------------------------


class Receiver:
    """A web hook on 127.0.0.1 that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.delay = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                time.sleep(receiver.delay)
                data = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.status == 200:
                    receiver.got.append(json.loads(data))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"json://user:{SECRET}@127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_delivered(receiver: Receiver) -> None:
    assert send([receiver.url], OPEN, now=NOW) == []
    (got,) = receiver.got
    assert got["title"] == "dockeraudit: 1 new critical"
    assert got["message"].startswith("NEW critical on a: listener-tcp-plain is bad")
    assert got["type"] == "failure"
    assert SECRET not in json.dumps(got)


def test_no_news_no_message(receiver: Receiver, tmp_path: Path) -> None:
    told = tmp_path / "told"
    assert send([receiver.url], CLEAN, now=NOW, told=told) == []
    assert send([receiver.url], OPEN, view(OPEN), now=NOW, told=told) == []
    assert receiver.got == []
    assert not told.exists()


def test_nothing_is_told_twice_within_its_period(receiver: Receiver, tmp_path: Path) -> None:
    told = tmp_path / "told"

    def tell(what: Report, at: int, before: Report | None = None) -> int:
        already = len(receiver.got)
        previous = view(before) if before else None
        assert send([receiver.url], what, previous, now=at, told=told, period=7 * DAY) == []
        return len(receiver.got) - already

    assert tell(OPEN, NOW) == 1
    assert told.stat().st_mode & 0o777 == 0o600
    assert tell(OPEN, NOW + DAY) == 0
    assert tell(OPEN, NOW + DAY, CLEAN) == 0, "it came and went and came"
    both = report(host("a", bad(), bad("tls-verify-enabled", "high")))
    assert tell(both, NOW + 2 * DAY) == 1
    assert "tls-verify-enabled" in receiver.got[-1]["message"]
    assert "listener-tcp-plain" not in receiver.got[-1]["message"]
    assert tell(OPEN, NOW + 7 * DAY) == 1
    assert SECRET not in told.read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"told":{"x":"y"}}', "\x00"])
def test_a_broken_memory_is_none(receiver: Receiver, tmp_path: Path, text: str) -> None:
    told = tmp_path / "told"
    told.write_text(text)
    assert send([receiver.url], OPEN, now=NOW, told=told) == []
    assert len(receiver.got) == 1


def test_a_memory_of_the_future_hides_nothing_for_long(receiver: Receiver, tmp_path: Path) -> None:
    told = tmp_path / "told"
    send([receiver.url], OPEN, now=NOW + 1000 * DAY, told=told)
    send([receiver.url], CLEAN, now=NOW, told=told)
    send([receiver.url], OPEN, now=NOW, told=told)
    assert len(receiver.got) == 2


def test_what_nobody_got_is_told_the_next_time(receiver: Receiver, tmp_path: Path) -> None:
    told = tmp_path / "told"
    receiver.status = 503
    (error,) = send([receiver.url], OPEN, view(CLEAN), now=NOW, told=told)
    assert error == "notification 1 of 1 (json): it answered 503"
    receiver.status = 200
    assert send([receiver.url], OPEN, view(OPEN), now=NOW + DAY, told=told) == []
    assert len(receiver.got) == 1
    assert send([receiver.url], OPEN, view(OPEN), now=NOW + 2 * DAY, told=told) == []
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("now", "before", "later"),
    [
        pytest.param(report(host("a"), AWAY), report(host("a"), host("b")), 1, id="lost"),
        pytest.param(CLEAN, OPEN, 1, id="fixed"),
        pytest.param(OPEN, report(host("a", bad(severity="medium"))), 1, id="worse"),
    ],
)
def test_any_kind_is_owed(
    receiver: Receiver, tmp_path: Path, now: Report, before: Report, later: int
) -> None:
    receiver.status = 500
    assert len(send([receiver.url], now, view(before), now=NOW, told=tmp_path / "t")) == 1
    receiver.status = 200
    assert send([receiver.url], now, view(now), now=NOW, told=tmp_path / "t") == []
    assert len(receiver.got) == later


def test_what_is_owed_and_no_longer_so_is_dropped(receiver: Receiver, tmp_path: Path) -> None:
    told = tmp_path / "told"
    receiver.status = 500
    send([receiver.url], OPEN, view(CLEAN), now=NOW, told=told)
    receiver.status = 200
    send([receiver.url], CLEAN, view(CLEAN), now=NOW, told=told)
    assert receiver.got == []


def test_one_dead_receiver_of_two(
    receiver: Receiver, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    dead = f"json://user:{SECRET}@127.0.0.1:1/{SECRET}"
    strange = f"nosuch://{SECRET}"
    urls = [dead, receiver.url, strange, f"{SECRET}"]
    errors = send(urls, OPEN, now=NOW, told=tmp_path / "t")
    assert errors == [
        "notification 1 of 4 (json): it could not be reached, or refused",
        "notification 3 of 4 (nosuch): apprise knows no such address",
        "notification 4 of 4: apprise knows no such address",
    ]
    assert len(receiver.got) == 1
    assert send([receiver.url], OPEN, now=NOW, told=tmp_path / "t") == [], "somebody was told"
    assert len(receiver.got) == 1
    assert capfd.readouterr() == ("", "")


def test_a_receiver_that_does_not_answer(receiver: Receiver) -> None:
    receiver.delay = 3
    began = time.monotonic()
    (error,) = send([receiver.url], OPEN, now=NOW, seconds=0.5)
    assert error == "notification 1 of 1 (json): no answer within 0 s"
    assert time.monotonic() - began < 2.5


def test_no_line_of_the_process_has_an_address() -> None:
    """Not even with every log switched on, as a program around may have it."""
    script = (
        "import logging, sys; logging.basicConfig(level=logging.WARNING)\n"
        "from dockeraudit.notify import send\n"
        "from tests.test_notify import OPEN, NOW\n"
        f"for url in ('json://u:{SECRET}@127.0.0.1:1/{SECRET}', 'x://{SECRET}', '{SECRET}',"
        f" 'jsons://u:{SECRET}@127.0.0.1:1/{SECRET}?verify=no'):\n"
        "    print(send([url], OPEN, now=NOW))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.count("notification 1 of 1") == 4
    assert SECRET not in done.stdout + done.stderr
    assert done.stderr == ""


def test_without_apprise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert (
        send(["json://x", "json://y"], OPEN, now=NOW)
        == ["notifications need apprise: pip install 'dockeraudit[notify]'"] * 2
    )
    assert send(["json://x"], CLEAN, now=NOW) == [], "it is imported only where it is used"


def test_a_memory_that_cannot_be_kept_is_an_error_line(receiver: Receiver) -> None:
    (error,) = send([receiver.url], OPEN, now=NOW, told="/nonexistent/told")
    assert error.startswith("notifications: can't write /nonexistent/told")
    assert len(receiver.got) == 1


# ---- addresses ----------------------------------------------------------------------------------


def test_addresses_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "urls"
    file.write_text(f"# ours\n\njson://{SECRET}\n  mailto://x  \n")
    file.chmod(0o600)
    assert notify.addresses([f"@{file}", "json://y"]) == [
        f"json://{SECRET}",
        "mailto://x",
        "json://y",
    ]
    file.chmod(0o640)
    with pytest.raises(notify.NotifyError, match="chmod 600") as caught:
        notify.addresses([f"@{file}"])
    assert SECRET not in str(caught.value)
    with pytest.raises(notify.NotifyError, match="No such file"):
        notify.addresses(["@/nonexistent"])


def test_a_fleet_is_quick() -> None:
    fleet = SCANS["fleet"]()
    began = time.monotonic()
    found = events(fleet, view(report(*(host(h.target) for h in fleet.hosts))), now=NOW)
    assert time.monotonic() - began < 5
    assert len(found) > 30
    _, body = message(found, fleet)
    assert re.search(r"^and [0-9]+ more$", body, re.M)
