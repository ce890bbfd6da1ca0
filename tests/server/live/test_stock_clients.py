"""Stock clients against the real server process, with its own keys and channel authorization."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pusher
import pytest

from tests.integration.realtime.stock import Browser, browser, clients_folder, connect, subscribe
from tests.server.one_process import OneServer, one_server

__all__ = ["clients_folder"]

SECRET = "the-secret-of-live-events"
ACME = "private-workspace.acme"


@pytest.mark.long
async def test_stock_clients(clients_folder: Path) -> None:
    with one_server(LIVE_SECRET=SECRET) as server:
        sari = server.tenant(
            "acme", "sessions:read", "sessions:write", "messages:read", "messages:send"
        )
        keys = {"sari": sari, "budi": server.tenant("acme")}
        keys["mallory"] = server.tenant("umbrella")
        options = {
            "key": "blazz",
            "auth": "/realtime/auth",
            "userAuth": "/realtime/user-auth",
            "wsPath": "/realtime",
            "headers": bearer(keys["sari"]),
        }
        async with browser(server.port, clients_folder, **options) as clients:
            for name, key in keys.items():
                await connect(clients, name, headers=bearer(key))
            await check_whose_channels(server, clients)
            await check_a_message(server, keys["sari"], clients)
            await check_presence_and_whispers(clients)
            await check_users(server, clients)
            await check_echo(server, clients)
            await check_refusals(server, clients)
            await check_revocation(server, keys["budi"], clients)
            await check_recovery(server, clients)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def publisher(server: OneServer, secret: str = SECRET) -> pusher.Pusher:
    return pusher.Pusher(
        app_id="1", key="blazz", secret=secret, host="127.0.0.1", port=server.port, ssl=False
    )


async def call(function: Any, *arguments: Any) -> Any:
    """Call the blocking PyPI client."""
    return await anyio.to_thread.run_sync(function, *arguments)


async def refused(clients: Browser, name: str, channel: str) -> int:
    clients.do("subscribe", name=name, channel=channel)
    event = "pusher:subscription_error"
    told = await clients.told(what="event", name=name, channel=channel, event=event)
    status: int = told["data"]["status"]
    return status


async def check_whose_channels(server: OneServer, clients: Browser) -> None:
    """What happens in a workspace is seen by those who have a key of it, and by nobody else."""
    for name in ("sari", "budi"):
        await subscribe(clients, name, ACME)
    await subscribe(clients, "mallory", "private-workspace.umbrella")
    assert await refused(clients, "mallory", ACME) == 403
    assert await refused(clients, "mallory", "private-chat.acme.shop.62812") == 403
    assert await refused(clients, "sari", "private-workspace.umbrella") == 403

    trigger = publisher(server).trigger
    await call(trigger, [ACME], "message.received", {"text": "hé"})
    await call(trigger, ["private-workspace.umbrella"], "last", {})
    for name in ("sari", "budi"):
        told = await clients.told(what="event", name=name, event="message.received")
        assert told["data"] == {"text": "hé"}
    await clients.told(what="event", name="mallory", event="last")
    seen = [it for it in clients._told if it.get("name") == "mallory"]
    assert not any(it.get("event") == "message.received" for it in seen)


async def check_a_message(server: OneServer, key: str, clients: Browser) -> None:
    """What happens to a session of the server is seen as it happens, on both of its channels."""
    chat = "private-chat.acme.shop.6281234567890"
    await subscribe(clients, "budi", chat)
    path = "/v1/workspaces/acme/sessions"
    async with httpx.AsyncClient(base_url=server.url, headers=bearer(key), timeout=30) as api:
        made = await api.post(path, json={"name": "shop", "provider": {"kind": "sandbox"}})
        assert made.status_code == 201, made.text
        message = {"to": "+6281234567890", "message": {"type": "text", "body": "Halo"}}
        while (await api.get(f"{path}/shop")).json()["state"] != "ready":  # noqa: ASYNC110
            await anyio.sleep(0.05)
        sent = await api.post(f"{path}/shop/messages", json=message)
        assert sent.status_code == 201, sent.text
    for name, channel in (("sari", ACME), ("budi", chat)):
        told = await clients.told(
            what="event", name=name, channel=channel, event="message.delivered"
        )
        assert told["data"]["session"] == "shop"
        assert told["data"]["recipient"]["address"] == "+6281234567890"
    seen = [it for it in clients._told if it.get("name") == "mallory"]
    assert not any(str(it.get("event")).startswith("message.") for it in seen)


async def check_presence_and_whispers(clients: Browser) -> None:
    channel = "presence-chat.acme.shop.62812"
    await subscribe(clients, "sari", channel)
    told = await subscribe(clients, "budi", channel)
    assert told["data"]["count"] == 2, "each key is somebody of its own"
    await clients.told(what="event", name="sari", event="pusher:member_added")
    clients.do("whisper", name="budi", channel=channel, event="client-typing", data={"on": True})
    heard = await clients.told(what="typing", name="sari")
    assert heard["data"] == {"on": True}
    assert heard["user"]


async def check_users(server: OneServer, clients: Browser) -> None:
    """Sign in as one's key, and be spoken to."""
    clients.do("signin", name="sari")
    prefix, found = "#server-to-user-", []
    while not found:
        known = (await call(publisher(server).channels_info))["channels"]
        found = [name for name in known if name.startswith(prefix)]
    (channel,) = found
    await call(publisher(server).send_to_user, channel.removeprefix(prefix), "greeting", {"n": 1})
    assert (await clients.told(what="user", name="sari"))["data"] == {"n": 1}


async def check_echo(server: OneServer, clients: Browser) -> None:
    clients.do("echo", name="echo", channel="workspace.acme")
    assert (await clients.told(what="here", name="echo"))["members"] == [{"kind": "key"}]
    assert (await clients.told(what="refused", name="echo"))["status"] == 403
    await subscribe(clients, "budi", "presence-workspace.acme")
    assert (await clients.told(what="joining", name="echo"))["member"] == {"kind": "key"}
    channel = ["presence-workspace.acme"]
    await call(publisher(server).trigger, channel, "session.ready", {"id": "shop"})
    assert (await clients.told(what="heard", name="echo"))["data"] == {"id": "shop"}
    clients.do("echo_whisper", name="echo", channel="workspace.acme", data={"on": 1})
    assert (await clients.told(what="typing", name="budi"))["data"] == {"on": 1}


async def check_refusals(server: OneServer, clients: Browser) -> None:
    clients.do("connect", name="stranger", key="other-key")
    assert (await clients.told(what="error", name="stranger"))["code"] == 4001
    with pytest.raises(pusher.errors.PusherBadAuth):
        await call(publisher(server, "wrong-secret").trigger, [ACME], "n", {})
    clients.do("connect", name="keyless", headers=bearer("bz_nothing"))
    await clients.told(what="state", name="keyless", state="connected")
    assert await refused(clients, "keyless", ACME) == 401


async def check_revocation(server: OneServer, key: str, clients: Browser) -> None:
    """Who was let in with a key that is revoked sees nothing more."""
    path = "/v1/workspaces/acme/keys"
    async with httpx.AsyncClient(base_url=server.url, headers=server.admin, timeout=30) as api:
        (found,) = [it for it in (await api.get(path)).json()["items"] if it["id"] in key]
        assert (await api.delete(f"{path}/{found['id']}")).status_code == 204
    await clients.told(what="error", name="budi", code=4009)
    await clients.told(what="state", name="budi", state="disconnected")


async def check_recovery(server: OneServer, clients: Browser) -> None:
    """The server is killed; its clients come back by themselves, with all their channels."""
    server.process.stop(signal.SIGKILL)
    await clients.told(what="state", name="sari", state="connecting")
    server.start()
    succeeded = "pusher:subscription_succeeded"
    await clients.told(what="event", name="sari", channel=ACME, event=succeeded)
    await call(publisher(server).trigger, [ACME], "after", {"n": 1})
    assert (await clients.told(what="event", name="sari", event="after"))["data"] == {"n": 1}
