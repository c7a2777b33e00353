"""What an engine keeps, from the lines of an `inventory` frame.

A line is `KIND WHICH CODE JSON`: the answer to one request, less all that the script's KEEPS
doesn't name; WHICH is an object's id, or how many there are in a list. `task`, `ssh` and `unseen`
lines tell of the containers' processes. What doesn't fit costs the object that it is about.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from dockeraudit.facts import (
    ContainerFacts,
    ImageFacts,
    Inventory,
    NetworkFacts,
    PluginFacts,
    ServiceFacts,
    SwarmFacts,
    Task,
    Unread,
    VolumeFacts,
)
from dockeraudit.facts.inventory import Step

from .frames import text

T = TypeVar("T")

NO_ANSWER = Unread("no answer in time")
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{1,64}")
_HEX = re.compile(r"[0-9a-f]{1,16}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_ERRORS = (msgspec.MsgspecError, ValueError, TypeError, ArithmeticError, RecursionError)
_MOST = {"containers": 1000, "images": 500, "networks": 500, "volumes": 1000, "services": 500}
_LARGEST = 1 << 63


class _Answers:
    """The lines by what they are about; of several about the same, the first."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lists: dict[str, tuple[int, str, bytes]] = {}
        self.objects: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.tasks: dict[str, list[str]] = {}
        self.ssh: dict[str, list[str]] = {}
        self.unseen: set[str] = set()
        for line in lines:
            kind, _, rest = line.partition(b" ")
            self._read(text(kind), rest)

    def _read(self, kind: str, rest: bytes) -> None:
        head, _, tail = rest.partition(b" ")
        which = text(head)
        if kind == "task":
            self.tasks.setdefault(which, text(tail).split())
        elif kind == "ssh":
            self.ssh.setdefault(which, []).append(text(tail))
        elif kind == "unseen":
            self.unseen.add(which)
        else:
            code, _, body = tail.partition(b" ")
            if kind in ("container", "image", "history"):
                self.objects.setdefault((kind, which), (text(code), body))
            elif _NUMBER.fullmatch(which):
                self.lists.setdefault(kind, (int(which), text(code), body))


def inventory(lines: Iterable[bytes]) -> Inventory | Unread:
    """What the lines tell; never an exception, whatever they are."""
    answers = _Answers(lines)
    if not answers.lists:
        return NO_ANSWER
    missing: list[Unread] = []
    containers = _objects(answers, "container", missing)
    images = _objects(answers, "image", missing)
    return Inventory(
        containers=containers
        if isinstance(containers, Unread)
        else tuple(sorted(_containers(answers, containers, missing), key=lambda c: (c.name, c.id))),
        # The engine lists those of one age in another order each time.
        images=images
        if isinstance(images, Unread)
        else tuple(sorted(_images(answers, images, missing), key=lambda i: (i.repo_tags, i.id))),
        networks=_listed(answers, "networks", NetworkFacts, missing),
        volumes=_listed(answers, "volumes", VolumeFacts, missing),
        plugins=_listed(answers, "plugins", PluginFacts, missing),
        swarm=_swarm(answers),
        services=_listed(answers, "services", ServiceFacts, missing),
        secrets=_secrets(answers),
        missing=tuple(missing),
    )


def _why(code: str) -> Unread:
    if code == "000":
        return NO_ANSWER
    if code == "bad":
        return Unread("the answer is no JSON as it should be")
    return Unread(f"HTTP status {code[:20]}")


def _document(code: str, body: bytes) -> Any:
    """The answer without its nulls, or why there is none."""
    if code != "200":
        return _why(code)
    try:
        return _bounded(msgspec.json.decode(body))
    except _ERRORS:
        return _why("bad")


def _bounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bounded(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_bounded(each) for each in value if each is not None]
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise ValueError("a number too large")
    return value


def _list(answers: _Answers, kind: str) -> list[Any] | Unread:
    """The elements of a list's answer."""
    found = answers.lists.get(kind)
    if found is None:
        return NO_ANSWER
    _, code, body = found
    if code == "none":
        return []
    document = _document(code, body)
    if kind == "volumes" and isinstance(document, dict):
        document = document.get("Volumes", [])
    if isinstance(document, (list, Unread)):
        return document
    return _why("bad")


def _cut(answers: _Answers, kind: str, got: int, missing: list[Unread]) -> None:
    """Say so where the list was longer than what is read of it."""
    total = answers.lists[kind][0]
    if total > got:
        missing.append(Unread(f"{kind[:-1]} list: {total} of them, {got} were read"))


def _convert(value: Any, kind: type[T]) -> T | Unread:
    try:
        return msgspec.convert(value, kind)
    except _ERRORS as error:
        return Unread(str(error)[:200])


def _label(value: Any, *keys: str) -> str:
    """What to call an object that can't be read whole."""
    if isinstance(value, dict):
        for key in keys:
            name = value.get(key)
            name = name[0] if isinstance(name, list) and name else name
            if isinstance(name, str) and name:
                return name.removeprefix("/")[:100]
    return "without a name"


def _listed(
    answers: _Answers, kind: str, of: type[T], missing: list[Unread]
) -> tuple[T, ...] | Unread:
    """The objects that a list holds whole, by name; one that can't be read is missing."""
    elements = _list(answers, kind)
    if isinstance(elements, Unread):
        return elements
    if kind in answers.lists:
        _cut(answers, kind, len(elements), missing)
    found: dict[str, T] = {}
    for number, element in enumerate(elements):
        name = _label(element, "Name", "ID", "Id")
        if isinstance(element, dict) and "Spec" in element:
            name = _label(element["Spec"], "Name")
        read = _convert(element, of)
        if isinstance(read, Unread):
            missing.append(Unread(f"{kind[:-1]} {name}: {read.reason}"))
        else:
            found[f"{name} {number:4}"] = read
    return tuple(found[key] for key in sorted(found))


def _objects(answers: _Answers, kind: str, missing: list[Unread]) -> list[tuple[str, str]] | Unread:
    """Id and name of each container or image of the list."""
    plural = f"{kind}s"
    elements = _list(answers, plural)
    if isinstance(elements, Unread):
        return elements
    named: dict[str, str] = {}
    for element in elements[: _MOST[plural]]:
        id_ = element.get("Id") if isinstance(element, dict) else None
        if isinstance(id_, str) and _ID.fullmatch(id_):
            short = id_.removeprefix("sha256:")[:12]
            name = _label(element, "Names", "RepoTags")
            named.setdefault(id_, short if name in ("without a name", "<none>:<none>") else name)
    _cut(answers, plural, len(named), missing)
    return list(named.items())


def _each(
    answers: _Answers,
    kind: str,
    listed: list[tuple[str, str]],
    of: type[T],
    missing: list[Unread],
) -> Iterator[tuple[str, T]]:
    for id_, name in listed:
        found = answers.objects.get((kind, id_))
        document = _document(*found) if found else NO_ANSWER
        if kind == "container" and found and found[0] == "404":
            # Removed between the two answers: it is not there any more.
            continue
        read = document if isinstance(document, Unread) else _convert(document, of)
        if isinstance(read, Unread):
            missing.append(Unread(f"{kind} {name}: {read.reason}"))
        elif getattr(read, "id", "") != id_:
            missing.append(Unread(f"{kind} {name}: the answer is about another"))
        else:
            yield id_, read


def _containers(
    answers: _Answers, listed: list[tuple[str, str]], missing: list[Unread]
) -> Iterator[ContainerFacts]:
    for id_, read in _each(answers, "container", listed, ContainerFacts, missing):
        # The engine tells them in another order each time.
        mounts = tuple(sorted(read.mounts, key=lambda mount: mount.destination))
        container = replace(read, mounts=mounts)
        pid = container.state.pid
        if pid > 0:
            task = _task(answers.tasks.get(id_, []), pid)
            yield replace(container, task=task, ssh_servers=_servers(answers, id_, pid))
        elif container.state.running:
            nothing = Unread("the engine names no process of it")
            yield replace(container, task=nothing, ssh_servers=nothing)
        else:
            yield container


def _servers(answers: _Answers, id_: str, pid: int) -> tuple[str, ...] | Unread:
    if id_ in answers.ssh:
        return tuple(sorted(set(answers.ssh[id_])))
    if id_ in answers.unseen or id_ not in answers.tasks:
        return Unread(f"/proc/{pid}/exe can't be seen (needs root)")
    return ()


def _task(words: list[str], pid: int) -> Task | Unread:
    """`UID CAPABILITIES NO_NEW_PRIVILEGES SECCOMP`, `-` for what the kernel doesn't tell."""
    if len(words) != 4 or not _NUMBER.fullmatch(words[0]) or not _HEX.fullmatch(words[1]):
        return Unread(f"/proc/{pid}/status can't be read")
    uid, capabilities, privileges, seccomp = words
    return Task(
        uid=int(uid),
        capabilities=int(capabilities, 16),
        no_new_privileges={"0": False, "1": True}.get(privileges),
        seccomp={"0": 0, "1": 1, "2": 2}.get(seccomp),
    )


def _images(
    answers: _Answers, listed: list[tuple[str, str]], missing: list[Unread]
) -> Iterator[ImageFacts]:
    for id_, image in _each(answers, "image", listed, ImageFacts, missing):
        found = answers.objects.get(("history", id_))
        document = _document(*found) if found else NO_ANSWER
        if isinstance(document, list):
            document = _history(document)
        history = document if isinstance(document, tuple | Unread) else _why("bad")
        yield replace(image, history=history)


def _history(steps: list[Any]) -> tuple[Step, ...] | Unread:
    """The steps; the API tells seconds since the epoch, the docker command texts."""
    found = []
    for step in steps:
        if not isinstance(step, dict):
            return _why("bad")
        created = step.pop("CreatedAt", step.get("Created", ""))
        size = step.get("Size", 0)
        step["Created"] = _moment(created) if isinstance(created, int) else created
        step["Size"] = int(size) if isinstance(size, str) and _NUMBER.fullmatch(size) else size
        read = _convert(step, Step)
        if isinstance(read, Unread):
            return read
        found.append(read)
    return tuple(found)


def _moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return ""


def _swarm(answers: _Answers) -> SwarmFacts | Unread | None:
    _, code, body = answers.lists.get("swarm", (0, "000", b""))
    if code == "none":
        return None
    document = _document(code, body)
    return document if isinstance(document, Unread) else _convert(document, SwarmFacts)


def _secrets(answers: _Answers) -> int | Unread:
    total, code, _ = answers.lists.get("secrets", (0, "000", b""))
    return total if code == "200" else 0 if code == "none" else _why(code)
