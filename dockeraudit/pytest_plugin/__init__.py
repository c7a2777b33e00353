"""The pytest plug-in: hosts as tests, and their facts for a team's own tests.

    pytest --dockeraudit-target web1 --dockeraudit-target db1

makes one item for each host and check. pytest imports this module in every run of everybody who
has dockeraudit installed, so it imports nothing of dockeraudit before a target is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dockeraudit.facts import HostFacts
    from dockeraudit.targets import Target

    from .asked import Asked
    from .hosts import Hosts

_ASKED = pytest.StashKey["Asked"]()
_HOSTS = pytest.StashKey["Hosts"]()
_FOLDER = pytest.StashKey[str]()

_MARK = "dockeraudit_targets(*targets): what docker_facts and dockeraudit_host are for in this test"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each option has an ini option of the same name: `dockeraudit_fail_on = high`."""
    group = parser.getgroup("dockeraudit", "Docker hosts as tests")
    group.addoption(
        "--dockeraudit-target",
        action="append",
        dest="dockeraudit_targets",
        metavar="TARGET",
        help="a host, URI or facts file to judge; may be repeated",
    )
    parser.addini("dockeraudit_targets", "targets to judge, one a line", type="linelist")
    for name, metavar, text in (
        ("ssh_config", "FILE", "ssh_config to use instead of your own"),
        ("profile", "NAME", "which checks to run (default: daemon)"),
        ("fail_on", "SEVERITY", "the least severity that fails, or none (default: low)"),
        ("timeout", "SECONDS", "what a host may take in all (default: 60)"),
        ("waivers", "FILE", "findings that the team has decided to live with"),
    ):
        option = f"--dockeraudit-{name.replace('_', '-')}"
        group.addoption(option, dest=f"dockeraudit_{name}", metavar=metavar, help=text)
        parser.addini(f"dockeraudit_{name}", text, default="")
    text = "a folder with checks of your own; may be repeated"
    group.addoption(
        "--dockeraudit-checks-dir",
        action="append",
        dest="dockeraudit_checks_dir",
        metavar="FOLDER",
        help=text,
    )
    parser.addini("dockeraudit_checks_dir", "folders with checks of your own", type="linelist")
    text = "become root by `sudo -n`; never asks"
    group.addoption(
        "--dockeraudit-become",
        action="store_true",
        default=None,
        dest="dockeraudit_become",
        help=text,
    )
    parser.addini("dockeraudit_become", text, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the gate where something was asked of it."""
    config.addinivalue_line("markers", _MARK)
    given = any(
        value not in (None, [])
        for name, value in vars(config.option).items()
        if name.startswith("dockeraudit_")
    )
    ids = any(arg.startswith("dockeraudit::") for arg in config.args)
    if given or ids or config.getini("dockeraudit_targets"):
        from .gate import Gate

        config.pluginmanager.register(Gate.of(config, asked_of(config)), "dockeraudit-gate")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist on this machine where all of them keep what hosts said."""
    if node.gateway.spec.popen:
        node.workerinput["dockeraudit_folder"] = _folder(node.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget what hosts said; under xdist when the last worker has ended."""
    shared = "dockeraudit_folder" in getattr(config, "workerinput", {})
    if _FOLDER in config.stash and not shared:
        import shutil

        shutil.rmtree(config.stash[_FOLDER], ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that wants a host's facts once for each target."""
    if "_dockeraudit_target" in metafunc.fixturenames:
        asked = asked_of(metafunc.config)
        mark = metafunc.definition.get_closest_marker("dockeraudit_targets")
        targets = asked.further(mark.args) if mark else asked.targets
        if targets:
            metafunc.parametrize(
                "_dockeraudit_target",
                list(targets.values()),
                ids=list(targets),
                scope="session",
                indirect=True,
            )


@pytest.fixture(scope="session")
def _dockeraudit_target(request: pytest.FixtureRequest) -> Target:
    if not hasattr(request, "param"):
        pytest.fail(
            "no Docker host to test: name one by --dockeraudit-target, by dockeraudit_targets in "
            "the configuration, or by the mark dockeraudit_targets",
            pytrace=False,
        )
    target: Target = request.param
    return target


@pytest.fixture(scope="session")
def docker_facts(request: pytest.FixtureRequest, _dockeraudit_target: Target) -> HostFacts:
    """What was seen on a Docker host: `dockeraudit.facts.HostFacts`, once for each target."""
    from .hosts import Unreached

    try:
        return hosts_of(request.config).facts(_dockeraudit_target)
    except Unreached as error:
        pytest.fail(f"{_dockeraudit_target.spec}: {error.text}", pytrace=False)


@pytest.fixture(scope="session")
def dockeraudit_host(request: pytest.FixtureRequest, _dockeraudit_target: Target) -> Any:
    """A `testinfra.host.Host` for a target, over dockeraudit's own transport."""
    if _dockeraudit_target.kind == "facts":
        pytest.skip(f"{_dockeraudit_target.spec} holds facts: no command can be run there")
    from dockeraudit.transport.backend import host

    plan = asked_of(request.config).plan
    return host(
        _dockeraudit_target.spec,
        ssh_config=plan.options.ssh_config,
        limits=plan.limits,
        sudo=plan.options.become,
    )


def asked_of(config: pytest.Config) -> Asked:
    """What options and ini options ask for.

    Raises:
        pytest.UsageError: they are wrong; says what and how.
    """
    if _ASKED not in config.stash:
        from .asked import ask

        config.stash[_ASKED] = ask(config)
    return config.stash[_ASKED]


def hosts_of(config: pytest.Config) -> Hosts:
    """The hosts of this run; each is asked once, whatever asks for it, in whichever process."""
    if _HOSTS not in config.stash:
        from .hosts import Hosts

        config.stash[_HOSTS] = Hosts(_folder(config), asked_of(config))
    return config.stash[_HOSTS]


def _folder(config: pytest.Config) -> str:
    """A folder of this run alone that nobody can guess; made when something is put into it."""
    if _FOLDER not in config.stash:
        import os
        import tempfile

        given = getattr(config, "workerinput", {}).get("dockeraudit_folder")
        own = os.path.join(tempfile.gettempdir(), f"dockeraudit-{os.urandom(16).hex()}")
        config.stash[_FOLDER] = given or own
    return config.stash[_FOLDER]
