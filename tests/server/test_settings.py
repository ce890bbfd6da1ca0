"""Settings: from the environment, all of them in the README, weak secrets refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from blazz_server.settings import Settings

README = Path(__file__).parents[2] / "examples" / "server" / "README.md"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_readme_tells_of_a_setting(name: str) -> None:
    assert f"`{name.upper()}`" in README.read_text(encoding="utf-8")


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLAZZ_SERVER_PORT", "9000")
    monkeypatch.setenv("BLAZZ_SERVER_METRICS_NETWORKS", '["10.0.0.0/8"]')

    settings = Settings()

    assert settings.port == 9000
    assert [str(network) for network in settings.metrics_networks] == ["10.0.0.0/8"]


@pytest.mark.parametrize("name", ["admin_key", "cluster_secret"])
def test_a_secret_that_can_be_guessed_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="at least 16 characters"):
        Settings(**{name: "hunter2"})


def test_secrets_are_not_shown() -> None:
    assert "very-secret-indeed" not in repr(Settings(admin_key="very-secret-indeed"))
