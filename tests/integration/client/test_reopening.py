"""A client of a module is opened again, each time in an event loop of its own."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

import blazz
from blazz.webhooks import sign
from tests.integration.webhooks import traffic


def test_a_client_handles_in_every_loop_that_it_is_opened_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = blazz.Client(folder=tmp_path)
    seen: list[str] = []
    handled = asyncio.Event()

    @client.on(blazz.TextReceived)
    async def show(_: blazz.Session, message: blazz.TextReceived) -> None:
        seen.append(message.body)
        handled.set()

    async def receive(number: int) -> None:
        nonlocal handled
        handled = asyncio.Event()
        body = traffic.body([number])
        provider = blazz.MetaCloud(traffic.NUMBERS[0], "a-token", app_secret=traffic.SECRET)
        async with client:
            await client.open("sales", provider)
            headers = {"X-Hub-Signature-256": sign(body, traffic.SECRET)}
            assert (await client.webhooks.handle("POST", "", headers, body)).status == 200
            async with asyncio.timeout(60):
                await handled.wait()

    with caplog.at_level(logging.WARNING):
        for number in (0, 3, 6):
            asyncio.run(receive(number))

    assert seen == ["message 0", "message 3", "message 6"]
    assert caplog.text == ""
