"""What the checks of who may read and write the engine's files find."""

from dockeraudit.language import marked
from dockeraudit.sentences._forms import Forms, listed

_IDS = Forms((marked("{number} or {rest}"), "{number}"))
_KINDS = Forms(
    (
        marked("file"),
        marked("directory"),
        marked("symlink"),
        marked("socket"),
        marked("fifo"),
        marked("device"),
    )
)
_RIGHTS = Forms(
    (
        marked("owner read"),
        marked("owner write"),
        marked("owner execute"),
        marked("group read"),
        marked("group write"),
        marked("group execute"),
        marked("others read"),
        marked("others write"),
        marked("others execute"),
        "set-user-id",
        "set-group-id",
        "sticky",
    )
)
_WRITERS = Forms(
    (
        marked("group {number} and {rest}"),
        marked("everybody and {rest}"),
        marked("user {number} and {rest}"),
        marked("group {number}"),
        marked("everybody"),
        marked("user {number}"),
    )
)

say = Forms(
    (
        marked("in group {group} ({number}), and so root on this host: {values}"),
        marked("{account} is in group {group} ({number}), but not listed as allowed"),
        marked("the link {file} belongs to user {number}, who can point it elsewhere"),
        marked("the ACL of {file} has {entry}, at most {number}"),
        marked("{file} belongs to user {number}, not to {ids}"),
        marked("{file} belongs to group {number}, not to {ids}"),
        marked("{file} belongs to user {number}, who can replace {other_file}"),
        marked("{file} ({mode}) may be written by {writers}, who can replace {other_file}"),
        marked("{file} is a {kind}, not a {other_kind}"),
        marked("{file} has mode {mode}, at most {limit}: {rights}"),
    ),
    ids=_IDS,
    kind=_KINDS,
    rights=listed(_RIGHTS, ", "),
    writers=_WRITERS,
)
