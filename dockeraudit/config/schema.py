"""The JSON Schema of dockeraudit.toml as a file, for editors that complete and check TOML.

    python -m dockeraudit.config.schema > dockeraudit/config.schema.json

A test fails where it is stale.
"""

import json

from dockeraudit.config.model import schema


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(text(), end="")
