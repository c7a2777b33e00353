"""Host images: Debian systems made by debootstrap, and a busybox one made from such a system.

A recipe is data. Its hash is part of the image's name, so a changed recipe is a new image; nothing
else is ever rebuilt.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.lab import busyroot, packages, paths
from tests.lab.engine import Engine
from tests.lab.shell import LabError, run

TOOLS = (
    "acl",
    "ca-certificates",
    "curl",
    "docker.io",
    "iproute2",
    "iptables",
    "openssh-server",
    "openssl",
    "procps",
    "socat",
    "sudo",
)
SYSTEMD = ("dbus", "systemd", "systemd-sysv")
# For what runs in hosts: images, an sshd for a container, an authorization plug-in, rootless.
EXTRA = (
    "busybox-static",
    "dbus-user-session",
    "dropbear-bin",
    "fuse-overlayfs",
    "python3",
    "rootlesskit",
    "slirp4netns",
    "uidmap",
)
SYSVINIT = ("initscripts", "insserv", "sysv-rc", "sysvinit-core")

# Run by sh inside the new root. Host keys and the machine's id are made afresh on each host.
FINISH = """
set -eu
rm -f /etc/ssh/ssh_host_* /var/log/*.log /var/log/apt/* /var/cache/debconf/*-old
: >/etc/machine-id
: >/etc/fstab
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
rm -rf /usr/share/man/* /usr/share/locale/* /usr/share/doc/*
apt-get clean
printf '%s\\n' 'PermitRootLogin prohibit-password' 'PasswordAuthentication no' 'UseDNS no' \\
    >/etc/ssh/sshd_config.d/lab.conf
useradd --create-home --shell /bin/sh audit
printf 'audit:lab-password\\n' | chpasswd
if [ -x /lib/systemd/systemd ]; then
    # Timers that look for updates or tidy disks which are not the host's own.
    for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer \\
        dpkg-db-backup.timer e2scrub_reap.service systemd-pstore.service; do
        systemctl disable "$unit" >/dev/null 2>&1 || true
    done
    systemctl mask systemd-modules-load.service >/dev/null 2>&1
fi
"""

# sysvinit in a container: no consoles, no disks, no hardware.
FINISH_SYSVINIT = """
sed -i '/getty/d' /etc/inittab
for service in hwclock.sh udev checkroot.sh checkfs.sh checkroot-bootclean.sh kmod mountall.sh \\
    mountall-bootclean.sh mountnfs.sh mountnfs-bootclean.sh mountkernfs.sh mountdevsubfs.sh \\
    mount-configfs brightness procps urandom hostname.sh bootmisc.sh bootlogs rmnologin; do
    rm -f /etc/rc?.d/[SK]??"$service"
done
# Lift only the limits that this machine lets a process lift.
sed -i 's/^\\(\\t*\\)ulimit \\(.*\\)$/\\1ulimit \\2 2>\\/dev\\/null || true/' /etc/init.d/docker
"""


@dataclass(frozen=True)
class Recipe:
    """A Debian system: what debootstrap puts in, and what is done to it afterwards."""

    name: str
    suite: str
    packages: tuple[str, ...]
    finish: str = FINISH
    busybox: bool = False  # the image is a busybox system with programs of this one

    def key(self) -> str:
        """A hash of everything that decides what the image is."""
        procedure = inspect.getsource(busyroot if self.busybox else _debootstrap)
        return hashlib.sha256(f"{self!r}\n{procedure}".encode()).hexdigest()[:12]

    def tag(self) -> str:
        return f"dockeraudit-lab/{self.name}:{self.key()}"

    def tarball(self) -> Path:
        return paths.cache() / "images" / f"{self.name}-{self.key()}.tar"


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("bookworm", "bookworm", TOOLS + SYSTEMD),
        Recipe("trixie", "trixie", (*TOOLS, *SYSTEMD, "docker-cli")),
        Recipe("bookworm-extra", "bookworm", TOOLS + SYSTEMD + EXTRA),
        Recipe("bookworm-audit", "bookworm", (*TOOLS, *SYSTEMD, "auditd")),
        Recipe("bullseye", "bullseye", TOOLS + SYSTEMD),
        # sid's systemd does not boot on cgroup v1 machines; sysvinit boots on both.
        Recipe("sid", "sid", (*TOOLS, *SYSVINIT, "docker-cli"), FINISH + FINISH_SYSVINIT),
        Recipe(
            "busybox",
            "bookworm",
            (
                "busybox-static",
                "ca-certificates",
                "docker.io",
                "iptables",
                "openrc",
                "openssh-server",
            ),
            finish="",
            busybox=True,
        ),
    )
}


def ensure(engine: Engine, names: list[str]) -> None:
    """Bring the images into the engine, from cached tarballs; build missing ones, two at once."""
    recipes = [RECIPES[name] for name in dict.fromkeys(names)]
    missing = [recipe for recipe in recipes if not engine.has_image(recipe.tag())]
    unbuilt = [recipe for recipe in missing if not recipe.tarball().exists()]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(build, unbuilt))
    for recipe in missing:
        engine.import_image(recipe.tarball(), recipe.tag())
        engine.forget_images(recipe.tag())


def build(recipe: Recipe) -> Path:
    """Make the image's tarball; the file appears only when it is whole."""
    tarball = recipe.tarball()
    tarball.parent.mkdir(parents=True, exist_ok=True)
    root = paths.cache() / "build" / f"{recipe.name}-{os.getpid()}"
    try:
        _debootstrap(recipe, root)
        content = root
        if recipe.busybox:
            content = root.with_name(f"{root.name}-busybox")
            busyroot.make(root, content)
        unfinished = tarball.with_suffix(f".{os.getpid()}")
        run(["tar", "-C", str(content), "--numeric-owner", "-cf", str(unfinished), "."])
        unfinished.replace(tarball)
    finally:
        _remove(root)
        _remove(root.with_name(f"{root.name}-busybox"))
    for old in tarball.parent.glob(f"{recipe.name}-{'[0-9a-f]' * 12}.tar"):
        if old != tarball:
            old.unlink()
    return tarball


def _debootstrap(recipe: Recipe, root: Path) -> None:
    archive = packages.mirror()
    _remove(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    argv = ["debootstrap", "--variant=minbase", f"--include={','.join(recipe.packages)}"]
    if not archive.verified:
        argv.append("--no-check-gpg")
    # A suite newer than the machine's debootstrap has no script there; Debian's all share sid's.
    script = [] if _knows(recipe.suite) else ["/usr/share/debootstrap/scripts/sid"]
    proxy = {"http_proxy": archive.proxy, "https_proxy": archive.proxy} if archive.proxy else None
    run([*argv, recipe.suite, str(root), archive.uri, *script], timeout=1500, env=proxy)
    if recipe.finish:
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
        run(["chroot", str(root), "/bin/sh"], stdin=recipe.finish.encode(), env=env)


def _knows(suite: str) -> bool:
    return Path("/usr/share/debootstrap/scripts", suite).exists()


def _remove(root: Path) -> None:
    """Take down what debootstrap may have left mounted, then the folder."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed(mounts):
        if Path(mount).is_relative_to(root):
            run(["umount", mount])
    if root.exists():
        shutil.rmtree(root)


def container_image() -> bytes:
    """A tar of a tiny system for containers inside the hosts: busybox and links to it."""
    busybox = shutil.which("busybox", path="/bin:/usr/bin")
    if busybox is None:
        raise LabError("busybox is not installed")
    return busyroot.tiny(Path(busybox))
