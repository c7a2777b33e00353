"""HDF, the results format of Chef InSpec (exec-json), for MITRE's Heimdall and SAF tools.

One document for the whole fleet: a profile for each host, so that Heimdall keeps their controls
apart and shows all of them in one evaluation. Each check is a control. What passes is `passed` and
what fails `failed`; a person's decision is `skipped` (Heimdall: not reviewed); what is unknown, and
a host that was not reached, is `error` (Heimdall: profile error, which counts against compliance);
what does not apply has impact 0, as InSpec does it. A waived failure stays `failed` beside its
`waiver_data`, which makes Heimdall show it as not applicable.
Read by inspecjs, src/generated_parsers/v_1_0/exec-json.ts.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from dockeraudit.report import (
    FrameworkRule,
    HostReport,
    Report,
    ReportedFinding,
    Result,
    SeverityName,
)

from . import _plain

EXTENSION = "hdf.json"

_BEGINNING = '{"platform": {"name": "dockeraudit", '
_IMPACTS = {"critical": 0.9, "high": 0.7, "medium": 0.5, "low": 0.3, "info": 0.1}
"""Heimdall's bands: from 0.9 critical, 0.7 high, 0.4 medium, 0.1 low, 0 none."""


def recognises(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return head.startswith(_BEGINNING.encode())


def render(report: Report) -> Iterator[str]:
    """The head, a profile for each host, the statistics."""
    platform = {"release": _plain.name(report.tool.version), "target_id": _targets(report)}
    yield f'{_BEGINNING}{_plain.encoded(platform)[1:]},\n"version": '
    yield f'{_plain.encoded(_plain.name(report.tool.version))},\n"profiles": ['
    taken: set[str] = set()
    duration: float = 0
    for at, host in enumerate(report.hosts):
        duration += host.duration_s
        yield f"{',' if at else ''}\n"
        yield from _profile(report, host, _unique(_plain.name(host.target) or "host", taken))
    counts = {
        "passed": {"total": report.summary.results.get("pass", 0)},
        "failed": {"total": report.summary.results.get("fail", 0)},
        "skipped": {"total": report.summary.results.get("manual", 0)},
    }
    statistics = {"duration": round(duration, 3), "controls": counts}
    yield f'\n],\n"statistics": {_plain.encoded(statistics)}}}\n'


def _targets(report: Report) -> str:
    if len(report.hosts) == 1:
        return _plain.name(report.hosts[0].target)
    return f"{len(report.hosts)} hosts"


def _unique(name: str, taken: set[str]) -> str:
    """The second of a name gets `~2`: profiles are told apart by it."""
    unique = name
    number = 2
    while unique in taken:
        unique = f"{name}~{number}"
        number += 1
    taken.add(unique)
    return unique


def _profile(report: Report, host: HostReport, name: str) -> Iterator[str]:
    """A host, control by control, so that memory holds one of them at a time."""
    head = {
        "name": name,
        "version": _plain.name(report.tool.version),
        "sha256": _plain.identity(name, *(result.check for result in host.results)) * 2,
        "title": f"dockeraudit on {name}, profile {_plain.name(host.profile or report.profile)}",
        "summary": _summary(host),
        "supports": [],
        "attributes": [],
        "groups": [],
        "status": "loaded",
    }
    yield f'{_plain.encoded(head)[:-1]},"controls":['
    comma = ""
    time = _plain.rfc3339(host.collected_at or report.finished)
    if host.state == "unreachable":
        yield f"\n{_plain.encoded(_unreached(host, time))}"
        comma = ","
    for result in host.results:
        yield f"{comma}\n{_plain.encoded(_control(result, time))}"
        comma = ","
    yield "]}"


def _summary(host: HostReport) -> str:
    engines = ", ".join(f"{each.name} {each.version}".strip() for each in host.engines)
    parts = (host.hostname, host.address, host.os.get("name", ""), engines, _plain.lost(host))
    return _plain.prose("; ".join(part for part in parts if part)) or host.state


def _control(result: Result, time: str) -> dict[str, Any]:
    applies = result.status != "not-applicable"
    head = _plain.head(result)
    reason = "" if applies else f"Not applicable: {_plain.prose(result.message)}"
    control: dict[str, Any] = {
        "id": head.check,
        "title": head.title,
        "desc": "\n\n".join(part for part in (reason, head.rationale) if part),
        "descriptions": [
            {"label": "check", "data": head.rationale},
            {"label": "fix", "data": head.remediation},
        ],
        "impact": _IMPACTS[result.severity] if applies else 0.0,
        "refs": [{"ref": each} for each in head.references],
        "tags": _tags(result.severity, result.references),
        "code": "",
        "source_location": {"ref": head.check, "line": 1},
        "results": list(_results(result, head.title, time)),
    }
    if result.waiver is not None:
        control["waiver_data"] = {
            "justification": _plain.name(result.waiver.sentence),
            "expiration_date": _plain.name(result.waiver.expires) or None,
            "run": True,
            "skipped_due_to_waiver": True,
            "message": "",
        }
    return control


@lru_cache(maxsize=1024)
def _tags(severity: SeverityName, references: tuple[FrameworkRule, ...]) -> dict[str, Any]:
    tags: dict[str, Any] = {"severity": severity if severity != "info" else "low"}
    for each in references:
        key = "nist" if each.framework == "nist-800-53" else _plain.name(each.framework)
        tags.setdefault(key, []).append(_plain.name(each.id))
    if "nist" in tags:
        tags["nist"].append("Rev_5")
    return tags


def _results(result: Result, title: str, time: str) -> Iterator[dict[str, Any]]:
    if result.status == "fail":
        findings: tuple[ReportedFinding | None, ...] = result.findings or (None,)
        for finding in findings:
            yield _failed(result, title, finding, time)
    elif result.status == "pass":
        yield _result("passed", title, time, _plain.prose(result.message))
    elif result.status == "unknown":
        said = f"not assessed: {_plain.prose(result.message)}"
        yield {**_result("error", title, time, said), "exception": "unknown"}
    else:
        said = _plain.prose(result.message)
        if result.status == "manual":
            listed = (line for finding in result.findings for line in _plain.evidence(finding))
            said = "\n".join((f"for a person to decide: {said}", *listed))[: _plain.TEXT]
        one = _result("skipped", title, time, said)
        yield {**one, "skip_message": said}


def _failed(
    result: Result, check: str, finding: ReportedFinding | None, time: str
) -> dict[str, Any]:
    if finding is None:
        return _result("failed", check, time, _plain.prose(result.message))
    lines = [_plain.prose(finding.message), *_plain.evidence(finding)]
    waiver = finding.waiver
    if waiver is not None:
        lines.append(_plain.name(waiver.sentence))
    where = f"{finding.engine}: {finding.resource}" if finding.engine else finding.resource
    title = f"{check}: {_plain.name(where)}"
    found = _result("failed", title, time, "\n".join(lines))
    return {**found, "resource_id": finding.fingerprint}


def _result(status: str, title: str, time: str, message: str) -> dict[str, Any]:
    return {
        "status": status,
        "code_desc": title,
        "message": message,
        "start_time": time,
        "run_time": 0.0,
    }


def _unreached(host: HostReport, time: str) -> dict[str, Any]:
    """The control that stands for everything that was not looked at."""
    said = f"not reached: {_plain.lost(host)}"
    error = {**_result("error", "The host is reached", time, said), "exception": "unreachable"}
    return {
        "id": "host-reached",
        "title": "The host is reached",
        "desc": said,
        "descriptions": [],
        "impact": _IMPACTS["medium"],
        "refs": [],
        "tags": {},
        "code": "",
        "source_location": {"ref": "host-reached", "line": 1},
        "results": [error],
    }
