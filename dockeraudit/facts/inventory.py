"""What an engine keeps: containers, images, networks, volumes, its swarm; as its API says it.

Fields carry the API's own names in a facts file (`HostConfig.CapAdd`), and hold only what the
collector lets through: of environment variables the names, of labels the keys, of commands the
options, of build steps the instructions.
"""

from msgspec import Struct, field

from dockeraudit.facts.evidence import Unread

WITHHELD = "***"
"""Stands for a text that stayed on the host."""

Variables = tuple[str, ...]
"""`NAME=KIND` for each variable. KIND says of the value, which stays on the host, no more than
what it is: `empty`, `set`, `path`, `reference` (`${OTHER}`), or, where its form gives it away,
`aws-key`, `private-key`, `token`, `url-credentials`."""


class ApiObject(Struct, frozen=True, rename="pascal", omit_defaults=True):
    """Part of an answer, under the API's own names; what it leaves out has its default."""


class Binding(ApiObject, frozen=True):
    """Where on the host a container's port is published."""

    host_ip: str = ""
    host_port: str = ""
    """Empty: any free one."""


Bindings = dict[str, tuple[Binding, ...]]
"""By the container's port: `80/tcp`."""


class Mount(ApiObject, frozen=True):
    """Something mounted into a container."""

    type: str = ""
    """`bind`, `volume`, `tmpfs`, `npipe`, `cluster`, `image`."""
    name: str = ""
    source: str = ""
    destination: str = ""
    driver: str = ""
    rw: bool = field(default=True, name="RW")
    propagation: str = ""


class RestartPolicy(ApiObject, frozen=True):
    """When a container is started again."""

    name: str = ""
    maximum_retry_count: int = 0


class Device(ApiObject, frozen=True):
    """A device of the host in a container."""

    path_on_host: str = ""
    cgroup_permissions: str = ""


class DeviceRequest(ApiObject, frozen=True):
    """Devices that a driver hands out, such as GPUs."""

    driver: str = ""
    count: int = 0


class Ulimit(ApiObject, frozen=True):
    """A resource limit that differs from the daemon's."""

    name: str = ""
    soft: int = 0
    hard: int = 0


class LogConfig(ApiObject, frozen=True):
    """Where a container's output goes."""

    type: str = ""


class HostConfig(ApiObject, frozen=True):
    """What a container may do to its host."""

    privileged: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    network_mode: str = ""
    pid_mode: str = ""
    ipc_mode: str = ""
    uts_mode: str = field(default="", name="UTSMode")
    userns_mode: str = ""
    cgroupns_mode: str = ""
    cgroup_parent: str = ""
    memory: int = 0
    """Bytes; 0: no limit."""
    nano_cpus: int = 0
    cpu_shares: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    pids_limit: int | None = None
    readonly_rootfs: bool = False
    restart_policy: RestartPolicy = RestartPolicy()
    port_bindings: Bindings = {}
    publish_all_ports: bool = False
    devices: tuple[Device, ...] = ()
    device_cgroup_rules: tuple[str, ...] = ()
    device_requests: tuple[DeviceRequest, ...] = ()
    ulimits: tuple[Ulimit, ...] = ()
    masked_paths: tuple[str, ...] | None = None
    """Empty: nothing of /proc and /sys is hidden. None: the API does not say."""
    readonly_paths: tuple[str, ...] | None = None
    log_config: LogConfig = LogConfig()
    runtime: str = ""


class Healthcheck(ApiObject, frozen=True):
    """How health is told: of the test the first word only, `CMD`, `CMD-SHELL` or `NONE`."""

    test: tuple[str, ...] = ()


class Config(ApiObject, frozen=True):
    """What runs, in a container or by default in an image."""

    image: str = ""
    user: str = ""
    env: Variables = ()
    cmd: tuple[str, ...] = ()
    """Options by name and addresses; every other word is WITHHELD."""
    entrypoint: tuple[str, ...] = ()
    exposed_ports: dict[str, dict[str, str]] = {}
    healthcheck: Healthcheck | None = None
    labels: dict[str, str] = {}
    """Values are WITHHELD but for those of swarm and compose that name things."""


class Health(ApiObject, frozen=True):
    """The state of a health check."""

    status: str = ""


class State(ApiObject, frozen=True):
    """Whether a container runs, and since when (RFC 3339)."""

    status: str = ""
    """`created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`."""
    running: bool = False
    pid: int = 0
    started_at: str = ""
    finished_at: str = ""
    health: Health | None = None


class Attached(ApiObject, frozen=True):
    """A container's place in a network."""

    network_id: str = field(default="", name="NetworkID")


class NetworkSettings(ApiObject, frozen=True):
    """What is published now, and where the container is attached."""

    ports: Bindings = {}
    networks: dict[str, Attached] = {}


class Task(Struct, frozen=True, tag="task", tag_field="is"):
    """The container's first process as the host's kernel sees it (/proc/PID/status)."""

    uid: int
    """The effective user, in the host's own numbers."""
    capabilities: int
    """The effective set, a bit for each (capability.h)."""
    no_new_privileges: bool | None = None
    seccomp: int | None = None
    """0: none, 1: strict, 2: a filter."""


class ContainerFacts(ApiObject, frozen=True):
    """`GET /containers/ID/json`, and its first process."""

    id: str
    name: str = ""
    created: str = ""
    image: str = ""
    """The image's id."""
    state: State = State()
    restart_count: int = 0
    app_armor_profile: str = ""
    process_label: str = ""
    exec_ids: tuple[str, ...] = field(default=(), name="ExecIDs")
    host_config: HostConfig = HostConfig()
    config: Config = Config()
    mounts: tuple[Mount, ...] = ()
    network_settings: NetworkSettings = NetworkSettings()
    task: Task | Unread = Unread("it does not run")
    ssh_servers: tuple[str, ...] | Unread = ()
    """Programs of SSH servers that run in it, by path."""


class Step(ApiObject, frozen=True):
    """A line of an image's history, newest first."""

    created: str = ""
    created_by: str = ""
    """The instruction: package managers' words, names that look like secrets (`TOKEN=***`), what
    ADD and COPY name; every other word is WITHHELD."""
    size: int = 0
    comment: str = ""


class ImageFacts(ApiObject, frozen=True):
    """`GET /images/ID/json` and `/images/ID/history`."""

    id: str
    repo_tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    created: str = ""
    size: int = 0
    config: Config = Config()
    history: tuple[Step, ...] | Unread = ()


class Pool(ApiObject, frozen=True):
    """A range of addresses of a network."""

    subnet: str = ""
    gateway: str = ""


class Ipam(ApiObject, frozen=True):
    """How a network gives addresses."""

    config: tuple[Pool, ...] = ()


class NetworkFacts(ApiObject, frozen=True):
    """An entry of `GET /networks`."""

    id: str
    name: str = ""
    driver: str = ""
    scope: str = ""
    internal: bool = False
    attachable: bool = False
    ingress: bool = False
    enable_ipv6: bool = field(default=False, name="EnableIPv6")
    options: dict[str, str] = {}
    ipam: Ipam = field(default=Ipam(), name="IPAM")


class VolumeFacts(ApiObject, frozen=True):
    """An entry of `GET /volumes`."""

    name: str
    driver: str = ""
    mountpoint: str = ""
    options: dict[str, str] = {}
    """`type`, `o`, `device` of the local driver; others' are WITHHELD."""


class PluginFacts(ApiObject, frozen=True):
    """An entry of `GET /plugins`: a managed plug-in."""

    name: str
    enabled: bool = False


class Encryption(ApiObject, frozen=True):
    """How a swarm keeps its keys."""

    auto_lock_managers: bool = False


class Authority(ApiObject, frozen=True):
    """How a swarm's CA issues certificates."""

    node_cert_expiry: int = 0
    """Nanoseconds."""


class SwarmSpec(ApiObject, frozen=True):
    """What a swarm was told."""

    encryption_config: Encryption = Encryption()
    ca_config: Authority = field(default=Authority(), name="CAConfig")


class TlsInfo(ApiObject, frozen=True):
    """A swarm's public CA certificate, PEM."""

    trust_root: str = ""


class SwarmFacts(
    Struct, frozen=True, rename="pascal", omit_defaults=True, tag="swarm", tag_field="is"
):
    """`GET /swarm`, which only managers answer."""

    id: str = field(default="", name="ID")
    created_at: str = ""
    spec: SwarmSpec = SwarmSpec()
    tls_info: TlsInfo = field(default=TlsInfo(), name="TLSInfo")
    root_rotation_in_progress: bool = False
    data_path_port: int = 0


class Reference(ApiObject, frozen=True):
    """A secret or configuration that a service is given."""

    secret_name: str = ""


class ContainerSpec(ApiObject, frozen=True):
    """What a service's tasks run."""

    image: str = ""
    user: str = ""
    env: Variables = ()
    secrets: tuple[Reference, ...] = ()


class TaskTemplate(ApiObject, frozen=True):
    """What a service's tasks are made of."""

    container_spec: ContainerSpec = ContainerSpec()


class ServicePort(ApiObject, frozen=True):
    """A port that a service publishes."""

    protocol: str = ""
    target_port: int = 0
    published_port: int = 0
    publish_mode: str = ""


class Endpoint(ApiObject, frozen=True):
    """How a service is reached."""

    ports: tuple[ServicePort, ...] = ()


class ServiceSpec(ApiObject, frozen=True):
    """What a service was told."""

    name: str = ""
    task_template: TaskTemplate = TaskTemplate()
    endpoint_spec: Endpoint = Endpoint()


class ServiceFacts(ApiObject, frozen=True):
    """An entry of `GET /services`."""

    id: str = field(name="ID")
    spec: ServiceSpec = ServiceSpec()


class Inventory(Struct, frozen=True, tag="inventory", tag_field="is"):
    """All that one engine keeps."""

    containers: tuple[ContainerFacts, ...] | Unread
    """Running and stopped."""
    images: tuple[ImageFacts, ...] | Unread
    networks: tuple[NetworkFacts, ...] | Unread
    volumes: tuple[VolumeFacts, ...] | Unread
    plugins: tuple[PluginFacts, ...] | Unread
    swarm: SwarmFacts | Unread | None = None
    """None: the engine is no manager of a swarm."""
    services: tuple[ServiceFacts, ...] | Unread = ()
    secrets: int | Unread = 0
    """How many secrets the swarm keeps."""
    missing: tuple[Unread, ...] = ()
    """What was listed and could not be read: `container web: …`, `image 1f2e…: …`."""
