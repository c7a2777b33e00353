"""A target a line; `#` starts a comment, and `web[01:20].example` stands for twenty hosts."""

import re
from collections.abc import Iterator
from itertools import product
from math import prod

from . import Entry, InventoryError

MOST = 100_000
"""Targets of one line."""

_RANGE = re.compile(r"\[(\d+|[A-Za-z]):(\d+|[A-Za-z])(?::(\d+))?\]", re.ASCII)
"""No IPv6 address in brackets is of this form."""


def entries(file: str, text: str) -> Iterator[Entry]:
    """The targets of a list.

    Raises:
        InventoryError: a range in it makes no sense.
    """
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        word = line.partition("#")[0].strip()
        if word:
            place = f"{file}:{number}"
            for each in expanded(word, place):
                yield Entry(place, each)


def expanded(word: str, place: str) -> Iterator[str]:
    """What a word with ranges stands for, in their order; a word without one for itself.

    Raises:
        InventoryError: a range goes nowhere, or all make too many targets.
    """
    parts = _RANGE.split(word)
    if len(parts) == 1:
        yield word
        return
    texts = parts[::4]
    steps = [
        _steps(parts[at], parts[at + 1], parts[at + 2], place) for at in range(1, len(parts), 4)
    ]
    count = prod(map(len, steps))
    if count > MOST:
        raise InventoryError(f"{place}: {word} stands for {count} targets, more than {MOST}")
    for chosen in product(*steps):
        yield texts[0] + "".join(map("".join, zip(chosen, texts[1:], strict=True)))


class _Steps:
    """The values of one range, made when they are wanted: there may be too many of them."""

    def __init__(self, numbers: range, width: int) -> None:
        self._numbers = numbers
        self._width = width
        """0: letters."""

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[str]:
        for number in self._numbers:
            yield f"{number:0{self._width}d}" if self._width else chr(number)


def _steps(first: str, last: str, step: str | None, place: str) -> _Steps:
    shown = f"[{first}:{last}{':' + step if step is not None else ''}]"
    by = int((step or "1")[:9])
    if by == 0:
        raise InventoryError(f"{place}: the step of {shown} is 0")
    if first.isdigit() != last.isdigit():
        raise InventoryError(f"{place}: {shown} goes from a number to a letter: write [01:20]")
    if first.isdigit():
        if max(len(first), len(last)) > 9:
            raise InventoryError(f"{place}: {shown} has a number of more than nine digits")
        padded = len(first) > 1 and first.startswith("0")
        if padded and len(first) != len(last):
            raise InventoryError(
                f"{place}: the ends of {shown} have different lengths: write [01:20]"
            )
        numbers, width = range(int(first), int(last) + 1, by), len(first) if padded else 1
    else:
        if first.islower() != last.islower():
            raise InventoryError(f"{place}: {shown} goes from one case to the other: write [a:f]")
        numbers, width = range(ord(first), ord(last) + 1, by), 0
    if not numbers:
        raise InventoryError(f"{place}: {shown} goes backwards: write the smaller end first")
    return _Steps(numbers, width)
