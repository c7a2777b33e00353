"""Why a host was not reached or not seen whole, and what to do then.

What ssh, a tool, a system or a library said is quoted as it is, so a message that is nothing but
such a line behind the host's name is of no form here.
"""

from dockeraudit.language import marked
from dockeraudit.sentences import reasons
from dockeraudit.sentences._forms import Forms

_CONFIGURED = Forms(
    (
        marked("ProxyJump through more than {number} hosts"),
        marked("login without a public key"),
        marked("host certificates of an authority with an RSA key"),
    )
)
"""What asyncssh does not do; else it is a line of ssh's configuration."""

_COLLECTED = (
    marked("the collector did not start; the host said nothing"),
    marked("the collector did not start; the host said {line}"),
    marked("unexpected line {line} in its output"),
    marked("the collector's output stops in the middle"),
    marked("the collector did not run to its end"),
    marked("the host has no {tools}"),
    marked("the answer has no frame {names}"),
    marked("it has no line that begins with `@dockeraudit`"),
    marked(
        "the output of a newer collector (form {number}, this program reads {other_number}); "
        "use a newer dockeraudit"
    ),
    marked("torn: it stops before the collector's last line"),
)
"""Why an answer is not the collector's."""

_INVENTORY = (
    marked("{spec} holds a password: leave it out, and use a key or an agent: USER@HOST"),
    marked("{spec} has a path: write ssh://USER@HOST:PORT"),
    marked("{spec} has options behind `?`: use --become, --ssh-config, --ssh-option"),
    marked("{spec} has no whole [IPv6]: write [ADDRESS]:PORT"),
    marked("{spec} has no IPv6 address in its brackets: write HOST:PORT without them"),
    marked("no port from 1 to 65535 in {spec}: write HOST:PORT"),
    marked("no host in {spec}: write HOST, USER@HOST or HOST:PORT"),
    marked("no user before the @ in {spec}: write HOST or USER@HOST"),
    marked("the host in {spec} begins with -, as an option does: write HOST"),
    marked("the host in {spec} holds {sign}: write HOST with letters, digits and . _ - + only"),
    marked("the user in {spec} begins with -: write USER@HOST"),
    marked("the user in {spec} holds {sign}: write USER with letters, digits and . _ - + only"),
    marked("the user in {spec} ends in a backslash: write USER@HOST"),
)
"""What an inventory of ansible's may name that is no host."""


def _of_a_jump_host(text: str) -> str:
    """What is wrong with it: a failure that needs not name it, or a line of ssh's."""
    return say(text) or _OF_A_HOST(text) or text


_OF_A_HOST = Forms(
    (
        marked("ssh was ended by signal {number}"),
        marked("ssh ended without a word (status {number})"),
        marked("the host key is not the one in known_hosts"),
        marked("the jump host's key is not the one in known_hosts"),
        marked("the host key is not known here"),
        marked("the jump host's key is not known here"),
        marked("the command was ended by signal {name}"),
        marked("no shell ran (status {number}) and said nothing"),
        marked("no shell ran (status {number}): {line}"),
        marked("ssh -G failed: status {number}"),
        marked("ssh -G failed: {line}"),
        marked("asyncssh is not installed: pip install 'dockeraudit[asyncssh]'"),
        marked("ssh's configuration asks for what asyncssh does not do here: {configured}"),
        marked("ssh's configuration asks for what asyncssh does not do here: {words}"),
        marked("can't run {program} here: {cause}"),
        marked("can't start {program} here: {cause}"),
        marked("the script is not text"),
        marked("the script is too long for an argument ({number} bytes)"),
        marked("testinfra can't serve it here: {cause}"),
        marked("the inventory gives a password"),
        marked("not tried, since its jump host {jump} is down: {trouble}"),
        marked("no whole answer before the run's deadline of {number} s"),
        marked("not asked before the run's deadline of {number} s"),
        marked("{number} workers died while they had it to ask, the last at {address}"),
        marked("there was not a worker that offers no --worker-group for {number} s"),
        marked("there was not a worker that offers {groups} for {number} s"),
        *_COLLECTED,
        *_INVENTORY,
    ),
    configured=_CONFIGURED,
    trouble=_of_a_jump_host,
)
"""What stands behind a host's name."""

_OF_A_FILE = (
    marked("larger than {number} MiB"),
    marked("not a facts file: no time of a collection in it"),
    marked("not a facts file: nested too deeply"),
    marked("not a facts file: {cause}"),
    marked("changed since it was written: its checksum is that of other content"),
    marked(
        "written by a newer version, and not readable by this one: {cause}; use a newer dockeraudit"
    ),
    marked(
        "facts version {given} is not known to this program (it reads {number}); "
        "use a newer dockeraudit"
    ),
    marked("no whole output of the collector: {failure}"),
    marked("URLs of facts need fsspec: pip install 'dockeraudit[fsspec]'"),
)

_OF_AN_ENGINE = (
    marked(
        "the Dask scheduler at {scheduler} was lost ({cause}); what a scan with --out FOLDER left "
        "undone, --resume FOLDER does"
    ),
    marked(
        "no Dask scheduler at {scheduler}: {cause}; start one with `dask scheduler`, or name "
        "another --scheduler"
    ),
    marked(
        "there was no worker at {scheduler} for {number} s: start one with `dask worker "
        "{other_scheduler}`; what a scan with --out FOLDER left undone, --resume FOLDER does"
    ),
    marked("a worker of {scheduler} can't take part: {refusal}"),
    marked("a worker of {scheduler} can't take part: {cause}; each needs {version}"),
    marked(
        "the checks can't be sent to workers: {cause}; make the folder's checks a plug-in, and "
        "install it there too"
    ),
)

_VERSION = Forms((marked("dockeraudit {name} on Python {number}"),))

_REFUSALS = Forms(
    (
        marked("there is {version}, and here {other_version}: install the same on both"),
        marked("there is no check {name} there: install the same plug-ins on both"),
        marked("the checks can't be loaded there: {cause}"),
        marked("its answer is none: {cause}"),
    ),
    version=_VERSION,
)
"""Why a worker of Dask looks at nothing."""

_HINTS = (
    marked("compare the host's fingerprint with its owner, then connect once with ssh by hand"),
    marked(
        "somebody may be in between; only if the host is known to be reinstalled: "
        "ssh-keygen -R HOST, then connect once by hand"
    ),
    marked(
        "try `ssh -o BatchMode=yes` by hand: a key, an agent or a certificate must do without "
        "asking"
    ),
    marked(
        "the port may belong to something else, or sshd turns clients away (MaxStartups, a ban, "
        "hosts.deny): try fewer at once, or later"
    ),
    marked("the host, its sshd or the network went away; run it again"),
    marked("mend ssh's configuration, --ssh-config or --ssh-option"),
    marked("check the spelling, DNS, or ~/.ssh/config"),
    marked("is sshd running there, and on this port?"),
    marked(
        "a firewall may drop the packets, or the host is down; --ssh-option ConnectTimeout=N waits "
        "longer"
    ),
    marked("the port is open, but no sshd answers on it in time"),
    marked("check the route, the network and the firewall between here and the host"),
    marked("the agent offers too many keys: IdentitiesOnly=yes with an IdentityFile"),
    marked("the account's password has expired: log in by hand once"),
    marked("the host takes no logins right now (pam_nologin)"),
    marked(
        "the host offers only algorithms that this ssh leaves out; --ssh-option can add one, "
        "knowing its risk"
    ),
    marked("what answers there does not speak SSH as this ssh does"),
    marked("sshd lets this account run no command (ForceCommand, a restricted key, or no shell)"),
    marked("the jump host can't resolve the name"),
    marked("the jump host was refused by the target"),
    marked("the jump host got no answer from the target in time"),
    marked("the jump host could not, or may not (AllowTcpForwarding), connect to the target"),
    marked("the jump host did not connect to the target"),
    marked("something on this machine killed it"),
    marked(
        "the remote process was killed, or LogLevel QUIET hides the reason: try `ssh -v` by hand"
    ),
    marked("take requiretty out of the host's sudoers for this user"),
    marked("the user may not use sudo there: add it to sudoers, or scan without --become"),
    marked("sudoers allows this user other commands only: it must allow sh"),
    marked("the host has no sudo: name root as the user, or scan without --become"),
    marked("sudo can't work there: it lacks its setuid bit, or runs in a restricted container"),
    marked("the host's PAM refuses the account"),
    marked(
        "allow it without a password: `USER ALL=(root) NOPASSWD: ALL` in a file of "
        "/etc/sudoers.d, or name root as the user"
    ),
    marked("sudo failed on the host: try `sudo -n true` there"),
    marked("the account has no shell that runs commands: use another user"),
    marked("the host has no sh on its PATH"),
    marked("raise --timeout, or find out what the host is busy with"),
    marked("raise --timeout"),
    marked(
        "an answer of this size is not a Docker host's own: look at what its shell prints at login"
    ),
    marked("an answer of this size is not a Docker host's own"),
    marked(
        "a forced command, a restricted shell or a broken profile may answer in the script's place"
    ),
    marked("something on the host holds the session open"),
    marked("install {program} on this machine, or put it on the PATH"),
    marked("the command may be too long, or this machine out of processes or files"),
    marked("or use --ssh-client openssh"),
    marked("try --ssh-client openssh"),
    marked("use --ssh-client openssh for this host"),
    marked("is the engine or API server running here, and is this its address?"),
    marked("the tool itself may not do this: use another account or configuration"),
    marked("check the API server's name"),
    marked("check the network"),
    marked("it has no sh: an image without a shell can't be looked into this way"),
    marked("check the name, and that it runs"),
    marked("ansible and salt take it as an argument; reach the host over ssh instead"),
    marked("scan the Linux machine that runs the engine, for example in WSL or a virtual machine"),
    marked("install what this kind of target needs beside dockeraudit"),
    marked("name one host of the inventory for each target"),
    marked("passwords are not used: let a key or an agent do, or add ?force_ansible=true"),
    marked("mend the inventory"),
    marked("try the tool behind this target by hand"),
    marked("run it again; if it happens again, something on the host ends the session"),
    marked("something there writes into the answer: a profile, a forced command, a proxy"),
    marked("install it (coreutils, findutils, grep, sed, awk, or busybox)"),
    marked("scan it again"),
    marked("probe it again"),
    marked("report it, with what DOCKERAUDIT_DEBUG=1 shows"),
    marked("scan as root, or with --become (sudo without a password)"),
    marked("mend the jump host, or the way to it, and scan these hosts again"),
    marked("raise --deadline; what a scan with --out FOLDER left undone, --resume FOLDER does"),
    marked("look at the workers' logs and memory, then scan it again"),
    marked("start it where it reaches the host: {command}"),
    marked("mend it and scan again; with --out, --resume goes on"),
    marked("name it once"),
    marked("collect it again with `dockeraudit collect`"),
    marked("check the path"),
    marked("scan it with the dockeraudit that wrote it, or a newer one"),
    marked("run the script of `dockeraudit collector` again on that host"),
    marked("install it where dockeraudit runs"),
    marked("name the addresses that are meant"),
    marked("name its address, or look at the resolver"),
    marked("probe it from where it is met"),
    marked("scan the host itself: a login shows what it is"),
)

say = Forms(
    (
        marked("{rest} (after {number} tries)"),
        marked("{quoted} (after {number} tries)"),
        *_HINTS,
        marked("interrupted before it began"),
        marked("interrupted before it answered"),
        marked("asyncssh gave up without a word"),
        marked("seen as {user} without root: 1 result is unknown"),
        marked("seen as {user} without root: {number} results are unknown"),
        marked(
            "the same host as {target}, by its machine id, hostname and address: its results "
            "stand there"
        ),
        marked("dockeraudit itself failed: {cause}"),
        *_OF_A_FILE,
        *_OF_AN_ENGINE,
        marked("{host}: {failure}"),
        marked("no whole answer from {host} within {number} s ({other_number} bytes came)"),
        marked("no answer from {host} within {number} s"),
        marked("{host} said more than {number} bytes; the answer was cut and thrown away"),
        marked("{host} said more than {number} bytes"),
        marked("{address} closes connections at once"),
        marked("{host} closed its output, but did not end"),
        marked("{host} gave something else than was asked (status {number}): {line}"),
        marked("{host} gave something else than was asked (status {number})"),
        marked("{host} is a Windows host, which has no POSIX sh"),
        marked("{host} is no host of it"),
        marked("{host} is not one host, but {hosts}"),
        marked("{name} has no address here: {cause}"),
        marked("{name} has {number} addresses, more than {other_number}"),
        marked("no answer from {addresses}"),
        *reasons.PROBED,
    ),
    cause=reasons.cause,
    failure=_OF_A_HOST,
    refusal=_REFUSALS,
    version=_VERSION,
)
