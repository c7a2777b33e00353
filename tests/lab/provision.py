"""One host: start its container, write its files, let its init go, wait for what must be true."""

from __future__ import annotations

import hashlib
import inspect
import io
import ipaddress
import json
import shutil
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.lab import certs, paths
from tests.lab.api import Api
from tests.lab.engine import Engine, inside
from tests.lab.hosts import TLS, Host
from tests.lab.images import RECIPES
from tests.lab.shell import LabError, run

LABEL = "dockeraudit-lab.recipe"
# The first process waits for the host's files, then becomes init. The mark stays, for restarts.
HELD_INIT = "while [ ! -e /.lab-go ]; do sleep 0.05; done; exec /sbin/init"
# --privileged needs CAP_SYS_RESOURCE, which not every machine has.
CONTAINER = (
    "--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined", "--security-opt=systempaths=unconfined", "--tmpfs=/run",
    "--tmpfs=/run/lock", "--tmpfs=/tmp", "--sysctl=net.ipv4.ip_forward=1", "--env=container=docker",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
)  # fmt: skip
BOOT_SECONDS = 120.0
# Each host's systemd and its services take about six; 128, the usual limit of a user, is too few.
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_INSTANCES = 1024


@dataclass(frozen=True)
class Running:
    """A host that is up."""

    host: Host
    container: str
    pid: int  # its init, as this machine numbers it
    address: str
    engine: str  # the engine's version, "" where none answers
    host_key: str

    def certificates(self) -> Path:
        """The folder with a client's ca.pem, cert.pem and key.pem, if the host has TLS."""
        return paths.state() / "certs" / self.host.name


def recipe(host: Host, ssh_key: str) -> str:
    """A hash of all that decides what the host is like."""
    parts = (
        repr(host),
        RECIPES[host.image].key(),
        inspect.getsource(certs),
        HELD_INIT,
        str(CONTAINER),
        ssh_key,
        *(repr(more) for more in (host.contents, host.truth.shows) if more),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def find(engine: Engine, host: Host, ssh_key: str) -> Running | None:
    """The host as an earlier run left it, if it is up and was made by the recipe of today."""
    container, pid, address, label = _inspect(engine, host)
    record = _record(host)
    if not pid or label != recipe(host, ssh_key) or not record.exists():
        return None
    kept: dict[str, str] = json.loads(record.read_text())
    if kept["container"] != container or kept["address"] != address:
        return None
    return Running(host, container, pid, address, kept["engine"], kept["host_key"])


def boot(engine: Engine, host: Host, ssh_key: str) -> Running:
    """Make the host anew; returns when it is up and in the state that its entry promises."""
    remove(engine, host)
    if int(INOTIFY.read_text()) < INOTIFY_INSTANCES:
        INOTIFY.write_text(f"{INOTIFY_INSTANCES}\n")
    volumes = [f"--volume={path}" for path in host.volumes]
    label = f"--label={LABEL}={recipe(host, ssh_key)}"
    named = ["--name", host.name, "--hostname", host.name, label]
    image = RECIPES[host.image].tag()
    engine.docker(
        "run", "--detach", *named, *CONTAINER, *volumes, image, "/bin/sh", "-c", HELD_INIT
    )
    container, pid, address, _ = _inspect(engine, host)
    _fill(engine, host, address, ssh_key)
    engine.docker("exec", host.name, "touch", "/.lab-go")
    key = engine.docker("exec", host.name, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").stdout
    host_key = " ".join(key.split()[:2])
    known = paths.state() / "known_hosts.d" / host.name
    paths.write(known, f"{host.name},{address} {host_key}\n")
    _wait_for_ssh(host, address, known)
    if host.after:
        ssh(address, known, ["sh -s"], _fit(host.after, host, address).encode())
    if host.contents:
        _wait_for_engine(host, pid)
        Api.of(pid).load_image()
        ssh(address, known, ["sh -eus"], _fit(host.contents, host, address).encode(), timeout=300)
    version = _wait_for_truth(engine, host, pid, address)
    _wait_for_shows(host, address, known)
    kept = {"container": container, "address": address, "engine": version, "host_key": host_key}
    paths.write(_record(host), json.dumps(kept))
    return Running(host, container, pid, address, version, host_key)


def remove(engine: Engine, host: Host) -> None:
    """Take the host down with its volumes and records; nothing happens if it isn't there."""
    _record(host).unlink(missing_ok=True)
    engine.docker("rm", "--force", "--volumes", host.name, check=False)
    shutil.rmtree(paths.state() / "certs" / host.name, ignore_errors=True)


def ssh(
    address: str,
    known: Path,
    command: list[str],
    stdin: bytes = b"",
    *,
    check: bool = True,
    timeout: float = 60,
) -> tuple[int, str]:
    """A command on a host as root, before there is an ssh_config to go by."""
    options = (
        "BatchMode=yes", "ConnectTimeout=5", "IdentitiesOnly=yes", f"UserKnownHostsFile={known}",
        "StrictHostKeyChecking=yes",
    )  # fmt: skip
    argv = ["ssh", "-F", "none", "-i", str(paths.state() / "ssh" / "id_ed25519")]
    argv += [word for option in options for word in ("-o", option)]
    argv = inside([*argv, f"root@{address}", *command])
    done = run(argv, stdin=stdin, check=check, timeout=timeout)
    return done.returncode, done.stdout


def listeners(pid: int) -> tuple[str, ...]:
    """The TCP listeners on Docker's ports in a host, as its kernel tables have them."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc", str(pid), "net", table).read_text().splitlines()[1:]:
            local, status = line.split()[1], line.split()[3]
            port = int(local.rpartition(":")[2], 16)
            if status == "0A" and 2300 <= port < 2400:
                found.add(f"{_address(local.rpartition(':')[0])}:{port}")
    return tuple(sorted(found))


def _address(digits: str) -> str:
    """The kernel writes addresses as 32-bit words in the machine's byte order."""
    words = [
        int(digits[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(digits), 8)
    ]
    address = ipaddress.ip_address(b"".join(words))
    return f"[{address}]" if address.version == 6 else str(address)


def _record(host: Host) -> Path:
    return paths.state() / "up" / host.name


def _inspect(engine: Engine, host: Host) -> tuple[str, int, str, str]:
    form = (
        '{{.Id}}|{{.State.Pid}}|{{.NetworkSettings.IPAddress}}|{{index .Config.Labels "'
        + LABEL
        + '"}}'
    )
    said = engine.docker("container", "inspect", "--format", form, host.name, check=False)
    if said.returncode != 0:
        return "", 0, "", ""
    container, pid, address, label = said.stdout.strip().split("|")
    return container, int(pid), address, label


def _fit(text: str, host: Host, address: str) -> str:
    return text.replace("@ADDRESS@", address).replace("@NAME@", host.name)


def _fill(engine: Engine, host: Host, address: str, ssh_key: str) -> None:
    """Write the host's files and run what comes before its init, keys for sshd first."""
    files = {file.path: (_fit(file.text, host, address), file.mode, 0) for file in host.files}
    files["/root/.ssh/authorized_keys"] = (ssh_key, 0o600, 0)
    files["/home/audit/.ssh/authorized_keys"] = (ssh_key, 0o600, 1000)
    if host.sudo != "no":
        tag = "NOPASSWD: " if host.sudo == "nopasswd" else ""
        files["/etc/sudoers.d/audit"] = (f"audit ALL=(ALL) {tag}ALL\n", 0o440, 0)
    if host.tls is not None:
        made = certs.issue(host.tls.pki, host.name, address)
        files[f"{TLS}/ca.pem"] = (made.ca_cert, 0o444, 0)
        files[f"{TLS}/server-cert.pem"] = (made.server_cert, 0o444, 0)
        files[f"{TLS}/server-key.pem"] = (made.server_key, host.tls.key_mode, 0)
        if host.tls.ca_key_left:
            files[f"{TLS}/ca-key.pem"] = (made.ca_key, 0o600, 0)
        here = paths.state() / "certs" / host.name
        paths.write(here / "ca.pem", made.ca_cert)
        paths.write(here / "cert.pem", made.client_cert)
        paths.write(here / "key.pem", made.client_key, 0o600)
    engine.docker(
        "exec", "--interactive", host.name, "tar", "-xpf", "-", "-C", "/", stdin=_tar(files)
    )
    script = (
        f"set -eu\nssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key\n{host.before}\n"
    )
    engine.docker(
        "exec",
        "--interactive",
        host.name,
        "/bin/sh",
        "-s",
        stdin=_fit(script, host, address).encode(),
    )


def _tar(files: dict[str, tuple[str, int, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for folder, mode, owner in (("root/.ssh", 0o700, 0), ("home/audit/.ssh", 0o700, 1000)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
            tar.addfile(entry)
        for path, (text, mode, owner) in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid = len(text.encode()), mode, owner, owner
            entry.mtime = int(time.time())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def _wait_for_ssh(host: Host, address: str, known: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while ssh(address, known, ["true"], check=False)[0] != 0:
        if time.monotonic() > deadline:
            raise LabError(f"{host.name}: sshd does not answer at {address}")
        time.sleep(0.2)


def _wait_for_engine(host: Host, pid: int) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            Api.of(pid, timeout=5).version()
            return
        except (OSError, LabError) as error:
            if time.monotonic() > deadline:
                raise LabError(f"{host.name}: the engine does not answer: {error}") from None
        time.sleep(0.2)


def _wait_for_shows(host: Host, address: str, known: Path) -> None:
    """Wait until the host's scripts print what its entry says; a health check takes its time."""
    deadline = time.monotonic() + BOOT_SECONDS
    for script, output in host.truth.shows:
        wanted = _fit(output, host, address).strip()
        while True:
            _, said = ssh(address, known, ["sh -s"], script.encode(), check=False)
            if said.strip() == wanted:
                break
            if time.monotonic() > deadline:
                raise LabError(f"{host.name}: {script}\nprints\n{said.strip()}\nnot\n{wanted}")
            time.sleep(0.5)


def _wait_for_truth(engine: Engine, host: Host, pid: int, address: str) -> str:
    """Wait for what the host's entry says; a plain TCP listener takes dockerd 16 seconds."""
    deadline = time.monotonic() + BOOT_SECONDS
    wanted = tuple(sorted(_fit(listener, host, address) for listener in host.truth.tcp))
    while True:
        version, seen = "", listeners(pid)
        problem = "" if seen == wanted else f"listens on {seen}, not {wanted}"
        if host.truth.active:
            active = engine.docker(
                "exec", host.name, "systemctl", "is-active", "docker.service", check=False
            )
            if active.stdout.strip() != host.truth.active:
                problem = f"docker.service is {active.stdout.strip()}, not {host.truth.active}"
        if host.truth.answers and not problem:
            try:
                version = Api.of(pid, timeout=5).version()
            except (OSError, LabError) as error:
                problem = f"the engine does not answer: {error}"
        if not problem:
            break
        if time.monotonic() > deadline:
            raise LabError(f"{host.name}: {problem}")
        time.sleep(0.3)
    if host.truth.active:
        enabled = engine.docker(
            "exec", host.name, "systemctl", "is-enabled", "docker.service", check=False
        )
        if enabled.stdout.strip() != host.truth.enabled:
            raise LabError(
                f"{host.name}: docker.service is {enabled.stdout.strip()}, not {host.truth.enabled}"
            )
    return version
