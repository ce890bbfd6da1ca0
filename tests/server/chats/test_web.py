"""WhatsApp Web through the server: what the phone knew before, what is edited, what is deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz_server.platform import Platform
from blazz_server.settings import Settings
from tests.server.chats.conftest import Shop
from tests.server.conftest import MakeTenant, Tenant
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]

OURS = "+6281100000001"
BUDI = "+6281234567890"
SARI = "+6281100000021"


@pytest.fixture
def settings(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, chromium_path: Path, wa_js_path: Path
) -> Settings:
    """A server that finds the browser."""
    monkeypatch.setenv("BLAZZ_WA_JS", str(wa_js_path))
    return settings.model_copy(update={"web_executable": str(chromium_path)})


async def link(tenant: Tenant, platform: Platform) -> Shop:
    """Make a session of WhatsApp Web, and scan its code with the phone."""
    body = {"name": "shop", "provider": {"kind": "web"}}
    made = await tenant.api.post(f"{tenant.path}/sessions", json=body)
    assert made.status_code == 201, made.text
    path = f"{tenant.path}/sessions/shop"
    with anyio.fail_after(90):
        # The server holds the call until there is a code, for a while.
        while (code := await tenant.api.get(f"{path}/qr")).status_code != 200:  # noqa: ASYNC110
            await anyio.sleep(0.1)
    scan = f"{tenant.path}/sandbox/phones/{OURS}/scan"
    scanned = await tenant.api.post(scan, json={"qr": code.json()["data"]})
    assert scanned.status_code == 200, scanned.text
    session = await platform.hosting.session(tenant.workspace, "shop")
    await session.wait_ready(timeout=90)
    return Shop(tenant, "shop", platform, session)


async def test_chats_are_read_from_the_phone_and_messages_change(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")
    phones = {}
    for number, name in ((OURS, "Shop"), (BUDI, "Budi"), (SARI, "Sari")):
        await acme.api.put(f"{acme.path}/sandbox/phones/{number}", json={"title": name})
        phones[number] = await platform.hosting.phones.find(acme.workspace, number)
    texts = [f"from before {i}" for i in range(7)]
    for text in texts:
        await phones[BUDI].send_text(OURS, text)
    await phones[OURS].send_text(SARI, "We are open again")
    shop = await link(acme, platform)

    # What was there before it was linked.
    synced = await shop.api.post(f"{shop.path}/chats/sync")
    assert (synced.status_code, synced.json()) == (200, {"read": 2})
    chats = (await shop.api.get(f"{shop.path}/chats")).json()["items"]
    assert {it["chat"] for it in chats} == {BUDI, SARI}
    for chat, count in ((BUDI, 7), (SARI, 1)):
        for _ in range(2):  # again changes nothing
            synced = await shop.api.post(f"{shop.path}/chats/{chat}/sync")
            assert (synced.status_code, synced.json()) == (200, {"read": count})
    assert [it["text"] for it in await shop.history(BUDI)] == texts[::-1]
    (told,) = await shop.history(SARI)
    assert (told["text"], told["direction"]) == ("We are open again", "out")
    chats = (await shop.api.get(f"{shop.path}/chats")).json()["items"]
    assert {it["chat"]: it["last_text"] for it in chats} == {
        BUDI: texts[-1],
        SARI: "We are open again",
    }

    # What we change is changed on the other phone, and here.
    first, second = [(await shop.say(text, to=BUDI)).json() for text in ("Halo", "Oops")]
    edited = await shop.api.patch(f"{shop.path}/messages/{first['id']}", json={"text": "Halo Budi"})
    assert (edited.status_code, edited.json()["text"]) == (200, "Halo Budi")
    assert edited.json()["edited_at"] is not None
    revoked = await shop.api.delete(f"{shop.path}/messages/{second['id']}")
    assert revoked.status_code == 204, revoked.text

    async def seen() -> bool:
        shown = {it.id: it for it in await phones[BUDI].messages(OURS)}
        ours = [it for it in shown.values() if it.text == "Halo Budi"]
        return len(ours) == 1 and all(it.text != "Oops" for it in shown.values())

    await shop.until(seen, seconds=60)
    gone, changed, *_ = await shop.history(BUDI)
    assert (gone["kind"], gone["text"]) == ("revoked", None)
    assert gone["revoked_at"] is not None
    listed = (await shop.api.get(f"{shop.path}/chats")).json()["items"][0]
    assert (listed["chat"], listed["last_kind"], listed["last_text"]) == (BUDI, "revoked", None)
    assert (changed["text"], changed["id"]) == ("Halo Budi", first["id"])

    # What they change is changed here.
    good = await phones[BUDI].send_text(OURS, "See you at nine")
    bad = await phones[BUDI].send_text(OURS, "wrong chat")
    await phones[BUDI].edit(good, "See you at eight")
    await phones[BUDI].revoke(bad)

    async def came() -> Any:
        newest = (await shop.history(BUDI))[:2]
        shown = {(it["kind"], it["text"]) for it in newest}
        return shown == {("revoked", None), ("text", "See you at eight")}

    await shop.until(came, seconds=60)
    theirs = (await shop.history(BUDI))[1]
    refused = await shop.api.patch(f"{shop.path}/messages/{theirs['id']}", json={"text": "mine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ours")
