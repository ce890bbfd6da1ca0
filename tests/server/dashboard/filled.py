"""A server with something on every page: chats with hostile texts, a campaign, a webhook, a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio
import httpx

from tests.server.one_process import OneServer

BUDI = "+6281234567890"
SCRIPT = "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title='stolen'\">"
TEXTS = (
    SCRIPT,
    "\u0645\u0631\u062d\u0628\u0627 \u0647\u0644 \u0647\u0630\u0627 \u0645\u062a\u0627\u062d",
    "\N{THUMBS UP SIGN}\N{PARTY POPPER}",
    f"https://example.com/{'x' * 300}",
    "{{ 7 * 7 }} & &amp; &lt;b&gt; \u202eback to front",
)
"""A script, a text from right to left, emoji, a very long word, what looks like a template."""


async def fill(server: OneServer, workspace: str = "acme") -> None:
    """Fill a server with what its pages show."""
    base = f"/v1/workspaces/{workspace}"
    async with httpx.AsyncClient(base_url=server.url, headers=server.admin, timeout=30) as api:

        async def post(path: str, body: Mapping[str, Any]) -> Any:
            answer = await api.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        await post("/v1/workspaces", {"name": workspace, "title": f"<b>{workspace}</b>"})
        await post(f"{base}/sessions", {"name": "shop", "provider": {"kind": "sandbox"}})
        await post(
            f"{base}/sessions", {"name": "off", "provider": {"kind": "web"}, "running": False}
        )
        await post(f"{base}/keys", {"label": "<i>a key</i>"})
        hook: dict[str, Any] = {"url": "http://127.0.0.1:9/hook", "kinds": ["message.received"]}
        await post(f"{base}/webhooks/subscriptions", hook)
        await until(api, f"{base}/sessions/shop", lambda told: told["state"] == "ready")
        for text in TEXTS:
            body = {"session": "shop", "text": text}
            await post(f"{base}/sandbox/users/{BUDI}/messages", body)
        message: dict[str, Any] = {"type": "text", "body": SCRIPT}
        await post(f"{base}/sessions/shop/messages", {"to": BUDI, "message": message})
        buttons = [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}]
        message = {"type": "buttons", "body": "Shall we deliver today?", "buttons": buttons}
        await post(f"{base}/sessions/shop/messages", {"to": BUDI, "message": message})
        place = {"type": "location", "latitude": -6.1754, "longitude": 106.8272, "name": "Monas"}
        await post(f"{base}/sessions/shop/messages", {"to": BUDI, "message": place})
        chat = f"{base}/sessions/shop/chats/{BUDI}/messages"
        await until(api, chat, lambda told: len(told["items"]) == len(TEXTS) + 3)
        await _campaign(api, base)


async def _campaign(api: httpx.AsyncClient, base: str) -> None:
    rows = "phone,name\n+6281100000021,Sari\n+6281100000022,<b>Wayan</b>\n12,nobody\n"
    audience = (await api.post(f"{base}/audiences", content=rows.encode())).json()
    plan = {
        "id": "promo",
        "sessions": ["shop"],
        "message": {"type": "text", "body": "Halo {name}"},
        "audience": {"id": audience["id"]},
        "start": True,
    }
    answer = await api.post(f"{base}/campaigns", json=plan)
    assert answer.status_code == 201, answer.text
    await until(api, f"{base}/campaigns/promo", lambda told: told["state"] == "done")


async def until(api: httpx.AsyncClient, path: str, told: Callable[[Any], bool]) -> None:
    """Ask until the answer is as expected."""
    with anyio.fail_after(60):
        # What is asked rings no bell.
        while not told((await api.get(path)).json()):  # noqa: ASYNC110
            await anyio.sleep(0.05)
