"""Facts files: the same bytes each time, a changed one told, of any minor version, anywhere."""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest

from dockeraudit.facts import FACTS_VERSION, HostFacts, decode, encode
from dockeraudit.facts_files import (
    FactsFileError,
    FolderError,
    listed,
    make_folder,
    pack,
    read_facts,
    save,
)
from dockeraudit.output import OutputError
from dockeraudit.targets import TargetError, parse
from tests.cli.program import run

RECORDED = Path(__file__).parent / "collect" / "recorded"
HOST = RECORDED / "mtls.facts.json"
FACTS = decode(HOST.read_bytes())
PLAIN = gzip.decompress(pack(FACTS))


def reading(data: bytes, folder: Path, name: str = "h.facts.json") -> HostFacts:
    (folder / name).write_bytes(data)
    return read_facts(str(folder / name))


# ---- what is written ----------------------------------------------------------------------------


def test_same_facts_same_bytes(tmp_path: Path) -> None:
    first = pack(FACTS)
    assert first == pack(decode(encode(FACTS)))
    assert first[4:8] == bytes(4), "no time in the head"
    assert reading(first, tmp_path, "h.facts.json.gz") == FACTS


def test_an_older_reader_skips_the_checksum() -> None:
    assert decode(PLAIN) == FACTS


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.facts.json")), ids=lambda path: path.stem)
def test_every_recorded_host_comes_back(path: Path, tmp_path: Path) -> None:
    facts = decode(path.read_bytes())
    assert reading(gzip.decompress(pack(facts)), tmp_path) == facts


CHANGED = {
    "a word": PLAIN.replace(b'"hostname":"mtls"', b'"hostname":"mtlx"'),
    "an added member": PLAIN.replace(b'{"facts_version"', b'{"more":1,"facts_version"'),
    "laid out anew": json.dumps(json.loads(PLAIN), indent=2).encode(),
    "another checksum": PLAIN.replace(b'"sha256":"', b'"sha256":"0'),
    "no digest": PLAIN[: PLAIN.rindex(b'"sha256":"') + 10] + b'"}',
}


@pytest.mark.parametrize("how", CHANGED)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_a_changed_file_is_told(how: str, packed: bool, tmp_path: Path) -> None:
    data = CHANGED[how]
    assert data != PLAIN
    name = "h.facts.json.gz" if packed else "h.facts.json"
    with pytest.raises(FactsFileError, match="changed since it was written") as caught:
        reading(gzip.compress(data) if packed else data, tmp_path, name)
    assert "collect it again" in caught.value.hint


def test_a_file_torn_anywhere_is_told(tmp_path: Path) -> None:
    packed = pack(FACTS)
    for data, name in ((packed, "h.facts.json.gz"), (PLAIN, "h.facts.json")):
        for size in [*range(0, len(data) - 2, max(1, len(data) // 50)), len(data) - 2]:
            with pytest.raises(FactsFileError) as caught:
                reading(data[:size], tmp_path, name)
            assert "\n" not in str(caught.value)


def test_a_bit_that_fell_over_is_told(tmp_path: Path) -> None:
    packed = bytearray(pack(FACTS))
    for place in range(12, len(packed), max(1, len(packed) // 50)):
        bad = bytes(packed[:place]) + bytes([packed[place] ^ 8]) + bytes(packed[place + 1 :])
        with pytest.raises(FactsFileError) as caught:
            reading(bad, tmp_path, "h.facts.json.gz")
        assert "\n" not in str(caught.value)


# ---- versions -----------------------------------------------------------------------------------


def altered(**changes: Any) -> bytes:
    return json.dumps(json.loads(HOST.read_bytes()) | changes).encode()


def without(*names: str) -> bytes:
    """As written by a version that did not know these fields."""
    content = json.loads(HOST.read_bytes())
    return json.dumps(
        {name: value for name, value in content.items() if name not in names}
    ).encode()


@pytest.mark.parametrize("version", ["1", "1.0"])
def test_an_older_minor_version_loads(version: str, tmp_path: Path) -> None:
    assert FACTS_VERSION.partition(".")[0] == "1"
    found = reading(altered(facts_version=version), tmp_path)
    assert found.machine == FACTS.machine
    assert found.notes == FACTS.notes


def test_what_an_older_version_lacks_was_never_looked_at(tmp_path: Path) -> None:
    found = reading(without("mounts", "filters", "audit", "packages", "programs"), tmp_path)
    assert "not looked at" in str(found.mounts)
    assert found.machine == FACTS.machine


def test_a_newer_minor_version_loads_with_a_note(tmp_path: Path) -> None:
    found = reading(altered(facts_version="1.70", sensors=[1], zones={"a": None}), tmp_path)
    assert found.machine == FACTS.machine
    assert found.notes[-1] == f"facts version 1.70: what {FACTS_VERSION} has not was left out"


@pytest.mark.parametrize("version", ["2", "2.0", "10", "0", "", "one", "1.x", "-1", "1.2.3", "٢"])
@pytest.mark.parametrize("shape", ["known", "unknown"])
def test_other_versions_are_refused_by_their_version(
    version: str, shape: str, tmp_path: Path
) -> None:
    changes = {} if shape == "known" else {"processes": 7, "machine": "another form"}
    with pytest.raises(FactsFileError) as caught:
        reading(altered(facts_version=version, **changes), tmp_path)
    assert "is not known to this program" in str(caught.value)
    assert "use a newer dockeraudit" in str(caught.value)
    assert "the dockeraudit that wrote it" in caught.value.hint


def test_a_newer_minor_version_of_another_form(tmp_path: Path) -> None:
    with pytest.raises(FactsFileError, match="written by a newer version") as caught:
        reading(altered(facts_version="1.70", processes=7), tmp_path)
    assert "$.processes" in str(caught.value)
    assert "the dockeraudit that wrote it" in caught.value.hint


# ---- folders and URLs ---------------------------------------------------------------------------


@pytest.fixture(params=["path", "file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A folder that is not there yet."""
    if request.param == "memory":
        store = fsspec.filesystem("memory")
        yield "memory://fleet/facts"
        store.store.clear()
        store.pseudo_dirs[:] = [""]
    else:
        prefix = "file://" if request.param == "file" else ""
        yield f"{prefix}{tmp_path}/facts"


def test_a_folder_anywhere(place: str) -> None:
    make_folder(place)
    make_folder(place)
    names = ["b.facts.json.gz", "a.facts.json.gz"]
    where = [save(place, name, pack(FACTS)) for name in names]
    assert where == [f"{place}/{name}" for name in names]
    save(place, "notes.txt", b"no facts")
    save(place, names[0], pack(FACTS))
    assert listed(place) == tuple(sorted(where))
    assert listed(where[0]) == (where[0],)
    assert [read_facts(each) for each in listed(place)] == [FACTS, FACTS]
    assert parse(place, lambda path: path == place).kind == "facts"


def test_the_program_scans_a_url(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/facts"
    done = run("collect", "local", "-o", url)
    assert done.status == 0
    assert done.err.startswith(f"wrote {url}/")
    answer = run("scan", url, "--format", "json")
    (host,) = json.loads(answer.out)["hosts"]
    assert host["state"] in ("scanned", "partial")
    assert host["target"] == host["hostname"]
    empty = run("scan", f"file://{tmp_path}/missing")
    assert (empty.status, empty.err.count("\n")) == (2, 1)


def test_a_large_file_anywhere(place: str) -> None:
    make_folder(place)
    where = save(place, "a.facts.json.gz", gzip.compress(bytes(70 << 20)))
    with pytest.raises(FactsFileError, match="larger than 64 MiB"):
        read_facts(where)


def test_nothing_there(place: str) -> None:
    with pytest.raises(FactsFileError):
        read_facts(f"{place}/a.facts.json")
    make_folder(place)
    with pytest.raises(FolderError, match="holds no facts file"):
        listed(place)


def test_a_local_url_is_written_whole_and_private(tmp_path: Path) -> None:
    save(f"file://{tmp_path}", "a.facts.json.gz", pack(FACTS))
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(OutputError):
        save(f"file://{tmp_path}/missing", "a.facts.json.gz", b"")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("s3://", "no place"),
        ("file:///", "no place"),
        ("s3://key:secret@bucket/facts", "holds a password"),
        ("memory://x::file:///etc", "no plain URL"),
        ("s3://a\nb", "no plain URL"),
        ("S3://bucket/facts", "unknown scheme"),
        ("https://web1/facts", "a target is a host, not a page"),
    ],
)
def test_bad_urls(spec: str, said: str) -> None:
    with pytest.raises(TargetError, match=said) as caught:
        parse(spec)
    assert "secret" not in str(caught.value)


def test_an_account_in_a_url() -> None:
    url = "abfs://facts@account.example/fleet"
    assert parse(url).path == url


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    for work in (
        lambda: read_facts("memory://a/b.facts.json"),
        lambda: listed("memory://a"),
        lambda: make_folder("memory://a"),
        lambda: save("memory://a", "b", b""),
    ):
        with pytest.raises((FactsFileError, FolderError, OutputError)) as caught:
            work()
        assert "pip install 'dockeraudit[fsspec]'" in str(caught.value)


@pytest.mark.parametrize("url", ["s3://bucket/facts", "gs://bucket/facts"])
def test_a_store_whose_driver_is_missing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(FolderError) as caught:
        listed(url)
    assert "install" in str(caught.value).lower()
    assert str(caught.value).isprintable()
