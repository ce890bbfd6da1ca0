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


LONG, OTHER = "a-secret-of-some-length", "another-one-of-some-length"


@pytest.mark.parametrize("name", ["admin_key", "cluster_secret", "live_secret"])
def test_a_secret_that_can_be_guessed_is_refused(name: str) -> None:
    for weak in ("hunter2", *([] if name == "admin_key" else [f"{LONG},hunter2", f"{LONG},"])):
        with pytest.raises(ValidationError, match="at least 16 characters"):
            Settings(**{name: weak})


def test_secrets_that_instances_share_may_be_several() -> None:
    settings = Settings(cluster_secret=f"{LONG}, {OTHER}", live_secret=OTHER)
    assert [it.reveal() for it in settings.cluster_secrets] == [LONG, OTHER]
    assert [it.reveal() for it in settings.live_secrets] == [OTHER]
    assert Settings().cluster_secrets == Settings().live_secrets == ()


def test_secrets_are_not_shown() -> None:
    assert "very-secret-indeed" not in repr(Settings(admin_key="very-secret-indeed"))
