"""What the checks of the host itself find."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms, listed, or_itself

_ACCESSES = Forms(
    (
        marked("{access} and {rest}"),
        marked("writing"),
        marked("changing attributes"),
        marked("running it"),
    ),
    access=Forms((marked("writing"), marked("changing attributes"))),
)
_GAPS = Forms(
    (
        marked("the kernel's audit is switched off"),
        marked("no rule records it"),
        marked("{accesses} by {number}-bit programs is not recorded"),
        marked("{accesses} by {number}-bit and {other_number}-bit programs is not recorded"),
        marked("{accesses} is not recorded"),
        marked("«{rule}» takes a part of it out"),
        marked("{rest}, since «{rule}» takes it out"),
        marked("{rest}; «{rule}» does not reach all of it"),
        marked("{rest}; «{rule}» is for calls of {calls} only"),
        marked("{rest}; «{rule}» is for {conditions}, calls of {calls} only"),
        marked("{rest}; «{rule}» is for {conditions} only"),
    ),
    accesses=_ACCESSES,
)
_SYSTEMS = Forms((marked("its system"),))
_WEAKNESSES = Forms(
    (marked("neither AppArmor nor SELinux is on"), marked("{parameter_name} is {value}"))
)
_LIMITS = Forms(
    (
        marked("memory"),
        marked("swap"),
        marked("processes"),
        marked("CPU time"),
        marked("CPU shares"),
        marked("CPU sets"),
    )
)

say = Forms(
    (
        marked("{path} is not audited: auditd is not installed (no auditctl)"),
        marked("{path} is not audited: {gap}"),
        marked("{path} is in the rule files, but now {gap}"),
        marked("{path} is audited until the next start only: in the rule files {gap}"),
        marked("in the rule files, of {folder} {gap}"),
        marked("a person has to judge how far {system} is hardened"),
        marked("a person has to judge how far {system} is hardened: {weaknesses}"),
        marked("the host forwards {family} packets that no rule is for: no filter table"),
        marked("the host forwards {family} packets that no rule is for: no FORWARD chain"),
        marked("the host forwards {family} packets that no rule is for: {values}"),
        marked(
            "containers on one bridge reach each other although icc is false: frames there don't "
            "pass iptables"
        ),
        marked("{path} is on the root file system"),
        marked("{path} is no mount point: it is a folder of {other_path}"),
        marked("{path} is mounted from the root file system's own {values}"),
        marked("{engine} can't limit the {limit} of a container: the kernel does not enforce it"),
    ),
    gap=_GAPS,
    system=or_itself(_SYSTEMS),
    weaknesses=listed(_WEAKNESSES, ", "),
    limit=_LIMITS,
)
