"""Workspaces: made, listed, renamed, removed with all that is in them."""

from __future__ import annotations

import httpx
from sqlalchemy import func, select

from blazz_server.database import Table
from blazz_server.errors import ApiError
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant


async def test_workspaces_come_page_by_page(api: httpx.AsyncClient) -> None:
    names = [f"w{number}" for number in range(5)]
    for name in reversed(names):
        await api.post("/v1/workspaces", json={"name": name, "title": name.upper()})

    found, after = [], ""
    while True:
        page = (await api.get("/v1/workspaces", params={"limit": 2, "after": after})).json()
        found += [it["name"] for it in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]

    assert found == names


async def test_a_tenant_sees_its_own(tenant: MakeTenant) -> None:
    acme, _ = await tenant("acme"), await tenant("other")

    listed = (await acme.api.get("/v1/workspaces")).json()

    assert [it["name"] for it in listed["items"]] == ["acme"]


async def test_a_workspace_is_made_once(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/workspaces", json={"name": "acme"})
    again = await api.post("/v1/workspaces", json={"name": "acme"})

    assert (made.status_code, again.status_code) == (201, 409)
    assert again.json()["code"] == "workspace_exists"


async def test_a_name_is_one_that_the_library_takes(api: httpx.AsyncClient) -> None:
    for name in ("", "Acme", "a b", "ä", "-a", "a" * 64, "../x", "a\n", "a\0", None, 1, []):
        refused = await api.post("/v1/workspaces", json={"name": name})
        assert refused.status_code == 422, name
        assert refused.json()["errors"][0]["field"] == "body.name"


async def test_no_name_in_a_path_makes_trouble(api: httpx.AsyncClient) -> None:
    for name in ("%00", "a%0A", "A", "%C3%A9", "a%2Fb", "x" * 500, "%FF", "..%2f..", "a;b"):
        assert (await api.get(f"/v1/workspaces/{name}")).status_code == 404, name


async def test_only_the_administrator_makes_and_removes_them(tenant: MakeTenant) -> None:
    acme = await tenant("acme")

    made = await acme.api.post("/v1/workspaces", json={"name": "more"})
    removed = await acme.api.delete(acme.path)
    renamed = await acme.api.patch(acme.path, json={"title": "Mine"})

    assert {made.status_code, removed.status_code, renamed.status_code} == {403}


async def test_a_workspace_is_renamed(api: httpx.AsyncClient, tenant: MakeTenant) -> None:
    acme = await tenant("acme")

    await api.patch(acme.path, json={"title": "Acme Ltd."})

    assert (await acme.api.get(acme.path)).json()["title"] == "Acme Ltd."


async def test_a_removed_workspace_leaves_nothing(
    api: httpx.AsyncClient, tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")
    other = await tenant("other")

    removed = await api.delete(acme.path)

    assert removed.status_code == 204
    assert (await acme.api.get(acme.path)).status_code == 401
    assert (await other.api.get(other.path)).status_code == 200
    async with platform.database.read() as transaction:
        for table in Table.metadata.sorted_tables:
            if "workspace" in table.columns:
                mine = select(func.count()).where(table.columns["workspace"] == "acme")
                assert await transaction.scalar(mine.select_from(table)) == 0, table.name


async def test_what_cannot_be_ended_keeps_its_workspace(
    api: httpx.AsyncClient, tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")

    async def busy(workspace: str) -> None:
        raise ApiError(409, "session_running", f"{workspace} has a session that cannot be ended")

    platform.accounts.workspaces.on_removal(busy)

    assert (await api.delete(acme.path)).status_code == 409
    assert (await acme.api.get(acme.path)).status_code == 200
