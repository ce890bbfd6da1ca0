"""Sessions of one instance: made, run, stopped, linked; their secrets are not shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from blazz import Session
from blazz.events.messages import TextReceived
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant, Tenant
from tests.server.hosting.hearing import hearing
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]

CLOUD = {
    "kind": "cloud",
    "phone_number_id": "106540352242922",
    "waba_id": "102290129340398",
    "token": "EAAGa-token-that-nobody-may-see",
    "app_secret": "a-secret-that-nobody-may-see",
}


async def made(tenant: Tenant, name: str, provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await tenant.api.post(
        f"{tenant.path}/sessions", json={"name": name, "provider": provider, **more}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shown(tenant: Tenant, name: str) -> dict[str, Any]:
    answer = await tenant.api.get(f"{tenant.path}/sessions/{name}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until(tenant: Tenant, name: str, state: str) -> dict[str, Any]:
    """Wait until a session is shown in a state; over HTTP there is nothing to be told of it."""
    with anyio.fail_after(60):
        while (found := await shown(tenant, name))["state"] != state:  # noqa: ASYNC110
            await anyio.sleep(0.05)
    return found


async def test_a_session_runs_stops_and_starts(tenant: MakeTenant) -> None:
    acme = await tenant()
    first = await made(acme, "shop", {"kind": "sandbox"})
    assert (first["kind"], first["running"]) == ("sandbox", True)
    ready = await until(acme, "shop", "ready")
    assert (ready["instance"], ready["migrations"]) == ("one", 0)

    await acme.api.post(f"{acme.path}/sessions/shop/stop")
    assert (await until(acme, "shop", "stopped"))["instance"] is None
    refused = await acme.api.post(f"{acme.path}/sessions/shop/restart")
    assert (refused.status_code, refused.json()["code"]) == (409, "session_stopped")

    await acme.api.post(f"{acme.path}/sessions/shop/start")
    await until(acme, "shop", "ready")
    needless = await acme.api.post(f"{acme.path}/sessions/shop/logout")
    assert (needless.status_code, needless.json()["code"]) == (409, "no_login")
    history = (await acme.api.get(f"{acme.path}/sessions/shop/history")).json()
    changes = [it["change"] for it in history if it["change"] != "disconnected"]
    assert changes == ["assigned", "released", "assigned"]
    assert history[0]["epoch"] > history[-1]["epoch"]


async def test_what_comes_in_gets_to_handlers_of_its_workspace(
    tenant: MakeTenant, platform: Platform
) -> None:
    heard: list[tuple[str, str]] = []
    came = anyio.Event()

    async def hear(session: Session, event: TextReceived) -> None:
        heard.append((session.key, event.body))
        came.set()

    platform.hosting.on_client(lambda client: (client.on(TextReceived, name="test")(hear), None)[1])
    acme, other = await tenant("acme"), await tenant("other")
    for each in (acme, other):
        await made(each, "shop", {"kind": "sandbox"})
        await until(each, "shop", "ready")
    wrote = await other.api.post(
        f"{other.path}/sandbox/users/+6281200000001/messages",
        json={"session": "shop", "text": "Halo"},
    )
    assert wrote.status_code == 201, wrote.text
    with anyio.fail_after(60):
        await came.wait()
    assert heard == [("other/shop", "Halo")]


async def test_secrets_of_a_number_are_kept_sealed_and_never_shown(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant()
    await made(acme, "sales", CLOUD)
    ready = await until(acme, "sales", "ready")
    assert ready["config"] == {
        "phone_number_id": "106540352242922",
        "waba_id": "102290129340398",
    }
    session = await platform.hosting.session("acme", "sales")
    assert session.epoch is not None
    assert _files_with(CLOUD["token"].encode(), platform.settings.folder) == []


async def test_a_name_is_given_once(tenant: MakeTenant) -> None:
    acme = await tenant()
    await made(acme, "shop", {"kind": "sandbox"}, running=False)
    again = await acme.api.post(
        f"{acme.path}/sessions", json={"name": "shop", "provider": {"kind": "sandbox"}}
    )
    assert (again.status_code, again.json()["code"]) == (409, "session_exists")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Shop!", "provider": {"kind": "sandbox"}},
        {"name": "shop", "provider": {"kind": "pigeon"}},
        {"name": "shop", "provider": {"kind": "cloud", "token": "x"}},
        {"name": "shop", "provider": {"kind": "cloud", "phone_number_id": "../1", "token": "x"}},
        {"name": "shop", "provider": {"kind": "web", "account": "nobody"}},
        {"name": "shop"},
    ],
)
async def test_a_session_that_cannot_be_is_refused(tenant: MakeTenant, body: object) -> None:
    acme = await tenant()
    answer = await acme.api.post(f"{acme.path}/sessions", json=body)
    assert answer.status_code == 422, answer.text
    assert (await acme.api.get(f"{acme.path}/sessions")).json()["items"] == []


async def test_a_deleted_session_ends(tenant: MakeTenant, platform: Platform) -> None:
    acme = await tenant()
    await made(acme, "shop", {"kind": "sandbox"})
    await until(acme, "shop", "ready")
    answer = await acme.api.delete(f"{acme.path}/sessions/shop")
    assert answer.status_code == 204
    with anyio.fail_after(60):
        while platform.hosting.is_ours("acme/shop"):  # noqa: ASYNC110  # nothing tells of it
            await anyio.sleep(0.02)
    gone = await acme.api.get(f"{acme.path}/sessions/shop")
    assert (gone.status_code, gone.json()["code"]) == (404, "session_not_found")


async def test_a_deleted_session_leaves_no_secrets_behind(
    tenant: MakeTenant, platform: Platform, api: httpx.AsyncClient
) -> None:
    store = platform.hosting.clients.auth_store
    for name, remove in (
        ("acme", "/v1/workspaces/acme/sessions/sales"),
        ("other", "/v1/workspaces/other"),
    ):
        made_by = await tenant(name)
        await made(made_by, "sales", CLOUD)
        await until(made_by, "sales", "ready")
        assert len(await store.sessions(name)) == 1
        assert (await api.delete(remove)).status_code == 204
        with anyio.fail_after(60):
            while await store.sessions(name):  # noqa: ASYNC110  # nothing tells of it
                await anyio.sleep(0.05)


async def test_a_name_may_be_used_again_at_once(tenant: MakeTenant, platform: Platform) -> None:
    acme = await tenant()
    await made(acme, "sales", CLOUD)
    await until(acme, "sales", "ready")
    await acme.api.delete(f"{acme.path}/sessions/sales")
    await made(acme, "sales", {"kind": "sandbox"})
    await until(acme, "sales", "ready")
    session = await platform.hosting.session("acme", "sales")
    assert session.provider.name == "sandbox"


async def test_sessions_are_listed_page_by_page(tenant: MakeTenant) -> None:
    acme = await tenant()
    for name in ("a", "b", "c"):
        await made(acme, name, {"kind": "sandbox"}, running=False)
    first = (await acme.api.get(f"{acme.path}/sessions?limit=2")).json()
    assert [it["name"] for it in first["items"]] == ["a", "b"]
    rest = (await acme.api.get(f"{acme.path}/sessions?limit=2&after={first['next']}")).json()
    assert ([it["name"] for it in rest["items"]], rest["next"]) == (["c"], None)


async def test_a_phone_belongs_to_the_workspace_that_took_it(tenant: MakeTenant) -> None:
    acme, other = await tenant("acme"), await tenant("other")
    number = "+6281200000001"
    taken = await acme.api.put(f"{acme.path}/sandbox/phones/{number}", json={"title": "Budi"})
    assert taken.status_code == 200, taken.text
    refused = await other.api.put(f"{other.path}/sandbox/phones/{number}", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "phone_taken")
    chat = "?chat=%2B6281100000001"
    read = await other.api.get(f"{other.path}/sandbox/phones/{number}/messages{chat}")
    assert (read.status_code, read.json()["code"]) == (404, "phone_not_found")
    scanned = await acme.api.post(f"{acme.path}/sandbox/phones/{number}/scan", json={"qr": "2@no"})
    assert (scanned.status_code, scanned.json()["code"]) == (409, "whatsapp_refused")


async def test_the_one_instance_is_listed_with_what_it_runs(tenant: MakeTenant, api: Any) -> None:
    acme = await tenant()
    await made(acme, "shop", {"kind": "sandbox"})
    await until(acme, "shop", "ready")
    (only,) = (await api.get("/v1/instances")).json()
    assert (only["name"], only["sessions"], only["draining"]) == ("one", 1, False)
    (placed,) = (await api.get("/v1/instances/placements")).json()["items"]
    assert (placed["workspace"], placed["session"], placed["alive"]) == ("acme", "shop", True)
    moved = await acme.api.post(f"{acme.path}/sessions/shop/move", json={})
    assert (moved.status_code, moved.json()["code"]) == (409, "no_other_instance")


@pytest.mark.usefixtures("chromium_path", "wa_js_path")
async def test_an_account_is_linked_unlinked_and_linked_again(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant()
    async with hearing(platform) as heard:
        await _link_unlink_and_link_again(acme)
        states = await heard.until("ready", count=2)
    # Those of a provider that tells its states itself, too: each once, and in order.
    assert len({it["key"] for it in heard.told}) == len(heard.told)
    assert [it["previous"] for it in heard.told[1:]] == [it["state"] for it in heard.told[:-1]]
    assert ("logged_out", "logged_out_here") in states


async def _link_unlink_and_link_again(acme: Tenant) -> None:
    path = f"{acme.path}/sessions/support"
    phone = f"{acme.path}/sandbox/phones/+6281100000001"
    await acme.api.put(phone, json={"title": "Shop"})
    await made(acme, "support", {"kind": "web"})
    await until(acme, "support", "pairing")
    image = await acme.api.get(f"{path}/qr.png")
    assert image.content.startswith(b"\x89PNG"), image.text
    assert "<svg" in (await acme.api.get(f"{path}/qr.svg")).text
    await _scan(acme, path, phone)
    linked = await until(acme, "support", "ready")
    assert linked["account"] == "+6281100000001"
    needless = await acme.api.get(f"{path}/qr")
    assert (needless.status_code, needless.json()["code"]) == (409, "session_not_pairing")

    assert (await acme.api.post(f"{path}/logout")).status_code == 202
    await until(acme, "support", "logged_out")
    for end in ("", ".png", ".svg"):
        looked = await acme.api.get(f"{path}/qr{end}")
        assert looked.status_code == 409, looked.text
        assert looked.json()["code"] == "pairing_ended"
    assert (await shown(acme, "support"))["state"] == "logged_out", "looking changed nothing"
    code = await acme.api.post(f"{path}/pairing-code", json={"phone": "+6281100000001"})
    assert code.status_code == 200, code.text
    for end in ("", ".png", ".svg"):
        looked = await acme.api.get(f"{path}/qr{end}")
        assert (looked.status_code, looked.json()["code"]) == (409, "pairing_code_pending")
    typed = await acme.api.post(f"{phone}/code", json={"code": code.json()["code"]})
    assert typed.status_code == 200, typed.text
    await until(acme, "support", "ready")


def _files_with(secret: bytes, folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if secret in path.read_bytes()]


async def _scan(tenant: Tenant, path: str, phone: str) -> None:
    code = await tenant.api.get(f"{path}/qr")
    assert code.status_code == 200, code.text
    scanned = await tenant.api.post(f"{phone}/scan", json={"qr": code.json()["data"]})
    assert scanned.status_code == 200, scanned.text
