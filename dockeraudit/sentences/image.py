"""What the checks of images find."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms, or_itself

_SECRETS = Forms((marked("a URL"),))
_KINDS = Forms(
    (marked("aws-key"), marked("private-key"), marked("token"), marked("url-credentials"))
)
_AGES = Forms(
    (
        marked("its age is unknown"),
        marked("it was built {number} days ago, more than {other_number}"),
        marked("it was built 1 day ago"),
        marked("it was built {number} days ago"),
    )
)

say = Forms(
    (
        marked("image {name} was built with ADD {values} (and {number} more)"),
        marked("image {name} was built with ADD {values}"),
        marked(
            "image {name} was built with verification turned off: look up whether its packages "
            "were verified"
        ),
        marked("image {name} was built by its makers: look up whether its packages were verified"),
        marked("image {name} was built or loaded here: look up what it was built from"),
        marked("image {name} turns its base's health check off"),
        marked("image {name} has no health check"),
        marked("image {name} has {size}: decide whether it needs each of its packages"),
        marked("image {name}: {age}; decide whether it was scanned for known flaws since"),
        marked("image {name}: look for setuid and setgid programs in its layers"),
        marked("image {name}: verify who signed its digest"),
        marked("image {name}: it has no digest of a registry to verify"),
        marked("image {name} comes from {registries}: decide whether that is trusted"),
        marked("image {name} comes from {values}, which is not trusted"),
        marked("image {name} runs {command} and installs nothing in that step"),
        marked("image {name} starts its programs as root, since no USER is set"),
        marked("image {name} starts its programs as {values}"),
        marked("a build step of image {name} sets {secret}: look up where it comes from"),
        marked("image {name} has a secret in {secret} ({kind})"),
        marked("image {name} has a secret in {secret}"),
        marked("{number} of {all_number} images are used by no container"),
        marked(
            "{number} of {all_number} images are used by no container: decide whether they are "
            "needed"
        ),
    ),
    age=_AGES,
    kind=_KINDS,
    secret=or_itself(_SECRETS),
)
