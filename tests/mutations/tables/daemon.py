"""Options of the daemon: in its configuration file, and in its own word on the API."""

from tests.mutations.bases import current, hardened, wildcard
from tests.mutations.engine import Mutation, derived, in_order, mutation
from tests.mutations.steps import info, options, put, security, version

PLUGIN = "opa-docker-authz"

tuned = derived(
    hardened,
    options(
        {
            "authorization-plugins": [PLUGIN],
            "default-cgroupns-mode": "private",
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 65536}},
            "icc": False,
            "log-opts": {"max-size": "10m"},
            "no-new-privileges": True,
            "userland-proxy": False,
            "userns-remap": "default",
        },
        {"Plugins": {"Authorization": [PLUGIN]}, "CgroupVersion": "2"},
    ),
    security(
        add=("name=apparmor", "name=userns", "name=cgroupns", "name=no-new-privileges"),
    ),
)
"""The hardened host with all options as the checks want them."""

with_runtime = derived(
    tuned, options({"runtimes": {"other": {"path": "/usr/bin/other"}}}), put("/usr/bin/other")
)
shipping = derived(
    tuned,
    options(
        {
            "log-driver": "syslog",
            "log-opts": {"syslog-address": "tcp+tls://192.0.2.9:6514"},
        },
        {"LoggingDriver": "syslog"},
    ),
)
on_devicemapper = derived(wildcard, info(Driver="devicemapper"))
rootless = derived(tuned, security(add=("name=rootless",)))


MUTATIONS: dict[str, Mutation] = {
    "daemon-authorization-plugin": mutation(
        tuned, options({"authorization-plugins": None}, {"Plugins": {"Authorization": None}})
    ),
    "daemon-base-device-size": mutation(
        on_devicemapper, options({"storage-opts": ["dm.basesize=50G"]})
    ),
    "daemon-cgroup-parent": mutation(tuned, options({"cgroup-parent": "/everything"}), to="manual"),
    "daemon-default-namespaces": mutation(tuned, options({"default-ipc-mode": "shareable"})),
    "daemon-default-runtime": mutation(
        with_runtime,
        options({"default-runtime": "other"}, {"DefaultRuntime": "other"}),
        to="manual",
    ),
    "daemon-default-ulimit": mutation(tuned, options({"default-ulimits": None}), to="manual"),
    "daemon-experimental": mutation(
        tuned, options({"experimental": True}, {"ExperimentalBuild": True})
    ),
    "daemon-icc": mutation(tuned, options({"icc": None})),
    "daemon-insecure-registries": mutation(
        tuned,
        options(
            {"insecure-registries": ["registry.example:5000"]},
            {"RegistryConfig": {"IndexConfigs": {"registry.example:5000": {"Secure": False}}}},
        ),
    ),
    "daemon-iptables": mutation(
        hardened, options({"iptables": False}), also="daemon-firewall-bypass"
    ),
    "daemon-log-level": mutation(tuned, options({"log-level": "warn"})),
    "daemon-log-rotation": mutation(tuned, options({"log-opts": None})),
    "daemon-mac-enabled": mutation(tuned, security(remove=("name=apparmor",))),
    "daemon-min-api": mutation(
        current, in_order(options({"min-api-version": "1.24"}), version(MinAPIVersion="1.24"))
    ),
    "daemon-no-new-privileges": mutation(
        tuned,
        in_order(
            options({"no-new-privileges": None}), security(remove=("name=no-new-privileges",))
        ),
    ),
    "daemon-remote-logging": mutation(
        shipping, options({"log-opts": {"syslog-address": "tcp://192.0.2.9:514"}})
    ),
    "daemon-rootless": mutation(rootless, security(remove=("name=rootless",)), to="manual"),
    "daemon-seccomp": mutation(
        tuned,
        in_order(
            options({"seccomp-profile": "unconfined"}),
            security(
                add=("name=seccomp,profile=unconfined",), remove=("name=seccomp,profile=builtin",)
            ),
        ),
    ),
    "daemon-storage-aufs": mutation(wildcard, info(Driver="aufs")),
    "daemon-storage-deprecated": mutation(tuned, info(Driver="vfs")),
    "daemon-storage-devicemapper": mutation(
        wildcard, info(Driver="devicemapper"), also="daemon-base-device-size"
    ),
    "daemon-userland-proxy": mutation(tuned, options({"userland-proxy": None})),
    "daemon-userns": mutation(
        tuned, in_order(options({"userns-remap": None}), security(remove=("name=userns",)))
    ),
}
