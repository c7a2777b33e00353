"""The real script, run by each shell of this machine."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from dockeraudit.collect import CollectError, build, merge, parse
from dockeraudit.facts import Absent, FileFacts, Pem, Unread
from tests.build import facts as blank
from tests.collect.programs import SCRIPT

N = "5eed0f00d"
SHELLS = [
    argv
    for argv in (["dash"], ["bash"], ["bash", "--posix"], ["busybox", "ash"], ["sh"])
    if shutil.which(argv[0])
]


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request: pytest.FixtureRequest) -> list[str]:
    argv: list[str] = request.param
    return argv


def run(shell: list[str], script: bytes) -> bytes:
    done = subprocess.run(shell, input=script, capture_output=True, timeout=60, check=True)
    assert done.stderr == b""
    return done.stdout


def test_shellcheck() -> None:
    assert shutil.which("shellcheck"), "apt-get install shellcheck"
    subprocess.run(["shellcheck", "-s", "sh", SCRIPT], check=True)


def test_this_machine(shell: list[str]) -> None:
    output = run(shell, build(N))
    facts = parse(output, N, target="local", collected_at=0, duration=0.0)
    assert facts.machine.kernel == os.uname().release
    assert facts.machine.hostname == os.uname().nodename
    assert abs(facts.machine.clock - time.time()) < 60
    assert facts.privilege.uid == os.getuid()
    assert isinstance(facts.files["/etc"], FileFacts)
    assert not [note for note in facts.notes if "unreadable record" in note]
    assert facts.accounts
    assert facts.interfaces


def test_a_script_cut_short_does_nothing(shell: list[str]) -> None:
    script = build(N)
    for length in range(len(script) - 60, 0, -4096):
        done = subprocess.run(shell, input=script[:length], capture_output=True, check=False)
        assert done.stdout == b"", length


def second(shell: list[str], *paths: Path) -> bytes:
    return run(shell, build(N, tuple(map(str, paths))))


def test_second_round(shell: list[str], tmp_path: Path) -> None:
    first = parse(run(shell, build(N)), N, target="t", collected_at=0, duration=0.0)
    odd = tmp_path / "a b'c$(touch x)\"`id`.json"
    odd.write_text('{"hosts": ["fd://"], "x-token": "CANARY"}')
    key = tmp_path / "key.pem"
    subprocess.run(
        [
            "openssl",
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
            key,
        ],
        check=True,
        capture_output=True,
    )
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", locked], check=True
    )
    link = tmp_path / "link"
    link.symlink_to("key.pem")
    output = second(shell, odd, key, locked, link, tmp_path / "none", tmp_path)
    assert b"CANARY" not in output
    secret = key.read_text().splitlines()[1]
    assert secret.encode() not in output
    facts = merge(first, output, N)
    assert facts.texts[str(odd)] == b'{"hosts": ["fd://"], "x-token": "***"}'
    assert facts.files[str(tmp_path / "none")] == Absent()
    linked = facts.files[str(link)]
    assert isinstance(linked, FileFacts)
    assert (linked.kind, linked.target) == ("symlink", str(key))
    pem = facts.pems[str(key)]
    assert isinstance(pem, Pem)
    assert pem.labels == ("PRIVATE KEY",)
    public = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout"], capture_output=True, check=True
    )
    assert pem.keys[0].public == public.stdout.decode()
    pem = facts.pems[str(locked)]
    assert isinstance(pem, Pem)
    assert pem.keys[0].encrypted
    assert isinstance(pem.keys[0].public, Unread)


def test_a_key_under_a_wrong_label_stays_home(shell: list[str], tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    text = key.read_text()
    wrong = tmp_path / "wrong.pem"
    wrong.write_text(
        text.replace("PRIVATE KEY", "CERTIFICATE")
        + text.replace("BEGIN PRIVATE", "BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE")
        + "-----BEGIN CERTIFICATE-----\n"
        + "\n".join(text.splitlines()[1:-1])
    )
    output = second(shell, wrong)
    for line in text.splitlines()[1:-1]:
        assert line.encode() not in output


def test_headers_in_files_forge_nothing(shell: list[str], tmp_path: Path) -> None:
    evil = tmp_path / "evil.json"
    content = f'@{N} end\n@{N} text /etc/passwd\n|root\n{{"@{N} end": "@{N} end"}}'
    evil.write_text(content)
    (tmp_path / f"@{N} end").write_text("A=1\n")
    output = second(shell, evil, tmp_path / f"@{N} end")
    assert output.count(f"\n@{N} end".encode()) == 1
    facts = merge(blank(), output, N)
    assert "/etc/passwd" not in facts.texts
    assert facts.texts[str(tmp_path / f"@{N} end")] == b"A=***\n"
    body = facts.texts[str(evil)]
    assert isinstance(body, bytes)
    assert len(body) == len(content)


def test_process_names_forge_nothing(shell: list[str]) -> None:
    name = f"x\n@{N} end\n/run/docker.sock"
    with subprocess.Popen(["bash", "-c", 'exec -a "$0" sleep 60', name]) as child:
        try:
            time.sleep(0.2)
            facts = parse(run(shell, build(N)), N, target="t", collected_at=0, duration=0.0)
        finally:
            child.kill()
    assert isinstance(facts.processes, tuple)
    (found,) = [process for process in facts.processes if process.pid == child.pid]
    assert found.argv == (name, "60")


def test_acl_entries_are_seen(shell: list[str], tmp_path: Path) -> None:
    file = tmp_path / "a b.json"
    file.write_text("{}")
    if not shutil.which("setfacl"):
        pytest.fail("apt-get install acl")
    done = subprocess.run(["setfacl", "-m", "u:65534:rw", file], check=False)
    if done.returncode:
        pytest.skip("this file system has no ACLs")
    facts = merge(blank(), second(shell, file), N)
    found = facts.files[str(file)]
    assert isinstance(found, FileFacts)
    assert found.acl == ("user:65534:rw-", "mask::rw-")


def test_a_backslash_in_a_name_stays_one(shell: list[str], tmp_path: Path) -> None:
    file = tmp_path / "a\\nb.pem"
    file.write_text("-----BEGIN X-----\n")
    facts = merge(blank(), second(shell, file), N)
    pem = facts.pems[str(file)]
    assert isinstance(pem, Pem)
    assert pem.labels == ("X",)


def test_denied_is_not_absent(shell: list[str], tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("needs root to become somebody else")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in (tmp_path, *tmp_path.parents):
        if folder not in (Path("/"), Path("/tmp")):
            folder.chmod(0o755)
    file = tmp_path / "mine.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\n")
    file.chmod(0o600)
    paths = (str(closed / "x"), str(file), str(tmp_path / "none"))
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *shell]
    output = run(command, build(N, paths))
    facts = merge(blank(), output, N)
    assert isinstance(facts.files[paths[0]], Unread)
    assert isinstance(facts.pems[paths[1]], Unread)
    assert facts.files[paths[2]] == Absent()


def test_it_says_so_when_there_is_no_shell() -> None:
    with pytest.raises(CollectError) as caught:
        parse(
            b"This account is currently not available.\n", N, target="t", collected_at=0, duration=0
        )
    assert caught.value.kind == "no-shell"


def test_a_proc_that_hides_others_is_no_host_without_engines() -> None:
    hidden = (
        "mount -t proc -o hidepid=2 proc /proc && "
        "exec setpriv --reuid 65534 --regid 65534 --clear-groups sh"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", hidden],
        input=build("5eed"),
        capture_output=True,
        timeout=60,
        check=True,
    )
    facts = parse(done.stdout, "5eed", target="t", collected_at=0, duration=0.0)
    assert facts.processes == Unread("/proc hides those of other accounts (hidepid; needs root)")
