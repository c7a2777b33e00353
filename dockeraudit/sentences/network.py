"""What the checks of networks find."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms

say = Forms(
    (
        marked("network {network} is not encrypted"),
        marked(
            "network {network} is encrypted, but engine {version_name} has CVE-2023-28840: it "
            "takes and sends clear packets all the same"
        ),
    )
)
