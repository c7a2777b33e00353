"""The image family: a table for each check, of what it finds and what it does not."""

from typing import Any

import pytest

from dockeraudit.facts import ImageFacts
from dockeraudit.host import Engine, Host
from dockeraudit.plugins import checks
from dockeraudit.settings import Settings
from tests.build import (
    NOW,
    Unread,
    container,
    engine,
    facts,
    host,
    image,
    inventory,
    keeping,
    stopped,
)
from tests.checks.run import verdict

IDS = sorted(id for id in checks() if id.startswith("image-"))
ONLY_MANUAL = {
    "image-packages",
    "image-scanned",
    "image-setuid",
    "image-signatures",
    "image-verified-packages",
}
WEB = "image registry.example/web:1"
BASE = {"CreatedBy": "/bin/sh -c #(nop) ADD file:1 in / ", "Size": 80_000_000}
USERNS = {"SecurityOptions": ["name=seccomp,profile=builtin", "name=userns"]}
Case = tuple[str, str, Engine | Host, str, list[str]]


def having(*images: ImageFacts, info: dict[str, Any] | None = None, **changes: Any) -> Engine:
    """An engine with a running container, and these images."""
    return keeping(inventory(container(), images=images), info, **changes)


def one(info: dict[str, Any] | None = None, rootless: bool = False, **changes: Any) -> Engine:
    """An engine with one image, which is used."""
    return having(image(**changes), info=info, rootless=rootless)


def user(name: str, **changes: Any) -> Engine:
    return one(Config={"User": name}, **changes)


def probed(*words: str) -> Engine:
    return one(Config={"Healthcheck": {"Test": words} if words else None})


def built(*steps: str, **changes: Any) -> Engine:
    """An image of these steps, oldest first, on a base."""
    made = [{"CreatedBy": step} for step in reversed(steps)]
    return one(History=[*made, BASE], **changes)


def told(*steps: str) -> Engine:
    """The same without the base."""
    return one(History=[{"CreatedBy": step} for step in reversed(steps)])


def unread(why: str = "permission denied") -> Engine:
    return one(History={"is": "unread", "reason": why})


def env(*variables: str, **changes: Any) -> Engine:
    return one(Config={"Env": ["PATH=set", *variables]}, **changes)


def many(unused: int, used: int = 1, **changes: Any) -> Engine:
    """An engine with images that containers use and such that none does."""
    images = tuple(image(f"registry.example/app:{n}", Id=f"sha256:{n:064}") for n in range(used))
    old = tuple(image(f"registry.example/old:{n}", Id=f"sha256:9{n:063}") for n in range(unused))
    users = tuple(stopped(f"c{n}", Image=each.id) for n, each in enumerate(images))
    return keeping(inventory(*users, **({"images": images + old} | changes)))


SOUND = one()
NONE = having()
SILENT = keeping(Unread("the API was not asked"))
UNLISTED = keeping(inventory(container(), images=Unread("HTTP status 500")))
MISSING = keeping(inventory(container(), missing=(Unread("image 1f2e: no answer"),)))

USERS: list[Case] = [
    ("user", "a number", user("1000"), "pass", []),
    ("user", "a name", user("app:app"), "pass", []),
    ("user", "a number with zeros", user("100"), "pass", []),
    ("user", "root's group only", user("1000:0"), "pass", []),
    ("user", "unset", user(""), "fail", [WEB]),
    ("user", "no field", one(Config={"User": None}), "fail", [WEB]),
    ("user", "root", user("root"), "fail", [WEB]),
    ("user", "0", user("0"), "fail", [WEB]),
    ("user", "0:0", user("0:0"), "fail", [WEB]),
    ("user", "root:root", user("root:root"), "fail", [WEB]),
    ("user", "00", user("00"), "fail", [WEB]),
    ("user", "0:5", user("0:5"), "fail", [WEB]),
    ("user", "a group only", user(":5"), "fail", [WEB]),
    ("user", "one can't be read", MISSING, "unknown", []),
]
HEALTH: list[Case] = [
    ("healthcheck", "CMD", probed("CMD"), "pass", []),
    ("healthcheck", "CMD-SHELL", probed("CMD-SHELL"), "pass", []),
    ("healthcheck", "none", probed(), "fail", [WEB]),
    ("healthcheck", "NONE", probed("NONE"), "fail", [WEB]),
    ("healthcheck", "times only", one(Config={"Healthcheck": {"Test": []}}), "fail", [WEB]),
]
UPDATES: list[Case] = [
    ("update-alone", "no package manager", SOUND, "pass", []),
    (
        "update-alone",
        "BuildKit",
        built("RUN /bin/sh -c apt-get update # buildkit"),
        "fail",
        [WEB],
    ),
    ("update-alone", "classic builder", built("/bin/sh -c apt-get update"), "fail", [WEB]),
    ("update-alone", "arguments", built("|1 MIRROR=*** /bin/sh -c apt update"), "fail", [WEB]),
    (
        "update-alone",
        "quiet",
        built("RUN /bin/sh -c apt-get -qq -o Acquire::Retries=3 update"),
        "fail",
        [WEB],
    ),
    (
        "update-alone",
        "with an install",
        built("RUN /bin/sh -c apt-get update && apt-get install -y *** && rm *** # buildkit"),
        "pass",
        [],
    ),
    (
        "update-alone",
        "no blanks",
        built("RUN /bin/sh -c apt-get update;apt-get install -y ***"),
        "pass",
        [],
    ),
    (
        "update-alone",
        "install in another step",
        built("RUN /bin/sh -c apt-get update", "RUN /bin/sh -c apt-get install -y ***"),
        "fail",
        [WEB],
    ),
    (
        "update-alone",
        "with an upgrade",
        built("RUN /bin/sh -c apt-get update && apt-get -y dist-upgrade"),
        "pass",
        [],
    ),
    ("update-alone", "apk update", built("RUN /bin/sh -c apk update"), "fail", [WEB]),
    ("update-alone", "apk --no-cache", built("RUN /bin/sh -c apk add --no-cache ***"), "pass", []),
    ("update-alone", "apk --update", built("RUN /bin/sh -c apk --update add ***"), "pass", []),
    ("update-alone", "apk add -U", built("RUN /bin/sh -c apk -U upgrade"), "pass", []),
    ("update-alone", "yum update", built("RUN /bin/sh -c yum -y update"), "fail", [WEB]),
    ("update-alone", "dnf install", built("RUN /bin/sh -c dnf install -y ***"), "pass", []),
    (
        "update-alone",
        "with a command that stayed on the host",
        built("RUN /bin/sh -c apt-get update && apt-get *** -y *** # buildkit"),
        "pass",
        [],
    ),
    (
        "update-alone",
        "another kind of install",
        built("RUN /bin/sh -c apt-get update && pip install ***"),
        "fail",
        [WEB],
    ),
    ("update-alone", "the word in CMD", built('CMD ["apt-get" "update"]'), "pass", []),
    (
        "update-alone",
        "the word in CMD, classic builder",
        built('/bin/sh -c #(nop)  CMD ["apt-get" "update"]'),
        "pass",
        [],
    ),
    ("update-alone", "the word alone", built("RUN /bin/sh -c *** update"), "pass", []),
    (
        "update-alone",
        "a folder's name",
        built("RUN /bin/sh -c rm /var/lib/apt update"),
        "pass",
        [],
    ),
    ("update-alone", "no history", one(History=[]), "unknown", []),
    ("update-alone", "imported", one(History=[{"Comment": "Imported from -"}]), "unknown", []),
    ("update-alone", "history unread", unread(), "unknown", []),
]
ADDS: list[Case] = [
    ("add-instruction", "COPY and a base", SOUND, "pass", []),
    (
        "add-instruction",
        "COPY, classic builder",
        built("/bin/sh -c #(nop) COPY file:2 in /app "),
        "pass",
        [],
    ),
    (
        "add-instruction",
        "classic builder",
        built("/bin/sh -c #(nop) ADD file:2 in /app "),
        "fail",
        [WEB],
    ),
    (
        "add-instruction",
        "a folder, classic builder",
        built("/bin/sh -c #(nop) ADD multi:3 in / "),
        "fail",
        [WEB],
    ),
    ("add-instruction", "BuildKit", built("ADD app.tar /app # buildkit"), "fail", [WEB]),
    ("add-instruction", "a base of BuildKit's", told("ADD root.tar.gz / # buildkit"), "pass", []),
    (
        "add-instruction",
        "a base behind arguments and labels",
        told(
            "/bin/sh -c #(nop)  ARG RELEASE",
            "/bin/sh -c #(nop)  LABEL version=***",
            "/bin/sh -c #(nop) ADD file:1 in / ",
        ),
        "pass",
        [],
    ),
    (
        "add-instruction",
        "a second one into /",
        told("ADD root.tar.gz / # buildkit", "ADD more.tar / # buildkit"),
        "fail",
        [WEB],
    ),
    (
        "add-instruction",
        "the first one, not into /",
        told("ADD app /app # buildkit"),
        "fail",
        [WEB],
    ),
    (
        "add-instruction",
        "a base that another tool made",
        told("# debian.sh --arch *** out/", "ADD app.tar / # buildkit"),
        "fail",
        [WEB],
    ),
    ("add-instruction", "the word", built("RUN /bin/sh -c *** ADD *** # buildkit"), "pass", []),
    ("add-instruction", "no history", one(History=[]), "unknown", []),
    ("add-instruction", "history unread", unread(), "unknown", []),
]
SECRETS: list[Case] = [
    ("secrets", "none", SOUND, "pass", []),
    ("secrets", "by its name", env("DB_PASSWORD=set"), "fail", [f"{WEB} DB_PASSWORD"]),
    ("secrets", "by its form", env("SEED=aws-key"), "fail", [f"{WEB} SEED"]),
    ("secrets", "empty", env("DB_PASSWORD=empty"), "pass", []),
    ("secrets", "a path", env("DB_PASSWORD_FILE=path", "TOKEN=path"), "pass", []),
    ("secrets", "a reference", env("TOKEN=reference"), "pass", []),
    ("secrets", "a policy", env("PASSWORD_POLICY=set"), "pass", []),
    (
        "secrets",
        "a build argument",
        built("RUN |1 NPM_TOKEN=*** /bin/sh -c *** # buildkit"),
        "fail",
        [f"{WEB} NPM_TOKEN"],
    ),
    ("secrets", "an argument without value", built("ARG NPM_TOKEN"), "pass", []),
    ("secrets", "an argument's default", built("ARG NPM_TOKEN=***"), "fail", [f"{WEB} NPM_TOKEN"]),
    ("secrets", "an empty argument", built("RUN |1 NPM_TOKEN= /bin/sh -c ***"), "pass", []),
    (
        "secrets",
        "a variable that is empty, in its step",
        env("API_KEY=empty", History=[{"CreatedBy": "ENV API_KEY=***"}, BASE]),
        "pass",
        [],
    ),
    (
        "secrets",
        "a script's own, perhaps from a secret of the build",
        built("RUN |1 VERSION=*** /bin/sh -c NPM_TOKEN=*** npm *** # buildkit"),
        "manual",
        [f"{WEB} NPM_TOKEN"],
    ),
    (
        "secrets",
        "once, though twice there",
        env("API_KEY=token", History=[{"CreatedBy": "ARG API_KEY=***"}, BASE]),
        "fail",
        [f"{WEB} API_KEY"],
    ),
    ("secrets", "imported", one(History=[]), "pass", []),
    ("secrets", "history unread", unread(), "unknown", []),
    (
        "secrets",
        "history unread, but a variable",
        env("TOKEN=set", History={"is": "unread", "reason": "no"}),
        "fail",
        [f"{WEB} TOKEN"],
    ),
]
MANUAL: list[Case] = [
    ("trusted-base", "nobody named registries", SOUND, "manual", [WEB]),
    ("trusted-base", "built here", one(RepoDigests=None), "manual", [WEB]),
    ("packages", "one", SOUND, "manual", [WEB]),
    ("packages", "history unread", unread(), "manual", [WEB]),
    ("scanned", "one", SOUND, "manual", [WEB]),
    ("setuid", "one", SOUND, "manual", [WEB]),
    ("signatures", "one", SOUND, "manual", [WEB]),
    ("signatures", "built here", one(RepoDigests=None), "manual", [WEB]),
    ("verified-packages", "one", SOUND, "manual", [WEB]),
    ("verified-packages", "history unread", unread(), "manual", [WEB]),
]
SPRAWL: list[Case] = [
    ("sprawl", "all used, by a stopped one too", many(0, 3), "pass", []),
    ("sprawl", "a few", many(10, 1), "manual", ["images"]),
    ("sprawl", "less than half", many(11, 11), "manual", ["images"]),
    ("sprawl", "most", many(11, 10), "fail", ["images"]),
    (
        "sprawl",
        "containers unread",
        many(11, containers=Unread("HTTP status 500")),
        "fail",
        ["images"],
    ),
    ("sprawl", "few and containers unread", many(1, containers=Unread("no")), "unknown", []),
    ("sprawl", "a container unread", many(1, missing=(Unread("container a: no"),)), "unknown", []),
]
CASES = [*USERS, *HEALTH, *UPDATES, *ADDS, *SECRETS, *MANUAL, *SPRAWL]


@pytest.mark.parametrize(
    ("name", "subject", "status", "resources"),
    [pytest.param(*case[:1], *case[2:], id=f"{case[0]}: {case[1]}") for case in CASES],
)
def test_image(name: str, subject: Engine | Host, status: str, resources: list[str]) -> None:
    result = verdict(f"image-{name}", subject)
    assert result.status == status, result.message
    assert [finding.resource for finding in result.findings] == resources


def test_every_check_has_cases() -> None:
    assert {f"image-{case[0]}" for case in CASES} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_no_images_or_no_engine_is_not_applicable(id: str) -> None:
    assert verdict(id, NONE).status == "not-applicable"
    assert verdict(id, Host(facts(), ())).status == "not-applicable"
    assert verdict(id, engine(process=None)).status == "not-applicable"


@pytest.mark.parametrize("id", IDS)
def test_what_cannot_be_read_is_unknown(id: str) -> None:
    assert verdict(id, SILENT).status == "unknown"
    assert verdict(id, UNLISTED).status == "unknown"
    assert verdict(id, MISSING).status == "unknown"


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        pytest.param(user("0"), "medium", id="used"),
        pytest.param(user("0", info=USERNS), "low", id="remapped"),
        pytest.param(user("0", rootless=True), "low", id="rootless"),
        pytest.param(keeping(inventory(images=(image(Config={"User": "0"}),))), "low", id="unused"),
    ],
)
def test_severity_of_root(subject: Engine, severity: str) -> None:
    assert verdict("image-user", subject).severity == severity


def test_severity_of_secrets() -> None:
    assert verdict("image-secrets", env("API_KEY=token")).severity == "high"
    assert verdict("image-secrets", env("API_KEY=set")).severity == "medium"
    twice = env("API_KEY=set", History=[{"CreatedBy": "RUN |1 API_KEY=*** /bin/sh -c ***"}, BASE])
    assert verdict("image-secrets", twice).severity == "medium"


@pytest.mark.parametrize(
    ("created", "message"),
    [
        pytest.param("2026-11-01T09:00:00Z", "it was built 17 days ago;", id="young"),
        pytest.param("2026-08-01T09:00:00.123456789+02:00", "more than 90;", id="old"),
        pytest.param("1970-01-01T00:00:00Z", "its age is unknown;", id="reproducible"),
        pytest.param("0001-01-01T00:00:00Z", "its age is unknown;", id="zero"),
        pytest.param("", "its age is unknown;", id="untold"),
    ],
)
def test_age(created: str, message: str) -> None:
    assert message in verdict("image-scanned", one(Created=created)).message


def from_(*repositories: str) -> Engine:
    return one(RepoDigests=[f"{each}@sha256:{'2' * 64}" for each in repositories])


@pytest.mark.parametrize(
    ("subject", "trusted", "status"),
    [
        pytest.param(from_("registry.example/web"), "registry.example", "pass", id="registry"),
        pytest.param(from_("registry.example/t/web"), "registry.example/t/", "pass", id="part"),
        pytest.param(from_("registry.example/u/web"), "registry.example/t", "fail", id="another"),
        pytest.param(from_("registry.example/te/web"), "registry.example/t", "fail", id="prefix"),
        pytest.param(
            from_("registry.example.org/web"), "registry.example", "fail", id="longer name"
        ),
        pytest.param(from_("registry.example:5000/web"), "registry.example", "fail", id="port"),
        pytest.param(from_("web", "registry.example/web"), "registry.example", "pass", id="both"),
        pytest.param(from_("web"), "registry.example", "fail", id="default registry"),
        pytest.param(from_("web"), "docker.io", "pass", id="default registry, trusted"),
        pytest.param(from_("team/web"), "team", "fail", id="a name is no registry"),
        pytest.param(one(RepoDigests=None), "registry.example", "manual", id="a tag is no proof"),
    ],
)
def test_trusted_registries(subject: Engine, trusted: str, status: str) -> None:
    settings = Settings(now=NOW, trusted_registries=(trusted,))
    assert verdict("image-trusted-base", subject, settings).status == status


def test_registries_are_listed_for_whoever_has_to_judge() -> None:
    message = verdict("image-trusted-base", from_("web", "registry.example:5000/a/b")).message
    assert "comes from docker.io, registry.example:5000:" in message


def test_facts_for_a_person() -> None:
    step = "RUN /bin/sh -c apt-get update && apt-get install --allow-unauthenticated ***"
    subject = built(step)
    for id in ("image-packages", "image-verified-packages"):
        evidence = verdict(id, subject).findings[0].evidence
        assert evidence[-1].detail == step


def test_untagged_images_have_a_name() -> None:
    for tags in (None, ["<none>:<none>"]):
        result = verdict("image-user", one(RepoTags=tags, Config={"User": "0"}))
        assert result.status == "fail"
    old = image(RepoTags=None, RepoDigests=None, Id="sha256:" + "7" * 64)
    result = verdict("image-sprawl", keeping(inventory(container(), images=(image(), old))))
    assert (
        "1 of 2 images are used by no container, 1 untagged"
        in result.findings[0].evidence[0].detail
    )


MUTATIONS: dict[str, tuple[Host, Host]] = {
    "image-user": (host(SOUND), host(user("0:0"))),
    "image-healthcheck": (host(SOUND), host(probed("NONE"))),
    "image-update-alone": (host(SOUND), host(built("RUN /bin/sh -c apt-get update # buildkit"))),
    "image-add-instruction": (host(SOUND), host(built("ADD app.tar /app # buildkit"))),
    "image-secrets": (host(SOUND), host(env("API_KEY=token"))),
    "image-sprawl": (host(many(11, 11)), host(many(12, 11))),
    # Manual for whatever image there is.
    **{f"image-{each[0]}": (host(SOUND), host(SOUND)) for each in MANUAL if each[2] is SOUND},
}
