"""Secrets in the settings of containers."""

from dockeraudit import frameworks
from dockeraudit.check import STRICT, Finding, Manual, Outcomes, Severity, check
from dockeraudit.host import Container
from dockeraudit.host.variables import looks_secret, secrets_in
from dockeraudit.settings import Settings

from . import _shared


@check(
    id="container-env-secrets",
    title="Secret in the settings of a container",
    severity=Severity.MEDIUM,
    over=Container,
    rationale="Variables, command lines and labels are shown by docker inspect to all who may "
    "speak to the engine, inherited by every process, and printed in error reports.",
    remediation="Give it a file instead: -v /srv/secrets/db:/run/secrets/db:ro with "
    "NAME_FILE=/run/secrets/db, or a secret of compose or swarm (docker secret create). Then "
    "change the secret. " + _shared.AGAIN,
    quiet="No variable, option or label has the name of a secret and a value, and no value has "
    "the form of one. Values stay on the host: a name has to do, so placeholders are reported as "
    "well, and secrets under harmless names are not. Empty ones, paths and references to other "
    "variables are fine. Keys, tokens and passwords in URLs are high. Labels are for a person.",
    references=frameworks.SECRETS,
    profiles=STRICT,
)
def env_secrets(container: Container, settings: Settings) -> Outcomes:
    config = container.seen.config
    names = {each.partition("=")[0] for each in config.env}
    for secret in secrets_in(config.env, (*config.entrypoint, *config.cmd)):
        field = "Config.Env" if secret.name in names else "Config.Entrypoint, Config.Cmd"
        shown = _FORMS.get(secret.kind, "a value, and the name of a secret")
        message = f"{secret.name} of {container.label} has {shown}"
        said = container.said(field, f"{secret.name}={secret.kind}")
        severity = Severity.HIGH if secret.certain else Severity.MEDIUM
        yield Finding(f"{container.resource} {secret.name}", message, (said,), severity)
    for key, value in config.labels.items():
        if value and looks_secret(key):
            message = f"label {key} of {container.label} has the name of a secret: look at it"
            said = container.said("Config.Labels", f"{key}=***")
            yield Manual(f"{container.resource} label {key}", message, (said,))


_FORMS = {
    "aws-key": "the form of an AWS key",
    "private-key": "the form of a private key",
    "token": "the form of a token",
    "url-credentials": "a URL with a password",
}
