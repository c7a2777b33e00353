"""An outcome in words, a line for each value, with where the value comes from."""

from __future__ import annotations

import msgspec

from dockeraudit.effective.model import Outcome, Setting, Value


def explain(outcome: Outcome, *, defaults: bool = False) -> list[tuple[str, str, str]]:
    """Name, value and origin of everything that counts; with `defaults`, of every option."""
    lines = [("starts", _verdict(outcome), outcome.error or outcome.undecided or "")]
    lines += [
        (
            "endpoint",
            f"{each.transport}://{each.address} {each.mode} {each.reach}",
            str(each.origin),
        )
        for each in outcome.endpoints
    ]
    lines += [
        (each.name, _shown(each.value), str(each.origin))
        for each in sorted(outcome.settings, key=lambda setting: setting.name)
        if defaults or _matters(each)
    ]
    return lines + [("warning", warning, "") for warning in outcome.warnings]


def _verdict(outcome: Outcome) -> str:
    if outcome.starts is None:
        return "unknown"
    return "yes" if outcome.starts else "no"


def _matters(setting: Setting) -> bool:
    return setting.origin.source != "default" or setting.name in ("hosts", "tls", "tlsverify")


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
