"""One target on another machine: what is sent there, what is done there, what comes back.

Built-in checks and those of installed plug-ins are sent by their id, so both machines need the same
versions. Checks of a folder (`--checks-dir`) are sent whole: a worker needs no such folder.
"""

import io
import os
import pickle
import sys
import threading
import zlib
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import msgspec
from msgspec import Struct

from dockeraudit import __version__, plugins
from dockeraudit.bastions import Bastions
from dockeraudit.check import Check
from dockeraudit.fleet import HostShown
from dockeraudit.repeated import Identity
from dockeraudit.report import HostReport
from dockeraudit.results import Looked
from dockeraudit.scan import Plan, look
from dockeraudit.targets import Target, is_url
from dockeraudit.transport.process import Cancel

RUNS = 8
"""Runs that a worker remembers; for one of more at a time it unpacks the plan again."""


class Unsendable(Exception):
    """A plan that can't leave this machine, or can't be followed on that one; one line."""


class Errand(Struct, frozen=True):
    """What is sent for one target."""

    run: str
    plan: bytes
    """As `packed` made it. A worker unpacks it once."""
    target: Target
    several: bool


class _Answer(Struct, frozen=True):
    """`Looked`, with types that can be decoded."""

    report: HostReport
    shown: HostShown | None
    identity: Identity | None


class _Crew(Struct, frozen=True):
    """What the errands of one run share on a worker."""

    plan: Plan
    cancel: Cancel
    bastions: Bastions


_CREWS: dict[str, _Crew] = {}
_STOPPED: dict[str, None] = {}
_LOCK = threading.Lock()


def version() -> str:
    """What has to be the same on both machines."""
    return f"dockeraudit {__version__} on Python {sys.version_info[0]}.{sys.version_info[1]}"


def packed(plan: Plan) -> bytes:
    """The plan as it is sent.

    Raises:
        Unsendable: a check of a folder holds what can't be sent.
    """
    import cloudpickle

    plan = _with_whole_path(plan)

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def persistent_id(self, item: object) -> str | None:
            known = isinstance(item, Check) and _checks().get(item.id) is item
            return item.id if known else None  # type: ignore[attr-defined]

    own = [
        module for name, module in sys.modules.items() if name.startswith("dockeraudit_checks_of:")
    ]
    for module in own:
        cloudpickle.register_pickle_by_value(module)
    file = io.BytesIO()
    try:
        Pickler(file, protocol=5).dump(plan)
    except Exception as error:
        raise Unsendable(
            f"the checks can't be sent to workers: {error}; make the folder's checks a plug-in, "
            "and install it there too"
        ) from error
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)
    return zlib.compress(file.getvalue())


def _with_whole_path(plan: Plan) -> Plan:
    """The plan, and those for groups, with a path of ssh_config that means the same elsewhere."""
    config = plan.options.ssh_config
    if config is None:
        return plan
    options = msgspec.structs.replace(plan.options, ssh_config=os.path.abspath(config))
    another = partial(_another, plan.another, options.ssh_config) if plan.another else None
    return msgspec.structs.replace(plan, options=options, another=another)


def _another(
    of: Callable[[str, Target | None], Plan | None],
    ssh_config: str | None,
    name: str,
    target: Target | None,
) -> Plan | None:
    plan = of(name, target)
    if plan is None:
        return None
    options = msgspec.structs.replace(plan.options, ssh_config=ssh_config)
    return msgspec.structs.replace(plan, options=options)


def placed(target: Target) -> Target:
    """The target as it is sent: a path of facts from here is none elsewhere unless it is whole."""
    if target.kind != "facts" or not target.path or is_url(target.path):
        return target
    return msgspec.structs.replace(target, path=os.path.abspath(target.path))


def sent(errand: Errand) -> bytes:
    """What a worker does when it unpickles it: `fulfil` the errand."""
    return _call(fulfil, version(), msgspec.msgpack.encode(errand))


def stopping(run: str) -> bytes:
    """What a worker does when it unpickles it: `stop` the run."""
    return _call(stop, run)


def _call(function: Callable[..., object], *arguments: object) -> bytes:
    """A call as a pickle, so that the only function that a task names is `pickle.loads`.

    A scheduler then needs no dockeraudit, and a worker that has none says so: a task that it can't
    even read would end it.
    """

    class Call:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return function, arguments

    return pickle.dumps(Call(), protocol=5)


def fulfil(wanted: str, data: bytes) -> bytes | str:
    """On the worker: look at one target; a text says why nothing can be done there.

    `wanted` is the version of the machine that asks.
    """
    if wanted != version():
        return f"there is {version()}, and here {wanted}: install the same on both"
    errand = msgspec.msgpack.decode(data, type=Errand)
    try:
        crew = _crew(errand)
    except Unsendable as error:
        return str(error)
    work = partial(look, plan=crew.plan, cancel=crew.cancel, several=errand.several)
    looked = crew.bastions.past(errand.target, work)
    return zlib.compress(
        msgspec.msgpack.encode(_Answer(looked.report, looked.shown, looked.identity)), 1
    )


def received(data: bytes) -> Looked:
    """What a worker saw.

    Raises:
        ValueError: it is no answer.
    """
    try:
        answer = msgspec.msgpack.decode(zlib.decompress(data), type=_Answer)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    return Looked(answer.report, answer.shown, answer.identity)


def stop(run: str) -> None:
    """On the worker: end what is under way for a run, and begin nothing more of it."""
    with _LOCK:
        _remember(_STOPPED, run, None)
        crew = _CREWS.get(run)
    if crew is not None:
        crew.cancel.set()


def _crew(errand: Errand) -> _Crew:
    with _LOCK:
        crew = _CREWS.get(errand.run)
        if crew is None:
            plan, cancel = _unpacked(errand.plan), Cancel()
            crew = _Crew(plan, cancel, Bastions(plan.options, cancel))
            _remember(_CREWS, errand.run, crew)
            if errand.run in _STOPPED:
                cancel.set()
        return crew


def _remember(memory: dict[str, Any], run: str, value: object) -> None:
    memory[run] = value
    while len(memory) > RUNS:
        del memory[next(iter(memory))]


def _unpacked(data: bytes) -> Plan:
    try:
        plan = _Unpickler(io.BytesIO(zlib.decompress(data))).load()
    except Unsendable:
        raise
    except Exception as error:
        raise Unsendable(f"the checks can't be loaded there: {error}") from error
    assert isinstance(plan, Plan)
    return plan


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, id: str) -> Check[Any]:
        check = _checks().get(id)
        if check is None:
            raise Unsendable(f"there is no check {id} there: install the same plug-ins on both")
        return check


@cache
def _checks() -> dict[str, Check[Any]]:
    return plugins.checks(lambda problem: None)
