"""known_hosts files, read as ssh-keygen reads them; and host certificates, on a real sshd."""

import base64
import hashlib
import hmac
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockeraudit.transport import Limits, TransportError, TransportOptions
from dockeraudit.transport.asyncssh_client import AsyncsshTransport
from dockeraudit.transport.known_hosts import known
from dockeraudit.transport.ssh import SshTransport
from tests.transport.server import SSHD, Server, _free_port

KIND = "ssh-ed25519"
LIMITS = Limits(timeout=90, connect_timeout=60)


def key(number: int) -> bytes:
    """A key in wire form; any 32 bytes are one."""
    return b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([number]) * 32


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    digest = hmac.digest(salt, name.encode(), hashlib.sha1)
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


NAMES = ["web1", "web2.example", "10.0.0.1", "::1"]
PLACES = [*NAMES, *(f"[{name}]:2222" for name in NAMES)]
PATTERNS = [*PLACES, "*", "web*", "web?", "!web1", "*.example", "[*]:2222", "10.0.0.0/8", "WEB1"]
HOSTS = st.one_of(
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3).map(",".join),
    st.sampled_from(PLACES).map(hashed),
)
MARKERS = st.sampled_from(["", "", "@revoked ", "@cert-authority "])
JUNK = st.sampled_from(["", "# web1 ssh-ed25519 AAAA", "web1", "@other web1 ssh-ed25519 AAAA"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MARKERS, HOSTS), max_size=6), JUNK, st.sampled_from(PLACES))
def test_as_ssh_keygen_finds_them(lines: list[tuple[str, str]], junk: str, place: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "known_hosts")
        text = [
            f"{marker}{hosts} {KIND} {base64.b64encode(key(number)).decode()}"
            for number, (marker, hosts) in enumerate(lines)
        ]
        path.write_text("\n".join([junk, *text]) + "\n")
        said = subprocess.run(
            ["ssh-keygen", "-F", place, "-f", str(path)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        wanted = {line.split()[-1] for line in said.splitlines() if not line.startswith("#")}
        # An alias is looked up as it is, so that a name may stand for a name with a port.
        found = known([str(path)], "other", 22, place)
        blobs = {blob for _, blob in found.trusted | found.authorities} | found.revoked
        assert {base64.b64encode(blob).decode() for blob in blobs} == wanted


def test_other_ports(tmp_path: Path) -> None:
    path = tmp_path / "known"
    line = " ssh-ed25519 " + base64.b64encode(key(1)).decode()
    other = " ssh-ed25519 " + base64.b64encode(key(2)).decode()
    path.write_text(f"web1{line}\n[web2]:2222{line}\nweb2{other}\n@revoked web2{line}\n")

    def trusted(host: str, port: int) -> set[bytes]:
        return {blob for _, blob in known([str(path)], host, port, None).trusted}

    assert trusted("Web1", 22) == {key(1)}
    assert trusted("web1", 2222) == {key(1)}
    assert trusted("web2", 22) == {key(2)}
    assert trusted("web2", 2222) == {key(1)}
    assert known([str(path)], "web2", 2222, None).revoked == {key(1)}


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "known"
    assert not known([str(path)], "web1", 22, None).trusted
    path.write_text("web1 ssh-ed25519 " + base64.b64encode(key(1)).decode())
    assert known([str(path)], "web1", 22, None).trusted == {(KIND, key(1))}


def keygen(*words: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True)


@contextmanager
def sshd(folder: Path, key: str, *more: str) -> Iterator[int]:
    """An sshd with a key of the folder as its host key; gives its port."""
    port = _free_port()
    text = SSHD.format(port=port, folder=folder).replace("/hostkey", f"/{key}")
    (folder / "sshd_config").write_text("\n".join((text, *more, "")))
    process = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")],
        stdin=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
    )
    try:
        while b"listening" not in (folder / "log").read_bytes():
            assert process.poll() is None
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def certified(folder: Path, kind: str, principal: str) -> Iterator[str]:
    """An sshd whose host key is signed by an authority; gives what known_hosts says of that."""
    keygen("-t", kind, "-N", "", "-f", str(folder / "ca"))
    keygen("-t", "ed25519", "-N", "", "-f", str(folder / "signed"))
    keygen("-s", str(folder / "ca"), "-I", "x", "-h", "-n", principal, str(folder / "signed.pub"))
    more = [
        f"HostCertificate {folder}/signed-cert.pub",
        f"TrustedUserCAKeys {folder}/ca.pub",
        "AcceptEnv WORD",
    ]
    with sshd(folder, "signed", *more) as port:
        public = (folder / "ca.pub").read_text()
        yield f"Port={port}\n@cert-authority [127.0.0.1]:{port} {public}"


@pytest.mark.parametrize(
    ("kind", "principal", "wanted"),
    [
        ("ed25519", "127.0.0.1", "in\n"),
        ("ed25519", "other.example", "host-key-unknown"),
        # ssh takes it; asyncssh does not say with which hash it was signed.
        ("rsa", "127.0.0.1", "protocol"),
    ],
)
def test_host_certificates(
    server: Server, tmp_path: Path, kind: str, principal: str, wanted: str
) -> None:
    (tmp_path / "authorized").write_bytes((server.folder / "authorized").read_bytes())
    with certified(tmp_path, kind, principal) as said:
        port, _, line = said.partition("\n")
        (tmp_path / "known").write_text(line)
        known_hosts = f"UserKnownHostsFile={tmp_path}/known"
        options = TransportOptions(ssh_config=server.config, ssh_options=(port, known_hosts))
        for client in (AsyncsshTransport, SshTransport):
            try:
                answer = client("good", options=options).run(["sh"], b"echo in", LIMITS)
                got = answer.stdout.decode()
            except TransportError as error:
                got = error.kind
            assert got == wanted or (kind == "rsa" and client is SshTransport), client


@pytest.mark.parametrize("beside", [True, False])
def test_certificates_of_users(server: Server, tmp_path: Path, beside: bool) -> None:
    """A key that nobody knows, with a certificate of an authority that the host trusts."""
    (tmp_path / "authorized").write_text("")
    with certified(tmp_path, "ed25519", "127.0.0.1") as said:
        port, _, line = said.partition("\n")
        (tmp_path / "known").write_text(line)
        keygen("-t", "ed25519", "-N", "", "-f", f"{tmp_path}/mine")
        keygen("-s", f"{tmp_path}/ca", "-I", "x", "-n", server.user, f"{tmp_path}/mine.pub")
        more = ["SetEnv=WORD=sent"]
        if not beside:
            (tmp_path / "mine-cert.pub").rename(tmp_path / "elsewhere.pub")
            more.append(f"CertificateFile={tmp_path}/elsewhere.pub")
        known_hosts, mine = f"UserKnownHostsFile={tmp_path}/known", f"IdentityFile={tmp_path}/mine"
        options = TransportOptions(server.config, (port, known_hosts, mine, *more))
        way = AsyncsshTransport("strange", options=options)
        assert way.run(["sh"], b"echo in $WORD", LIMITS).stdout == b"in sent\n"


def test_rsa_keys(server: Server, tmp_path: Path) -> None:
    """Of the host and of the user; one that the user finds too short is not taken by any client."""
    for name in ("host", "mine"):
        keygen("-t", "rsa", "-b", "2048", "-N", "", "-f", f"{tmp_path}/{name}")
    (tmp_path / "authorized").write_text((tmp_path / "mine.pub").read_text())
    with sshd(tmp_path, "host") as port:
        public = (tmp_path / "host.pub").read_text()
        (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {public}")
        options = [f"Port={port}", f"UserKnownHostsFile={tmp_path}/known"]
        options.append(f"IdentityFile={tmp_path}/mine")
        for client in (AsyncsshTransport, SshTransport):
            given = TransportOptions(server.config, tuple(options))
            answer = client("strange", options=given).run(["sh"], b"echo in", LIMITS)
            assert answer.stdout == b"in\n"
            strict = TransportOptions(server.config, (*options, "RequiredRSASize=3072"))
            with pytest.raises(TransportError) as caught:
                client("strange", options=strict).run(["sh"], b"echo in", LIMITS)
            assert caught.value.kind == "protocol", client
