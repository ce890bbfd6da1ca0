"""Health: alive, and ready for calls."""

from __future__ import annotations

import httpx
import pytest

from blazz.errors import RegistryUnavailable
from blazz_server.platform import Platform
from blazz_server.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"sandbox": "off"})


async def test_a_server_that_works_is_ready(anonymous: httpx.AsyncClient) -> None:
    live = await anonymous.get("/health/live")
    ready = await anonymous.get("/health/ready")

    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert set(ready.json()["checks"].values()) == {"ok"}


async def test_without_its_database_it_lives_but_is_not_ready(
    anonymous: httpx.AsyncClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ConnectionRefusedError("no database")

    monkeypatch.setattr(type(platform.database), "read", away)

    assert (await anonymous.get("/health/live")).status_code == 200
    ready = await anonymous.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["database"] == "failing"


async def test_an_instance_that_hands_over_is_not_ready(
    anonymous: httpx.AsyncClient, api: httpx.AsyncClient
) -> None:
    drained = await api.post("/v1/instances/one/drain")
    assert drained.status_code < 300, drained.text

    ready = await anonymous.get("/health/ready")

    assert (ready.status_code, ready.json()["status"]) == (503, "draining")


async def test_without_the_other_instances_it_goes_on(
    anonymous: httpx.AsyncClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise RegistryUnavailable

    monkeypatch.setattr(type(platform.hosting.registry), "instances", away)

    ready = await anonymous.get("/health/ready")

    assert ready.status_code == 200
    assert ready.json()["checks"] == {"database": "ok", "cluster": "failing"}
