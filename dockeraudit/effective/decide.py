"""What a dockerd does with its configuration: the decision procedure, step by step.

cmd/dockerd/daemon.go (start, loadDaemonCliConfig, loadListeners) of moby, since 29.0 in
daemon/command/. The first step that fails decides; nothing here touches a file or the network.
"""

from __future__ import annotations

from posixpath import join

from dockeraudit.effective import tls as tls_rules
from dockeraudit.effective.daemon_json import (
    Decoded,
    check_types,
    conflicts,
    decode,
    go_bool_text,
    ignored_keys,
    unknown_keys,
    unknown_tables,
    values_set,
)
from dockeraudit.effective.files import FileError, Files
from dockeraudit.effective.flags import Parsed, flag_set, parse
from dockeraudit.effective.gotext import atoi, split_host_port, trim_space
from dockeraudit.effective.hosts import DEFAULT_TLS, DEFAULT_UNIX, HostError, parse_host
from dockeraudit.effective.listeners import Listeners, may_resolve, resolve, widest
from dockeraudit.effective.model import (
    CannotTell,
    DaemonInput,
    DoesNotStart,
    Endpoint,
    Origin,
    Outcome,
    Setting,
    TlsSettings,
)
from dockeraudit.effective.reading import Reading
from dockeraudit.effective.settings import merge, rootless_defaults
from dockeraudit.effective.tls import TlsChoice
from dockeraudit.effective.validate import file_problems, list_of, problems, text_of
from dockeraudit.effective.version import NEWEST, OLDEST, Version, parse_version

_DEFAULT_CONFIG = "/etc/docker/daemon.json"
_STAND_INS = ("20.10.24", "26.1.5", "28.5.2")
"""Engines that stand for all when the version is not known."""


def decide(given: DaemonInput) -> Outcome:
    """What the daemon does when it starts with this input.

    >>> outcome = decide(DaemonInput(engine="28.5.2", argv=("-H", "tcp://0.0.0.0:2375")))
    >>> outcome.starts, outcome.reach, outcome.endpoints[0].mode
    (True, 'ANY', 'PLAIN')
    """
    version = parse_version(given.engine)
    return _decide_for_any(given) if version is None else _Start(given, version).outcome()


def _decide_for_any(given: DaemonInput) -> Outcome:
    """The outcome that all engines share, or that it depends on the engine."""
    outcomes = [
        _Start(given, version).outcome()
        for version in map(parse_version, _STAND_INS)
        if version is not None
    ]
    newest = outcomes[-1]
    if all((o.starts, o.endpoints) == (newest.starts, newest.endpoints) for o in outcomes):
        return newest
    return Outcome(
        None,
        undecided="it depends on the engine's version, which is not known",
        endpoints=newest.endpoints,
        reach=widest(outcome.reach for outcome in outcomes),
        settings=newest.settings,
        tls=newest.tls,
        warnings=newest.warnings,
        consulted=newest.consulted,
    )


class _Start:
    """One start of one daemon: the state that the steps fill."""

    def __init__(self, given: DaemonInput, version: Version) -> None:
        self.given = given
        self.version = version
        self.files = Files(given.files, given.links, given.cwd)
        self.rootless = given.rootless or bool(given.env.get("ROOTLESSKIT_STATE_DIR"))
        self.settings: dict[str, Setting] = {}
        self.tls: TlsSettings | None = None
        self.endpoints: list[Endpoint] = []
        self.warnings: list[str] = []
        self.unknown: str | None = None

    def outcome(self) -> Outcome:
        error = None
        try:
            self.run()
        except DoesNotStart as reason:
            error = str(reason)
            self.endpoints = []
        except CannotTell as reason:
            self.unknown = self.unknown or str(reason)
        undecided = self.unknown if error is None else None
        endpoints = tuple(sorted(self.endpoints, key=lambda e: (e.transport, e.address)))
        return Outcome(
            starts=None if undecided else error is None,
            error=error,
            undecided=undecided,
            endpoints=endpoints,
            reach=widest(endpoint.reach for endpoint in endpoints),
            settings=tuple(self.settings.values()),
            tls=self.tls,
            warnings=tuple(self.warnings),
            consulted=tuple(self.files.consulted),
        )

    def run(self) -> None:
        """The steps, in the daemon's order."""
        if not OLDEST <= self.version <= (NEWEST[0], 999, 999):
            self.warnings.append(f"engine {self.given.engine} is outside the releases known here")
        flags = flag_set(self.version)
        parsed = parse(flags, self.given.argv, self.given.argv_origins)
        self.check_arguments(parsed)
        path, path_origin = self.config_path(parsed)
        config_file = Setting("config-file", path, path_origin)
        self.settings = {config_file.name: config_file}
        decoded = self.read_config(path, named="config-file" in parsed.given)
        read = Reading(
            self.given,
            self.version,
            parsed,
            path,
            decoded,
            {entry.key: entry for entry in decoded.entries},
            values_set(decoded, self.version),
        )
        self.check_keys(read)
        self.warn_of_keys(read)
        base: dict[str, Setting] = {}
        if self.rootless:
            base = rootless_defaults(self.given.env, self.given.env.get("HOME") or self.given.home)
        self.settings = {**merge(read, base), config_file.name: config_file}
        choice = tls_rules.choose(read, self.files)
        self.take_tls(choice, read)
        self.check_file_alone(read)
        hosts = self.hosts(parsed, choice.default_host_is_tls)
        self.check_values()
        self.load_tls(choice.settings)
        self.check_early_exit(read)
        self.listen(hosts, choice.settings)
        self.check_late()

    def check_arguments(self, parsed: Parsed) -> None:
        for name in ("help", "version"):
            if parsed.bool(name):
                raise DoesNotStart(f"flag --{name}: exits with status 0 without listening")
        if parsed.positional:
            raise DoesNotStart(
                f"argument {parsed.positional[0]!r}: the daemon takes no positional arguments"
            )
        if "graph" in parsed.given and "data-root" in parsed.given:
            raise DoesNotStart("flags --graph and --data-root exclude each other")
        if self.rootless and not self.given.env.get("XDG_RUNTIME_DIR"):
            raise DoesNotStart("environment XDG_RUNTIME_DIR: rootless mode needs it")

    def config_path(self, parsed: Parsed) -> tuple[str, Origin]:
        named = parsed.last("config-file")
        if named is not None:
            return named, parsed.origin("config-file")
        if not self.rootless:
            return _DEFAULT_CONFIG, Origin("default")
        home = self.given.env.get("HOME") or self.given.home
        folder = self.given.env.get("XDG_CONFIG_HOME") or join(home, ".config")
        return join(folder, "docker/daemon.json"), Origin("default of rootless mode")

    def read_config(self, path: str, *, named: bool) -> Decoded:
        if not path:
            return Decoded()
        try:
            file = self.files.read(path)
        except FileError as error:
            if error.missing and not named:
                return Decoded()
            raise DoesNotStart(f"config-file {path}: {error}") from None
        if file.content is None:
            raise CannotTell(f"what {path} holds is not known")
        try:
            return decode(file.content, self.version)
        except DoesNotStart as error:
            raise DoesNotStart(f"config-file {path} {error}") from None

    def check_keys(self, read: Reading) -> None:
        """findConfigurationConflicts, then the types."""
        for entry in unknown_keys(read.present, self.version):
            raise DoesNotStart(f"config-file {read.path}:{entry.line}: unknown key {entry.key!r}")
        for key in conflicts(read.present, set(read.parsed.given), flag_set(self.version)):
            line = read.present[key].line
            raise DoesNotStart(f"{key} is set both as a flag and in {read.path}:{line}")
        try:
            check_types(read.decoded, self.version)
        except DoesNotStart as error:
            raise DoesNotStart(f"config-file {read.path}: {error}") from None
        if {"host-gateway-ip", "host-gateway-ips"} <= read.present.keys():
            raise DoesNotStart(
                f"config-file {read.path}: host-gateway-ip and host-gateway-ips exclude each other"
            )
        both = [read.entries.get(key) for key in ("graph", "data-root")]
        if all(entry is not None and entry.value for entry in both):
            raise DoesNotStart(f"config-file {read.path}: graph and data-root exclude each other")

    def warn_of_keys(self, read: Reading) -> None:
        for entry in ignored_keys(read.decoded, self.version):
            self.warnings.append(
                f"{read.at(entry)}: accepted by the daemon, though nothing reads it"
            )
        for entry in unknown_tables(read.decoded, self.version):
            self.warnings.append(
                f"{read.at(entry)}: the table is unknown; of the keys in it only tlsverify and"
                " booleans have an effect"
            )
        hidden = read.present.get("tlsverify")
        if hidden is not None and hidden.table is not None:
            self.warnings.append(f"{read.at(hidden)}: turns TLS on, and its value is not read")

    def take_tls(self, choice: TlsChoice, read: Reading) -> None:
        tls = choice.settings
        self.tls = tls
        for each in (tls.enabled, tls.verify, tls.ca, tls.cert, tls.key):
            self.settings[each.name] = each
        for each in (tls.ca, tls.cert, tls.key):
            flagged, entry = each.name in read.parsed.given, read.entries.get(each.name)
            in_file = entry is not None and bool(entry.value)
            if not tls.enabled.value and (flagged or in_file):
                self.warnings.append(f"{each.name} is set but TLS is off: it is not used")
            elif tls.enabled.value and flagged and not each.value:
                self.warnings.append(
                    f"flag --{each.name} is dropped: TLS is asked for in {read.path} only"
                )

    def hosts(self, parsed: Parsed, default_is_tls: bool) -> list[tuple[str, Origin]]:
        """The hosts as PROTO://ADDRESS, each once (normalizeHosts, loadListeners)."""
        setting = self.settings["hosts"]
        texts = list_of(self.settings.get, "hosts") or [""]
        origins = [setting.origin] * len(texts)
        if setting.origin.source.startswith("flag "):
            origins = [parsed.origin("host", at) for at in range(len(texts))]
        if self.version >= (29, 0, 0) and any(trim_space(text) for text in texts):
            filled = [at for at, text in enumerate(texts) if trim_space(text)]
            texts, origins = [texts[at] for at in filled], [origins[at] for at in filled]
        found: dict[str, Origin] = {}
        for text, origin in zip(texts, origins, strict=True):
            host = trim_space(text)
            if not host:
                found.setdefault(self.default_host(default_is_tls), Origin("default"))
                continue
            try:
                address = parse_host(host, self.version)
                if self.version >= (23, 0, 0):
                    # config.Validate parses what normalizeHosts made of it once more
                    parse_host(address, self.version)
            except HostError as error:
                raise DoesNotStart(f"host {text!r} (from {origin}): {error}") from None
            found.setdefault(address, origin)
        ordered = list(found.items())
        return sorted(ordered) if self.version >= (23, 0, 0) else ordered

    def default_host(self, is_tls: bool) -> str:
        if is_tls:
            return DEFAULT_TLS
        if self.rootless:
            return f"unix://{join(self.given.env['XDG_RUNTIME_DIR'], 'docker.sock')}"
        return f"unix://{DEFAULT_UNIX}"

    def check_values(self) -> None:
        for name, what in problems(self.settings.get, self.version, self.files, self.given):
            setting = self.settings.get(name)
            origin = setting.origin if setting is not None else Origin("environment")
            raise DoesNotStart(f"{name} (from {origin}): {what}")
        if self.rootless and self.settings["rootless"].value is not True:
            origin = self.settings["rootless"].origin
            raise DoesNotStart(f"rootless (from {origin}): RootlessKit needs it to be on")

    def check_file_alone(self, read: Reading) -> None:
        """Before 23.0 the file is validated by itself, before flags and defaults are merged in."""
        for name, what in file_problems(read.entries, self.version):
            raise DoesNotStart(f"config-file {read.at(read.entries[name])}: {what}")

    def load_tls(self, settings: TlsSettings) -> None:
        try:
            tls_rules.load(settings, self.files)
        except CannotTell as reason:
            self.unknown = str(reason)

    def check_early_exit(self, read: Reading) -> None:
        key = read.present.get("validate")
        if read.parsed.bool("validate"):
            raise DoesNotStart("flag --validate: exits with status 0 without listening")
        if key is not None and go_bool_text(key.value):
            raise DoesNotStart(f"{read.at(key)}: exits with status 0 without listening")

    def listen(self, hosts: list[tuple[str, Origin]], settings: TlsSettings) -> None:
        mode = tls_rules.mode(settings, self.given, self.files)
        group = self.settings.get("group")
        listeners = Listeners(self.given, self.version, self.files, group, mode)
        pidfile = text_of(self.settings.get, "pidfile").rpartition("/")[0]
        made = [text_of(self.settings.get, name) for name in ("data-root", "exec-root")]
        listeners.made_directories = tuple(each for each in (*made, pidfile) if each)
        self.endpoints = listeners.endpoints
        for host, origin in hosts:
            listeners.listen(host, origin)
        self.unknown = self.unknown or listeners.unresolved
        if mode == "MTLS-SYSROOTS":
            self.warnings.append("tlscacert is empty: any CA of the system's trust store will do")
        self.check_metrics(listeners)

    def check_metrics(self, listeners: Listeners) -> None:
        """startMetricsServer."""
        setting = self.settings.get("metrics-addr")
        address = text_of(self.settings.get, "metrics-addr")
        if setting is None or not address:
            return
        what = f"metrics-addr {address} (from {setting.origin})"
        pair = split_host_port(address)
        port = atoi(pair[1]) if pair is not None else None
        if pair is None or port is None or not 0 <= port <= 65535:
            raise DoesNotStart(f"{what}: it is no address with a port")
        found = resolve(pair[0], self.version, self.given.machine.names)
        if not found and not may_resolve(pair[0], self.given.machine):
            raise DoesNotStart(f"{what}: the name {pair[0]!r} does not resolve")
        if found:
            listeners.bind(found[0], port, what, zone="%" in pair[0])

    def check_late(self) -> None:
        """What ends the daemon only after it has listened: validateAuthzPlugins."""
        for name in list_of(self.settings.get, "authorization-plugins"):
            origin = self.settings["authorization-plugins"].origin
            known = self.given.machine.plugins
            if known is None:
                self.warnings.append(f"whether the authorization plugin {name} answers is unknown")
            elif name not in known and not self.plugin_file(name):
                raise DoesNotStart(
                    f"authorization-plugins (from {origin}): there is no plugin {name!r}"
                )

    def plugin_file(self, name: str) -> bool:
        places = [f"/run/docker/plugins/{name}.sock"]
        for folder in ("/etc/docker/plugins", "/usr/lib/docker/plugins"):
            places += [f"{folder}/{name}.spec", f"{folder}/{name}.json"]
        return any(self.files.exists(place) for place in places)
