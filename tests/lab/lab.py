"""The lab as a whole: up, down, status, and the files that its users read."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.lab import images, packages, paths, provision
from tests.lab.engine import Engine
from tests.lab.hosts import BY_NAME, HOSTS, Host
from tests.lab.provision import Running
from tests.lab.shell import LabError, run

AT_ONCE = 4  # hosts that boot side by side on a small machine


def up(names: Sequence[str] = (), *, say: bool = False) -> dict[str, Running]:
    """Bring hosts up (all by default); ssh_config and hosts.json then list all that are up."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: network namespaces, chroot, and an engine of its own")
    wanted = chosen(names)
    with paths.locked("lab"):
        packages.install()
        engine = Engine.default()
        engine.start()
        key = _ssh_key()
        running = _found(engine, key)
        missing = [host for host in wanted if host.name not in running]
        started = time.monotonic()
        images.ensure(engine, [host.image for host in missing])
        if say and missing:
            print(f"images ready after {time.monotonic() - started:.1f} s", flush=True)
        failures = []
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for host, outcome in zip(
                missing, pool.map(lambda h: _boot(engine, h, key, say), missing), strict=True
            ):
                if isinstance(outcome, Running):
                    running[host.name] = outcome
                else:
                    failures.append(str(outcome))
        _write(running)
        if failures:
            raise LabError("\n".join(failures))
    return {host.name: running[host.name] for host in wanted}


def down(names: Sequence[str] = ()) -> None:
    """Take hosts down; without names all of them, and the engine and its namespace with them."""
    with paths.locked("lab"):
        engine = Engine.default()
        if engine.pid() is not None:
            for host in chosen(names):
                provision.remove(engine, host)
        if names:
            _write(_found(engine, _ssh_key()))
            return
        engine.stop()
        _write({})


def status() -> dict[str, Running]:
    """The hosts that are up, by the recipes of today."""
    engine = Engine.default()
    return _found(engine, _ssh_key()) if engine.pid() is not None else {}


def chosen(names: Sequence[str]) -> list[Host]:
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise LabError(f"no such host: {', '.join(unknown)} (there are: {', '.join(BY_NAME)})")
    return [BY_NAME[name] for name in names] if names else list(HOSTS)


def _boot(engine: Engine, host: Host, key: str, say: bool) -> Running | LabError:
    started = time.monotonic()
    try:
        running = provision.boot(engine, host, key)
    except LabError as error:
        return LabError(f"{host.name}: {error}")
    if say:
        print(
            f"{host.name}: up after {time.monotonic() - started:.1f} s at {running.address}",
            flush=True,
        )
    return running


def _found(engine: Engine, key: str) -> dict[str, Running]:
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        found = pool.map(lambda host: provision.find(engine, host, key), HOSTS)
    return {running.host.name: running for running in found if running is not None}


def _ssh_key() -> str:
    """The public key of the lab's one client key, made when it is first asked for."""
    private = paths.state() / "ssh" / "id_ed25519"
    if not private.exists():
        private.parent.mkdir(parents=True, exist_ok=True)
        run(
            [
                "ssh-keygen",
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-C",
                "dockeraudit-lab",
                "-f",
                str(private),
            ]
        )
    return private.with_suffix(".pub").read_text()


def _write(running: dict[str, Running]) -> None:
    """ssh_config, known_hosts and hosts.json; a host is NAME (as root) and NAME-user (as audit)."""
    state = paths.state()
    known = [f"{name},{name}-user,{r.address} {r.host_key}\n" for name, r in running.items()]
    paths.write(state / "known_hosts", "".join(known))
    blocks, entries = [], {}
    for name, one in running.items():
        for alias, user in ((name, "root"), (f"{name}-user", "audit")):
            blocks.append(f"Host {alias}\n    HostName {one.address}\n    User {user}\n")
            entries[alias] = {
                "address": one.address,
                "certificates": str(one.certificates()) if one.host.tls else None,
                "engine": one.engine or None,
                "image": one.host.image,
                "summary": one.host.summary,
                "user": user,
            }
    common = (
        f"Host *\n    IdentityFile {state / 'ssh' / 'id_ed25519'}\n    IdentitiesOnly yes\n"
        f"    UserKnownHostsFile {state / 'known_hosts'}\n    GlobalKnownHostsFile /dev/null\n"
        "    StrictHostKeyChecking yes\n    BatchMode yes\n"
    )
    paths.write(state / "ssh_config", "\n".join([*blocks, common]))
    paths.write(state / "hosts.json", json.dumps(entries, indent=2) + "\n")
