"""Docker's contexts, laid out as its client keeps them."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from dockeraudit.inventory import InventoryError
from dockeraudit.inventory.docker_contexts import entries


def context(folder: Path, name: str, address: str) -> Path:
    file = folder / "contexts" / "meta" / sha256(name.encode()).hexdigest() / "meta.json"
    file.parent.mkdir(parents=True)
    endpoint = {"docker": {"Host": address, "SkipTLSVerify": False}}
    file.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoint}))
    return file


def test_those_of_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    said: list[str] = []
    assert [*entries(said.append)] == []
    context(tmp_path, "prod", "ssh://ops@web1:2222")
    context(tmp_path, "lab", "ssh://web2/run/user/1000/docker.sock")
    context(tmp_path, "tls", "tcp://192.0.2.1:2376")
    context(tmp_path, "desktop", "unix:///var/run/docker.sock")
    found = [(each.word, each.labels) for each in entries(said.append)]
    assert found == [
        ("ssh://web2", (("docker-context", "lab"),)),
        ("ssh://ops@web1:2222", (("docker-context", "prod"),)),
    ]
    assert said == ["contexts that are not of ssh:// are left out: desktop, tls"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"Name": 1}', "\xff", '{"Name": "a", "Endpoints": 3}']
)
def test_a_broken_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    file = context(tmp_path, "prod", "ssh://web1")
    file.write_text(text, encoding="latin-1")
    with pytest.raises(InventoryError) as caught:
        [*entries(lambda line: None)]
    assert str(caught.value) == f"{file}: not the description of a Docker context"
