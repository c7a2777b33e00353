"""Which containers and images the user excepts from a check: only the configuration says so.

A label on a container does nothing by itself; where the configuration names a label, whoever may
make containers may use the exception.
"""

from collections.abc import Iterable

from dockeraudit.host import Container, Image
from dockeraudit.settings import Exemption, Settings


def exemption(settings: Settings, check: str, subject: object) -> str:
    """Why a check leaves a subject out, as a report says it; empty: it does not."""
    if not settings.exceptions or not isinstance(subject, Container | Image):
        return ""
    for each in settings.exceptions:
        if _like(each.check, (check,)) and _named(each, subject):
            return f"{subject.resource} is excepted from {check}: {each.reason}"
    return ""


def _named(exempt: Exemption, subject: Container | Image) -> bool:
    wanted: tuple[tuple[str, Iterable[str]], ...] = (
        (exempt.container, [subject.name] if isinstance(subject, Container) else []),
        (exempt.image, _images(subject)),
        (exempt.label, subject.seen.config.labels),
    )
    return all(not pattern or _like(pattern, names) for pattern, names in wanted)


def _images(subject: Container | Image) -> Iterable[str]:
    if isinstance(subject, Container):
        return [subject.seen.config.image]
    return (subject.name, *subject.seen.repo_tags)


def _like(pattern: str, names: Iterable[str]) -> bool:
    from fnmatch import fnmatchcase  # what it compiles is for users of exceptions only

    return any(fnmatchcase(name, pattern) for name in names)
