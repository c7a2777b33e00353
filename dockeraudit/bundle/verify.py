"""Says what was changed in a bundle that may be anybody's; nothing of it is written to a disk."""

from typing import BinaryIO, Literal

from msgspec import Struct

from dockeraudit.bundle import manifest as manifests
from dockeraudit.bundle.archive import ArchiveError, Member, members
from dockeraudit.bundle.manifest import MANIFEST, SIGNATURE, SUMS
from dockeraudit.bundle.signing import Checked, Signer, SigningError, check, signer

State = Literal["whole", "changed", "missing", "added", "refused"]

_KEEP = {MANIFEST: 1 << 26, SUMS: 1 << 25, SIGNATURE: 1 << 14}


class Told(Struct, frozen=True):
    """What became of a member."""

    state: State
    name: str
    reason: str = ""


class Verdict(Struct, frozen=True):
    """What a bundle is worth."""

    members: tuple[Told, ...]
    signature: Checked | None
    """None: unsigned."""
    by: Signer | None
    manifest: manifests.Manifest | None

    @property
    def changed(self) -> list[Told]:
        """The members that aren't whole."""
        return [each for each in self.members if each.state != "whole"]


def verify(file: BinaryIO, signers: str | None) -> Verdict:
    """Look at every member, and at the signature.

    Raises:
        ArchiveError: it is no bundle at all.
        NoKeygenError: it is signed, and there is no ssh-keygen.
    """
    found: dict[str, Member] = {}
    told: list[Told] = []
    try:
        for member in members(file, _KEEP):
            if member.problem:
                told.append(Told("refused", member.name, member.problem))
            elif member.name in found:
                told.append(Told("refused", member.name, "it is there twice"))
            elif member.name:
                found[member.name] = member
    except ArchiveError as error:
        if not found:
            raise
        told.append(Told("refused", "", str(error)))
    if SUMS not in found and MANIFEST not in found:
        raise ArchiveError("no bundle of dockeraudit: it has neither sums nor a manifest")
    told += _compared(found)
    manifest, problem = _manifest(found, clean=all(each.state == "whole" for each in told))
    if problem is not None:
        told = [*(each for each in told if each.name != MANIFEST), problem]
    signature, by = _signature(found, signers)
    return Verdict(tuple(told), signature, by, manifest)


def _compared(found: dict[str, Member]) -> list[Told]:
    if SUMS not in found:
        return [Told("missing", SUMS, "nothing can be compared")]
    try:
        sums = manifests.read_sums(found[SUMS].content or b"")
    except ValueError as error:
        return [Told("changed", SUMS, str(error))]
    told = []
    for name in sorted({*sums, *found} - {SUMS, SIGNATURE}):
        if name not in found:
            told.append(Told("missing", name))
        elif name not in sums:
            told.append(Told("added", name))
        elif sums[name] != found[name].sha256:
            told.append(Told("changed", name))
        else:
            told.append(Told("whole", name))
    return told


def _manifest(
    found: dict[str, Member], *, clean: bool
) -> tuple[manifests.Manifest | None, Told | None]:
    """The manifest, and what is wrong with it; what it lists matters where all else is clean."""
    if MANIFEST not in found:
        return None, None
    try:
        manifest = manifests.decode(found[MANIFEST].content or b"")
    except (ValueError, RecursionError) as error:
        return None, Told("refused", MANIFEST, f"no manifest: {error}")
    if manifest.schema != manifests.SCHEMA:
        return None, Told("refused", MANIFEST, f"schema {manifest.schema!r} is not known here")
    listed = {each.path: (each.size, each.sha256) for each in manifest.files}
    there = {
        name: (member.size, member.sha256)
        for name, member in found.items()
        if name not in (MANIFEST, SUMS, SIGNATURE)
    }
    if clean and listed != there:
        return manifest, Told("changed", MANIFEST, "it lists other files than there are")
    return manifest, None


def _signature(
    found: dict[str, Member], signers: str | None
) -> tuple[Checked | None, Signer | None]:
    if SIGNATURE not in found:
        return None, None
    signature = found[SIGNATURE].content or b""
    try:
        by = signer(signature)
    except SigningError as error:
        return Checked(False, reason=str(error)), None
    data = found[SUMS].content if SUMS in found else None
    if data is None:
        return Checked(False, reason=f"{SUMS}, which it is over, is missing"), by
    return check(data, signature, signers), by
