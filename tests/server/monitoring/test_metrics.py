"""The measures: who may read them, and what they tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from blazz_server.platform import Platform
from blazz_server.settings import Settings
from tests.server.conftest import ADMIN_KEY, MakeTenant, application, running


def samples(text: str, name: str) -> dict[frozenset[tuple[str, str]], float]:
    """The samples of one metric, by their labels."""
    return {
        frozenset(sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


async def test_the_administrator_reads_them(api: httpx.AsyncClient) -> None:
    answer = await api.get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "process_resident_memory_bytes" in answer.text
    assert "blazz_server_live_sockets 0.0" in answer.text
    used = samples(answer.text, "blazz_server_disk_used_bytes")[frozenset()]
    assert 0 < used <= samples(answer.text, "blazz_server_disk_size_bytes")[frozenset()]


async def test_nobody_else_reads_them(anonymous: httpx.AsyncClient, tenant: MakeTenant) -> None:
    assert (await anonymous.get("/metrics")).status_code == 401
    bad = await anonymous.get("/metrics", headers={"Authorization": "Bearer bz_nothing"})
    assert bad.status_code == 401
    acme = await tenant("acme")
    refused = await acme.api.get("/metrics")
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


@pytest.mark.parametrize(
    ("client", "status"),
    [("10.1.2.3", 200), ("192.168.0.1", 401), ("not-an-address", 401)],
)
async def test_a_network_may_read_them_without_a_key(
    tmp_path: Path, client: str, status: int
) -> None:
    settings = Settings(folder=tmp_path, admin_key=ADMIN_KEY, metrics_networks=["10.0.0.0/8"])
    async with running(application(settings)) as app:
        transport = httpx.ASGITransport(app, client=(client, 1))
        headers = {"X-Forwarded-For": "10.0.0.1"}
        async with httpx.AsyncClient(transport=transport, base_url="http://server.test") as near:
            assert (await near.get("/metrics", headers=headers)).status_code == status


async def test_calls_are_told_by_their_route(api: httpx.AsyncClient, tenant: MakeTenant) -> None:
    await tenant("acme")
    await api.get("/v1/workspaces/acme")
    await api.get("/v1/workspaces/umbrella")
    await api.get("/no/such/page")
    await api.request("BREW", "/v1/workspaces/acme")

    text = (await api.get("/metrics")).text
    counts = samples(text, "http_server_request_duration_seconds_count")

    def count(**labels: str) -> float:
        return counts.get(frozenset((f"http_{key}", value) for key, value in labels.items()), 0)

    one = "/v1/workspaces/{workspace}"
    method = {"request_method": "GET"}
    assert count(**method, route=one, response_status_code="200") == 1
    assert count(**method, route=one, response_status_code="404") == 1
    assert count(**method, route="unmatched", response_status_code="404") == 1
    assert not any("acme" in value for labels in counts for _, value in labels)
    methods = {value for labels in counts for key, value in labels if key == "http_request_method"}
    assert "BREW" not in methods, "clients could make up any number of series"


async def test_the_loop_is_watched(platform: Platform, api: httpx.AsyncClient) -> None:
    platform.monitoring._delay.record(0.2)
    text = (await api.get("/metrics")).text
    assert samples(text, "blazz_server_loop_delay_seconds_sum")[frozenset()] >= 0.2


async def test_levels_are_asked_for_and_a_failing_one_is_not_shown(
    platform: Platform, api: httpx.AsyncClient
) -> None:
    failing = False

    async def depth() -> Mapping[str, float]:
        if failing:
            raise OSError("the database is away")
        return {"acme": 3, "umbrella": 0}

    async def total() -> float:
        return 7

    monitoring = platform.monitoring
    monitoring.level("test.depth", "{it}", "Depth", depth, by="blazz.workspace")
    monitoring.level("test.total", "{it}", "Total", total)
    await monitoring._levels.look()
    text = (await api.get("/metrics")).text
    assert samples(text, "test_depth") == {
        frozenset({("blazz_workspace", "acme")}): 3,
        frozenset({("blazz_workspace", "umbrella")}): 0,
    }
    failing = True
    await monitoring._levels.look()
    text = (await api.get("/metrics")).text
    assert (samples(text, "test_depth"), samples(text, "test_total")) == ({}, {frozenset(): 7})
