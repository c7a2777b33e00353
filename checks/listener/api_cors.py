"""Web pages may call the API."""

from dockeraudit.check import Finding, NotApplicable, Outcomes, Severity, check, known
from dockeraudit.facts import Evidence
from dockeraudit.host import Engine
from dockeraudit.settings import Settings


@check(
    id="listener-api-cors",
    title="Docker API answers pages of any web site",
    severity=Severity.MEDIUM,
    over=Engine,
    rationale="With `api-cors-header` set to `*` a page in the browser of someone who can reach "
    "the API may call it.",
    remediation="Remove `api-cors-header` from daemon.json and the daemon's arguments, then "
    "`systemctl restart docker`. Engines from 28 on no longer have it and do not start with it.",
    quiet="The option is unset or names one origin. It does not apply to engines from 28 on.",
)
def api_cors(engine: Engine, settings: Settings) -> Outcomes:
    version = known(engine.version, "engine version")
    if version.partition(".")[0].isdigit() and int(version.partition(".")[0]) >= 28:
        yield NotApplicable(f"engine {version} has no api-cors-header")
        return
    setting = known(engine.effective).setting("api-cors-header")
    if setting is not None and setting.value == "*":
        yield Finding(
            resource="api-cors-header",
            message="api-cors-header is *",
            evidence=(Evidence(setting.origin.source, "api-cors-header *"),),
        )
