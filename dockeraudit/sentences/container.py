"""What the checks of containers find."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms, listed, or_itself

LABELS = Forms((marked("container {name}"), marked("stopped container {name}")))
"""What a container is called."""
_PLACES = Forms(
    (marked("{address}:(any)"), marked("(default):{port}")),
    address=or_itself(Forms((marked("(default)"),))),
)
_DEVICES = Forms((marked("rule {rule}"), marked("any driver:{number}")))
_SECRETS = Forms((marked("a URL"),))
_FORMS = Forms(
    (
        marked("a value, and the name of a secret"),
        marked("the form of an AWS key"),
        marked("the form of a private key"),
        marked("the form of a token"),
        marked("a URL with a password"),
    )
)
_POLICIES = Forms(
    (
        marked("on-failure with {number} attempts"),
        marked("on-failure without a limit"),
    )
)

say = Forms(
    (
        marked("{rest}, by --privileged"),
        marked("{rest}, by way of container {name}"),
        marked("{label} runs without an AppArmor profile"),
        marked("{label} runs without an SELinux label"),
        marked("{label} runs as root of the host"),
        marked("{label} starts as root"),
        marked("root in {label} is root of the host: --userns host"),
        marked("{label} is privileged: it may do what its host's root may"),
        marked("{label} is privileged: it may do what {name} may"),
        marked("{label} has an SELinux type that may do anything"),
        marked("{label} has all capabilities"),
        marked("{label} has more than the usual capabilities: {values}"),
        marked("{label} keeps NET_RAW: it can forge packets of its neighbours"),
        marked("programs of {label} may gain privileges: neither it nor the daemon forbids it"),
        marked("programs of {label} may gain privileges: the kernel says so"),
        marked("programs of {label} may gain privileges: it was made before the daemon's default"),
        marked("programs of {label} may gain privileges: no-new-privileges={values}"),
        marked("{label} has no seccomp filter"),
        marked("{label} has no seccomp filter: unconfined"),
        marked("{label} has no seccomp filter: none is in force"),
        marked("{label} has no seccomp filter: the engine has none"),
        marked("{label} has no seccomp filter: the engine's own profile is unconfined"),
        marked("nothing of /proc and /sys is hidden or read-only in {label}"),
        marked("nothing of /proc and /sys is hidden in {label}"),
        marked("nothing of /proc and /sys is read-only in {label}"),
        marked("{label} publishes every port that its image exposes: confirm that all are needed"),
        marked("{label} publishes {port} on every interface: {places}"),
        marked("{label} publishes {port} on {places}, below 1024"),
        marked("{label} publishes {port} on {places}, which is not allowed"),
        marked(
            "{label} publishes {port} on {places}, which its image does not expose: confirm that "
            "it is needed"
        ),
        marked("{label} publishes {port} on {places}: confirm that it is needed"),
        marked("{label} is on the default bridge"),
        marked("{label} is in the host's network"),
        marked("{label} is in the host's control group namespace"),
        marked("{label} is under the control group {values}"),
        marked("{label} shares the host's IPC"),
        marked("{label} shares the host's name"),
        marked("{label} shares the host's processes"),
        marked("{label} lets other containers join its IPC"),
        marked("{label} has every device of the host"),
        marked("{label} has devices of the host: {devices}"),
        marked(
            "{label} has {mount} of the host as {destination}, and with it {socket}: it can "
            "command the engine"
        ),
        marked("{label} has {mount} of the host as {destination}: it can command the engine"),
        marked("{label} may write {mount} of the host, as {values}; it contains {path}"),
        marked("{label} may read {mount} of the host, as {values}; it contains {path}"),
        marked("{label} may write {mount} of the host, as {values}"),
        marked("{label} may read {mount} of the host, as {values}"),
        marked("mounts of {label} in {destination} spread to {values}"),
        marked("the root file system of {label} can be written"),
        marked("label {key} of {label} has the name of a secret: look at it"),
        marked(
            "whether docker exec was used with {option} stands only in the audit log, which rules "
            "fill: read it"
        ),
        marked(
            "whether docker exec was used with {option} stands only in the audit log, and no rule "
            "is known to fill it"
        ),
        marked("{label} is unhealthy"),
        marked("{label} has no health check"),
        marked("{label} has no limit on memory"),
        marked("{label} has no limit on processes"),
        marked("{label} has no limit on processor time"),
        marked("{label} has limits of its own, {limits}: confirm them"),
        marked("{label} has the restart policy {policy}"),
        marked("{label} is made of {image}, which names another image by now: make it again"),
        marked("{label} is made of {image}, made {date}: confirm that there is no newer one"),
        marked("{label} is made of {image}: confirm that there is no newer one"),
        marked("{number} containers don't run, of {all_number}"),
        marked("{label} runs {values}"),
        marked("{secret} of {label} has {form}"),
    ),
    label=LABELS,
    places=listed(or_itself(_PLACES), ", "),
    devices=listed(or_itself(_DEVICES), ", "),
    secret=or_itself(_SECRETS),
    form=_FORMS,
    policy=or_itself(_POLICIES),
)
