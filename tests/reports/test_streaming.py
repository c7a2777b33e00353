"""Every format from results on disk: the same text as from memory, and no host is held."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks.results import fill
from dockeraudit.plugins import formats, writer
from dockeraudit.policy import summarize
from dockeraudit.report import Report
from dockeraudit.results import Results

FEW, MANY, CHECKS = 10, 60, 40
MOST = 6_000
"""Bytes that a report may keep of a host; one with so many checks takes 17,000."""


def folder(place: Path, hosts: int) -> Iterator[Report]:
    fill(str(place), hosts, CHECKS)
    with Results.read(str(place)) as results:
        found = results.hosts()
        yield Report(
            schema_version="1",
            tool=results.run.tool,
            started=results.run.started,
            finished=results.finished,
            profile=results.run.profile,
            fail_on=results.run.fail_on,
            summary=summarize(found, "low"),
            hosts=found,
        )


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    yield from folder(tmp_path_factory.mktemp("few"), FEW)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    yield from folder(tmp_path_factory.mktemp("many"), MANY)


@pytest.mark.parametrize("name", formats(print))
def test_hosts_on_disk_are_written_as_those_in_memory(name: str, many: Report) -> None:
    render = writer(name).render
    in_memory = replace(many, hosts=tuple(many.hosts))
    assert "".join(render(many)) == "".join(render(in_memory))


@pytest.mark.parametrize("name", formats(print))
def test_no_host_is_held(name: str, few: Report, many: Report) -> None:
    peak(name, few)
    grown = peak(name, many) - peak(name, few)
    assert grown < (MANY - FEW) * MOST, f"{grown / (MANY - FEW):.0f} bytes a host"


def peak(name: str, report: Report) -> int:
    """The most memory that is in use while the report is written."""
    tracemalloc.start()
    for _ in writer(name).render(report):
        pass
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found
