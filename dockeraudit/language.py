"""The language of what people read: English, or another one by its gettext catalogue.

English is the source: its words stand in the code, and nothing is loaded for it. A command that
writes for people does so under `speaking(…)`; everything else, machine formats above all, is
English because nobody asks for anything else there. Words are looked up when they are written, so
what is kept in a table at import is only `marked`.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from textwrap import indent
from typing import TYPE_CHECKING, Any

from dockeraudit.words import blocks

if TYPE_CHECKING:
    from gettext import NullTranslations

LANGUAGES = ("en", "ko")
SOURCE = "en"

_TIME = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2})")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Spoken:
    """What is spoken now; its catalogue is None for English."""

    name = SOURCE
    catalogue: "NullTranslations | None" = None


def chosen(environment: Mapping[str, str]) -> str:
    """The language that the environment asks for, as for every program; English if it is not known.

    Reports are UTF-8, so a locale that names another character set is not meant for them.
    """
    locale = next(
        (found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := environment.get(name))),
        "",
    )
    name, _, encoding = locale.partition("@")[0].partition(".")
    language = re.split("[_-]", name, maxsplit=1)[0].lower()
    if encoding and encoding.lower().replace("-", "") != "utf8":
        return SOURCE
    return language if language in LANGUAGES else SOURCE


def current() -> str:
    """The language that is spoken now, as HTML names it."""
    return _Spoken.name


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language until the end of the block; what is written later, is in the one before."""
    before = _Spoken.name, _Spoken.catalogue
    _Spoken.name, _Spoken.catalogue = language, _load(language)
    try:
        yield
    finally:
        _Spoken.name, _Spoken.catalogue = before


def _load(language: str) -> "NullTranslations | None":
    if language == SOURCE:
        return None
    from gettext import GNUTranslations
    from importlib.resources import files

    place = files("dockeraudit") / "locale" / language / "LC_MESSAGES" / "dockeraudit.mo"
    with place.open("rb") as file:
        return GNUTranslations(file)


def gettext(text: str) -> str:
    """The text in the language spoken now; itself where the catalogue does not have it."""
    catalogue = _Spoken.catalogue
    # A catalogue's entry for the empty text is its head.
    return catalogue.gettext(text) if catalogue and text else text


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a text that fits the number."""
    catalogue = _Spoken.catalogue
    if catalogue:
        return catalogue.ngettext(one, many, number)
    return one if number == 1 else many


def counted(number: int, one: str, many: str, **values: Any) -> str:
    """`3 hosts`: the form that fits the number, which stands for `{n}` in it."""
    return ngettext(one, many, number).format(n=f"{number:,}", **values)


def marked(text: str) -> str:
    """The text itself: it belongs into the catalogue, and is looked up where it is written."""
    return text


def forms(one: str, many: str) -> tuple[str, str]:
    """The two forms of a text themselves: as `marked`, for `counted`."""
    return one, many


def several(names: list[str], hidden: int) -> str:
    """Names with commas, and how many more there are."""
    listed = ", ".join(names)
    if not hidden:
        return listed
    return gettext("{names} and {n} more").format(names=listed, n=f"{hidden:,}")


def prose(text: str) -> str:
    """A check's text of several paragraphs, commands as they are."""
    if not _Spoken.catalogue:
        return text
    return "\n".join(
        gettext(block) if kind == "prose" else indent(block, "    ") for kind, block in blocks(text)
    )


def moment(time: str | None) -> str:
    """A report's time for people: `24 Nov 2026, 06:15 UTC`."""
    match = _TIME.match(time or "")
    if not match:
        return time or gettext("not known")
    clock = match[4]
    return gettext("{day}, {clock} UTC").format(day=date(time or ""), clock=clock)


def date(time: str) -> str:
    """The day of a report's time for people: `24 Nov 2026`."""
    match = _TIME.match(time)
    if not match:
        return time
    year, number, day = int(match[1]), int(match[2]), int(match[3])
    return gettext("{day} {month} {year}").format(day=day, month=month(number), year=year)


def month(number: int) -> str:
    """A month's short name."""
    name = MONTHS[(number - 1) % 12]
    return name if not _Spoken.catalogue else gettext(name)
