"""Limits of containers that differ from the daemon's."""

from dockeraudit import frameworks, in_force
from dockeraudit.check import LEVEL_1, Manual, MissingEvidence, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-ulimits",
    title="Container with resource limits of its own",
    severity=Severity.LOW,
    over=Container,
    rationale="The daemon's default limits are the ones that were thought about; each exception "
    "has to be wanted.",
    remediation="Leave out --ulimit where the daemon's default will do. " + _shared.AGAIN,
    quiet="It has no limits but the daemon's defaults, which the API shows among a container's. "
    "What they are is daemon-default-ulimit's; where they are not known, all are shown. Whether "
    "an exception is wanted only a person can say.",
    references=frameworks.cis("5.19") + frameworks.RESOURCES,
    profiles=LEVEL_1,
)
def ulimits(container: Container, settings: Settings) -> Outcomes:
    seen = container.seen.host_config.ulimits
    usual = _defaults(container) if seen else {}
    own = [
        f"{each.name}={each.soft}:{each.hard}"
        for each in seen
        if usual.get(each.name) != (each.soft, each.hard)
    ]
    if own:
        message = f"{container.label} has limits of its own, {', '.join(own)}: confirm them"
        said = container.said("HostConfig.Ulimits", own)
        yield Manual(container.resource, message, (said,))


def _defaults(container: Container) -> dict[str, tuple[int, int]]:
    """The daemon's, as far as they are known: tables in its file, `SOFT:HARD` in flags."""
    try:
        told = in_force.option(_shared.daemon(container), "default-ulimits", {})
    except MissingEvidence:
        return {}
    found = {}
    for name, value in told.table.items():
        if isinstance(value, dict):
            given = {key.lower(): each for key, each in value.items()}
            found[name] = (given.get("soft", 0), given.get("hard", 0))
        else:
            soft, _, hard = str(value).partition(":")
            found[name] = (
                (int(soft), int(hard or soft))
                if (hard or soft).isdecimal() and soft.isdecimal()
                else (0, 0)
            )
    return found
