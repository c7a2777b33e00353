"""A user's Jinja template as a writer: `summary.md.j2` writes the format `summary`, a .md file.

What it is given is harmless wherever it is put: every text is bounded, and what would steer a
terminal, begin a line or hide from a reader is spelled out; only a check's own texts have lines.
The template runs in jinja2's sandbox, reads no file outside its folder, and a name that is not
there is an error.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar, overload

import msgspec
from msgspec import Struct

from dockeraudit.language import counted, gettext, moment
from dockeraudit.output import clipped, visible
from dockeraudit.plugins import TEMPLATE, WriterError
from dockeraudit.report import SEVERITIES, FrameworkRule, HostReport, Report

from . import _plain, _rule, _view

T = TypeVar("T", bound=Struct)

TEXT = 8 * 1024
"""Characters of one text that a template is given."""
MARKUP = ("html", "htm", "xhtml", "xml", "svg")
"""Endings of files in which every expression is escaped."""

_MARK = b"dockeraudit"
_DELIMITERS = ("{{", "{%", "{#")


class Template:
    """The writer of one template."""

    FOR_PEOPLE = True
    """For the names and dates that it asks for; what the report says is English."""

    def __init__(self, path: str) -> None:
        """Read the template.

        Raises:
            OSError, ValueError: it can't be read, or is no UTF-8.
        """
        self.path = path
        self.EXTENSION = extension(path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        ends = (text.find(each) for each in _DELIMITERS)
        own = text[: min((end for end in ends if end >= 0), default=len(text))]
        self._beginning = own.strip().encode()

    def recognises(self, head: bytes) -> bool:
        """Whether a file begins as the template does, where that names this program."""
        return _MARK in self._beginning and head.lstrip().startswith(self._beginning)

    def render(self, report: Report) -> Iterator[str]:
        """The report, in the pieces in which the template makes it.

        Raises:
            WriterError: what is wrong in the template, and where.
        """
        import jinja2

        folder, name = os.path.split(self.path)
        try:
            template = _environment(folder or ".", self.EXTENSION).get_template(name)
            yield from template.generate(report=harmless(report))
        except jinja2.TemplateSyntaxError as error:
            place = f"{error.filename or self.path}:{error.lineno}"
            raise WriterError(f"{_shown(place)}: {error.message}") from error
        except jinja2.TemplateNotFound as error:
            problem = f"there is no template {error.name!r} in its folder"
            raise WriterError(f"{self._place(error)}: {problem}") from error
        except Exception as error:  # a template may do what any code may
            kind = "" if isinstance(error, jinja2.TemplateError) else f"{type(error).__name__}: "
            raise WriterError(f"{self._place(error)}: {kind}{error}") from error

    def _place(self, error: BaseException) -> str:
        """The line of the template, or of one that it includes, in which an error came up."""
        found = self.path
        traceback = error.__traceback__
        while traceback:
            file = traceback.tb_frame.f_code.co_filename
            if file.endswith(TEMPLATE):
                found = f"{file}:{traceback.tb_lineno}"
            traceback = traceback.tb_next
        return _shown(found)


def extension(path: str) -> str:
    """The ending of the files that a template writes: of `summary.md.j2` it is `md`."""
    name = os.path.basename(path).removesuffix(TEMPLATE)
    return name.rpartition(".")[2] if "." in name else "txt"


def _shown(place: str) -> str:
    return visible(os.path.normpath(place))


def _environment(folder: str, extension: str) -> Any:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=extension.lower() in MARKUP,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_function"] = _json
    environment.globals.update(
        severities=SEVERITIES,
        tally=_view.tally,
        verdict=_view.verdict,
        counted=_counted,
        spoken=gettext,
    )
    environment.filters.update(
        number="{:,}".format,
        day=moment,
        severity=_view.severity,
        state=_view.state,
        rule=_rule.rule,
        worst=_worst,
        code=_plain.code,
    )
    return environment


def _counted(number: int, one: str, many: str) -> str:
    return counted(number, one, many)


def _worst(items: Iterable[Any]) -> list[Any]:
    """Results or findings, the worst first."""
    return sorted(items, key=lambda item: _view.RANK[item.severity])


def _json(value: Any, **options: Any) -> str:
    import json

    return json.dumps(msgspec.to_builtins(value, enc_hook=_listed), **options)


def _listed(value: object) -> list[HostReport]:
    """A hook of msgspec, which asks for this error where a type has no form."""
    if isinstance(value, _Hosts):
        return list(value)
    raise NotImplementedError(f"{type(value).__name__} is no JSON")


def harmless(report: Report) -> Report:
    """The report with every text as a template is given it, its hosts one at a time."""
    bare = _harmless(msgspec.structs.replace(report, hosts=()))
    return msgspec.structs.replace(bare, hosts=_Hosts(report.hosts))


class _Hosts(Sequence[HostReport]):
    """Hosts as a template is given them, each made when it is asked for."""

    def __init__(self, hosts: Sequence[HostReport]) -> None:
        self._hosts = hosts

    def __len__(self) -> int:
        return len(self._hosts)

    @overload
    def __getitem__(self, at: int) -> HostReport: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[HostReport]: ...
    def __getitem__(self, at: int | slice) -> HostReport | Sequence[HostReport]:
        if isinstance(at, slice):
            return [_harmless(self._hosts[each]) for each in range(*at.indices(len(self)))]
        return _harmless(self._hosts[at])

    def __iter__(self) -> Iterator[HostReport]:
        return map(_harmless, self._hosts)


def _harmless(value: T) -> T:
    made: dict[str, Any] = {}
    for name in value.__struct_fields__:
        made[name] = _OF_CHECKS.get(name, _clean)(getattr(value, name))
    return type(value)(**made)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return visible(clipped(value, TEXT))
    if isinstance(value, tuple):
        return tuple(map(_clean, value))
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    return _harmless(value) if isinstance(value, Struct) else value


@lru_cache(1024)
def _prose(text: str) -> str:
    return visible(clipped(text, TEXT), keep="\n")


@lru_cache(1024)
def _rules(rules: tuple[FrameworkRule, ...]) -> tuple[FrameworkRule, ...]:
    return tuple(map(_harmless, rules))


_OF_CHECKS: dict[str, Callable[[Any], Any]] = {
    "rationale": _prose,
    "remediation": _prose,
    "references": _rules,
}
"""What all hosts have the same of a check; the first two have lines."""
