"""The lab's command line: ``python tests/lab/__main__.py up|down|status|ssh-config|exec``."""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.lab.cli import main

if __name__ == "__main__":
    sys.exit(main())
