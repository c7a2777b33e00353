"""Fixtures over the lab. Every test in this folder carries the marker `lab`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import lab as lab_module
from tests.lab.use import Lab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """All hosts, up.

    In CI, and for root anywhere, a lab that doesn't come up is a failure and never a skip. What was
    up before the session stays up; DOCKERAUDIT_LAB_KEEP=1 leaves everything.
    """
    if os.geteuid() != 0 and not os.environ.get("CI"):
        pytest.skip("the lab of real hosts needs root")
    before = lab_module.status() if os.geteuid() == 0 else {}
    yield Lab(lab_module.up())
    if not before and os.environ.get("DOCKERAUDIT_LAB_KEEP") != "1":
        lab_module.down()
