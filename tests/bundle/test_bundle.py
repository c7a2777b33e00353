"""Bundles as people make and check them: with the program, and with what is on every machine."""

import gzip
import io
import json
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dockeraudit.bundle.archive import FOLDER, archive
from dockeraudit.facts import decode
from dockeraudit.report import decode as decode_report
from tests.cli.program import facts, run

HOSTS = ("mtls", "plain-any", "hardened-user")
SIGNER = "auditor@example"


def keygen(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *arguments], input=data, capture_output=True, check=False)


def new_key(path: Path, kind: str = "ed25519") -> Path:
    assert keygen("-q", "-t", kind, "-N", "", "-C", "nobody", "-f", str(path)).returncode == 0
    return path


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a result, the facts it is of, a key, and who may sign."""
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "facts").mkdir()
    for name in HOSTS:
        shutil.copy(facts(name), folder / "facts")
    run("scan", "facts", "--profile", "strict", "--report", "json=r.json", cwd=folder)
    key = new_key(folder / "id")
    public = key.with_suffix(".pub").read_text().rsplit(" ", 1)[0]
    (folder / "signers").write_text(f"{SIGNER} {public}\n")
    return folder


@pytest.fixture(scope="module")
def made(there: Path) -> bytes:
    """A signed and redacted bundle."""
    done = run(
        *("bundle", "r.json", "facts", "-o", "made.tar.gz", "--redact", "all"),
        *("--sign-key", "id"),
        cwd=there,
    )
    assert done.status == 0, done.err
    return (there / "made.tar.gz").read_bytes()


BARE = ("--report-format", "none")
"""No reports: they take the time."""


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {
            each.name.removeprefix(f"{FOLDER}/"): file.read()
            for each in tar
            if (file := tar.extractfile(each))
        }


def packed(files: dict[str, bytes]) -> bytes:
    return b"".join(archive(files.items(), 1_795_500_000))


def test_the_same_bytes_again(there: Path, made: bytes, tmp_path: Path) -> None:
    for name in HOSTS:
        shutil.copy(facts(name), tmp_path)
    again = run(
        *("bundle", str(tmp_path), "r.json", "--redact", "users,addresses,hostnames"),
        *("-o", str(tmp_path / "b.tar.gz"), "--sign-key", "id"),
        cwd=there,
        TZ="Asia/Seoul",
        LANG="C",
        PYTHONHASHSEED="7",
    )
    assert again.status == 0
    assert (tmp_path / "b.tar.gz").read_bytes() == made


def test_whole_and_private(there: Path, made: bytes) -> None:
    assert stat.S_IMODE((there / "made.tar.gz").stat().st_mode) == 0o600
    assert sorted({name.partition("/")[0] for name in unpacked(made)}) == [
        *("README.txt", "SHA256SUMS", "SHA256SUMS.sig", "facts", "manifest.json"),
        *("reports", "results"),
    ]


def test_source_date_epoch(there: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.tar.gz"
    done = run("bundle", "r.json", "-o", str(out), *BARE, cwd=there, SOURCE_DATE_EPOCH="1000000000")
    assert done.status == 0
    with tarfile.open(out) as tar:
        assert {each.mtime for each in tar} == {1_000_000_000}
    wrong = run("bundle", "r.json", "-o", str(out), *BARE, cwd=there, SOURCE_DATE_EPOCH="now")
    assert wrong.status == 2


def test_without_redaction_all_is_as_it_was(there: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.tar.gz"
    assert run("bundle", "r.json", "facts", "-o", str(out), *BARE, cwd=there).status == 0
    files = unpacked(out.read_bytes())
    (result,) = [content for name, content in files.items() if name.startswith("results/")]
    assert result == (there / "r.json").read_bytes()
    for name in HOSTS:
        assert decode(gzip.decompress(files[f"facts/{name}.facts.json.gz"])) == decode(
            Path(facts(name)).read_bytes()
        )
    assert json.loads(files["manifest.json"])["redaction"] is None


def test_redacted_facts_and_results_belong_together(there: Path, made: bytes) -> None:
    files = unpacked(made)
    kept = {
        decode(gzip.decompress(content)).target
        for name, content in files.items()
        if name.startswith("facts/")
    }
    (result,) = [content for name, content in files.items() if name.startswith("results/")]
    report = decode_report(result)
    assert {host.target for host in report.hosts} == kept
    (page,) = [content.decode() for name, content in files.items() if name.endswith(".csv")]
    assert all(target in page for target in kept)
    manifest = json.loads(files["manifest.json"])
    assert manifest["redaction"]["key"] == "the signing key"
    assert {each["target"] for each in manifest["facts"]} == kept


def test_what_every_machine_has_is_enough(there: Path, made: bytes, tmp_path: Path) -> None:
    """The commands of README.txt, word for word."""
    subprocess.run(["tar", "-xzf", str(there / "made.tar.gz")], cwd=tmp_path, check=True)
    (tmp_path / FOLDER / "allowed_signers").write_bytes((there / "signers").read_bytes())
    text = (tmp_path / FOLDER / "README.txt").read_text()
    commands = [
        line.strip() for line in text.replace("\\\n", "").split("\n") if line.startswith("  ")
    ]
    assert len(commands) == 3
    for command in commands:
        subprocess.run(
            ["sh", "-c", command.replace("NAME", SIGNER)],
            cwd=tmp_path / FOLDER,
            check=True,
            capture_output=True,
        )


def test_verify(there: Path, made: bytes) -> None:
    named = run("bundle", "verify", "made.tar.gz", "--signers", "signers", cwd=there)
    assert named.status == 0
    assert f"signature: good, by {SIGNER} with ssh-ed25519 SHA256:" in named.out
    assert named.out.endswith("RESULT: whole\n")
    anybody = run("bundle", "verify", "-", stdin=made, cwd=there)
    assert anybody.status == 0
    assert "not who signed" in anybody.out


def one_byte(files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.startswith("results/"))
    files[name] = files[name].replace(b"fail", b"pass", 1)


def one_more(files: dict[str, bytes]) -> None:
    files["results/more.json"] = b"{}"


def one_less(files: dict[str, bytes]) -> None:
    del files[next(name for name in files if name.startswith("facts/"))]


def manifest(files: dict[str, bytes]) -> None:
    files["manifest.json"] = files["manifest.json"].replace(b"withheld", b"kept")


def new_sums(files: dict[str, bytes]) -> None:
    from dockeraudit.bundle.manifest import file_of, sums

    one_byte(files)
    rest = {n: c for n, c in files.items() if not n.startswith("SHA256SUMS")}
    files["SHA256SUMS"] = sums(file_of(name, content) for name, content in sorted(rest.items()))


def unsigned(files: dict[str, bytes]) -> None:
    del files["SHA256SUMS.sig"]


def broken_signature(files: dict[str, bytes]) -> None:
    files["SHA256SUMS.sig"] = b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (one_byte, "changed   results/"),
        (one_more, "added     results/more.json"),
        (one_less, "missing   facts/"),
        (manifest, "changed   manifest.json"),
        (new_sums, "signature: BAD"),
        (unsigned, "none, so by none of the signers"),
        (broken_signature, "signature: BAD"),
    ],
)
def test_changes_are_told(
    there: Path, made: bytes, change: Callable[[dict[str, bytes]], None], says: str
) -> None:
    files = unpacked(made)
    change(files)
    done = run("bundle", "verify", "-", "--signers", "signers", stdin=packed(files), cwd=there)
    assert done.status == 1
    assert says in done.out


def test_signed_by_somebody_else(there: Path, tmp_path: Path) -> None:
    new_key(tmp_path / "other")
    run("bundle", "r.json", "-o", "other.tar.gz", "--sign-key", str(tmp_path / "other"), cwd=there)
    done = run("bundle", "verify", "other.tar.gz", "--signers", "signers", cwd=there)
    assert done.status == 1
    assert "RESULT: whole, signature not accepted" in done.out
    assert run("bundle", "verify", "other.tar.gz", cwd=there).status == 0


def test_a_signature_for_another_purpose(there: Path, made: bytes) -> None:
    files = unpacked(made)
    files["SHA256SUMS.sig"] = keygen(
        *("-Y", "sign", "-f", str(there / "id"), "-n", "git"), data=files["SHA256SUMS"]
    ).stdout
    done = run("bundle", "verify", "-", "--signers", "signers", stdin=packed(files), cwd=there)
    assert done.status == 1
    assert "BAD" in done.out


def test_unsigned(there: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "b.tar.gz")
    assert "not signed" in run("bundle", "r.json", "-o", out, *BARE, cwd=there).err
    done = run("bundle", "verify", out)
    assert done.status == 0
    assert "whoever changed it could have made new sums" in done.out
    assert b"It is not signed" in unpacked(Path(out).read_bytes())["README.txt"]


@contextmanager
def agent(key: Path) -> Iterator[str]:
    """The socket of an agent that has the key."""
    told = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    values = dict(part.split("=", 1) for part in told.replace("\n", "").split(";") if "=" in part)
    env = {"SSH_AUTH_SOCK": values["SSH_AUTH_SOCK"], "SSH_AGENT_PID": values["SSH_AGENT_PID"]}
    try:
        subprocess.run(
            ["ssh-add", "-q", str(key)], env=os.environ | env, check=True, capture_output=True
        )
        yield env["SSH_AUTH_SOCK"]
    finally:
        subprocess.run(["ssh-agent", "-k"], env=os.environ | env, check=True, capture_output=True)


def test_a_key_of_the_agent(there: Path, made: bytes, tmp_path: Path) -> None:
    """The private key itself is nowhere on this machine's disk."""
    shutil.copy(there / "id.pub", tmp_path)
    with agent(there / "id") as sock:
        done = run(
            *("bundle", "r.json", "facts", "-o", str(tmp_path / "b.tar.gz"), "--redact", "all"),
            *("--sign-key", str(tmp_path / "id.pub")),
            cwd=there,
            SSH_AUTH_SOCK=sock,
        )
    assert done.status == 0, done.err
    assert (tmp_path / "b.tar.gz").read_bytes() == made


def test_a_key_that_signs_differently_makes_no_pseudonyms(there: Path, tmp_path: Path) -> None:
    key = str(new_key(tmp_path / "ecdsa", "ecdsa"))
    arguments = ("bundle", "r.json", "--sign-key", key, "-o", str(tmp_path / "b.tar.gz"), *BARE)
    refused = run(*arguments, "--redact", "all", cwd=there)
    assert refused.status == 2
    assert "signs differently every time" in refused.err
    assert not (tmp_path / "b.tar.gz").exists()
    assert run(*arguments, cwd=there).status == 0
    secret = tmp_path / "secret"
    given = run(*arguments, "--redact", "all", "--pseudonym-key", str(secret), cwd=there)
    assert given.status == 0
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_a_file_of_ones_own_gives_the_same_pseudonyms(there: Path, tmp_path: Path) -> None:
    def files(name: str) -> dict[str, bytes]:
        out = tmp_path / name
        done = run(
            *("bundle", "r.json", "facts", "-o", str(out), "--redact", "all"),
            *("--pseudonym-key", str(tmp_path / "secret"), *BARE),
            cwd=there,
        )
        assert done.status == 0, done.err
        return unpacked(out.read_bytes())

    assert files("one.tar.gz") == files("two.tar.gz")
    (tmp_path / "secret").write_text("too short")
    short = run(
        *("bundle", "r.json", "-o", str(tmp_path / "b"), "--redact", "all"),
        *("--pseudonym-key", str(tmp_path / "secret")),
        cwd=there,
    )
    assert short.status == 2
    assert "guessed" in short.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("r.json", "--redact", "all"),
        ("r.json", "--redact", "names", "--sign-key", "id"),
        ("r.json", "--pseudonym-key", "secret"),
        ("r.json", "--report-format", "htlm"),
        ("r.json", "--sign-key", "nothing"),
        ("r.json", "--sign-key", "signers"),
        ("r.json", "--encrypt-to", "nobody"),
        ("signers",),
        ("nothing.json",),
        ("nothing.facts.json",),
        ("id.pub",),
        (".",),
    ],
    ids=" ".join,
)
def test_wrong_use(there: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run("bundle", *arguments, "-o", str(tmp_path / "b.tar.gz"), cwd=there)
    assert done.status == 2, done.err
    assert not [*tmp_path.iterdir()]


def test_what_is_no_bundle_is_not_replaced(there: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.tar.gz"
    out.write_bytes(gzip.compress(b"the family's photographs"))
    assert run("bundle", "r.json", "-o", str(out), *BARE, cwd=there).status == 2
    assert gzip.decompress(out.read_bytes()) == b"the family's photographs"
    assert run("bundle", "r.json", "-o", str(out), "--force", *BARE, cwd=there).status == 0
    assert run("bundle", "r.json", "-o", str(out), *BARE, cwd=there).status == 0


@pytest.mark.parametrize("content", [b"", b"text", gzip.compress(b"x" * 2000)])
def test_verifying_what_is_no_bundle(content: bytes) -> None:
    assert run("bundle", "verify", "-", stdin=content).status == 2


def test_verifying_nothing(there: Path) -> None:
    assert run("bundle", "verify", "nothing.tar.gz", cwd=there).status == 2
    assert run("bundle", "verify", "made.tar.gz", "--signers", "nothing", cwd=there).status == 2


def test_without_ssh_keygen(there: Path, made: bytes) -> None:
    python = run("bundle", "verify", "-", stdin=made, cwd=there, PATH="/nonexistent")
    assert python.status == 4
    assert "ssh-keygen" in python.err


def test_hostile_names_do_not_reach_the_terminal(made: bytes) -> None:
    files = unpacked(made)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in {**files, "\x1b[2Jx": b""}.items():
            info = tarfile.TarInfo(f"{FOLDER}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    done = run("bundle", "verify", "-", stdin=raw.getvalue())
    assert done.status == 1
    assert "\x1b" not in done.out
    assert "refused" in done.out


def test_encrypted(there: Path, made: bytes, tmp_path: Path) -> None:
    key = new_key(tmp_path / "reader")
    out = str(tmp_path / "b.tar.gz.age")
    arguments = ("bundle", "r.json", "facts", "-o", out, "--redact", "all", "--sign-key", "id")
    done = run(*arguments, "--encrypt-to", f"{key}.pub", cwd=there)
    assert done.status == 0, done.err
    data = Path(out).read_bytes()
    assert data.startswith(b"age-encryption.org/v1\n")
    closed = run("bundle", "verify", out)
    assert closed.status == 2
    assert "age -d -i" in closed.err
    opened = run(
        *("bundle", "verify", out, "--identity", str(key), "--signers", "signers"), cwd=there
    )
    assert opened.status == 0, opened.err
    wrong = run("bundle", "verify", out, "--identity", "id", cwd=there)
    assert wrong.status == 2
    assert run(*arguments, "--encrypt-to", f"{key}.pub", cwd=there).status == 2, "not seen into"

    import pyrage  # type: ignore[import-not-found, import-untyped, unused-ignore]

    identity = pyrage.ssh.Identity.from_buffer(key.read_bytes())
    assert pyrage.decrypt(data, [identity]) == made, "only the outside differs from run to run"
