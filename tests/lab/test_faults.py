"""A scan in which much goes wrong at once: each fault has its name, and costs nobody else anything.

All of it over real ssh. What a host may do to an answer is done by commands that sshd forces on
keys of these tests (`command="…"` in authorized_keys of a host that is thrown away afterwards).
"""

from __future__ import annotations

import base64
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import throwaway
from tests.lab.engine import inside
from tests.lab.hosts import File, Host, Truth
from tests.lab.program import Run, comparable, left_over, scan, scanning
from tests.lab.throwaway import Throwaway
from tests.lab.use import Lab

MEBIBYTE = 1024 * 1024
MOST_MEMORY = 200 * MEBIBYTE
TIMEOUT = 20
# What a busy machine may take on top of the deadline: start-up, judging, reports.
MARGIN = 20.0
HEALTHY = ("hardened", "plain-any", "busybox")

# A fault of the answer: the forced command, the kind of error that it has to be.
FORCED = {
    "garbage": ("head -c 1000000 /dev/urandom", "protocol"),
    "flood": ("head -c 300000000 /dev/zero", "output-limit"),
    "flood-of-lines": ("yes '|x' | head -c 300000000", "output-limit"),
    "flood-of-errors": ("head -c 100000000 /dev/zero >&2; exec sh", ""),
    "hang": ("sleep 1000", "timeout"),
    "hang-halfway": ("sh | head -c 3000; sleep 1000", "timeout"),
    "deaf": ("exec <&-; printf x; sleep 1000", "timeout"),
    "trickle": ("while :; do echo x; sleep 0.2; done", "timeout"),
    "early": ("exit 0", "protocol"),
    "early-with-status": ("exit 1", "no-shell"),
    "killed": ("sh | head -c 3000; kill -9 $PPID; sleep 5", "died"),
    "killed-at-once": ("kill -9 $PPID; sleep 5", "died"),
    "cut": ("sh | head -c 3000", "died"),
    "cut-in-a-line": ("sh | head -c 20000", "died"),
    "other-nonce": ("echo @0123456789abcdef0123456789abcdef begin 1", "protocol"),
    # Whoever runs the script knows its nonce, and can say anything: of itself only.
    "forged-line": (
        "read -r n; n=${n#N=}; cat >/dev/null; printf '@%s begin 1\\nx\\n@%s end\\n' $n $n",
        "protocol",
    ),
    "forged-header": (
        "read -r n; n=${n#N=}; cat >/dev/null; printf '@%s begin 1\\n@%s \\n@%s proc \\377\\n"
        "|stat\\n@%s text16le\\n@%s machine\\n|uname x hardened 1 \\033[31m\\n@%s end\\n'"
        " $n $n $n $n $n $n",
        "",
    ),
    "hollow": (
        "read -r n; n=${n#N=}; cat >/dev/null; printf '@%s begin 1\\n@%s end\\n' $n $n",
        "protocol",
    ),
    "greeting": ("echo Welcome; printf 'no newline, '; exec sh", ""),
}
# The others: what ssh_config says, and the kind of error.
CONFIGURED = {
    "nowhere": ("HostName name.invalid", "dns"),
    "refused": ("HostName @ADDRESS@\n    Port 1", "refused"),
    "mute": ("HostName 127.0.0.1\n    Port @MUTE@", "timeout"),
    "wrong-key": (
        "HostName @ADDRESS@\n    User falsey\n    IdentityFile @FOLDER@/stranger",
        "auth",
    ),
    "unknown-key": ("HostName @ADDRESS@\n    UserKnownHostsFile /dev/null", "host-key-unknown"),
    "changed-key": ("HostName @ADDRESS@\n    UserKnownHostsFile @CHANGED@", "host-key-changed"),
    "nologin": (
        "HostName @ADDRESS@\n    User nobody\n    IdentityFile @FOLDER@/nobody",
        "no-shell",
    ),
    "false": ("HostName @ADDRESS@\n    User falsey\n    IdentityFile @FOLDER@/nobody", "no-shell"),
}
KINDS = {name: kind for name, (_, kind) in (*FORCED.items(), *CONFIGURED.items())}

FAULTY = Host("faulty", "bookworm", "Forced commands, odd accounts.", Truth())
HOSTILE = Host("hostile", "trixie", "Files, names and processes made to break a scanner.", Truth())
DYING = Host(
    "dying",
    "bookworm",
    "Its dockerd is stopped and killed while it is scanned.",
    Truth(tcp=("127.0.0.1:2375",)),
    files=(File("/etc/default/docker", 'DOCKER_OPTS="-H tcp://127.0.0.1:2375"\n'),),
)
MUTE = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", 0), backlog=64)
print(listener.getsockname()[1], flush=True)
kept = []
while True:
    kept.append(listener.accept())
"""


@dataclass(frozen=True)
class Trouble:
    """Three hosts of one's own, and an ssh_config with an alias for every fault."""

    faulty: Throwaway
    hostile: Throwaway
    dying: Throwaway
    config: Path

    def scan(self, *argv: str, seconds: float = TIMEOUT + MARGIN) -> Run:
        return scan(f"--ssh-config={self.config}", f"--timeout={TIMEOUT}", *argv, seconds=seconds)


@pytest.fixture(scope="module")
def trouble(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trouble]:
    del lab
    folder = tmp_path_factory.mktemp("faults")
    mute = subprocess.Popen(
        inside([sys.executable, "-c", MUTE]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    try:
        assert mute.stdout is not None
        port = int(mute.stdout.readline())
        with throwaway.booted(FAULTY, HOSTILE, DYING) as (faulty, hostile, dying):
            _force(faulty, folder)
            path = throwaway.config(folder, [faulty, hostile, dying], _blocks(faulty, folder, port))
            yield Trouble(faulty, hostile, dying, path)
    finally:
        mute.kill()
        mute.wait()
        if mute.stdout is not None:
            mute.stdout.close()


def _force(faulty: Throwaway, folder: Path) -> None:
    """Put the forced commands and the odd accounts on the host."""
    throwaway.key_pair(folder, "stranger")
    nobody = throwaway.key_pair(folder, "nobody")
    lines = []
    for name, (command, _) in FORCED.items():
        public = throwaway.key_pair(folder, f"forced-{name}")
        coded = base64.b64encode(command.encode()).decode()
        # A file of its own for each, since quoting in authorized_keys is sshd's.
        faulty.sh(f"mkdir -p /forced; echo {coded} | base64 -d >/forced/{name}")
        lines.append(f'command="/bin/sh /forced/{name}" {public}')
    text = base64.b64encode("\n".join(lines).encode()).decode()
    faulty.sh(
        f"echo {text} | base64 -d >>/root/.ssh/authorized_keys\n"
        "useradd --create-home --shell /bin/false falsey\n"
        "usermod --home /home/nobody nobody\nmkdir -p /home/nobody /home/falsey/.ssh\n"
        "mkdir -p /home/nobody/.ssh\n"
        f"echo '{nobody}' | tee /home/falsey/.ssh/authorized_keys"
        " >/home/nobody/.ssh/authorized_keys\n"
        "chown -R nobody /home/nobody; chown -R falsey /home/falsey\n"
        # The forced sessions of one scan begin all at once.
        "echo 'MaxStartups 100' >>/etc/ssh/sshd_config.d/lab.conf\n"
        "systemctl reload ssh || systemctl restart ssh"
    )


def _blocks(faulty: Throwaway, folder: Path, port: int) -> str:
    stranger = (folder / "stranger.pub").read_text().rpartition(" ")[0]
    (folder / "changed").write_text(f"{faulty.address} {stranger}\n")
    values = {
        "@ADDRESS@": faulty.address,
        "@MUTE@": str(port),
        "@FOLDER@": str(folder),
        "@CHANGED@": str(folder / "changed"),
    }
    known = f"    UserKnownHostsFile {folder}/known_hosts.{faulty.name}\n"
    blocks = []
    for name in FORCED:
        blocks.append(
            f"Host {name}\n    HostName {faulty.address}\n    User root\n"
            f"    IdentityFile {folder}/forced-{name}\n    IdentitiesOnly yes\n{known}"
        )
    for name, (template, _) in CONFIGURED.items():
        text = re.sub("@[A-Z]+@", lambda found: values[found[0]], template)
        blocks.append(f"Host {name}\n    {text}\n    User root\n    IdentitiesOnly yes\n{known}")
    return "\n".join(blocks) + "\n"


# ---- all at once --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def storm(trouble: Trouble) -> Run:
    """Every fault and three healthy hosts in one scan, the healthy ones in between."""
    faults = list(KINDS)
    half = len(faults) // 2
    targets = [HEALTHY[0], *faults[:half], HEALTHY[1], *faults[half:], HEALTHY[2]]
    return trouble.scan("--concurrency=40", *targets)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind])
def test_each_fault_has_its_name(storm: Run, name: str) -> None:
    host = storm.host(name)
    assert host["state"] == "unreachable"
    assert host["error"]["kind"] == KINDS[name], host["error"]
    assert host["error"]["hint"]
    assert host["results"] == []
    for text in (host["error"]["message"], host["error"]["hint"]):
        assert text.isprintable()
        assert len(text) <= 600


def test_noise_around_an_answer_costs_nothing(trouble: Trouble, storm: Run) -> None:
    plain = trouble.scan(trouble.faulty.name).host(trouble.faulty.name)
    for name in ("greeting", "flood-of-errors"):
        assert storm.host(name)["error"] is None or storm.host(name)["same_as"]
        alone = trouble.scan(name).host(name)
        assert alone["error"] is None
        assert comparable(alone, places=False) == comparable(plain, places=False)


def test_a_forged_answer_speaks_for_nobody_else(storm: Run) -> None:
    forged = storm.host("forged-header")
    assert forged["target"] == "forged-header"
    assert "pass" not in {result["status"] for result in forged["results"]}


@pytest.mark.parametrize("name", HEALTHY)
def test_the_healthy_are_as_if_alone(trouble: Trouble, storm: Run, name: str) -> None:
    alone = trouble.scan(name)
    assert comparable(storm.host(name)) == comparable(alone.host(name))
    assert storm.host(name)["state"] == "scanned"


def test_the_storm_is_bounded(storm: Run, trouble: Trouble) -> None:
    assert storm.code == 1  # plain-any's findings outweigh all that is missing
    assert storm.seconds < TIMEOUT + MARGIN
    assert 0 < storm.peak < MOST_MEMORY, f"{storm.peak / MEBIBYTE:.0f} MiB"
    assert storm.zombie < 5
    assert left_over(str(trouble.config)) == []
    unreachable = sum(host["state"] == "unreachable" for host in storm.report["hosts"])
    assert storm.report["summary"]["hosts"]["unreachable"] == unreachable
    assert f"{unreachable} hosts not reached" in storm.report["summary"]["rule"]


def test_without_findings_a_host_not_reached_is_exit_3(trouble: Trouble) -> None:
    done = trouble.scan("hardened", "refused", "nowhere", "--fail-on=critical")
    assert done.code == 3
    assert done.host("hardened")["state"] == "scanned"


# ---- interrupted --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
def test_interrupted(trouble: Trouble, number: signal.Signals, code: int) -> None:
    targets = ["hardened", "hang", "hang-halfway", "mute", "plain-any", "trickle"]
    with scanning(
        f"--ssh-config={trouble.config}", "--timeout=120", "--concurrency=6", *targets
    ) as (started, finish):
        for name in ("hardened", "plain-any"):
            started.wait_for(f" {name}: scanned")
        started.kill(number)
        sent = time.monotonic()
        done = finish(30, True)
    assert time.monotonic() - sent < 10
    assert done.code == code
    for name in ("hardened", "plain-any"):
        assert done.host(name)["state"] == "scanned"
        assert done.host(name)["results"]
    for name in ("hang", "hang-halfway", "trickle"):
        assert done.error(name) == "interrupted"
    assert left_over(str(trouble.config)) == []


# ---- a host whose content is hostile ------------------------------------------------------------


MARKUP = b"]]>&amp;<script>alert(1)</script><img src=x onerror=alert(2)>\"'--"
BYTES = b"\x1b[31m\x1b]0;owned\x07\x00\x01\xc2\x9b\xff\xed\xa0\x80\r\x08"
HEADER = b"\n@00000000000000000000000000000000 end\n|"
EVIL = MARKUP + BYTES + HEADER
NAME = (MARKUP.replace(b"/", b"") + BYTES.replace(b"\x00", b"") + HEADER).replace(b"/", b"")
# 100,000 lines; Go reads a lone surrogate as U+FFFD.
LONG = (
    b'{\n"live-restore": true,\n"labels": [\n'
    + b"".join(b'"l%d=]]><script>",\n' % number for number in range(99_994))
    + b'"sur=\\ud800\\udfff\\u001b[31m\\u0000"\n]\n}\n'
)
FILES: dict[bytes, tuple[bytes, int]] = {
    b"/etc/docker/daemon.json": (LONG, 0o666),
    b"/etc/docker/certs.d/a\nb/client.key": (b"", 0o666),
    b"/etc/docker/certs.d/]]>&<script>alert(4)</ca.crt": (EVIL, 0o666),
    b"/etc/docker/certs.d/x<script>alert(1)<\x1b[31m\xff/ca\x1b[2J.crt": (EVIL, 0o666),
    b"/etc/docker/certs.d/" + NAME + b"/client.cert": (EVIL, 0o666),
    b"/etc/docker/" + NAME: (EVIL, 0o666),
    b"/etc/docker/plugins/" + NAME + b".spec": (b"unix:///run/" + NAME, 0o666),
    b"/etc/default/docker": (b"# " + MARKUP + b"\n# " + EVIL + b"\n", 0o666),
    b"/usr/lib/os-release": (
        b"ID=debian\nPRETTY_NAME='" + EVIL.replace(b"'", b"") + b"'\n",
        0o644,
    ),
    b"/etc/nginx/nginx.conf": (b"proxy_pass http://unix:/run/docker.sock; # " + EVIL, 0o644),
    b"/etc/nginx/" + NAME: (b"proxy_pass http://unix:/run/docker.sock; # " + EVIL, 0o644),
    b"/root/.docker/config.json": (b'{"auths": {"' + EVIL + b'": {}}', 0o666),
    b"/etc/cron.d/" + NAME: (b"* * * * * root systemctl restart docker " + EVIL, 0o644),
    b"/root/go.sh": (
        b"""
sed -i 's/^docker:.*/&audit,<script>alert(3)<,]]>/' /etc/group
printf '10.0.0.1 evil<script>\\033[31m\\n' >>/etc/hosts
cp /usr/bin/socat $'/usr/local/bin/so\\ncat'
start() { setsid "$@" </dev/null >/dev/null 2>&1 & }
start $'/usr/local/bin/so\\ncat' TCP-LISTEN:4711,fork UNIX-CONNECT:/run/docker.sock
start $'/usr/local/bin/so\\ncat' TCP-LISTEN:4712,fork \
    $'UNIX-CONNECT:/run/docker.sock\\n@00000000000000000000000000000000 end\\n|\\e[31m<script>\\xff'
(exec -a $'/usr/sbin/dockerd\\n@0 begin 1\\n]]><script>\\e[31m' sleep 86400) \
    </dev/null >/dev/null 2>&1 &
for i in $(seq 100); do
    ss -ltn | grep -q :4711 && ss -ltn | grep -q :4712 && exit 0
    sleep 0.1
done
exit 1
""",
        0o755,
    ),
}


@pytest.fixture(scope="module")
def hostile(trouble: Trouble) -> tuple[Run, Run]:
    """Scans of the host before it was filled, and after."""
    host = trouble.hostile
    before = trouble.scan(host.name)
    host.put(FILES)
    host.sh("bash /root/go.sh")
    return before, trouble.scan(host.name, "hardened", "-v")


def test_hostile_content_is_read_and_judged(trouble: Trouble, hostile: tuple[Run, Run]) -> None:
    before, after = hostile
    name = trouble.hostile.name
    was, now = before.verdicts(name), after.verdicts(name)
    assert after.host(name)["state"] == "scanned"
    assert [e["name"] for e in after.host(name)["engines"]] == ["docker"]
    # What the real daemon says of these 100,000 lines is what is said here.
    trouble.hostile.sh("dockerd --validate --config-file /etc/docker/daemon.json")
    assert now["service-next-start"] == "pass"
    for check in (
        "permissions-daemon-json-mode",
        "permissions-registry-certs-mode",
        "listener-relay-process",
    ):
        assert was[check] in ("pass", "not-applicable"), check
        assert now[check] == "fail", check
    assert now["permissions-docker-group"] in ("fail", "manual")
    # Names with control characters are left out, and that is said.
    unknown = [check for check, status in now.items() if status == "unknown" != was[check]]
    assert "permissions-registry-certs-owner" in unknown
    # What was written after the daemon's start is no witness of it; and a home is too full to list.
    assert {check.partition("-")[0] for check in unknown} <= {
        "client",
        "listener",
        "permissions",
        "daemon",
    }
    errors = [r for r in after.host(name)["results"] if "ended in an error" in r["message"]]
    assert errors == []


def test_hostile_content_stays_in_its_report(trouble: Trouble, hostile: tuple[Run, Run]) -> None:
    """`scan` has looked at schemas, markup and control characters already."""
    _, after = hostile
    alone = trouble.scan("hardened")
    assert comparable(after.host("hardened")) == comparable(alone.host("hardened"))
    page = after.files["html"].decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert re.search(r"alert\(1\)", page), "the hostile text is there, as text"
    assert b"\x1b" not in after.out
    assert after.peak < MOST_MEMORY, f"{after.peak / MEBIBYTE:.0f} MiB"


# ---- a dockerd that is dying --------------------------------------------------------------------

STANDING = {"fail": ("fail", "unknown"), "unknown": ("unknown",)}


def _wrong(was: dict[str, str], now: dict[str, str]) -> list[str]:
    """What was wrong with the host and is now said to be well, though nobody mended it."""
    return [
        f"{check}: {status} became {now[check]}"
        for check, status in was.items()
        if now[check] not in STANDING.get(status, (now[check],))
    ]


def test_a_daemon_that_hangs(trouble: Trouble) -> None:
    host = trouble.dying
    before = trouble.scan(host.name)
    host.sh("kill -STOP $(pidof dockerd)")
    try:
        done = trouble.scan(host.name)
    finally:
        host.sh("kill -CONT $(pidof dockerd)")
    was, now = before.verdicts(host.name), done.verdicts(host.name)
    assert done.seconds < TIMEOUT + MARGIN
    assert done.host(host.name)["state"] in ("scanned", "partial")
    assert _wrong(was, now) == []
    assert was["service-live-restore"] == "fail"
    assert now["service-live-restore"] in ("fail", "unknown")
    assert now["listener-tcp-plain"] == "fail"


def test_a_daemon_in_the_middle_of_its_start(trouble: Trouble) -> None:
    """It was told to serve plain TCP and does not yet: that is no reason to call it safe.

    20.10 waits there for 15 seconds where the address is not loopback; here it is stopped.
    """
    host = trouble.dying
    before = trouble.scan(host.name)
    host.sh(
        "pkill -9 -x dockerd\n"
        "while pgrep -x dockerd >/dev/null; do :; done\n"  # the old one, still dying
        'until [ -n "$pid" ] && kill -STOP $pid; do pid=$(pgrep -x dockerd || true); done\n'
        "! ss -ltn | grep -q :2375",
        timeout=30,
    )
    try:
        done = trouble.scan(host.name)
    finally:
        host.sh("kill -CONT $(pgrep -x dockerd)")
    assert _wrong(before.verdicts(host.name), done.verdicts(host.name)) == []


def test_a_daemon_that_is_killed_again_and_again(trouble: Trouble) -> None:
    host = trouble.dying
    host.sh("systemctl reset-failed docker; systemctl start docker")
    before = trouble.scan(host.name)
    host.sh(
        "setsid sh -c 'i=0; while [ $i -lt 200 ] && [ ! -e /run/stop ]; do"
        " i=$((i + 1)); pkill -9 -x dockerd; sleep 0.1; done' </dev/null >/dev/null 2>&1 &"
    )
    try:
        runs = [trouble.scan(host.name) for _ in range(2)]
    finally:
        host.sh("touch /run/stop")
    was = before.verdicts(host.name)
    for done in runs:
        now = done.verdicts(host.name)
        assert done.code in (1, 3)
        assert _wrong(was, now) == []
        assert now["service-active"] in ("fail", "unknown")


# ---- a host without tools -----------------------------------------------------------------------

TOOLS = ("awk", "find", "head", "ls", "readlink", "sed", "stat", "tr")
PREPARE = """
chmod 666 /etc/default/docker
mkdir -p /etc/docker/certs.d/r.example
echo '{}' >/etc/docker/daemon.json
echo x >/etc/docker/certs.d/r.example/ca.crt
chmod 666 /etc/docker/daemon.json /etc/docker/certs.d/r.example/ca.crt
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=ca -keyout /etc/docker/ca-key.pem \
    -out /etc/docker/ca.pem 2>/dev/null
"""
MOVE = """
for folder in /usr/bin /usr/sbin /bin /sbin; do
    if [ -e $folder/@FROM@ ] || [ -L $folder/@FROM@ ]; then mv $folder/@FROM@ $folder/@TO@; fi
done
"""


def test_a_missing_tool_costs_its_own_facts(trouble: Trouble) -> None:
    """What it would have shown is unknown: not well, and not wrong either."""
    host = trouble.dying
    host.sh(
        "touch /run/stop; systemctl reset-failed docker; systemctl restart docker\n" + PREPARE,
        timeout=90,
    )
    was = trouble.scan(host.name).verdicts(host.name)
    assert was["listener-tcp-plain"] == "fail"
    wrong = []
    for tool in TOOLS:
        there, away = (
            MOVE.replace("@FROM@", one).replace("@TO@", other)
            for one, other in ((tool, f"{tool}.away"), (f"{tool}.away", tool))
        )
        host.sh(there)
        try:
            done = trouble.scan(host.name)
        finally:
            host.sh(away)
        if done.host(host.name)["state"] == "unreachable":
            continue  # to say that without this tool nothing can be said is honest, too
        for check, status in done.verdicts(host.name).items():
            if status not in (was[check], "unknown"):
                wrong.append(f"without {tool}: {check}: {was[check]} became {status}")
    assert not wrong, "\n".join(wrong)
