"""The commented start that `dockeraudit init` writes: every key, its meaning and its default."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo

from dockeraudit.config.model import CheckSettings, Configuration

HEAD = """\
# dockeraudit.toml: what `dockeraudit scan` does here and in the folders below.
#
# Every line is a default, or an example of a form; take off its `#` to change it. The command line
# goes before this file. `dockeraudit config show` prints what is in force, and from where.
"""

EXAMPLES: dict[str, Any] = {
    "targets": ["web1", "root@db1:2222"],
    "inventories": ["hosts.txt"],
    "check": ["listener-*"],
    "checks-dir": ["checks"],
    "skip": ["service-enabled"],
    "ssh-config": "ssh_config",
    "ssh-options": ["ConnectTimeout=5"],
    "connect-rate": 50,
    "deadline": 3600,
    "format": "table",
    "lang": "ko",
    "waivers": "waivers.toml",
    "baseline": "baseline.json",
    "history": "history.db",
    "notify": ["@/etc/dockeraudit/notify"],
    "docker-group-members": ["deploy"],
    "allowed-listeners": ["0.0.0.0:2376"],
    "trusted-registries": ["registry.example/team"],
    "allowed-published-ports": ["443", "0.0.0.0:8443"],
    "allowed-cgroup-parents": ["/limited.slice"],
    "exceptions": [
        {"check": "container-privileged", "container": "build-*", "reason": "builds images"}
    ],
}
"""For keys whose default is nothing."""


def text() -> str:
    """The whole file."""
    return "\n".join((HEAD, *_keys(Configuration), *_tables())) + "\n"


def _tables() -> Iterator[str]:
    yield '# Reports to write too: FORMAT = "PATH".'
    yield "[reports]"
    yield '# json = "report.json"\n'
    yield "# What single checks are told."
    yield "[settings]"
    yield from _keys(CheckSettings)
    yield "# Profiles of your own: another one, with some checks added, then some removed."
    yield "# [profiles.acme]"
    yield '# base = "cis-level1"'
    yield '# add = ["listener-*"]'
    yield '# remove = ["service-live-restore"]'
    yield '# fail-on = "medium"\n'
    yield "# Some targets, and what is different for them; of two groups the later one counts."
    yield "# [groups.lab]"
    yield '# targets = ["lab*"]'
    yield '# fail-on = "critical"'
    yield "# become = true"
    yield "# [groups.lab.settings]"
    yield "# leaf-validity-days = 3650"


def _keys(kind: type[Struct]) -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        if field.encode_name in ("reports", "profiles", "groups", "settings"):
            continue
        default = msgspec.to_builtins(field.default)
        example = EXAMPLES.get(field.encode_name, default)
        note = "" if example == default else " (an example: by default none)"
        for line in textwrap.wrap(f"{_meaning(field)}{note}", 96):
            yield f"# {line}"
        yield f"# {field.encode_name} = {_toml(example)}\n"


def _meaning(field: FieldInfo) -> str:
    found = [
        each.description
        for each in get_args(field.type)
        if isinstance(each, Meta) and each.description
    ]
    return found[0]


def _toml(value: Any) -> str:
    """A value; JSON's words, numbers and texts are TOML's, too."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
