"""What several checks of the host under an engine ask."""

import posixpath
import re
from collections.abc import Iterator

from dockeraudit.check import NotApplicable
from dockeraudit.facts import Document, Evidence, Unread
from dockeraudit.host import Engine, Host
from dockeraudit.host.contents import security_option

_REMAPPED = re.compile(r"(.+)/\d+\.\d+")


def no_engine(host: Host) -> Iterator[NotApplicable | Unread]:
    """What to say of a host on which no engine was found; nothing where there is one."""
    if not host.engines:
        nothing = NotApplicable("no Docker engine runs or is installed on this host")
        yield host.unseen or nothing


def information(engine: Engine) -> dict[str, object] | Unread:
    """The answer to `GET /info`."""
    if engine.api is None:
        return Unread(f"GET /info: the API of {engine.name} was not reached")
    info = engine.api.info
    return info.value if isinstance(info, Document) else Unread(f"GET /info: {info.reason}")


def data_root(engine: Engine) -> tuple[str, Evidence] | Unread:
    """The folder of an engine's state: above that of the remapped root, where there is one."""
    info = information(engine)
    told = info.get("DockerRootDir") if isinstance(info, dict) else None
    if isinstance(told, str) and told.startswith("/"):
        above = _REMAPPED.fullmatch(told) if security_option(engine, "userns") else None
        return (above[1] if above else told), Evidence("GET /info", f"DockerRootDir {told}")
    outcome = engine.effective
    if isinstance(outcome, Unread):
        return Unread(f"data-root of {engine.name}: {outcome.reason}")
    setting = outcome.setting("data-root")
    if setting is None or not isinstance(setting.value, str):
        if outcome.undecided:
            return Unread(f"data-root of {engine.name}: {outcome.undecided}")
        usual = f"{engine.home}/.local/share/docker" if engine.rootless else "/var/lib/docker"
        return usual, Evidence("default", f"data-root {usual}")
    path = absolute(engine, setting.value)
    return path, Evidence(str(setting.origin), f"data-root {setting.value}")


def absolute(engine: Engine, path: str) -> str:
    """A path as the daemon takes it: from its working directory."""
    folder = engine.process.cwd if engine.process is not None else "/"
    return posixpath.join(folder if isinstance(folder, str) and folder else "/", path)
