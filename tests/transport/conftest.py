"""The private sshd of these tests."""

from collections.abc import Iterator

import pytest

from tests.transport.server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
