"""What the checks of TLS find."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms

say = Forms(
    (
        marked(
            "{address} accepts client certificates of any CA in the system's trust store, since "
            "tlscacert is not set"
        ),
        marked("{file} lets in the clients of {number} CAs: is each meant?"),
        marked("{file} lets in the clients of {number} CAs"),
        marked("{file} belongs to the system's trust store"),
        marked("the CA in {file} is a registry's as well ({other_file}): whom else does it sign?"),
        marked("{address} takes the cipher suite {suite_name}"),
        marked(
            "{engine} has DOCKER_TLS_VERIFY in its environment, which has no effect in "
            "{version_name}: {address} takes clients without certificates"
        ),
        marked(
            "{engine} has DOCKER_TLS_VERIFY in its environment, which has no effect in "
            "{version_name}"
        ),
        marked("{engine} has TLS on and no hosts, so it listens on {address} only"),
        marked("{address} agreed on {protocol}, under TLSv1.2"),
        marked("{address} serves another certificate than {file} holds"),
        marked("{engine} serves its API on {address} without TLS"),
        marked("{engine} will serve its API on {address} without TLS"),
        marked(
            "{engine} serves its API on {address} over TLS, but without asking for a client "
            "certificate"
        ),
        marked(
            "{engine} will serve its API on {address} over TLS, but without asking for a client "
            "certificate"
        ),
    )
)
