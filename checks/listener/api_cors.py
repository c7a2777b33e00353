"""Web pages may call the API."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Daemon
from dockeraudit.host.options import option
from dockeraudit.settings import Settings


@check(
    id="listener-api-cors",
    title="Docker API answers pages of any web site",
    severity=Severity.MEDIUM,
    over=Daemon,
    rationale="With `api-cors-header` set to `*` a page in the browser of someone who can reach "
    "the API may call it.",
    remediation="Remove `api-cors-header` from daemon.json and the daemon's arguments, then "
    "`systemctl restart docker`. Engines from 28 on no longer have it and do not start with it.",
    quiet="The option is unset or names one origin. It does not apply to engines from 28 on.",
)
def api_cors(daemon: Daemon, settings: Settings) -> Outcomes:
    version = known(daemon.engine.version, "engine version")
    if version.partition(".")[0].isdigit() and int(version.partition(".")[0]) >= 28:
        yield NotApplicable(f"engine {version} has no api-cors-header")
        return
    told = known(option(daemon, "api-cors-header"))
    if told is not None and told.value == "*":
        yield Finding(
            resource="api-cors-header",
            message="api-cors-header is *",
            evidence=(Evidence(told.origin, "api-cors-header *"),),
        )
