"""The collector as a script of its own, for hosts that nobody logs in to, and what it prints.

The output is that of `collector.sh` between two lines: `@dockeraudit 1 NONCE VERSION` in front, and
`@NONCE done SECONDS` behind, without which it is torn. The script makes its own nonce. Nothing on
the host can forge a frame, as over SSH; yet the whole file is the host's word, as an answer is.
"""

import re

from msgspec.structs import replace

from dockeraudit.facts import HostFacts

from .frames import CollectError

FORM = 1
"""Of the first line; raised when an older reader would misunderstand what follows."""

_FIRST = re.compile(rb"^@dockeraudit (\d{1,6}) ([0-9a-f]{32}) [^\n]*\n", re.M)

_HEAD = """\
#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The collector of dockeraudit {version}: reads this Docker host and prints what it saw.
#
# Run it as root, by cron, cloud-init or configuration management, and bring its output to where
# dockeraudit is:
#
#     umask 077; sh collect.sh >"$(uname -n).facts.out"
#     dockeraudit scan web1.facts.out          # or a folder of such files
#
# It needs a POSIX sh and the usual tools (busybox will do), installs and writes nothing, and
# prints no private key, password or credential. It exits with 1 where its output is not whole.
# Made by `dockeraudit collector`; make it anew after an update of dockeraudit.
"""

_MAIN = """\
pushed() {
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
set -f
N='' pu='' pt=0
read -r pu </proc/sys/kernel/random/uuid
IFS=-
set -- $pu
unset IFS
N=$1$2$3$4$5
case $N in
'' | *[!0-9a-f]*) N=$(tr -dc 0-9a-f </dev/urandom | head -c 32) ;;
esac
[ ${#N} -eq 32 ] || { echo "no random number: /proc and /dev/urandom are missing" >&3; exit 1; }
[ "$(id -u)" = 0 ] || echo "not run as root: much will stay unknown" >&3
read -r pt px </proc/uptime
printf '@dockeraudit %s %s %s\\n' "$FORM" "$N" "$VERSION" || exit 1
( main ) 3>&-
if [ -n "$MORE_PATHS" ]; then ( X=$MORE_PATHS; main ) 3>&-; fi
pn=$pt
read -r pn px </proc/uptime
printf '@%s done %s\\n' "$N" $((${pn%%.*} - ${pt%%.*})) || exit 1
exit 0
}
{ pushed 3>&2 </dev/null 2>/dev/null; exit 1; }
"""

_CALL = b"{ main </dev/null 2>/dev/null; exit 0; }"
"""The last line of `collector.sh`, in whose place the above is called."""


def standalone(script: bytes, version: str, paths: str) -> bytes:
    """The script; `paths` are those of a second round, one a line and quoted for the shell."""
    body, found, rest = script.rpartition(_CALL)
    if not found or rest.strip():
        raise ValueError("the collector does not end in its call")
    head = _HEAD.format(version=version)
    start = f"X='' FORM={FORM} VERSION={version} MORE_PATHS={paths}\n"
    return head.encode() + body + (start + _MAIN).encode("utf-8", "surrogateescape")


def parse_pushed(data: bytes, name: str) -> HostFacts:
    """The facts in the script's output; their target is the machine's name, or else `name`.

    The clock is the host's own, since nobody else was there.

    Raises:
        CollectError: what is wrong with it, in one line.
    """
    from .assemble import facts, more
    from .frames import split

    first = _FIRST.search(data)
    if first is None:
        raise CollectError("protocol", "it has no line that begins with `@dockeraudit`")
    if int(first[1]) != FORM:
        raise CollectError(
            "protocol",
            f"the output of a newer collector (form {int(first[1])}, this program reads {FORM}); "
            "use a newer dockeraudit",
        )
    nonce = first[2]
    content = data[first.end() :]
    done = re.search(rb"^@%b done (\d{1,6})\n" % nonce, content, re.M)
    if done is None:
        raise CollectError("died", "torn: it stops before the collector's last line")
    rounds = content[: done.start()].split(b"\n@%b end\n" % nonce)
    answers = [each + b"\n@%b end\n" % nonce for each in rounds[:-1]]
    if not answers:
        raise CollectError("died", "the collector did not run to its end")
    found = facts(
        split(answers[0], nonce.decode()), target="", collected_at=0, duration=float(done[1])
    )
    for each in answers[1:]:
        found = more(found, split(each, nonce.decode()))
    machine = found.machine
    return replace(found, target=machine.hostname or name, collected_at=machine.clock)
