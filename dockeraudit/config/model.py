"""The keys of the configuration file: names, types, defaults and what they mean.

The JSON Schema, the start that `init` writes and the messages for mistakes are made of these.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from dockeraudit.report import FailOnName
from dockeraudit.settings import Exemption, Settings

Days = Annotated[int, Meta(ge=0, le=100_000)]
Words = tuple[str, ...]

_DEFAULT = Settings(now=0)


class CheckSettings(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What single checks are told."""

    certificate_days: Annotated[
        tuple[Days, Days, Days],
        Meta(description="Days left under which an expiry is high, medium, low."),
    ] = _DEFAULT.certificate_days
    leaf_validity_days: Annotated[
        Days, Meta(description="The longest lifetime of a server or client certificate, in days.")
    ] = _DEFAULT.leaf_validity_days
    ca_validity_days: Annotated[
        Days, Meta(description="The longest lifetime of a CA certificate, in days.")
    ] = _DEFAULT.ca_validity_days
    docker_group_members: Annotated[
        Words | None,
        Meta(
            description="Accounts that may be in a group with access to an engine's socket; "
            "where none is named, members are for a person to judge."
        ),
    ] = None
    allowed_listeners: Annotated[
        Words,
        Meta(description="Addresses such as 0.0.0.0:2376 that may listen on every interface."),
    ] = _DEFAULT.allowed_listeners
    trusted_registries: Annotated[
        Words,
        Meta(
            description="Registries, or parts of them, that images may come from; where none is "
            "named, it is for a person to judge."
        ),
    ] = _DEFAULT.trusted_registries
    swarm: Annotated[
        bool, Meta(description="Whether engines are meant to be nodes of a swarm.")
    ] = _DEFAULT.swarm
    allowed_published_ports: Annotated[
        Words | None,
        Meta(
            description="Ports of the host that containers may publish, such as 443 or 53/udp; "
            "with an address, as in 0.0.0.0:443, on every interface too; where none is named, "
            "ports are for a person to judge."
        ),
    ] = None
    allowed_cgroup_parents: Annotated[
        Words, Meta(description="Control groups that containers may be put under.")
    ] = _DEFAULT.allowed_cgroup_parents
    stopped_containers: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)],
        Meta(description="How many stopped containers an engine may keep."),
    ] = _DEFAULT.stopped_containers
    exceptions: Annotated[
        tuple[Exemption, ...],
        Meta(description="Containers and images that single checks leave out, each with a reason."),
    ] = _DEFAULT.exceptions


class Group(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Some targets, and what is different for them; of two groups the later one counts."""

    targets: Annotated[
        Words,
        Meta(
            description="Which: names as they are given to scan, `*` and `?` stand for text. "
            "A group of an inventory that has the group's name is in it, too."
        ),
    ] = ()
    profile: Annotated[str | None, Meta(description="Instead of the profile above.")] = None
    fail_on: Annotated[FailOnName | None, Meta(description="Instead of fail-on above.")] = None
    become: Annotated[bool | None, Meta(description="Instead of become above.")] = None
    settings: Annotated[
        CheckSettings | None, Meta(description="Instead of the same keys in [settings].")
    ] = None


class Profile(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A profile of your own: another one, with some checks added, then some removed."""

    base: Annotated[
        str | None, Meta(description="All checks of this profile; of your own ones, too.")
    ] = None
    add: Annotated[Words, Meta(description="These too (ids or globs).")] = ()
    remove: Annotated[Words, Meta(description="Without these (ids or globs).")] = ()
    fail_on: Annotated[
        FailOnName | None, Meta(description="Instead of fail-on above, where it is the profile.")
    ] = None


class Configuration(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A whole dockeraudit.toml, or [tool.dockeraudit] of a pyproject.toml."""

    targets: Annotated[
        Words, Meta(description="What to scan where no TARGET is given; none is this machine.")
    ] = ()
    inventories: Annotated[
        Words, Meta(description="Lists, tables and inventories, read where no TARGET is given.")
    ] = ()
    profile: Annotated[
        str, Meta(description="Which checks to run; `dockeraudit list --profile NAME` shows them.")
    ] = "daemon"
    check: Annotated[
        Words, Meta(description="Run only these checks (ids or globs), of any profile.")
    ] = ()
    checks_dir: Annotated[
        Words, Meta(description="Folders with checks of your own: *.py, *.toml, *.yaml.")
    ] = ()
    skip: Annotated[Words, Meta(description="Leave out these checks (ids or globs).")] = ()
    fail_on: Annotated[
        FailOnName, Meta(description="The least severity that makes the exit code 1.")
    ] = "low"
    become: Annotated[bool, Meta(description="Become root by `sudo -n`; it never asks.")] = False
    ssh_config: Annotated[str | None, Meta(description="This ssh_config instead of your own.")] = (
        None
    )
    ssh_options: Annotated[Words, Meta(description="Options of ssh -o, as KEY=VALUE.")] = ()
    ssh_client: Annotated[
        Literal["openssh", "asyncssh"],
        Meta(description="The system's ssh, or asyncssh: less CPU for each host."),
    ] = "openssh"
    timeout: Annotated[
        Annotated[float, Meta(ge=1, le=86_400)],
        Meta(description="Seconds that a host may take in all."),
    ] = 60.0
    concurrency: Annotated[
        Annotated[int, Meta(ge=1, le=1024)], Meta(description="How many hosts at a time.")
    ] = 8
    connect_rate: Annotated[
        Annotated[float, Meta(ge=0.001)] | None,
        Meta(description="At most so many new connections a second."),
    ] = None
    retry_unreachable: Annotated[
        Annotated[int, Meta(ge=0, le=10)],
        Meta(description="How many times more to try a host that was not reached."),
    ] = 0
    deadline: Annotated[
        Annotated[float, Meta(ge=1)] | None,
        Meta(description="Seconds that the whole run may take."),
    ] = None
    probe: Annotated[bool, Meta(description="Also connect from here to the listeners found.")] = (
        False
    )
    format: Annotated[
        str | None, Meta(description="What stdout shows: table, json, junit, html …")
    ] = None
    lang: Annotated[
        Literal["en", "ko"] | None,
        Meta(description="The language of what people read: en or ko; else as LANG says."),
    ] = None
    reports: Annotated[
        dict[str, str], Meta(description='Reports to write too: FORMAT = "PATH".')
    ] = {}
    waivers: Annotated[
        str | None, Meta(description="The file of waivers; docs/how-to/waivers.md.")
    ] = None
    baseline: Annotated[
        str | None, Meta(description="Fail only on what is new or worse since this file.")
    ] = None
    history: Annotated[str | None, Meta(description="The SQLite file that runs go into.")] = None
    notify: Annotated[
        Words,
        Meta(
            description="Whom to tell what got worse: addresses of apprise, or @FILE with one a "
            "line, which keeps passwords out of here."
        ),
    ] = ()
    settings: Annotated[CheckSettings, Meta(description="What single checks are told.")] = (
        CheckSettings()
    )
    profiles: Annotated[
        dict[str, Profile], Meta(description="Profiles of your own, for `profile` above.")
    ] = {}
    groups: Annotated[
        dict[str, Group], Meta(description="Some targets, and what is different for them.")
    ] = {}


def settings_of(given: CheckSettings) -> Settings:
    """The settings as checks take them; `now` is set for each host."""
    values = {name: getattr(given, name) for name in CheckSettings.__struct_fields__}
    values["docker_group"] = values.pop("docker_group_members")
    return Settings(now=0, **values)


def schema() -> dict[str, object]:
    """JSON Schema 2020-12 of dockeraudit.toml, for editors."""
    (root,), definitions = msgspec.json.schema_components(
        (Configuration,), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:dockeraudit:config:1",
        "title": "dockeraudit.toml",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }
