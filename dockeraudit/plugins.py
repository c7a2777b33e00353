"""The two doors: finds checks by id and report writers by format name.

A door is an entry point in the group `dockeraudit.checks` or `dockeraudit.reports` that names a
package; each public module in it holds checks (`Check` values, or tuples of them) or is a writer
(`render(report) -> Iterator[str]`). The built-in packages are known by name, so importlib.metadata
(50 ms) is imported only where another distribution has a door.
"""

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, cast

from dockeraudit.check import Check
from dockeraudit.report import Report

CHECKS = "dockeraudit.checks"
REPORTS = "dockeraudit.reports"


class PluginError(Exception):
    """A plug-in that can't be loaded, or two with one name; says which."""


class Writer(Protocol):
    """A report format: a module of this shape in `reports/`."""

    EXTENSION: str
    """The usual file name's end, without the dot."""

    def render(self, report: Report) -> Iterator[str]:
        """The report's text, in pieces."""
        ...


def checks() -> dict[str, Check[Any]]:
    """Every check by id, in the order of ids.

    Raises:
        PluginError: a module can't be imported, or an id is taken twice.
    """
    found: dict[str, Check[Any]] = {}
    for module in _modules(CHECKS):
        for check in _checks_of(module):
            if check.id in found and found[check.id] is not check:
                raise PluginError(f"check id {check.id} is defined twice: {module.__name__}")
            found[check.id] = check
    return dict(sorted(found.items()))


def writer(format: str) -> Writer:
    """The writer of that name.

    Raises:
        PluginError: there is none; the known names are in the message.
    """
    for package in _doors(REPORTS):
        if format in _names(package):
            return cast(Writer, _load(f"{package.__name__}.{format}"))
    known = ", ".join(formats())
    raise PluginError(f"no report format {format!r}; known: {known}")


def formats() -> list[str]:
    """The names of all writers."""
    return sorted(name for package in _doors(REPORTS) for name in _names(package))


def _checks_of(module: ModuleType) -> Iterator[Check[Any]]:
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Check):
                yield item


def _modules(group: str) -> Iterator[ModuleType]:
    for package in _doors(group):
        yield from _walk(package)


def _walk(package: ModuleType) -> Iterator[ModuleType]:
    for name in _names(package):
        module = _load(f"{package.__name__}.{name}")
        yield module
        if hasattr(module, "__path__"):
            yield from _walk(module)


def _names(package: ModuleType) -> list[str]:
    """The public modules and packages in a package, without importing them."""
    names = set()
    for folder in package.__path__:
        for entry in os.scandir(folder):
            stem, dot, ending = entry.name.partition(".")
            if stem.startswith("_") or not stem.isidentifier():
                continue
            if (dot and ending == "py") or (
                not dot and os.path.exists(os.path.join(entry.path, "__init__.py"))
            ):
                names.add(stem)
    return sorted(names)


def _load(name: str) -> ModuleType:
    try:
        return import_module(name)
    except Exception as error:
        raise PluginError(f"plug-in {name} can't be loaded: {error!r}") from error


def _doors(group: str) -> list[ModuleType]:
    try:
        packages = [import_module(group)]
    except ModuleNotFoundError as error:
        raise PluginError(
            f"{group} is not installed; in a checkout run: pip install -e ."
        ) from error
    if _others_have(group):
        from importlib.metadata import entry_points

        packages += [
            _load(point.value) for point in entry_points(group=group) if point.value != group
        ]
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
