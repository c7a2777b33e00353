"""What the options and ini options of a run ask for, checked before any host is."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, cast, get_args

import msgspec
import pytest
from msgspec import Struct

from dockeraudit.check import Check
from dockeraudit.plugins import PluginError, checks
from dockeraudit.policy import FailOn
from dockeraudit.report import HostReport
from dockeraudit.scan import Plan
from dockeraudit.selection import DEFAULT_PROFILE, SelectionError, select
from dockeraudit.targets import FACTS_ENDINGS, Target, TargetError, facts_folder, is_url, parse
from dockeraudit.transport import Limits, TransportError, TransportOptions


class Asked(Struct, frozen=True):
    """What a run is to do."""

    targets: dict[str, Target]
    """By the name that stands in node ids."""
    plan: Plan
    profile: str
    fail_on: FailOn
    waive: Callable[[HostReport], HostReport]
    """Lays waivers over a host's results."""

    def further(self, words: Iterable[str]) -> dict[str, Target]:
        """The targets that a test names itself, by their names in ids."""
        return labelled(_named(words, os.getcwd()))


def ask(config: pytest.Config) -> Asked:
    """What the options say, the ini options where they say nothing.

    Raises:
        pytest.UsageError: something in them is wrong; one line.
    """
    here = str(config.invocation_params.dir)
    ini = str(config.inipath.parent) if config.inipath else str(config.rootpath)
    words = config.getoption("dockeraudit_targets")
    if words is None:
        targets = _named(config.getini("dockeraudit_targets"), ini)
    else:
        targets = _named(words, here)
    profile, _ = _value(config, "profile", DEFAULT_PROFILE)
    try:
        known = _known(config, here, ini)
        chosen = select(known, profile, (), ())
    except (SelectionError, PluginError) as error:
        raise pytest.UsageError(f"--dockeraudit-profile: {error}") from error
    become = config.getoption("dockeraudit_become")
    options = TransportOptions(
        ssh_config=_ssh_config(config, here, ini),
        become=config.getini("dockeraudit_become") if become is None else become,
    )
    return Asked(
        targets=labelled(targets),
        plan=Plan(checks=chosen, options=options, limits=_limits(config)),
        profile=profile,
        fail_on=_fail_on(config),
        waive=waivers(config, known, here, ini),
    )


def _known(config: pytest.Config, here: str, ini: str) -> dict[str, Check[Any]]:
    """Every check, with those of `--dockeraudit-checks-dir`.

    Raises:
        pytest.UsageError: a file there can't be used: a suite that lost a check is not green.
    """
    given = config.getoption("dockeraudit_checks_dir")
    words = config.getini("dockeraudit_checks_dir") if given is None else given
    if not words:
        return checks()
    from dockeraudit.checks_folder import FolderError, added

    folder = here if given is not None else ini
    try:
        known, found = added(checks(), tuple(os.path.join(folder, word) for word in words))
    except FolderError as error:
        raise pytest.UsageError(f"--dockeraudit-checks-dir: {error}") from error
    wrong = [problem for lost in found.lost for problem in lost.problems]
    if wrong:
        raise pytest.UsageError(f"--dockeraudit-checks-dir: {'; '.join(wrong)}")
    return known


def waivers(
    config: pytest.Config, known: Collection[str], here: str, ini: str
) -> Callable[[HostReport], HostReport]:
    """What lays the waivers of `--dockeraudit-waivers` over a report; nothing without one."""
    word, given = _value(config, "waivers", "")
    if not word:
        return _as_it_is
    import datetime

    from dockeraudit.config import ConfigError
    from dockeraudit.waivers import apply, load

    try:
        entries = load(os.path.join(here if given else ini, word), known)
    except ConfigError as error:
        raise pytest.UsageError(f"--dockeraudit-waivers: {error}") from error
    today = datetime.datetime.now(datetime.UTC).date()
    return lambda report: apply((report,), entries, today)[0][0]


def _as_it_is(report: HostReport) -> HostReport:
    return report


def labelled(targets: Iterable[Target]) -> dict[str, Target]:
    """Each target with a name for node ids, where `::` and brackets have a meaning of their own."""
    found: dict[str, Target] = {}
    for target in targets:
        name = label = _label(target.spec)
        number = 2
        while name in found:
            name = f"{label}~{number}"
            number += 1
        found[name] = target
    return found


def _label(spec: str) -> str:
    """`web1`, `root@db1:2222`, `2001-db8--1-22` for `[2001:db8::1]:22`."""
    if "::" in spec or "[" in spec:
        spec = spec.replace("[", "").replace("]", "").replace(":", "-")
    return "".join(char if char.isprintable() else "_" for char in spec)


def _value(config: pytest.Config, name: str, default: str) -> tuple[str, bool]:
    """An option's value, and whether the command line gave it."""
    given = config.getoption(f"dockeraudit_{name}")
    if given is not None:
        return str(given), True
    return str(config.getini(f"dockeraudit_{name}") or default), False


def _ssh_config(config: pytest.Config, here: str, ini: str) -> str | None:
    word, given = _value(config, "ssh_config", "")
    if word in ("", "none"):
        return word or None
    path = os.path.join(here if given else ini, word)
    if not os.access(path, os.R_OK):
        raise pytest.UsageError(f"--dockeraudit-ssh-config {word}: there is no such file to read")
    return path


def _fail_on(config: pytest.Config) -> FailOn:
    word, _ = _value(config, "fail_on", "low")
    known = get_args(FailOn)
    if word not in known:
        raise pytest.UsageError(f"--dockeraudit-fail-on {word!r}: it is one of {', '.join(known)}")
    return cast(FailOn, word)


def _limits(config: pytest.Config) -> Limits:
    word, given = _value(config, "timeout", "")
    if not word and not given:
        return Limits()
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds < float("inf"):
        raise pytest.UsageError(f"--dockeraudit-timeout {word!r}: it is a number of seconds from 1")
    return Limits(timeout=seconds, connect_timeout=min(10.0, seconds))


def _named(words: Iterable[str], folder: str) -> tuple[Target, ...]:
    """The targets that words name, each once; paths lie in that folder."""
    found: dict[Target, None] = {}
    for word in words:
        try:
            found |= dict.fromkeys(_expanded(word, folder))
        except (TargetError, TransportError) as error:
            raise pytest.UsageError(f"--dockeraudit-target: {error}") from error
    return tuple(found)


def _expanded(word: str, folder: str) -> Iterator[Target]:
    """A folder's facts files, a pattern's hosts, or the word itself."""
    target = parse(word, lambda path: facts_folder(os.path.join(folder, path)))
    if target.kind == "facts":
        yield from _facts(target, folder)
    elif target.kind == "testinfra":
        from dockeraudit.transport.foreign import expand

        yield from expand(target)
    else:
        yield target


def _facts(target: Target, folder: str) -> Iterator[Target]:
    """Facts files with whole paths: a test may change the working folder before they are read."""
    if is_url(target.spec):
        from dockeraudit.facts_files import FolderError, listed

        try:
            yield from (Target(url, "facts", path=url) for url in listed(target.spec))
        except FolderError as error:
            raise TargetError(str(error)) from error
        return
    path = os.path.join(folder, target.spec)
    if not os.path.isdir(path):
        yield msgspec.structs.replace(target, path=path)
        return
    for name in sorted(os.listdir(path)):
        if name.endswith(FACTS_ENDINGS):
            spec = os.path.normpath(os.path.join(target.spec, name))
            yield Target(spec, "facts", path=os.path.join(path, name))


def marks(asked: Asked) -> Iterator[tuple[str, str]]:
    """The marks that items carry, with what they say."""
    yield "dockeraudit", "an item of dockeraudit: one check on one host"
    for severity in sorted({each.severity for each in asked.plan.checks}, key=lambda one: one.rank):
        yield severity.value, f"a check of {severity.value} severity"
    for family in sorted({each.family for each in asked.plan.checks}):
        yield family, f"a check of the family {family}"
