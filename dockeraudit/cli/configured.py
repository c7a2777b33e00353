"""`--config`: the configuration file as the defaults of a command's options.

What the command line says wins over the file, and the file over the built-in default: click itself
does that, for the file's values become the command's `default_map`.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

import click
from click.core import ParameterSource

from dockeraudit.cli.pairs import parted
from dockeraudit.cli.streams import say
from dockeraudit.config import ConfigError, Configuration, Loaded, load
from dockeraudit.config.document import shown
from dockeraudit.plugins import is_template
from dockeraudit.report import FailOnName
from dockeraudit.targets import FACTS_ENDINGS, TargetError, facts_folder, parse

F = TypeVar("F", bound=Callable[..., Any])

PARAMETERS = {
    "targets": "targets",
    "inventories": "inventories",
    "profile": "profile",
    "check": "only",
    "checks-dir": "checks_dirs",
    "skip": "skip",
    "fail-on": "fail_on",
    "become": "become",
    "ssh-config": "ssh_config",
    "ssh-options": "ssh_options",
    "ssh-client": "ssh_client",
    "timeout": "timeout",
    "concurrency": "concurrency",
    "connect-rate": "connect_rate",
    "retry-unreachable": "retry_unreachable",
    "deadline": "deadline",
    "probe": "probe",
    "format": "shown",
    "lang": "lang",
    "reports": "reports",
    "waivers": "waivers",
    "baseline": "baseline",
    "history": "history",
    "notify": "notify",
}
"""Keys of the file, and the parameter of a command that each is the default of."""

_PATHS = ("inventories", "checks-dir", "ssh-config", "waivers", "baseline", "history")


def config_option(function: F) -> F:
    """Add `--config` to a command, whose parameter `config` is then a `Loaded`."""
    option = click.option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=_load,
        help="The configuration; else dockeraudit.toml or pyproject.toml, found upward from here. "
        "`none` for none.",
    )
    return option(function)


def refuse(error: ConfigError) -> NoReturn:
    """Say every mistake of a file, and end with wrong use.

    Raises:
        click.UsageError: always.
    """
    *others, last = error.problems
    for each in others:
        say(f"dockeraudit: {each}")
    raise click.UsageError(last)


def _load(context: click.Context, parameter: click.Parameter, named: str | None) -> Loaded:
    if context.resilient_parsing:
        return Loaded()
    try:
        loaded = load(named)
    except ConfigError as error:
        refuse(error)
    context.default_map = {**(context.default_map or {}), **defaults(loaded)}
    return loaded


def defaults(loaded: Loaded) -> dict[str, Any]:
    """What the file sets, by the parameter that it is the default of."""
    found = {}
    for key, parameter in PARAMETERS.items():
        if loaded.origin(key) and key != "targets":
            found[parameter] = _value(loaded, key)
    return found


def _value(loaded: Loaded, key: str) -> Any:
    """A value of the file as the command line would give it, paths from here."""
    value = getattr(loaded.values, key.replace("-", "_"))
    if key == "reports":
        return [f"{_format(loaded, name)}={loaded.beside(path)}" for name, path in value.items()]
    if key == "format":
        return _format(loaded, value) if value is not None else None
    if key == "targets":
        return tuple(_target(loaded, word) for word in value)
    if key == "notify":
        return [f"@{loaded.beside(each[1:])}" if each[:1] == "@" else each for each in value]
    if key in _PATHS:
        if isinstance(value, tuple):
            return [loaded.beside(each) for each in value]
        return loaded.beside(value) if value is not None else None
    return list(value) if isinstance(value, tuple) else value


def _format(loaded: Loaded, name: str) -> str:
    """A format's name; a template's path is meant from the file's folder."""
    return loaded.beside(name) if is_template(name) else name


def _target(loaded: Loaded, word: str) -> str:
    """A target of the file; one that is a path is meant from the file's folder."""
    if "://" not in word and ("/" in word or word.endswith(FACTS_ENDINGS)):
        return loaded.beside(word)
    return word


def targets(
    loaded: Loaded, words: tuple[str, ...], connection: dict[str, Any]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The targets to scan: those of the command line, else those of the file.

    Raises:
        click.UsageError: one of the file's names nothing, and where it stands.
    """
    from_file = not said("inventories")
    others = connection["ssh_hosts"] or connection["docker_contexts"]
    if words or others or not from_file:
        return words, {**connection, "inventories": ()} if from_file else connection
    found: tuple[str, ...] = _value(loaded, "targets")
    for number, word in enumerate(found):
        try:
            parse(word, facts_folder)
        except TargetError as error:
            assert loaded.document is not None
            place = loaded.document.at((*loaded.root, "targets", number))
            raise click.UsageError(f"{place}: {error}") from error
    return found, connection


def placed(loaded: Loaded, message: str) -> str:
    """A message about a value, after the place of that value where the file has it."""
    if loaded.document is None:
        return message
    values: list[tuple[tuple[str | int, ...], str]] = [
        (("profile",), loaded.values.profile),
        *((("check", number), word) for number, word in enumerate(loaded.values.check)),
        *((("skip", number), word) for number, word in enumerate(loaded.values.skip)),
        *_of_profiles(loaded),
        *((("reports", name), name) for name in loaded.values.reports),
        *(
            (("groups", name, "profile"), group.profile)
            for name, group in loaded.values.groups.items()
            if group.profile
        ),
    ]
    for place, value in values:
        whole = (*loaded.root, *place)
        if whole in loaded.document.lines and repr(value) in message:
            return f"{loaded.document.at(whole)}: {shown(place)}: {message}"
    return message


def _of_profiles(loaded: Loaded) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for name, profile in loaded.values.profiles.items():
        yield ("profiles", name), name
        if profile.base:
            yield ("profiles", name, "base"), profile.base
        for key, words in (("add", profile.add), ("remove", profile.remove)):
            yield from ((("profiles", name, key, at), word) for at, word in enumerate(words))


def fail_on(loaded: Loaded, profile: str, given: FailOnName) -> FailOnName:
    """What counts: as the command line says, else as the user's own profile does, else the file."""
    own = loaded.values.profiles.get(profile)
    return own.fail_on if own is not None and own.fail_on and not said("fail_on") else given


Row = tuple[str, Any, str]


def rows(context: click.Context, loaded: Loaded) -> list[Row]:
    """Every value in force: its key, itself, and where it is from."""
    return [
        *_option_rows(context, loaded),
        *_setting_rows(loaded),
        *_profile_rows(loaded),
        *_group_rows(loaded),
    ]


def _option_rows(context: click.Context, loaded: Loaded) -> Iterator[Row]:
    profile = context.params.get("profile") or ""
    for key, parameter in PARAMETERS.items():
        name = key.replace("-", "_")
        if parameter in context.params and _said(context, parameter):
            value, origin = context.params[parameter], f"option {_option(context, parameter)}"
            if key == "reports":
                value = dict(map(parted, value))
        else:
            value, origin = getattr(loaded.values, name), loaded.origin(key) or "default"
            own = loaded.values.profiles.get(profile)
            if key == "fail-on" and own is not None and own.fail_on:
                value, origin = own.fail_on, loaded.origin("profiles", profile, key)
        if key == "notify":
            value = [_masked(each) for each in value]
        yield key, value, origin


def _setting_rows(loaded: Loaded) -> Iterator[Row]:
    settings = loaded.values.settings
    for name in type(settings).__struct_fields__:
        key = name.replace("_", "-")
        origin = loaded.origin("settings", key) or "default"
        yield f"settings.{key}", getattr(settings, name), origin


def _profile_rows(loaded: Loaded) -> Iterator[Row]:
    for profile, values in loaded.values.profiles.items():
        for name in type(values).__struct_fields__:
            place = ("profiles", profile, name.replace("_", "-"))
            if origin := loaded.origin(*place):
                yield shown(place), getattr(values, name), origin


def _group_rows(loaded: Loaded) -> Iterator[Row]:
    for group, values in loaded.values.groups.items():
        place = shown(("groups", group))
        for name in type(values).__struct_fields__:
            key = name.replace("_", "-")
            if name != "settings" and loaded.origin("groups", group, key):
                yield f"{place}.{key}", getattr(values, name), loaded.origin("groups", group, key)
        for name in type(loaded.values.settings).__struct_fields__:
            key = name.replace("_", "-")
            origin = loaded.origin("groups", group, "settings", key)
            if values.settings is not None and origin:
                yield f"{place}.settings.{key}", getattr(values.settings, name), origin


def _masked(address: str) -> str:
    """An address of apprise without what may be a password in it: all but its scheme."""
    if address.startswith("@"):
        return address
    scheme, separator, _ = address.partition("://")
    return f"{scheme}://…" if separator and scheme.isalnum() else "…"


def said(parameter: str) -> bool:
    """Whether the command line has a parameter of the running command."""
    return _said(click.get_current_context(), parameter)


def _said(context: click.Context, parameter: str) -> bool:
    return context.get_parameter_source(parameter) in (
        ParameterSource.COMMANDLINE,
        ParameterSource.ENVIRONMENT,
    )


def _option(context: click.Context, parameter: str) -> str:
    for each in context.command.params:
        if each.name == parameter:
            return max(each.opts, key=len) if isinstance(each, click.Option) else "TARGET"
    return parameter


def nearby(name: str, loaded: Loaded) -> str:
    """A file that is made where the configuration lies, else here."""
    return os.path.join(os.path.dirname(loaded.path), name)


__all__ = [
    "PARAMETERS",
    "Configuration",
    "config_option",
    "defaults",
    "nearby",
    "placed",
    "refuse",
    "rows",
    "said",
    "targets",
]
