"""Ansible's inventories, of every kind that the installed Ansible reads.

Ansible is a process here, never a module: `ansible-inventory --list` says which hosts and groups
there are, with their variables. Taken are `ansible_host`, `_port`, `_user`, `_become` and
`_connection`; keys and jump hosts belong into ssh's configuration.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dockeraudit.targets import Target, TargetError, reached
from dockeraudit.words import one_line

from . import Entry, InventoryError, is_program

PROGRAM = "ansible-inventory"
DEADLINE = 300.0
"""Seconds; a dynamic inventory asks a cloud, page by page."""
MAX_OUTPUT = 512 * 1024 * 1024

_SSH = ("ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh")
_BUILT_IN = ("all", "ungrouped")
_TRUE = ("true", "yes", "on", "1", "y", "t")
_FALSE = ("false", "no", "off", "0", "n", "f", "")


def listed(file: str) -> Iterator[Entry]:
    """The hosts of an inventory.

    Raises:
        InventoryError: Ansible is not here or can't read it, or a host of it can't be scanned.
    """
    from dockeraudit.transport import Limits, TransportError
    from dockeraudit.transport.process import run

    environment = {
        **os.environ,
        "ANSIBLE_NOCOLOR": "1",
        # Else a file that can't be read is a warning, and its hosts are not there.
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
        "ANSIBLE_DEVEL_WARNING": "0",
    }
    if is_program(file):
        # Else the text of a program that failed is read as a list of hosts.
        environment["ANSIBLE_INVENTORY_ENABLED"] = "script"
    try:
        # An absolute path: Ansible takes a word with a comma for a list of hosts.
        answer = run(
            [PROGRAM, "--list", "-i", os.path.abspath(file)],
            b"",
            Limits(timeout=DEADLINE, output=MAX_OUTPUT),
            name=file,
            environment=environment,
        )
    except TransportError as error:
        if error.kind == "command-missing":
            raise InventoryError(
                f"{file}: an inventory of Ansible's, and {PROGRAM} is not on the PATH: install "
                "ansible-core here, or give what it prints elsewhere with --list"
            ) from error
        raise InventoryError(f"{error}; that was {PROGRAM}") from error
    if answer.exit_status != 0:
        raise _refused(file, answer.stderr)
    try:
        value = json.loads(answer.stdout)
    except (ValueError, RecursionError) as error:
        raise InventoryError(f"{file}: {PROGRAM} printed no JSON: {error}") from error
    if not isinstance(value, dict):
        raise InventoryError(f"{file}: {PROGRAM} printed no object")
    return entries(value, file)


def _refused(file: str, stderr: bytes) -> InventoryError:
    """What Ansible complained of, in one line, and of which line of the file where it says so."""
    said = stderr.decode("utf-8", "replace")
    blocks = [each.strip() for each in _BLOCK.split(said) if each.strip()]
    placed = re.compile(re.escape(os.path.abspath(file)) + r":(\d+)")
    # Every reader had a try; the ini one, which takes almost anything, was the last.
    block = next(
        (each for each in blocks if placed.search(each)),
        next((each for each in reversed(blocks) if "Failed to parse" in each), said),
    )
    reason = one_line(_PREFIX.sub("", block.strip().partition("\n")[0]), 400)
    found = placed.search(block)
    line = found[1] if found else _line(file, reason)
    place = f"{file}:{line}" if line else file
    return InventoryError(f"{place}: {PROGRAM} can't read it: {reason or 'it does not say why'}")


_BLOCK = re.compile(r"\[(?:WARNING|ERROR|DEPRECATION WARNING)\]: |^ERROR! |^ \* ", re.MULTILINE)
_PREFIX = re.compile(
    r"^(Failed to parse (inventory with '\w+' plugin|\S+ with \w+ plugin|inventory): )+"
)
_QUOTED = re.compile(r"got: (\S+)$|'([^']+)'")


def _line(file: str, reason: str) -> str:
    """The only line that holds what the reason quotes; empty: there is no such one."""
    found = _QUOTED.search(reason)
    if not found or not os.path.isfile(file) or is_program(file):
        return ""
    piece = found[1] or found[2]
    with open(file, encoding="utf-8", errors="replace") as lines:
        numbers = [number for number, line in enumerate(lines, 1) if piece in line]
    return str(numbers[0]) if len(numbers) == 1 else ""


def entries(listing: Mapping[str, Any], file: str) -> Iterator[Entry]:
    """The hosts of what `--list` prints, in its order.

    Raises:
        InventoryError: it is of another shape, or a host of it can't be scanned.
    """
    variables = _objects(listing.get("_meta", {}), "hostvars", file)
    for host, groups in _memberships(listing, file).items():
        yield _entry(host, groups, _objects(variables, host, file), file)


def _objects(value: Any, key: str, file: str) -> Mapping[str, Any]:
    found = value.get(key, {}) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise InventoryError(f"{file}: not what {PROGRAM} --list prints: {key} is no object")
    return found


def _memberships(listing: Mapping[str, Any], file: str) -> dict[str, tuple[str, ...]]:
    """Each host's groups, those around its own ones too."""
    around: dict[str, list[str]] = {}
    direct: dict[str, list[str]] = {}
    for group in listing:
        if group == "_meta":
            continue
        for kind, found in (("children", around), ("hosts", direct)):
            names = _objects(listing, group, file).get(kind, [])
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise InventoryError(
                    f"{file}: not what {PROGRAM} --list prints: {kind} of {group} are no names"
                )
            for name in names:
                found.setdefault(name, []).append(group)
    return {host: _all_around(groups, around) for host, groups in direct.items()}


def _all_around(groups: list[str], around: Mapping[str, list[str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    waiting = [*groups]
    while waiting:
        group = waiting.pop(0)
        if group not in found:
            found[group] = None
            waiting += around.get(group, ())
    return tuple(sorted(group for group in found if group not in _BUILT_IN))


def _entry(host: str, groups: tuple[str, ...], variables: Mapping[str, Any], file: str) -> Entry:
    place = f"{file}: {one_line(host, 100)}"
    connection = str(variables.get("ansible_connection", "ssh"))
    try:
        if connection in ("local", "ansible.builtin.local"):
            target = Target(host, "local")
        elif connection in _SSH:
            target = reached(
                host,
                str(_one(variables, "host") or host),
                _text(variables, "user"),
                _port(variables),
            )
        else:
            raise TargetError(
                f"its ansible_connection is {connection!r}, and only ssh and local can be scanned: "
                "leave it out with --limit"
            )
        become = _become(variables)
    except TargetError as error:
        raise InventoryError(f"{place}: {error}") from error
    return Entry(place, host, target, groups, become=become)


def _one(variables: Mapping[str, Any], name: str) -> Any:
    """A variable by its name of today, else by that of Ansible 1."""
    return variables.get(f"ansible_{name}", variables.get(f"ansible_ssh_{name}"))


def _text(variables: Mapping[str, Any], name: str) -> str | None:
    value = _one(variables, name)
    return None if value is None or value == "" else str(value)


def _port(variables: Mapping[str, Any]) -> int | None:
    digits = _text(variables, "port")
    if digits is None:
        return None
    if digits.isascii() and digits.isdigit() and len(digits) <= 5:
        return int(digits)
    raise TargetError(f"its ansible_port is no number: {one_line(digits, 40)!r}")


def _become(variables: Mapping[str, Any]) -> bool | None:
    value = variables.get("ansible_become")
    if value is None:
        return None
    word = str(value).lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise TargetError(f"its ansible_become is neither true nor false: {one_line(word, 40)!r}")
