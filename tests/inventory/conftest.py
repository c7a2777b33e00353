"""The private sshd, to which every name leads."""

from collections.abc import Iterator

import pytest

from tests.transport.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
