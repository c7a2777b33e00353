"""What the checks of the docker command's users find."""

from dockeraudit.language import marked
from dockeraudit.sentences import permissions
from dockeraudit.sentences._forms import Forms, or_itself

_VALUES = Forms(
    (
        marked("a process with {variable}"),
        marked("a process"),
        marked("every account"),
        marked("account {account}"),
    )
)

say = Forms(
    (
        marked("no login file sets DOCKER_CONTENT_TRUST for all accounts or for root"),
        marked(
            "{place_values} sets DOCKER_CONTENT_TRUST={value}, which turns it off for {who_values}"
        ),
        marked("the context {context} ({file}) calls {address} without TLS"),
        marked("the context {context} ({file}) takes any certificate of {address}"),
        marked(
            "the default context of {who_values} takes any certificate of {address}: DOCKER_TLS "
            "without DOCKER_TLS_VERIFY"
        ),
        marked(
            "{file} holds credentials for {registry} in base64, from before {store} became the "
            "store"
        ),
        marked("{file} holds credentials for {registry} in base64"),
        marked(
            "{place_values} sets DOCKER_HOST={value} without DOCKER_TLS_VERIFY; DOCKER_TLS alone "
            "is for the docker command only, and verifies nothing ({who_values})"
        ),
        marked("{place_values} sets DOCKER_HOST={value} without DOCKER_TLS_VERIFY ({who_values})"),
        marked(
            "{place_values} sets {variable}={value}, which switches TLS and its verification on"
        ),
        marked("{place_values} sets {variable}={value}, which encrypts and takes any certificate"),
        marked("{place_values} sets {variable}={value}, which switches TLS on"),
        marked("{file} uses the registry {registry} over plain HTTP"),
        marked("{file} uses the registry {registry} without verifying its certificate"),
        marked("the builder {builder} reaches an engine at {address}: with TLS?"),
        marked("the builder {builder} ({file}) is called at {address} without TLS"),
        marked("{file} gives containers a proxy with its password: {field_name}"),
        "{fault}",
    ),
    values=or_itself(_VALUES),
    fault=permissions.say,
)
