"""The two doors: finds checks by id and report writers by format name.

A door is an entry point in the group `dockeraudit.checks` or `dockeraudit.reports` that names a
package; each public module in it holds checks (`Check` values, or tuples of them) or is a writer
(`render(report) -> Iterator[str]`), and a file `NAME.EXTENSION.j2` in a package of reports is a
Jinja template, which is a writer too. The built-in packages are known by name, so
importlib.metadata (50 ms) is imported only where another distribution has a door.

Another distribution's plug-in that can't be used costs only itself: whoever passes `broken` is
told of it, and the rest goes on. What is wrong with a built-in one is an error.
"""

import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, cast

from dockeraudit.check import Check, Reference, Severity
from dockeraudit.host import Container, Daemon, Engine, Host, Image, Network
from dockeraudit.report import Report

CHECKS = "dockeraudit.checks"
REPORTS = "dockeraudit.reports"
TEMPLATE = ".j2"
"""What a file of a template is called like."""
SUBJECTS = (Engine, Daemon, Host, Container, Image, Network)


Broken = Callable[[str], None]
"""Is told of a plug-in of another distribution that is left out, and why: one sentence."""


class PluginError(Exception):
    """A plug-in that can't be loaded, or two with one name; says which."""


class WriterError(Exception):
    """A report that its writer can't write: what is wrong and where, in one line."""


def _refuse(message: str) -> None:
    raise PluginError(message)


class Writer(Protocol):
    """A report format: a module of this shape in `reports/`.

    It may have a `MODE`, such as 0o644, where others than the file's owner have to read it, and
    `recognises(head: bytes) -> bool`, which tells a report of its own by the first 4,096 bytes: a
    file that nobody recognises is only replaced with `--force`. With `FOR_PEOPLE = True` it writes
    in the language that `dockeraudit.language` speaks, else it is called while that is English.
    """

    EXTENSION: str
    """The usual file name's end, without the dot."""

    def render(self, report: Report) -> Iterator[str]:
        """The report's text, in pieces."""
        ...


def checks(broken: Broken = _refuse) -> dict[str, Check[Any]]:
    """Every check by id, in the order of ids.

    Raises:
        PluginError: a built-in module can't be imported, or an id is taken twice.
    """
    found: dict[str, Check[Any]] = {}
    for module in _modules(CHECKS, broken):
        tell = _refuse if _is_own(module.__name__, CHECKS) else broken
        for check in checks_of(module):
            problem = unusable(check)
            other = found.get(check.id, check)
            if problem:
                tell(f"plug-in {module.__name__} has a check that can't be used: {problem}")
            elif other is not check:
                first = other.function.__module__
                tell(f"check id {check.id} is defined twice: {first} and {module.__name__}")
            else:
                found[check.id] = check
    return dict(sorted(found.items()))


def writer(format: str, broken: Broken = _refuse) -> Writer:
    """The writer of that name, or of the template at that path.

    Raises:
        PluginError: there is none, and the known names are in the message; or it can't be loaded.
    """
    if is_template(format):
        return _template(format)
    for package in _doors(REPORTS, broken):
        if format in _names(package):
            return cast(Writer, _load(f"{package.__name__}.{format}"))
        if path := _templates(package).get(format):
            return _template(path)
    known = ", ".join(formats(broken))
    raise PluginError(f"no report format {format!r}; known: {known}")


def formats(broken: Broken = _refuse) -> list[str]:
    """The names of all writers."""
    return sorted(
        {
            name
            for package in _doors(REPORTS, broken)
            for name in (*_names(package), *_templates(package))
        }
    )


def is_template(format: str) -> bool:
    """Whether a format is none by its name, but the path of a template."""
    return format.endswith(TEMPLATE)


def recognised(format: str, head: bytes, broken: Broken = _refuse) -> bool:
    """Whether a file that begins so is a report: of that format, else of any other."""
    others = (name for name in formats(broken) if name != format)
    return any(_recognises(name, head, broken) for name in (format, *others))


def _recognises(format: str, head: bytes, broken: Broken) -> bool:
    try:
        own = getattr(writer(format, broken), "recognises", None)
        return own is not None and bool(own(head))
    except Exception as error:  # a plug-in's mistake, which writing its report will show
        broken(f"the format {format} can't tell its own reports: {error!r}")
        return False


def checks_of(module: ModuleType) -> Iterator[Check[Any]]:
    """The checks that a module holds under public names."""
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Check):
                yield item


def unusable(check: Check[Any]) -> str:
    """What is wrong with a head; nothing else checks the types that a plug-in gave."""
    groups = (check.profiles, check.references, check.paths)
    if not all(isinstance(group, tuple) for group in groups):
        return f"profiles, references and paths of {check.id!r} are tuples"
    texts = (check.id, check.title, check.rationale, check.remediation, check.quiet)
    if not all(isinstance(text, str) for text in (*texts, *check.profiles, *check.paths)):
        return f"a text of {check.id!r} is none"
    if not check.id.replace("-", "").isalnum() or not check.id.isascii():
        return f"its id {check.id!r} is not made of letters, digits and dashes"
    if not isinstance(check.severity, Severity):
        return f"the severity of {check.id} is {check.severity!r}, not one of Severity"
    if check.over not in SUBJECTS:
        return f"{check.id} is over {check.over!r}, which checks can't be called with"
    if not all(isinstance(each, Reference) for each in check.references):
        return f"a reference of {check.id} is none"
    return ""


def _modules(group: str, broken: Broken) -> Iterator[ModuleType]:
    for package in _doors(group, broken):
        if hasattr(package, "__path__"):
            yield from _walk(package, _refuse if _is_own(package.__name__, group) else broken)
        else:
            yield package


def _walk(package: ModuleType, broken: Broken) -> Iterator[ModuleType]:
    for name in _names(package):
        try:
            module = _load(f"{package.__name__}.{name}")
        except PluginError as error:
            broken(str(error))
            continue
        yield module
        if hasattr(module, "__path__"):
            yield from _walk(module, broken)


def _is_own(module: str, group: str) -> bool:
    return module == group or module.startswith(f"{group}.")


def _names(package: ModuleType) -> list[str]:
    """The public modules and packages in a package, without importing them."""
    names = set()
    for folder in getattr(package, "__path__", ()):
        for entry in os.scandir(folder):
            stem, dot, ending = entry.name.partition(".")
            if stem.startswith("_") or not stem.isidentifier():
                continue
            if (dot and ending == "py") or (
                not dot and os.path.exists(os.path.join(entry.path, "__init__.py"))
            ):
                names.add(stem)
    return sorted(names)


def _templates(package: ModuleType) -> dict[str, str]:
    """The templates in a package: the path of each by the name of its format."""
    found: dict[str, str] = {}
    for folder in getattr(package, "__path__", ()):
        for entry in os.scandir(folder):
            stem = entry.name.partition(".")[0]
            if is_template(entry.name) and stem.isidentifier() and not stem.startswith("_"):
                found.setdefault(stem, entry.path)
    return found


def _template(path: str) -> Writer:
    module = _load(f"{REPORTS}._template")
    try:
        return cast(Writer, module.Template(path))
    except OSError as error:
        raise PluginError(f"template {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise PluginError(f"template {path}: it is no text in UTF-8") from error


def _load(name: str) -> ModuleType:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        raise PluginError(f"plug-in {name} can't be loaded: {error!r}") from error


def _doors(group: str, broken: Broken) -> list[ModuleType]:
    try:
        packages = [import_module(group)]
    except ModuleNotFoundError as error:
        raise PluginError(
            f"{group} is not installed; in a checkout run: pip install -e ."
        ) from error
    if _others_have(group):
        from importlib.metadata import entry_points

        for point in entry_points(group=group):
            if point.value == group:
                continue
            try:
                packages.append(_load(point.module))
            except PluginError as error:
                broken(str(error))
    return packages


def _others_have(group: str) -> bool:
    """Whether a distribution other than ours on sys.path has a door of that group."""
    marker = f"[{group}]"
    for folder in sys.path:
        try:
            entries = list(os.scandir(folder or "."))
        except OSError:
            continue
        for entry in entries:
            if not entry.name.endswith((".dist-info", ".egg-info")):
                continue
            if entry.name.partition("-")[0].partition(".")[0] == "dockeraudit":
                continue
            try:
                with open(os.path.join(entry.path, "entry_points.txt"), encoding="utf-8") as file:
                    if marker in file.read():
                        return True
            except OSError:
                continue
    return False
