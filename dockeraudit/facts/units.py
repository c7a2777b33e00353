"""What starts a daemon at boot: systemd's view, and other inits' links."""

from msgspec import Struct

from dockeraudit.facts.evidence import Names, Unread


class Unit(Struct, frozen=True):
    """A systemd unit: the files it is made of, and what `systemctl show` says of it."""

    name: str
    sources: tuple[str, ...]
    """The fragment first, then drop-ins in the order systemd applies them; texts are in
    `HostFacts.texts`. Empty: no file of that name in any unit folder."""
    properties: Names | Unread
    """Id, LoadState, ActiveState, SubState, UnitFileState, MainPID, NeedDaemonReload, Result,
    NRestarts, ExecMainStartTimestamp… Unread where systemd does not run."""
    user: str = ""
    """The account whose user manager owns it; empty for the system's manager."""
    wants: tuple[str, ...] = ()
    """Links that pull it in at boot (`…/multi-user.target.wants/docker.service`)."""


class Boot(Struct, frozen=True):
    """How services start on this host."""

    init: str
    """`systemd`, `openrc`, `sysvinit`, `runit`, `busybox`, or the name of process 1."""
    links: tuple[str, ...] | Unread = ()
    """Other inits' links that start docker at boot: `/etc/rc2.d/S01docker`,
    `/etc/runlevels/default/docker`, `/etc/service/docker`."""
    scripts: tuple[str, ...] = ()
    """Init scripts and run files that exist for docker: `/etc/init.d/docker`."""
    lines: dict[str, tuple[str, ...]] = {}
    """Lines `NUMBER:TEXT` of other start-up files that start a daemon, by file: /etc/inittab,
    /etc/rc.local, crontabs (`@reboot`)."""
    linger: tuple[str, ...] = ()
    """Accounts whose user manager runs without a login (rootless daemons need it)."""
