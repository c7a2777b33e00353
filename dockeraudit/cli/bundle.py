"""`dockeraudit bundle`: evidence in one signed file, and what was changed in such a file."""

import hashlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from dockeraudit.cli.files import named_file
from dockeraudit.cli.loaded import known_checks, known_formats, known_writer
from dockeraudit.cli.streams import say
from dockeraudit.exits import CLEAN, FINDINGS, INTERNAL
from dockeraudit.output import foreign, visible, write
from dockeraudit.plugins import Writer
from dockeraudit.words import nearest

if TYPE_CHECKING:
    from dockeraudit.bundle.make import Given
    from dockeraudit.bundle.redaction import Kind
    from dockeraudit.report import Report

SUBCOMMANDS = ("make", "verify")
_KEY_BYTES = 32


class _Commands(click.Group):
    """`bundle FILE…` makes one: `make` need not be said."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*SUBCOMMANDS, "-h", "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group("bundle", cls=_Commands, short_help="Hand evidence on in one signed file.")
def command() -> None:
    """Put results, facts and reports into one signed file, or check such a file.

    \b
      dockeraudit bundle r.json facts/ -o audit.tar.gz --sign-key ~/.ssh/id_ed25519
      dockeraudit bundle verify audit.tar.gz --signers allowed_signers

    `bundle FILE…` is short for `bundle make FILE…`.
    """


@command.command("make", short_help="Make a bundle.")
@click.argument("inputs", nargs=-1, required=True, metavar="RESULT.json|FACTS|FOLDER...")
@click.option(
    "-o", "--output", "file", required=True, metavar="FILE", help="Where it goes; `-` is stdout."
)
@click.option(
    "--redact",
    metavar="KINDS",
    default="",
    help="Replace by pseudonyms: addresses, hostnames, users; with commas, or `all`.",
)
@click.option(
    "--pseudonym-key",
    metavar="FILE",
    help="The secret that pseudonyms are made with; it is made if it isn't there. Else it follows "
    "from --sign-key.",
)
@click.option(
    "--keep-certificates",
    is_flag=True,
    help="With --redact: keep certificates, with the names in them.",
)
@click.option(
    "--report-format",
    "formats",
    metavar="FORMATS",
    default="html,csv",
    show_default=True,
    help="Reports to add, with commas; `none` for none.",
)
@click.option(
    "--sign-key",
    metavar="KEY",
    help="Sign with this SSH key; of a public key the agent has the private one.",
)
@click.option(
    "--encrypt-to",
    "recipients",
    multiple=True,
    metavar="RECIPIENT",
    help="Encrypt to an age or SSH recipient, or a file of them; may be repeated.",
)
@click.option("--force", is_flag=True, help="Replace a FILE that is no bundle, or is encrypted.")
def make_command(
    inputs: tuple[str, ...],
    file: str,
    redact: str,
    pseudonym_key: str | None,
    keep_certificates: bool,
    formats: str,
    sign_key: str | None,
    recipients: tuple[str, ...],
    force: bool,
) -> int:
    """Put JSON results, facts files and folders of facts files into one .tar.gz.

    \b
      dockeraudit scan facts/ --report json=r.json
      dockeraudit bundle r.json facts/ -o audit.tar.gz --sign-key ~/.ssh/id_ed25519
      dockeraudit bundle r.json facts/ -o audit.tar.gz.age --redact all \\
        --sign-key ~/.ssh/id_ed25519 --encrypt-to 'ssh-ed25519 AAAA…'

    The same inputs, options and key give the same bytes, but for encryption and for signatures by
    ECDSA and security keys. Times in it are the inputs' own, or SOURCE_DATE_EPOCH.
    """
    from dockeraudit.bundle import encryption, signing
    from dockeraudit.bundle.archive import ArchiveError, archive, is_bundle
    from dockeraudit.bundle.make import Wanted, make

    if not force and foreign(file, is_bundle):
        raise click.UsageError(f"{file} is there, and is no bundle, or encrypted: --force")
    kinds = _kinds(redact)
    if not kinds and (pseudonym_key or keep_certificates):
        raise click.UsageError("--pseudonym-key and --keep-certificates are for --redact")
    writers = _writers(formats)
    epoch = _epoch()
    given = _given(inputs)
    try:
        to = encryption.recipients(recipients) if recipients else []
        key, source = _key(pseudonym_key, sign_key) if kinds else (b"", "")
        wanted = Wanted(
            writers=writers,
            checks=known_checks(),
            kinds=kinds,
            key=key,
            key_source=source,
            keep_certificates=keep_certificates,
            epoch=epoch,
        )
        signer = None if sign_key is None else lambda data: signing.sign(sign_key, data)
        made = make(given, wanted, signer)
        chunks: Iterable[bytes] = archive(made.files.items(), made.time)
        if to:
            chunks = [encryption.encrypted(b"".join(chunks), to)]
        write(file, chunks)
    except (encryption.EncryptionError, ArchiveError) as error:
        raise click.UsageError(str(error)) from error
    except signing.NoKeygenError as error:
        raise click.ClickException(str(error)) from error
    except signing.SigningError as error:
        raise click.UsageError(f"--sign-key: {error}") from error
    for note in made.notes:
        say(note)
    if sign_key is None:
        say("it is not signed: --sign-key KEY signs it")
    if file != "-":
        say(f"wrote {file}: {len(given.results)} results, facts of {len(given.facts)} hosts")
    return CLEAN


@command.command("verify", short_help="Say what was changed in a bundle.")
@click.argument("file", metavar="FILE|-")
@click.option(
    "--signers",
    metavar="FILE",
    help="Who may have signed it: lines `NAME ssh-ed25519 AAAA…`, as ssh-keygen -Y verify reads.",
)
@click.option(
    "--identity", metavar="KEY", help="The private key that opens it, where it is encrypted."
)
def verify_command(file: str, signers: str | None, identity: str | None) -> int:
    """Say of each member whether it is whole, changed, missing or added, and who signed.

    \b
      dockeraudit bundle verify audit.tar.gz --signers allowed_signers
      age -d -i ~/.ssh/id_ed25519 audit.tar.gz.age | dockeraudit bundle verify -

    Nothing is unpacked onto a disk. Exit codes: 0 whole, and signed by one of --signers where
    they were given; 1 changed, or not so signed; 2 wrong use, or no bundle; 4 it can't be checked.
    """
    from dockeraudit.bundle.archive import ArchiveError
    from dockeraudit.bundle.encryption import EncryptionError
    from dockeraudit.bundle.signing import NoKeygenError
    from dockeraudit.bundle.verify import verify

    if signers is not None:
        named_file("--signers", signers)
    try:
        with _opened(file, identity) as bundle:
            verdict = verify(bundle, signers)
    except (ArchiveError, EncryptionError) as error:
        raise click.UsageError(f"{visible(file)}: {error}") from error
    except NoKeygenError as error:
        say(f"dockeraudit: {error}")
        return INTERNAL
    except OSError as error:
        raise click.UsageError(f"{visible(file)}: {error.strerror or error}") from error
    lines = [
        f"{each.state:<8}  {visible(each.name)}{': ' if each.name and each.reason else ''}"
        f"{visible(each.reason)}\n"
        for each in verdict.members
    ]
    status = FINDINGS if verdict.changed else CLEAN
    worth, good = _worth(verdict.signature, verdict.by, signers)
    if not good:
        status = FINDINGS
    if verdict.manifest is not None:
        lines.append(
            f"made by dockeraudit {visible(verdict.manifest.tool.version)}, "
            f"{visible(verdict.manifest.created)}\n"
        )
    count = len(verdict.changed)
    lines.append(f"signature: {worth}\n")
    lines.append(
        f"RESULT: {'whole' if not count else f'{count} of {len(verdict.members)} not whole'}"
        f"{'' if good else ', signature not accepted'}\n"
    )
    write("-", lines)
    return status


def _worth(signature: object, by: object, signers: str | None) -> tuple[str, bool]:
    """What to say of the signature, and whether it will do."""
    from dockeraudit.bundle.signing import Checked, Signer

    if not isinstance(signature, Checked):
        if signers is not None:
            return "none, so by none of the signers", False
        return "none: whoever changed it could have made new sums", True
    key = f"{by.kind} {by.fingerprint}" if isinstance(by, Signer) else "an unknown key"
    if not signature.good:
        return f"BAD, by {visible(key)}: {visible(signature.reason)}", False
    if signers is None:
        return (
            f"good, by {visible(key)}; whose key that is nobody said (--signers FILE): it shows "
            "that nothing was changed since, not who signed",
            True,
        )
    return f"good, by {visible(', '.join(signature.principals))} with {visible(key)}", True


def _kinds(redact: str) -> "tuple[Kind, ...]":
    from dockeraudit.bundle.redaction import KINDS

    words = {word.strip() for word in redact.split(",")} - {""}
    if words == {"all"}:
        return KINDS
    for word in sorted(words):
        if word not in KINDS:
            raise click.UsageError(
                f"--redact {word}: there are {', '.join(KINDS)} and all.{nearest(word, KINDS)}"
            )
    return tuple(kind for kind in KINDS if kind in words)


def _writers(formats: str) -> dict[str, Writer]:
    wanted = [word.strip() for word in formats.split(",") if word.strip()]
    if wanted == ["none"]:
        return {}
    known = known_formats()
    for word in wanted:
        if word not in known:
            raise click.UsageError(
                f"--report-format {word}: there are {', '.join(known)}.{nearest(word, known)}"
            )
    return {word: known_writer(word) for word in wanted}


def _epoch() -> int | None:
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if not given:
        return None
    if not given.isdecimal() or int(given) >= 1 << 33:
        raise click.UsageError(f"SOURCE_DATE_EPOCH is {visible(given)}, no time in seconds")
    return int(given)


def _given(inputs: tuple[str, ...]) -> "Given":
    from dockeraudit.bundle.make import Given
    from dockeraudit.facts import encode
    from dockeraudit.facts_files import FactsFileError, read_facts
    from dockeraudit.targets import FACTS_ENDINGS

    facts = []
    results = []
    for path in _expanded(inputs):
        if path.endswith(FACTS_ENDINGS):
            try:
                found = read_facts(path)
            except FactsFileError as error:
                raise click.UsageError(f"{path}: {error}; {error.hint}") from error
            facts.append((found, encode(found) + b"\n"))
        else:
            results.append(_result(path))
    return Given(tuple(results), tuple(facts))


def _result(path: str) -> "tuple[Report, bytes]":
    """A saved result and its bytes, read once: it may be a pipe."""
    from dockeraudit.report import SCHEMA_VERSION, decode

    try:
        with open(path, "rb") as file:
            content = file.read()
        report = decode(content)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise click.UsageError(
            f"{path} is neither a JSON report of dockeraudit nor a facts file: {error}"
        ) from error
    if report.schema_version != SCHEMA_VERSION:
        raise click.UsageError(
            f"{path}: schema version {report.schema_version!r}, this program reads {SCHEMA_VERSION}"
        )
    return report, content


def _expanded(inputs: tuple[str, ...]) -> Iterator[str]:
    from dockeraudit.facts_files import FolderError, listed

    for path in inputs:
        try:
            yield from listed(path)
        except FolderError as error:
            raise click.UsageError(str(error)) from error


def _key(file: str | None, sign_key: str | None) -> tuple[bytes, str]:
    """The pseudonyms' key, and where it is from."""
    from dockeraudit.bundle.signing import SigningError, pseudonym_key

    if file is not None:
        return _key_file(file), "a file of the maker's"
    if sign_key is None:
        raise click.UsageError(
            "--redact needs a secret, or pseudonyms could be guessed back: --pseudonym-key FILE "
            "(it is made if it isn't there), or --sign-key with an Ed25519 or RSA key"
        )
    try:
        return pseudonym_key(sign_key), "the signing key"
    except SigningError as error:
        raise SigningError(f"{error}; --pseudonym-key FILE is another way") from error


def _key_file(path: str) -> bytes:
    if not os.path.lexists(path):
        write(path, [os.urandom(_KEY_BYTES).hex(), "\n"])
        say(f"made {path}: keep it, it gives the same pseudonyms again; who has it can undo them")
    content = named_file("--pseudonym-key", path).strip()
    if len(content) < _KEY_BYTES:
        raise click.UsageError(
            f"--pseudonym-key {path}: shorter than {_KEY_BYTES} bytes, so it could be guessed"
        )
    return hashlib.sha256(content).digest()


@contextmanager
def _opened(file: str, identity: str | None) -> Iterator[BinaryIO]:
    """A bundle to read from its beginning, unpacked from its encryption."""
    from dockeraudit.bundle.encryption import HEAD, EncryptionError, decrypted

    piped = file == "-"
    stream = cast(io.BufferedReader, sys.stdin.buffer) if piped else open(file, "rb")  # noqa: SIM115
    try:
        if not stream.peek(len(HEAD)).startswith(HEAD):
            yield stream
        elif identity is None:
            raise EncryptionError(
                "it is encrypted: --identity KEY, or "
                "`age -d -i KEY FILE | dockeraudit bundle verify -`"
            )
        else:
            yield io.BytesIO(decrypted(_bounded(stream), identity))
    finally:
        if not piped:
            stream.close()


def _bounded(stream: BinaryIO) -> bytes:
    from dockeraudit.bundle.archive import MAX_MEMBER
    from dockeraudit.bundle.encryption import EncryptionError

    content = stream.read(MAX_MEMBER + 1)
    if len(content) > MAX_MEMBER:
        raise EncryptionError(f"larger than {MAX_MEMBER >> 20} MiB: let age decrypt it")
    return content
