"""An Alpine-like system: busybox for every tool and for init, OpenRC, and real dockerd and sshd.

No Alpine mirror is in the lab's reach, so the programs come from a Debian system. Everything that
a script can see of userland is busybox: sh is ash, and bash, coreutils, openssl, curl, ss, getfacl,
getent, sudo, systemd and the docker command are missing.
"""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

from tests.lab.shell import run

PROGRAMS = (
    "/lib/rc",
    "/sbin/openrc",
    "/sbin/openrc-run",
    "/sbin/rc-service",
    "/sbin/rc-update",
    "/sbin/supervise-daemon",
    "/bin/rc-status",
    "/usr/bin/containerd",
    "/usr/bin/containerd-shim-runc-v2",
    "/usr/bin/docker-init",
    "/usr/bin/ssh-keygen",
    "/usr/lib/openssh/sftp-server",
    "/usr/sbin/docker-proxy",
    "/usr/sbin/dockerd",
    "/usr/sbin/runc",
    "/usr/sbin/sshd",
    "/usr/sbin/xtables-nft-multi",
    "/usr/lib/x86_64-linux-gnu/xtables",
)
FOLDERS = (
    "bin", "dev", "etc/conf.d", "etc/docker", "etc/init.d", "etc/runlevels/boot",
    "etc/runlevels/default", "etc/runlevels/shutdown", "etc/runlevels/sysinit", "etc/ssh",
    "home/audit", "lib", "lib/rc/init.d", "proc", "root", "run", "sbin", "sys", "tmp", "usr/bin",
    "usr/sbin", "var/cache", "var/empty", "var/lib", "var/log",
)  # fmt: skip
# In the manner of Alpine's own, with supervise-daemon: Debian's openrc has no start-stop-daemon.
DOCKER_INIT = """\
#!/sbin/openrc-run
supervisor=supervise-daemon
name="Docker Daemon"
command="${DOCKERD_BINARY:-/usr/bin/dockerd}"
command_args="-p ${DOCKER_PIDFILE:-/run/docker.pid} ${DOCKER_OPTS}"
DOCKER_LOGFILE="${DOCKER_LOGFILE:-/var/log/${RC_SVCNAME}.log}"
output_log="${DOCKER_OUTFILE:-${DOCKER_LOGFILE}}"
error_log="${DOCKER_ERRFILE:-${DOCKER_LOGFILE}}"

start_pre() {
\tcheckpath -f -m 0644 -o root:docker "$DOCKER_LOGFILE"
}
"""
SSHD_INIT = """\
#!/sbin/openrc-run
supervisor=supervise-daemon
command="/usr/sbin/sshd"
command_args="-D"

start_pre() {
\tcheckpath -d -m 0755 /run/sshd
}
"""
FILES = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "sshd:x:22:22:sshd:/run/sshd:/sbin/nologin\n"
        "nobody:x:65534:65534:nobody:/:/sbin/nologin\n"
        "audit:x:1000:1000::/home/audit:/bin/sh\n"
    ),
    # No password, and not '!' either, which sshd would take for a locked account.
    "etc/shadow": "".join(
        f"{user}:*:20000:0:::::\n" for user in ("root", "sshd", "nobody", "audit")
    ),
    "etc/group": (
        "root:x:0:\ntty:x:5:\nuucp:x:14:\nsshd:x:22:\ndocker:x:101:\n"
        "nogroup:x:65534:\naudit:x:1000:\n"
    ),
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/shells": "/bin/sh\n/bin/ash\n",
    "etc/profile": "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
    "etc/os-release": (
        'NAME="Lab Busybox"\nID=labbusybox\nVERSION_ID=1.0\n'
        'PRETTY_NAME="Lab Busybox 1.0 (OpenRC)"\n'
    ),
    "etc/fstab": "",
    "etc/insserv.conf": "",  # Debian's openrc asks for it
    "etc/inittab": (
        "::sysinit:/sbin/openrc sysinit\n"
        "::sysinit:/sbin/openrc boot\n"
        "::wait:/sbin/openrc default\n"
        "::shutdown:/sbin/openrc shutdown\n"
    ),
    "etc/rc.conf": 'rc_sys="docker"\nrc_cgroup_mode="none"\nrc_logger="NO"\n',
    "etc/conf.d/docker": 'DOCKERD_BINARY="/usr/sbin/dockerd"\nDOCKER_OPTS=""\n',
    "etc/ssh/sshd_config": (
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\nUseDNS no\n"
        "Subsystem sftp /usr/lib/openssh/sftp-server\n"
    ),
}


def make(donor: Path, root: Path) -> None:
    """Fill ``root`` with the busybox system; programs and their libraries come from ``donor``."""
    if root.exists():
        shutil.rmtree(root)
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "root").chmod(0o700)
    for program in PROGRAMS:
        _copy(donor, root, program)
    for library in _libraries(donor):
        _copy(donor, root, library)
    _busybox(donor / "bin/busybox", root, donor)
    for name in (
        "iptables",
        "iptables-restore",
        "iptables-save",
        "ip6tables",
        "ip6tables-restore",
        "ip6tables-save",
    ):
        (root / "usr/sbin" / name).symlink_to("xtables-nft-multi")
    (root / "var/run").symlink_to("/run")
    certificates = root / "etc/ssl/certs"
    certificates.mkdir(parents=True)
    shutil.copy2(donor / "etc/ssl/certs/ca-certificates.crt", certificates)
    for path, text in FILES.items():
        (root / path).write_text(text)
    (root / "etc/shadow").chmod(0o600)
    for name, script in (("docker", DOCKER_INIT), ("sshd", SSHD_INIT)):
        (root / "etc/init.d" / name).write_text(script)
        (root / "etc/init.d" / name).chmod(0o755)
        (root / "etc/runlevels/default" / name).symlink_to(f"/etc/init.d/{name}")
    shutil.chown(root / "home/audit", 1000, 1000)


def tiny(busybox: Path) -> bytes:
    """A container image's content: busybox as sh and the few tools that tests need."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for folder in ("bin", "etc", "tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        entry = tarfile.TarInfo("bin/busybox")
        entry.mode, entry.size = 0o755, busybox.stat().st_size
        with busybox.open("rb") as content:
            tar.addfile(entry, content)
        for name in ("sh", "sleep", "cat", "ls", "id", "nc", "wget", "httpd", "true"):
            entry = tarfile.TarInfo(f"bin/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return out.getvalue()


def _copy(donor: Path, root: Path, path: str) -> None:
    source, target = donor / path.lstrip("/"), root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    elif not target.exists():
        shutil.copy2(source, target)


def _libraries(donor: Path) -> list[str]:
    """Every library that the programs load, by the donor's own ldd; plug-ins count as programs."""
    files = []
    for name in PROGRAMS:
        path = donor / name.lstrip("/")
        inside = path.rglob("*") if path.is_dir() else [path]
        files += [f"/{file.relative_to(donor)}" for file in inside if file.is_file()]
    said = run(["chroot", str(donor), "ldd", *files], check=False).stdout
    words = {word for line in said.splitlines() if "(0x" in line for word in line.split()}
    return sorted(word for word in words if word.startswith("/"))


def _busybox(binary: Path, root: Path, donor: Path) -> None:
    shutil.copy2(binary, root / "bin/busybox")
    for path in run(["chroot", str(donor), "/bin/busybox", "--list-full"]).stdout.split():
        # dpkg and rpm would make it look like a packaged system.
        if path in (
            "bin/busybox",
            "usr/bin/dpkg",
            "usr/bin/dpkg-deb",
            "bin/rpm",
            "usr/bin/rpm2cpio",
        ):
            continue
        link = root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to("/bin/busybox")
