"""Engine versions, as far as the daemon's configuration code tells them apart."""

from __future__ import annotations

import re
from functools import cache

Version = tuple[int, int, int]

OLDEST: Version = (18, 9, 0)
"""The oldest release whose source the tables were taken from."""

NEWEST: Version = (29, 7, 2)
"""The newest release whose source the tables were taken from."""

_VERSION = re.compile(r"\s*v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?(?![\d])")


@cache
def parse_version(text: str) -> Version | None:
    """The three numbers of `20.10.5+dfsg1`, `v27.0` or `17.03.2-ce`; None if there are none."""
    match = _VERSION.match(text)
    if match is None:
        return None
    return int(match[1]), int(match[2]), int(match[3] or 0)
