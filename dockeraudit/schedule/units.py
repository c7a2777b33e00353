"""The systemd service and timer of a job.

The service is confined as far as a scan of its own machine stays true under it (docs/how-to/cron.md
says why for each that is left out): it must see every process, every file system and the real /tmp.
"""

from dockeraudit.schedule.job import Job, Places
from dockeraudit.schedule.owned import head

_SERVICE = """\
[Unit]
Description=dockeraudit scan `{name}`
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={user}
ExecStart={command}
# 1 is findings and 3 is incomplete: results of a scan that ran. Anything else fails the unit.
SuccessExitStatus=1 3
TimeoutStartSec=6h
Nice=10
UMask=0077
StateDirectory=dockeraudit/{name}
StateDirectoryMode=0700
RuntimeDirectory=dockeraudit-{name}
RuntimeDirectoryMode=0700
Environment=TMPDIR=%t/dockeraudit-{name}

# Not set, since a local scan has to see all there is: PrivateTmp, ProtectHome=yes, PrivateNetwork,
# PrivateUsers, ProtectProc, ProcSubset, and root without CAP_SYS_PTRACE or CAP_DAC_*.
ProtectSystem=strict
ProtectHome=read-only
{writes}NoNewPrivileges={no_new_privileges}
CapabilityBoundingSet={capabilities}
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @mount @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
"""

_TIMER = """\
[Unit]
Description=When dockeraudit scan `{name}` runs

[Timer]
OnCalendar={every}
RandomizedDelaySec={delay}
# The same delay each time, so that runs are one interval apart (systemd before 247 ignores it).
FixedRandomDelay=true
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
"""

# Root without what no scan needs. What lets it read all and look into all processes stays:
# without these it would be root by number only, and find less than there is.
_ROOT = (
    "~CAP_AUDIT_CONTROL CAP_BLOCK_SUSPEND CAP_BPF CAP_LINUX_IMMUTABLE CAP_MAC_ADMIN"
    " CAP_MAC_OVERRIDE CAP_MKNOD CAP_PERFMON CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_TIME"
    " CAP_SYS_TTY_CONFIG CAP_WAKE_ALARM"
)


def service(job: Job, places: Places) -> str:
    """The service's text."""
    writes = "".join(
        f"ReadWritePaths={quoted(folder)}\n"
        for folder in job.writes
        if folder != places.folder(job.name)
    )
    privileged = job.user == "root" or job.sudo
    return head(job.name) + _SERVICE.format(
        name=job.name,
        user=job.user,
        command=exec_line(job.command()),
        writes=writes,
        no_new_privileges="no" if job.sudo else "yes",
        capabilities=_ROOT if privileged else "",
    )


def timer(job: Job) -> str:
    """The timer's text."""
    return head(job.name) + _TIMER.format(name=job.name, every=job.every, delay=job.delay)


def exec_line(words: tuple[str, ...]) -> str:
    """A command line as ExecStart= takes it apart again into these words.

    In the first word `$` stands for itself already.
    """
    program, *others = words
    return " ".join((quoted(program), *(quoted(word.replace("$", "$$")) for word in others)))


def quoted(word: str) -> str:
    """A word of a unit file: specifiers and escapes undone; in quotes unless it is plain."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    plain = word and all(char.isalnum() or char in "-_./=:@,+$%" for char in word)
    return text if plain else f'"{text}"'
