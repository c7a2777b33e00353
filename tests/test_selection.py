"""Which checks a run uses."""

import pytest

from dockeraudit.config.model import Profile
from dockeraudit.plugins import checks
from dockeraudit.selection import BUILT_IN, SelectionError, profiles, select

ALL = checks()


def chosen(
    profile: str = "daemon", *, only: tuple[str, ...] = (), skip: tuple[str, ...] = ()
) -> list[str]:
    return [check.id for check in select(ALL, profile, only, skip)]


def test_strict_is_everything() -> None:
    assert chosen("strict") == sorted(ALL)
    assert {"daemon", "strict"} <= set(profiles(ALL))


def test_built_in_profiles_are_all_there_are() -> None:
    assert sorted(BUILT_IN) == list(profiles(ALL))


def test_a_profile_is_its_checks() -> None:
    assert chosen() == [id for id, check in ALL.items() if "daemon" in check.profiles]


@pytest.mark.parametrize(
    ("only", "skip", "expected"),
    [
        pytest.param(("listener-tcp-plain",), (), ["listener-tcp-plain"], id="one"),
        pytest.param(
            ("tls-verify-enabled", "listener-tcp-plain"),
            (),
            ["listener-tcp-plain", "tls-verify-enabled"],
            id="two, sorted",
        ),
        pytest.param(
            ("listener-tcp-*", "listener-tcp-plain"), (), ["listener-tcp-plain"], id="each once"
        ),
        pytest.param(("tls-*",), ("tls-[!v]*",), ["tls-verify-enabled"], id="globs"),
    ],
)
def test_patterns(only: tuple[str, ...], skip: tuple[str, ...], expected: list[str]) -> None:
    assert chosen(only=only, skip=skip) == expected


def test_check_chooses_among_all_profiles() -> None:
    outside = [id for id, check in ALL.items() if "daemon" not in check.profiles]
    for id in outside[:1]:
        assert chosen(only=(id,)) == [id]


def test_skip_takes_from_the_profile() -> None:
    assert chosen(skip=("tls-*",)) == [id for id in chosen() if not id.startswith("tls-")]


@pytest.mark.parametrize(
    ("profile", "only", "skip", "said"),
    [
        pytest.param("deamon", (), (), "Did you mean 'daemon'?", id="profile"),
        pytest.param("deamon", ("tls-*",), (), "Did you mean 'daemon'?", id="though not used"),
        pytest.param("daemon", ("tls-x",), (), "no check 'tls-x'", id="check"),
        pytest.param("daemon", ("TLS-*",), (), "no check 'TLS-*'", id="case matters"),
        pytest.param("daemon", ("",), (), "no check ''", id="empty"),
        pytest.param("daemon", (), ("zz*",), "dockeraudit list", id="skip"),
        pytest.param("daemon", ("tls-*",), ("*",), "no check is left", id="nothing left"),
    ],
)
def test_what_names_nothing(
    profile: str, only: tuple[str, ...], skip: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SelectionError, match=said.replace("*", r"\*").replace("?", r"\?")):
        select(ALL, profile, only, skip)


OWN = {
    "acme": Profile(base="daemon", add=("daemon-log-*",), remove=("tls-*", "service-active")),
    "narrow": Profile(base="acme", remove=("daemon-*", "listener-*")),
    "few": Profile(add=("listener-tcp-plain", "tls-*")),
}


def of(profile: str, own: dict[str, Profile] | None = None) -> set[str]:
    return {check.id for check in select(ALL, profile, (), (), OWN if own is None else own)}


class TestOwnProfiles:
    """A profile of the user's: another one, with some checks added, then some removed."""

    def test_base_add_and_remove(self) -> None:
        daemon = set(chosen())
        added = {id for id in ALL if id.startswith("daemon-log-")}
        removed = {id for id in daemon if id.startswith("tls-")} | {"service-active"}
        assert added - daemon
        assert of("acme") == (daemon | added) - removed
        assert of("daemon") == daemon, "the others stay as they are"

    def test_one_of_another(self) -> None:
        assert of("narrow") == {
            id for id in of("acme") if not id.startswith(("daemon-", "listener-"))
        }

    def test_without_a_base(self) -> None:
        assert of("few") == {id for id in ALL if id.startswith("tls-")} | {"listener-tcp-plain"}

    @pytest.mark.parametrize(
        ("profile", "own", "said"),
        [
            ("acm", OWN, "no profile 'acm'. Did you mean 'acme'?"),
            ("daemon", {"x": Profile(base="deamon")}, "Did you mean 'daemon'?"),
            ("daemon", {"x": Profile(base="daemon", add=("tls-x",))}, "no check 'tls-x'"),
            ("daemon", {"x": Profile(base="daemon", remove=("zz",))}, "no check 'zz'"),
            ("daemon", {"strict": Profile(base="daemon")}, "no profile can be called 'strict'"),
            ("daemon", {"x": Profile(base="x")}, "'x' is made of itself: x > x"),
            ("x", {"x": Profile(base="y"), "y": Profile(base="x")}, "made of itself: x > y > x"),
            ("daemon", {"x": Profile()}, "the profile 'x' has no check"),
        ],
    )
    def test_mistakes(self, profile: str, own: dict[str, Profile], said: str) -> None:
        with pytest.raises(SelectionError) as caught:
            of(profile, own)
        assert said in str(caught.value)
