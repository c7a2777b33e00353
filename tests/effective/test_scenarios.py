"""Every run of the table of real daemons comes out as it ran, by roles and by real files."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dockeraudit.effective.batch import batch

ROWS = [
    json.loads(line)
    for line in Path(__file__).with_name("scenarios.jsonl").read_text("utf-8").splitlines()
]


def judged(row: dict[str, Any]) -> dict[str, Any]:
    (answer,) = batch([json.dumps(row).encode()])
    result: dict[str, Any] = json.loads(answer.line())
    return result


def with_content(row: dict[str, Any], content: Callable[[str], bytes]) -> dict[str, Any]:
    """The row as `--batch` is given it: the files' real content instead of their roles."""
    files: dict[str, dict[str, str]] = {}
    for number, (path, described) in enumerate(row["files"].items()):
        role, _, mode = described.partition("; mode ")
        data = content(role)
        files[path] = {"mode": mode or "0400"}
        if number % 2:
            files[path]["base64"] = b64encode(data).decode()
        else:
            files[path]["text"] = data.decode()
    return {**row, "files": files}


def check(answer: dict[str, Any], row: dict[str, Any]) -> None:
    truth = row["truth"]
    endpoints = truth["endpoints"]
    if row["id"] == "port-zero":  # the kernel chooses that port
        endpoints = [{**each, "address": "[::]:0"} for each in endpoints]
    assert list(answer) == ["id", "starts", "error", "endpoints", "reach"]
    assert answer["id"] == row["id"]
    assert answer["starts"] is truth["starts"], answer["error"]
    assert (answer["error"] is None) is truth["starts"]
    assert answer["endpoints"] == endpoints
    assert answer["reach"] == truth["reach"]


def test_the_table_is_whole() -> None:
    assert len(ROWS) == 294


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_run_by_roles(row: dict[str, Any]) -> None:
    question = {k: v for k, v in row.items() if k not in ("truth", "evidence", "notes")}
    check(judged(question), row)


@pytest.mark.parametrize("row", [row for row in ROWS if row["files"]], ids=lambda row: row["id"])
def test_run_by_real_files(row: dict[str, Any], content: Callable[[str], bytes]) -> None:
    check(judged(with_content(row, content)), row)
