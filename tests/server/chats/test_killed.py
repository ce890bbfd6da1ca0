"""A server that is killed while it sends: asked again with the same key, it does not send again."""

from __future__ import annotations

import signal
from typing import Any

import anyio
import httpx

from blazz.sandbox import Sandbox
from tests.server.one_process import OneServer

SLOWLY_ANSWERED = "+15558000006"  # accepted, never answered; its statuses come
PATH = "/v1/workspaces/acme/sessions"
BODY = {"to": SLOWLY_ANSWERED, "message": {"type": "text", "body": "Your order is on its way."}}


async def test_killed_in_the_middle_of_a_send(tmp_path: Any) -> None:
    async with Sandbox(log_file=tmp_path / "sandbox.log", retry_most=1.0) as sandbox:
        await sandbox.control.hold()  # no status comes before it is let go
        server = OneServer(SANDBOX="remote", SANDBOX_URL=sandbox.url, LEASE="4")
        try:
            await anyio.to_thread.run_sync(server.start)
            key = await anyio.to_thread.run_sync(
                server.tenant, "acme", "messages:read", "messages:send", "sessions:write"
            )
            headers = {"Authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as api:
                made = await api.post(PATH, json={"name": "shop", "provider": {"kind": "sandbox"}})
                assert made.status_code == 201, made.text

                async def ask() -> httpx.Response | None:
                    try:
                        return await api.post(
                            f"{PATH}/shop/messages",
                            json=BODY,
                            headers={"Idempotency-Key": "order-17"},
                        )
                    except httpx.HTTPError:
                        return None

                async def ask_until_taken() -> httpx.Response | None:
                    """Ask again while the session is starting."""
                    # It tells nobody when it is ready.
                    while (  # noqa: ASYNC110
                        answer := await ask()
                    ) is not None and answer.status_code == 503:
                        await anyio.sleep(0.1)
                    return answer

                first: list[httpx.Response | None] = []

                async def ask_first() -> None:
                    first.append(await ask_until_taken())

                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(ask_first)
                    await anext(sandbox.log(wait=20))  # WhatsApp has it, and says nothing
                    await anyio.to_thread.run_sync(server.process.stop, signal.SIGKILL)
                assert first == [None]

                await anyio.to_thread.run_sync(server.start)
                with anyio.fail_after(30):
                    again = await ask_until_taken()
                assert again is not None
                assert again.status_code == 504, again.text
                told = again.json()
                assert (told["code"], told["message_status"]) == ("delivery_unknown", "unknown")

                await sandbox.control.release()
                # The status brings the token back: now it is known.
                with anyio.fail_after(30):
                    while (  # noqa: ASYNC110
                        again := await ask_until_taken()
                    ) is None or again.status_code == 504:
                        await anyio.sleep(0.1)
                assert again.status_code == 201, again.text
                assert again.json()["token"] == told["token"]
                assert sum((await sandbox.counts()).values()) == 1
        finally:
            server.process.remove()
