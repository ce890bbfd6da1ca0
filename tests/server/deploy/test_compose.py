"""The image and the compose file: whole, unprivileged, and of settings that exist."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from blazz.auth_stores.urls import from_url
from blazz.security.keyring import KeyRing
from blazz_server.settings import Settings
from tests.server.deploy.files import DEPLOY, ROOT, SERVER, compose, variables

SERVERS = ("server-1", "server-2")
SECRET_GIVEN = "0123456789abcdef" * 4
_SETTINGS = {f"BLAZZ_SERVER_{name}".upper() for name in Settings.model_fields}


def environment(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a service is told, as compose fills it in."""
    given = compose()["services"][name]["environment"]
    filled = {
        key: re.sub(r"\$\{\w+:\?\}", SECRET_GIVEN, re.sub(r"\$\{\w+:-(\w+)\}", r"\1", str(value)))
        for key, value in given.items()
    }
    for key, value in filled.items():
        monkeypatch.setenv(key, value)
    return filled


@pytest.mark.parametrize("name", SERVERS)
def test_the_servers_settings_are_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = environment(name, monkeypatch)
    assert {key for key in given if key.startswith("BLAZZ_SERVER_")} <= _SETTINGS
    settings = Settings()
    assert settings.instance == name
    assert settings.address == f"http://{name}:8000"
    assert settings.capacity == 20
    (network,) = compose()["networks"]["inside"]["ipam"]["config"]
    assert [str(it) for it in settings.metrics_networks] == [network["subnet"]]
    assert settings.cluster_secret.get_secret_value() == SECRET_GIVEN
    from_url(settings.auth_store, keyring=KeyRing.generate())


def test_secrets_come_from_the_environment_and_are_asked_for() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?\}", text))
    assert asked == set(variables((DEPLOY / "example.env").read_text()))
    assert not any(variables((DEPLOY / "example.env").read_text()).values()), "no secret of ours"
    for line in text.splitlines():
        if re.search(r"(PASSWORD|SECRET\w*|_KEY|KEYS): ", line):
            assert "${" in line, f"a secret is written down: {line}"


def test_services_name_what_there_is() -> None:
    found = compose()
    for name, service in found["services"].items():
        assert "build" in service or re.search(r":[\w.-]*\d", service["image"]), (
            f"{name}: a version"
        )
        assert set(service.get("depends_on", {})) <= set(found["services"])
        assert set(service["networks"]) <= set(found["networks"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).resolve().is_file(), f"{name}: {source}"
            else:
                assert source in found["volumes"]
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), "what is open to the world is a person's choice"
    (scraped,) = found["services"]["server-1"]["networks"]["inside"]["aliases"]
    assert f"names: [{scraped}]" in (DEPLOY / "prometheus.yml").read_text()


@pytest.mark.parametrize("name", SERVERS)
def test_servers_run_with_little_power(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "seccomp=./seccomp.json" in service["security_opt"]
    assert service["stop_grace_period"] == "2m"


def test_seccomp_lets_chromium_have_its_sandbox_and_no_more() -> None:
    profile: dict[str, Any] = json.loads((DEPLOY / "seccomp.json").read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
    (rule,) = profile["syscalls"]
    assert rule["action"] == "SCMP_ACT_ERRNO"
    denied = set(rule["names"])
    assert len(rule["names"]) == len(denied)
    assert not denied & {"clone", "clone3", "unshare", "setns", "chroot", "kill", "seccomp"}
    assert denied >= {"mount", "ptrace", "bpf", "kexec_load", "init_module", "keyctl", "reboot"}


def test_the_image() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    lines = text.splitlines()
    user = next(number for number, line in enumerate(lines) if line == "USER 10001:10001")
    assert user < next(n for n, line in enumerate(lines) if line.startswith("ENTRYPOINT"))
    assert not any(line.startswith(("ADD ", "USER root")) for line in lines)
    assert all("-slim-" in line for line in lines if line.startswith("FROM"))
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), f"there is no {source}"
                assert f"!{source}" in ignore, f"{source} is not sent to the builder"
    named = set(re.findall(r"\bBLAZZ_SERVER_\w+", text))
    assert named <= _SETTINGS


def test_the_command_of_the_image_is_installed() -> None:
    text = (SERVER / "pyproject.toml").read_text()
    assert 'blazz-server = "blazz_server.__main__:main"' in text
