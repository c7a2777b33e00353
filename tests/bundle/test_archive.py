"""The reader is given what no writer of ours makes: told, never followed, and nothing on disk."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable

import pytest

from dockeraudit.bundle import archive as archives
from dockeraudit.bundle.archive import FOLDER, ArchiveError, Member, archive, is_bundle, members
from dockeraudit.bundle.manifest import SUMS, file_of, sums
from dockeraudit.bundle.verify import Told, verify

FILES = {"results/a.json": b"{}\n", "facts/b.json.gz": b"facts", "README.txt": b"read\n" * 300}
Entry = tarfile.TarInfo | tuple[str, bytes]


def bundle(files: dict[str, bytes]) -> bytes:
    return b"".join(archive(files.items(), 1_795_500_000))


def found(data: bytes) -> list[Member]:
    return list(members(io.BytesIO(data), {}))


def tarred(
    *entries: tarfile.TarInfo | tuple[str, bytes], form: int = tarfile.USTAR_FORMAT
) -> bytes:
    """An archive as tarfile makes it, of whatever is asked for."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", format=form) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                tar.addfile(info, io.BytesIO(entry[1]))
    return made.getvalue()


def special(kind: bytes, name: str = f"{FOLDER}/x") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def test_what_goes_in_comes_out() -> None:
    data = bundle(FILES)
    assert is_bundle(data[:4096])
    assert [(m.name, m.size, m.problem) for m in found(data)] == [
        (name, len(content), "") for name, content in sorted(FILES.items())
    ]
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert {each.name for each in tar} == {f"{FOLDER}/{name}" for name in FILES}
        assert {(each.uid, each.mode, each.mtime) for each in tar} == {(0, 0o600, 1_795_500_000)}


def test_the_order_does_not_matter() -> None:
    assert bundle(FILES) == bundle(dict(reversed(FILES.items())))


def test_packed_again_by_others() -> None:
    """GNU tar writes folders and its own magic."""
    folder = tarfile.TarInfo(FOLDER)
    folder.type = tarfile.DIRTYPE
    pairs = [(f"{FOLDER}/{name}", content) for name, content in FILES.items()]
    read = found(tarred(folder, *pairs, form=tarfile.GNU_FORMAT))
    assert {each.name for each in read if each.name} == set(FILES)
    assert not any(each.problem for each in read)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (("../escape", b""), "outside of the folder"),
        (("/etc/passwd", b""), "outside of the folder"),
        ((f"{FOLDER}/../../escape", b""), "a name that no bundle has"),
        ((f"{FOLDER}/a//b", b""), "a name that no bundle has"),
        ((f"{FOLDER}/./b", b""), "a name that no bundle has"),
        ((f"{FOLDER}/bad\n  name", b""), "a name that no bundle has"),
        ((f"{FOLDER}/\u202egnp", b""), "a name that no bundle has"),
        ((f"{FOLDER}/\udcff\udcfe", b""), "a name that no bundle has"),
        ((FOLDER, b"a file"), "outside of the folder"),
        (special(tarfile.SYMTYPE), "a symbolic link"),
        (special(tarfile.LNKTYPE), "a hard link"),
        (special(tarfile.CHRTYPE), "a device"),
        (special(tarfile.FIFOTYPE), "a pipe"),
        (special(tarfile.DIRTYPE, "elsewhere"), "no plain file"),
    ],
)
def test_members_that_no_bundle_has(entry: Entry, problem: str) -> None:
    (member,) = found(tarred(entry, form=tarfile.GNU_FORMAT))
    assert member.problem.startswith(problem)
    assert not member.sha256


def test_long_names_and_extended_heads_are_not_read() -> None:
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        read = found(tarred((f"{FOLDER}/{'a/' * 200}b", b"x"), form=form))
        assert read[0].problem.startswith("no plain file")


def cut(data: bytes) -> bytes:
    return data[:-20]


def flipped(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 255]) + data[len(data) // 2 + 1 :]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cut off"),
        (b"not compressed at all", "no gzip file"),
        (gzip.compress(b"no tar" * 200), "no tar archive"),
        (gzip.compress(b"short"), "cut off"),
        (cut(bundle(FILES)), "cut off"),
        (flipped(bundle(FILES)), "damaged"),
    ],
)
def test_what_is_no_archive(data: bytes, reason: str) -> None:
    with pytest.raises(ArchiveError, match=reason):
        found(data)


@pytest.mark.parametrize(
    ("more", "where"),
    [
        (lambda data: data + b"x", "compressed file's end"),
        (lambda data: data + tarred((f"{FOLDER}/evil", b"x")), "compressed file's end"),
        (
            lambda data: archives.packed(gzip.decompress(data) + gzip.decompress(bundle(FILES))),
            "archive's end",
        ),
    ],
    ids=["bytes", "a second stream", "a second archive"],
)
def test_what_follows_the_end_is_told(more: Callable[[bytes], bytes], where: str) -> None:
    assert where in found(more(bundle(FILES)))[-1].problem


def test_a_wrong_checksum() -> None:
    raw = bytearray(gzip.decompress(bundle(FILES)))
    raw[5] ^= 1
    with pytest.raises(ArchiveError, match="checksum"):
        found(gzip.compress(bytes(raw)))


@pytest.mark.parametrize("number", [b"-7777777777\0", b"1_0\0", b"0o17\0", b"\x80\0\1", b"", b"8"])
def test_a_number_that_is_none(number: bytes) -> None:
    """Python's int() takes some that tar reads otherwise."""
    head = bytearray(tarfile.TarInfo(f"{FOLDER}/x").tobuf(tarfile.USTAR_FORMAT))
    head[124:136] = number.ljust(12, b"\0")
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + 256 + sum(head[156:512]))
    with pytest.raises(ArchiveError, match="number"):
        found(gzip.compress(bytes(head)))


def test_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_TOTAL", 1 << 22)
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    info = tarfile.TarInfo(f"{FOLDER}/results/a.json")
    info.size = 1 << 26
    data = engine.compress(info.tobuf(tarfile.USTAR_FORMAT))
    data += engine.compress(bytes(1 << 26)) + engine.flush()
    with pytest.raises(ArchiveError, match="unpacked"):
        found(data)
    monkeypatch.setattr(archives, "MAX_MEMBER", 1 << 20)
    with pytest.raises(ArchiveError, match="a member of"):
        found(data)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    with pytest.raises(ArchiveError, match="more than 2 members"):
        found(bundle(FILES))


def test_too_large_a_bundle_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_TOTAL", 100)
    with pytest.raises(ArchiveError, match="fewer hosts"):
        bundle(FILES)


def summed(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    text = sums(file_of(name, content) for name, content in files.items())
    return [(f"{FOLDER}/{name}", content) for name, content in {**files, SUMS: text}.items()]


def told(data: bytes) -> list[Told]:
    return verify(io.BytesIO(data), None).changed


def test_twice_the_same_name() -> None:
    """tar unpacks the second over the first."""
    pairs = summed({"a": b"good"})
    assert not told(tarred(*pairs))
    assert told(tarred(*pairs, (f"{FOLDER}/a", b"evil"))) == [
        Told("refused", "a", "it is there twice")
    ]


def test_more_sums_than_files_and_files_than_sums() -> None:
    pairs = dict(summed({"a": b"1", "b": b"2"}))
    del pairs[f"{FOLDER}/a"]
    pairs[f"{FOLDER}/c"] = b"3"
    assert told(tarred(*pairs.items())) == [Told("missing", "a"), Told("added", "c")]


@pytest.mark.parametrize(
    "text", [b"no sum\n", b"\xff\xfe", b"0" * 64 + b"  a\n" + b"1" * 64 + b"  a\n"]
)
def test_sums_that_are_none(text: bytes) -> None:
    assert [each.state for each in told(tarred((f"{FOLDER}/{SUMS}", text)))] == ["changed"]


def test_a_manifest_that_says_otherwise() -> None:
    files = {"manifest.json": b'{"schema": 1}'}
    assert [each.state for each in told(tarred(*summed(files)))] == ["refused"]
    deep = {"manifest.json": b"[" * 100_000}
    assert [each.state for each in told(tarred(*summed(deep)))] == ["refused"]


def test_an_archive_of_something_else() -> None:
    with pytest.raises(ArchiveError, match="no bundle"):
        told(bundle({"README.txt": b""}))
