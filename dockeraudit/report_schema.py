"""The JSON Schema of the report, made from the types in `report.py`.

    python -m dockeraudit.report_schema > dockeraudit/report.schema.json

The file is shipped for consumers of the JSON report; a test fails where it is stale.
"""

import ast
import inspect
import json
from typing import Any

import msgspec

from dockeraudit import report
from dockeraudit.report import SCHEMA_VERSION, SEVERITIES, STATUSES, Report


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of what the `json` writer writes: every field, and no other."""
    (root,), definitions = msgspec.json.schema_components((Report,), ref_template="#/$defs/{name}")
    for name, definition in definitions.items():
        _close(definition, _attribute_docs(name))
    definitions["Report"]["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    summary = definitions["Summary"]["properties"]
    _count_keys(summary["results"], (*STATUSES, "waived"))
    _count_keys(summary["by_severity"], SEVERITIES)
    _count_keys(definitions["TrendPoint"]["properties"]["open"], SEVERITIES)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:dockeraudit:report:{SCHEMA_VERSION}",
        "title": f"dockeraudit report, schema version {SCHEMA_VERSION}",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


def _close(definition: dict[str, Any], docs: dict[str, str]) -> None:
    """Say that every field is written and no other, that no number is negative, and the docs."""
    properties = definition["properties"]
    definition["required"] = list(properties)
    definition["additionalProperties"] = False
    for name, field in properties.items():
        field.pop("default", None)
        if name in docs:
            field["description"] = docs[name]
        if field.get("type") in ("integer", "number"):
            field.setdefault("minimum", 0)


def _count_keys(field: dict[str, Any], names: tuple[str, ...]) -> None:
    field["properties"] = {name: {"type": "integer", "minimum": 0} for name in names}
    field["additionalProperties"] = False


def _attribute_docs(name: str) -> dict[str, str]:
    """The strings below a class's fields, which Python itself throws away."""
    body = ast.parse(inspect.getsource(getattr(report, name))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            docs[field.target.id] = inspect.cleandoc(str(after.value.value)).replace("\n", " ")
    return docs


if __name__ == "__main__":
    print(text(), end="")
