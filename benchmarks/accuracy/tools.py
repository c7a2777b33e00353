"""Runs both tools on lab hosts and reads what they say, item by item."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from benchmarks.accuracy.compare import Said
from tests.lab.engine import Engine
from tests.lab.use import Lab

Words = dict[str, tuple[Said, str]]
"""By CIS 1.6 number: what was said, and the tool's own words."""

INSIDE = "/root/docker-bench-security"
_ORDER = ("fail", "unknown", "manual", "pass", "not-applicable")
_SAID: dict[str, Said] = {
    "fail": "wrong",
    "unknown": "open",
    "manual": "open",
    "pass": "right",
    "not-applicable": "absent",
}
_NOTHING_THERE = ("File not found", "Directory not found", "No containers running")


def dockeraudit(lab: Lab, hosts: Iterable[str]) -> dict[str, Words]:
    """One scan over ssh with every check; an item's worst result counts."""
    program = [sys.executable, "-m", "dockeraudit", "scan", "--profile", "strict"]
    done = lab.run(
        [*program, "--ssh-config", str(lab.ssh_config), "--format", "json", *hosts], timeout=600
    )
    report = json.loads(done.stdout)
    return {host["target"]: _of_results(host["results"]) for host in report["hosts"]}


def _of_results(results: list[dict[str, Any]]) -> Words:
    found: Words = {}
    for status in reversed(_ORDER):
        for each in results:
            if each["status"] != status:
                continue
            for reference in each["references"]:
                if reference["framework"] == "cis-1.6":
                    words = f"{status} {each['check']}: {each['message']}"
                    found[reference["id"]] = (_SAID[status], words)
    return found


def docker_bench(lab: Lab, host: str, checkout: str) -> Words | str:
    """docker-bench-security's whole run inside a host; or why there was none."""
    docker = ["docker", "-H", f"unix://{Engine.default().socket}"]
    if lab.run([*docker, "cp", f"{checkout}/.", f"{host}:{INSIDE}"]).returncode:
        return "it could not be copied there"
    try:
        done = lab.run(
            [
                *docker,
                "exec",
                "-w",
                INSIDE,
                host,
                "sh",
                "docker-bench-security.sh",
                "-b",
                "-l",
                "log/out",
            ],
            timeout=600,
        )
        said = lab.run([*docker, "exec", host, "cat", f"{INSIDE}/log/out.json"])
    finally:
        lab.run([*docker, "exec", host, "rm", "-rf", INSIDE])
    try:
        document = json.loads(said.stdout)
    except ValueError:
        output = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
        return output[-1] if output else "it said nothing"
    return _of_log(document, done.stdout.decode(errors="replace"))


def _of_log(document: dict[str, Any], output: str) -> Words:
    absent = _marked_absent(output)
    found: Words = {}
    for section in document["tests"]:
        for each in section["results"]:
            level = each["result"]
            said: Said = {"WARN": "wrong", "PASS": "right"}.get(level, "open")  # type: ignore[assignment]
            if said == "open" and each["id"] in absent:
                said = "absent"
            details = each.get("details") or ""
            found[each["id"]] = (said, f"{level} {details}".strip())
    return found


def _marked_absent(output: str) -> set[str]:
    """Items after whose line the log says that there is nothing of the kind."""
    found: set[str] = set()
    item = ""
    for line in output.splitlines():
        text = line.partition("] ")[2].strip()
        number = text.partition(" - ")[0]
        if number[:1].isdigit():
            item = number
        elif any(words in text for words in _NOTHING_THERE):
            found.add(item)
    return found
