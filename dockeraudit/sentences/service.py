"""What the checks of how the daemon starts find."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms, listed
from dockeraudit.sentences._startup import error

_UNITS = Forms((marked("{name} of {account_name}"), "{name}"))
_WORDS = (
    "inactive",
    "failed",
    "activating",
    "deactivating",
    "refreshing",
    "maintenance",
    "unknown",
)
_ENDS = ("", ", {name}", " ({result_name})", ", {name} ({result_name})")
_STATES = Forms(
    (
        marked("not running ({name})"),
        marked("not running"),
        *(word + end for word in _WORDS for end in _ENDS),
    )
)
"""systemd's words for what a unit is doing, and for how it ended."""
_LASTING = Forms((marked("link below /run"), "{name}"))
_PARTS = Forms((marked("engine"), "containerd", "runc"))
_FLAWS = Forms(
    (
        marked("programs in the data-root can be run by every account"),
        marked("supplementary groups of containers are set wrongly"),
        marked("encrypted overlay networks take and send clear packets"),
        marked("names asked in internal networks leave the host"),
        marked("authorization plugins can be passed by"),
        marked("authorization plugins can be passed by with a large request"),
        marked("an image's own programs run as root when an archive is copied into its container"),
        marked("containers in the host's network reach the shim's socket"),
        marked("folders of containers can be entered by every account"),
        marked("folders of containerd can be entered by every account"),
        marked("a container escapes through a leaked file descriptor"),
        marked("a container escapes through masked paths"),
        marked("a container escapes through /dev/console"),
        marked("a container redirects runc's writes to /proc"),
    )
)
"""Those of releases.json."""
_UNCLEAR = listed(
    Forms(
        (
            marked("{name} (if authorization plugins are used)"),
            marked("{name} (if it is in a swarm)"),
            "{name}",
        )
    ),
    ", ",
)
_MAKERS = Forms((marked("the maker of {name}"), marked("an unknown maker"), "{text}"))
_SYSTEMS = Forms((marked("the distribution"), "{text}"))
_LINES = Forms((marked("releases before {name}"), "{name}"))
_CHANGES = listed(
    Forms(
        (
            marked("{name} from nothing to {values}"),
            marked("{name} from {values} to nothing"),
            marked("{name} from {values} to {other_values}"),
        )
    ),
    "; ",
)
_LISTENERS = Forms(
    (
        marked("a unix socket"),
        marked("mode unknown, reach {name}"),
        marked("{other_name}, reach {name}"),
    )
)

say = Forms(
    (
        # service-active
        marked("{unit} was restarted {number} times and is still not up"),
        marked("{engine} is set up to start, but no dockerd runs: {error}"),
        marked("{engine} is set up to start, but no dockerd runs"),
        marked("{unit} is {state}, waiting for a first client of {name}: {error}"),
        marked("{unit} is {state}, waiting for a first client of {name}"),
        # service-containerd
        marked("{engine} uses {path}, but no containerd runs beside it"),
        marked("{name} is masked: dockerd's next start fails"),
        marked("{name} is disabled and {owner} does not pull it in"),
        # service-enabled
        marked("nothing starts {engine} at boot"),
        marked("{unit} is masked and can't be started at all"),
        marked("{unit} is enabled until the next reboot only ({lasting})"),
        marked("{unit} starts only when {account} logs in: lingering is off"),
        marked("{unit} is {name}: only the first client of {other_name} starts it after a boot"),
        marked("{unit} is {name}: nothing starts it at boot"),
        marked("{name} does not start {engine} at boot"),
        # service-engine-known-vulnerable and service-engine-supported
        marked("{part} {name} has {flaw_name}: {flaw}; repaired in {values}"),
        marked("{part} {name} is by {maker}: look up whether it repairs {unclear}"),
        marked("engine {name} is by {maker}: ask there how long it is maintained"),
        marked(
            "engine {name} is a distribution's own, and how long {system} is supported is not known"
        ),
        marked("engine {name} is that of {system}, whose security support ended on {date_name}"),
        marked(
            "engine {name}: the line {line} has had no updates since {date}, "
            "unless a distribution repairs its own"
        ),
        marked("engine {name}: the line {line} has had no updates since {date_name}"),
        marked("engine {name}: the data here, of {date}, is too old to judge it"),
        # service-environment-secrets
        marked("{file} has a URL with a password on dockerd's command line"),
        marked("{file} sets {name} to a URL with a password"),
        marked("{file} sets {name}, by its name a secret"),
        marked("{file} sets {name}; whether there is a password in it was masked"),
        # service-live-restore, -managed, -multiple-daemons and -restart-policy
        marked("live-restore is off in {engine}: its containers stop with the daemon"),
        marked("dockerd, process {number}, is not that of {unit}: it was started by hand"),
        marked("dockerd, process {number}, belongs to no service: it was started by hand"),
        marked("{number} daemons run on this host: {values}"),
        marked("{unit} has Restart={name}: a crash leaves it down"),
        # service-next-start
        marked("it runs now, but the next start fails: {error}"),
        marked("the next start fails: {error}"),
        # service-restart-pending
        marked("dockerd, process {number}, runs a program that has been replaced since"),
        marked("systemd has not read {unit} since its files were changed"),
        marked("the next start changes {changes}"),
        marked("the next start opens {address}, {listener}"),
        marked("the next start turns {address} from {mode} to {other_name}"),
        marked("{engine} works, and would not with its files as they are now: {error}"),
        marked("{file} was renewed, but the certificate of before is still served"),
        marked(
            "{file} was written {number} s after dockerd started, which reads it at its start only"
        ),
        marked("{file} was written {number} s after dockerd started: {names} may not be in force"),
        marked("{file} was written {number} s after dockerd started"),
        marked("{address}, {listener}, is open until the next start"),
        # service-active again: what is left
        marked("{unit} is {state}: {error}"),
        marked("{unit} is {state}"),
    ),
    unit=_UNITS,
    state=_STATES,
    error=error,
    owner=Forms((marked("{name} of {account_name}"), "{engine}")),
    lasting=_LASTING,
    part=_PARTS,
    flaw=_FLAWS,
    maker=_MAKERS,
    unclear=_UNCLEAR,
    system=_SYSTEMS,
    line=_LINES,
    changes=_CHANGES,
    listener=_LISTENERS,
)
