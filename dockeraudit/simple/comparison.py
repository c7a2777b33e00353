"""What a value is compared with, and how a difference reads."""

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from dockeraudit.facts import Unread
from dockeraudit.facts.inventory import WITHHELD

Scalar = str | int | float | bool
Number = int | float


class Comparison(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What has to hold of a value; where several are given, all of them."""

    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = None
    not_: Scalar | None = field(default=None, name="not")
    at_least: Number | None = None
    at_most: Number | None = None
    contains: Annotated[
        Scalar | None, Meta(description="An element of a list, a key of a map, part of a text.")
    ] = None
    set_: Annotated[
        bool | None, Meta(description="Whether there is a value; an empty one is none.")
    ] = field(default=None, name="set")


KEYS = ("equals", "one-of", "not", "at-least", "at-most", "contains", "set")


def compared(form: Comparison) -> bool:
    """Whether anything is compared at all."""
    return any(getattr(form, name) is not None for name in Comparison.__struct_fields__)


def differences(form: Comparison, value: Any, name: str) -> Iterator[str | Unread]:
    """A sentence for each comparison that does not hold, or why it can't be told."""
    if value == WITHHELD:
        yield Unread(f"{name}: its value stays on the host")
        return
    said = f"{name} is {shown(value)}"
    if form.equals is not None and not _same(value, form.equals):
        yield f"{said}, not {shown(form.equals)}"
    if form.one_of is not None and not any(_same(value, each) for each in form.one_of):
        yield f"{said}, none of {', '.join(map(shown, form.one_of))}"
    if form.not_ is not None and _same(value, form.not_):
        yield said
    yield from _out_of_range(form, value, name)
    if form.contains is not None and not _contains(value, form.contains):
        if isinstance(value, tuple | list) and WITHHELD in value:
            yield Unread(f"{name}: some of its values stay on the host")
        else:
            yield f"{name} has no {shown(form.contains)}: {shown(value)}"
    if form.set_ is True and _empty(value):
        yield f"{name} is not set"
    if form.set_ is False and not _empty(value):
        yield f"{said}, and should not be set"


def shown(value: Any) -> str:
    """A value as messages show it; of a map its keys, for what is behind them may be secret."""
    if isinstance(value, bool):
        return str(value).lower()
    if _empty(value):
        return "(unset)"
    if isinstance(value, dict):
        return ", ".join(map(str, value))
    if isinstance(value, tuple | list):
        return ", ".join(map(shown, value))
    return str(value)


def _out_of_range(form: Comparison, value: Any, name: str) -> Iterator[str | Unread]:
    least, most = form.at_least, form.at_most
    if least is None and most is None:
        return
    if _empty(value):
        yield f"{name} is not set"
        return
    number = _number(value)
    if number is None:
        yield Unread(f"{name} is {shown(value)}, which is no number")
    elif least is not None and number < least:
        yield f"{name} is {shown(value)}, less than {shown(least)}"
    elif most is not None and number > most:
        yield f"{name} is {shown(value)}, more than {shown(most)}"


def _same(value: Any, wanted: Scalar) -> bool:
    """Whether they are equal; a number may be written as text, true and 1 are not the same.

    >>> _same("1", 1), _same(True, 1), _same("true", True), _same(1, "1"), _same(1.0, 1)
    (True, False, False, True, True)
    """
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(wanted, str):
        return not isinstance(value, tuple | list | dict) and str(value) == wanted
    return _number(value) == wanted


def _number(value: Any) -> Number | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _contains(value: Any, wanted: Scalar) -> bool:
    if isinstance(value, str):
        return str(wanted) in value
    if isinstance(value, tuple | list | dict):
        return any(_same(each, wanted) for each in value)
    return False


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | tuple | list | dict) and not value)
