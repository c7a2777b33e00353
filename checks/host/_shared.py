"""What several checks of the host under an engine ask."""

import re

from dockeraudit.facts import Document, Evidence, Unread
from dockeraudit.host import Engine
from dockeraudit.host.contents import security_option

_REMAPPED = re.compile(r"(.+)/\d+\.\d+")


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
    path = engine.absolute(setting.value)
    return path, Evidence(str(setting.origin), f"data-root {setting.value}")
