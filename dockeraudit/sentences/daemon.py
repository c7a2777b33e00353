"""What the checks of how the daemon treats its containers find."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms

_FIREWALLS = Forms((marked("{name} and {rest}"), "{name}"))

say = Forms(
    (
        marked("at the next start {rest}"),
        marked("no authorization plugin is in use"),
        marked("the base device size is {size_name}"),
        marked("containers run under the cgroup {cgroup}: confirm that it is wanted"),
        marked("containers run in the host's cgroup namespace by default"),
        marked("the default cgroup namespace is the host's"),
        marked("the default IPC mode is {mode_name}"),
        marked("ports of the default bridge are published on {address_name}"),
        marked("ports of the network {name} are published on every address"),
        marked("the default runtime is {runtime} (not said): confirm that it is wanted"),
        marked("the default runtime is {runtime} ({program}): confirm that it is wanted"),
        marked("no default ulimits are set: containers get the daemon's own limits"),
        marked("experimental features are on"),
        marked(
            "allow-direct-routing is on: "
            "other hosts of the network reach unpublished ports of containers"
        ),
        marked("ip-forward-no-drop is on: the host forwards between all networks"),
        marked(
            "every port of containers in the network {name} is open to other hosts: nat-unprotected"
        ),
        marked("the FORWARD chain of {name} lets through what no rule decides (policy none)"),
        marked("the FORWARD chain of {name} lets through what no rule decides (policy {policy})"),
        marked("do rules of nftables keep others from {ports}, which bypass {firewalls}?"),
        marked("do the rules of DOCKER-USER keep others from {ports}, which bypass {firewalls}?"),
        marked("the published ports {values} bypass {firewalls}"),
        marked("containers on the default bridge reach each other: icc is on"),
        marked("every registry in {network} is used without verified TLS"),
        marked("the registry {registry} is used without verified TLS"),
        marked("iptables is off"),
        marked("the default bridge has IPv6 and ip6tables is off"),
        marked("ip6tables is off"),
        marked("the engine logs at debug level"),
        marked("the engine's log level is {level_values}"),
        marked("json-file logs have no max-size"),
        marked("the engine uses neither AppArmor nor SELinux"),
        marked("API versions from {version} on are allowed, {other_version} is the default"),
        marked("no-new-privileges is off by default"),
        marked("{name} holds a user name and password"),
        marked("the mirror {url} is used in the clear"),
        marked("{file} sends containerd to {url} in the clear"),
        marked("{file} takes any certificate of {url_name}"),
        marked("containers' logs are thrown away"),
        marked("the log driver {driver} is a plugin: confirm that logs are shipped"),
        marked("the log driver {name} keeps logs on this host: confirm that they are shipped"),
        marked("the log driver {name} keeps logs on this host, and what runs there was not seen"),
        marked(
            "the log driver {name} keeps logs on this host, and nothing known to ship logs runs"
        ),
        marked("logs go to this host's syslog: confirm that it forwards them"),
        marked("logs go to {address} in the clear"),
        marked("{engine} runs as {account}: decide whether it could be rootless"),
        marked("the engine has no seccomp: no call is filtered"),
        marked("the seccomp profile is unconfined"),
        marked("the seccomp profile is {profile}: compare its calls"),
        marked("the storage driver is overlay: it was removed in 24 and runs out of inodes"),
        marked("the storage driver is vfs: it copies every layer whole and is meant for tests"),
        marked("the storage driver is native: it copies every layer whole"),
        marked("the storage driver is {name}: decide whether it is wanted"),
        marked("the storage driver is {name}"),
        marked("the file system below {driver} has no d_type"),
        marked("docker-proxy holds the published ports"),
        marked("userland-proxy is on"),
        marked("user namespaces are off: root in containers is root here"),
    ),
    firewalls=_FIREWALLS,
)
