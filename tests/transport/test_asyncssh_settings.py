"""What ssh's configuration says, shared among hosts: always what `ssh -G` says of each."""

import os
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockeraudit.transport import TransportError, process, ssh_settings
from dockeraudit.transport.asyncssh_keys import supported
from dockeraudit.transport.ssh_settings import Configuration, Settings, configuration

HOSTS = ["web1", "web2", "db1.example", "10.0.0.1", "WEB1", "10.1", "0::0:1", "FE80::1%Lo"]
PATTERNS = st.sampled_from([*HOSTS, "*", "web*", "web?", "!web1", "*.example", "10.*", "# web1"])
PLAIN = st.sampled_from(
    [
        "HostName 192.0.2.1",
        "HostName = %h.example",
        "HostName web1",
        "User ann",
        "Port 2222",
        "Port=22",
        "IdentityFile ~/.ssh/one",
        "IdentityFile none",
        "CertificateFile ~/.ssh/one-cert.pub",
        "IdentitiesOnly yes",
        "IdentityAgent none",
        "UserKnownHostsFile /a /b",
        "GlobalKnownHostsFile none",
        "StrictHostKeyChecking no",
        "stricthostkeychecking accept-new",
        "HostKeyAlias alias",
        "ControlPath ~/.ssh/%C",
        "ConnectTimeout 7",
        "ProxyJump ann@jump:2222,two",
        "KexAlgorithms +diffie-hellman-group14-sha1",
        "HostKeyAlgorithms ssh-ed25519,rsa-sha2-512",
        "Ciphers aes256-ctr",
        "CanonicalizeHostname no",
        "SetEnv A=b",
        "Include {folder}/more",
        "Include {folder}/*.nothing",
        "# a comment",
        "",
    ]
)
ODD = st.sampled_from(
    [
        'User "ann"',
        "Port ssh # the usual",
        "IdentityFile %d/.ssh/%r",
        "UserKnownHostsFile ~/.ssh/known_%h",
        "ProxyCommand nc %h %p",
        "KnownHostsCommand /bin/true %H",
        "Match host web1",
        "Match all",
    ]
)
BLOCKS = st.lists(
    st.tuples(st.lists(PATTERNS, min_size=1, max_size=3), st.lists(PLAIN, max_size=4)), max_size=4
)


def text(blocks: list[tuple[list[str], list[str]]], folder: str) -> str:
    lines = []
    for patterns, inside in blocks:
        lines += [f"Host {' '.join(patterns)}", *(f"  {line}" for line in inside)]
    return "\n".join(lines).replace("{folder}", folder) + "\n"


def asked(config: str, host: str, user: str | None) -> Settings | str:
    """What a configuration that knows nothing of other hosts says."""
    try:
        fresh = Configuration(config, ())
        fresh._plain = False
        return fresh.of(host, user, None, supported(), None)
    except TransportError as error:
        return error.message


@settings(max_examples=25, deadline=None)
@given(st.one_of(PLAIN, PLAIN, ODD), BLOCKS, BLOCKS, st.sampled_from([None, "bob"]))
def test_shared_is_what_ssh_says_of_each(
    first: str,
    blocks: list[tuple[list[str], list[str]]],
    more: list[tuple[list[str], list[str]]],
    user: str | None,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "more").write_text(text(more, "/nonexistent"))
        path = Path(folder, "config")
        path.write_text(first.replace("{folder}", folder) + "\n" + text(blocks, folder))
        shared = Configuration(str(path), ())
        for host in HOSTS:
            try:
                found: Settings | str = shared.of(host, user, None, supported(), None)
            except TransportError as error:
                found = error.message
            wanted = asked(str(path), host, user)
            # What is refused is refused for each; the message names the one that was asked about.
            if isinstance(wanted, str):
                assert isinstance(found, str), host
            else:
                assert found == wanted, host


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that ssh is asked about from now on."""
    names: list[str] = []
    run = process.run

    def counting(argv: list[str], *args: object, **more: object) -> object:
        names.append(argv[-1])
        return run(argv, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(process, "run", counting)
    ssh_settings._defaults()
    names.clear()
    return names


def test_a_thousand_hosts_are_asked_about_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config"
    blocks = "".join(f"Host web{n}\n  HostName 192.0.2.{n % 250}\n" for n in range(1000))
    path.write_text(f"{blocks}Host *\n  IdentityFile ~/.ssh/one\n")
    names = counted(monkeypatch)
    shared = Configuration(str(path), ())

    def ask(number: int) -> None:
        assert shared.of(f"web{number}", None, None, supported(), None).hostname == (
            f"192.0.2.{number % 250}"
        )

    threads = [threading.Thread(target=ask, args=[number]) for number in range(0, 1000, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 1


def test_with_match_each_is_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config"
    path.write_text(f'Match exec "test %n = web1"\n  User ann\nHost *\n  IdentityFile {tmp_path}\n')
    names = counted(monkeypatch)
    shared = Configuration(str(path), ())
    users = [shared.of(host, None, None, supported(), None).user for host in ("web1", "web2")]
    assert users[0] == "ann"
    assert users[1] != "ann"
    assert names == ["web1", "web2"]


def test_algorithms(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("Host set\n  KexAlgorithms curve25519-sha256\n  Ciphers aes256-ctr\n")
    shared = configuration(str(path), ())
    given_none = shared.of("web1", None, None, supported(), None).algorithms
    assert given_none.kex[0] == "mlkem768x25519-sha256"
    assert not [name for name in given_none.kex if "sha1" in name or "gss" in name]
    assert not [name for name in given_none.host_keys if name in ("ssh-rsa", "ssh-dss")]
    chosen = shared.of("set", None, None, supported(), None).algorithms
    assert (chosen.kex, chosen.ciphers) == (("curve25519-sha256",), ("aes256-ctr",))


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config"
    path.write_text("SendEnv LC_* TOKEN\nSetEnv A=b\n")
    monkeypatch.setenv("TOKEN", "t")
    monkeypatch.setenv("OTHER", "o")
    found = dict(Configuration(str(path), ()).of("x", None, None, supported(), None).environment)
    assert found["LC_ALL"] == "C"
    assert (found["TOKEN"], found["A"]) == ("t", "b")
    assert "OTHER" not in found


def test_files_and_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config"
    path.write_text(
        "IdentityFile ~/.ssh/%n_%r\nIdentityAgent $SOCK\nUserKnownHostsFile none\n"
        "GlobalKnownHostsFile /etc/known\n"
    )
    monkeypatch.setenv("SOCK", "/run/agent")
    found = Configuration(str(path), ()).of("web1", "ann", None, supported(), None)
    home = os.path.expanduser("~")
    assert found.identities == (f"{home}/.ssh/web1_ann",)
    assert found.agent == "/run/agent"
    assert found.known_hosts == ("/etc/known",)
