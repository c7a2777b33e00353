"""Hosts of ssh_config; what is listed is what the real ssh has options for."""

import subprocess
from pathlib import Path

import pytest

from dockeraudit.inventory import InventoryError
from dockeraudit.inventory.ssh_config import entries


def names(pattern: str, config: Path) -> list[str]:
    return [each.word for each in entries(pattern, str(config))]


CONFIG = """\
# mine
Host web1 web2 *.example !web9
    HostName 192.0.2.1
host=db1
  Port 2222
Host "quoted" bare # comment
Host *
    User ops
Match host web3 exec "true"
    User other
Include {more}
Host web1
    User again
Host jump* ?x [ab]
"""


def test_names_without_wildcards(tmp_path: Path) -> None:
    more = tmp_path / "conf.d"
    more.mkdir()
    (more / "b").write_text("Host later\n")
    (more / "a").write_text("Host earlier\nInclude /nowhere/*\n")
    config = tmp_path / "config"
    text = CONFIG.replace("Host jump* ?x [ab]", "Host jump* ?x")
    config.write_text(text.format(more=more / "*"))
    assert names("*", config) == ["web1", "web2", "db1", "quoted", "bare", "earlier", "later"]
    assert names("web*", config) == ["web1", "web2"]
    places = {each.word: each.place for each in entries("*", str(config))}
    assert places["db1"] == f"{config}:4"
    assert places["later"] == f"{more / 'b'}:1"


def test_an_include_within_a_host_block_is_for_that_host(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.write_text("Host web1\nPort 2201\nHost db1\nPort 2202\n")
    config = tmp_path / "config"
    config.write_text(f"Host web* !web2\nInclude {inner}\nHost other\n")
    assert names("*", config) == ["web1", "other"]
    ports = {}
    for name in ("web1", "db1"):
        done = subprocess.run(
            ["ssh", "-G", "-F", str(config), name], capture_output=True, text=True, check=True
        )
        ports[name] = "port 2201" in done.stdout or "port 2202" in done.stdout
    assert ports == {"web1": True, "db1": False}


def test_a_name_that_is_none_stops_the_run(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host ok\nHost bad;name\n")
    with pytest.raises(InventoryError, match=r"config:2: .*holds ';'"):
        names("*", config)
    assert names("ok", config) == ["ok"]
    config.write_text('\nHost "open\n')
    with pytest.raises(InventoryError, match=r"config:2: a quotation mark"):
        names("*", config)


def test_a_name_that_means_something_else_is_spelled_out(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host local\n")
    (found,) = entries("*", str(config))
    assert found.target is not None
    assert (found.target.spec, found.target.kind, found.target.host) == (
        "ssh://local",
        "ssh",
        "local",
    )


def test_a_circle_ends(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(f"Host a\nInclude {config}\n")
    with pytest.raises(InventoryError, match="deeper than 16"):
        names("*", config)


def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(InventoryError, match="no such file; name one with --ssh-config"):
        [*entries("*", None)]
    assert [*entries("*", "none")] == []
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Include more\n")
    (tmp_path / ".ssh" / "more").write_text("Host web1\n")
    assert [each.word for each in entries("*", None)] == ["web1"]
