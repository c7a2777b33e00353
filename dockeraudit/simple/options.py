"""The simple check of a daemon option: the value in force, whoever set it."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from dockeraudit.check import Finding, NotApplicable, Outcomes, known
from dockeraudit.effective.model import Outcome
from dockeraudit.facts import Evidence, Unread
from dockeraudit.host import Daemon
from dockeraudit.host.options import option
from dockeraudit.settings import Settings
from dockeraudit.simple.comparison import Comparison, compared, differences, shown
from dockeraudit.words import nearest

_RELEASES = ((18, 9, 0), (20, 10, 0), (23, 0, 0), (25, 0, 0), (28, 1, 0), (29, 0, 0))
"""Together they have every option that there was."""


class OptionForm(Comparison, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[check.option]`."""

    name: str
    """As daemon.json has it; `log-opts.max-size` is an entry of a map."""


def mistakes(form: OptionForm) -> Iterator[tuple[str, str]]:
    """What types can't say: the key, and what is wrong with it."""
    name = form.name.partition(".")[0]
    if name not in known_options():
        yield "name", f"dockerd has no option {name!r}.{nearest(name, known_options())}"
    if not compared(form):
        yield "name", "nothing is asked of it: give equals, one-of, not, at-least, contains …"


@cache
def known_options() -> frozenset[str]:
    """The names that daemon.json has in some release."""
    from dockeraudit.effective.daemon_json import key_types

    return frozenset(name for release in _RELEASES for name in key_types(release))


def rule(form: OptionForm) -> Callable[[Daemon, Settings], Outcomes]:
    """The check's function."""
    name, _, entry = form.name.partition(".")

    def judged(daemon: Daemon, settings: Settings) -> Outcomes:
        engine = daemon.engine
        planned = engine.configured
        if engine.process is None and planned is None:
            yield NotApplicable(f"nothing starts {engine.name}")
            return
        if engine.process is None and isinstance(planned, Outcome) and planned.starts is False:
            yield NotApplicable(f"{engine.name} does not run and would not start")
            return
        told = known(option(daemon, name))
        if told is None:
            yield NotApplicable(f"this release has no option {name}")
            return
        value = _entry(told.value, entry) if entry else told.value
        when = "" if engine.process is not None else "at the next start "
        proof = (Evidence(told.origin, f"{form.name} {shown(value)}"),)
        for difference in differences(form, value, form.name):
            if isinstance(difference, Unread):
                yield difference
            else:
                yield Finding(form.name, f"{when}{difference}", proof)

    return judged


def _entry(value: Any, name: str) -> Any:
    """An entry of a map, and of maps in it; None: there is none."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    first, dot, rest = name.partition(".")
    return _entry(value.get(first), rest) if dot else None
