"""The browser is killed again and again while messages leave: all arrive, none twice."""

from __future__ import annotations

import random
from collections import Counter

import anyio
import psutil
import pytest

from blazz import Text, TextReceived, Web
from blazz.sandbox.web import SimulatedPhone
from tests.integration.web_provider.studio import BUDI, Studio, browser_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

READY_SECONDS = 10.0


async def kill_while_sending(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone, *, kills: int
) -> float:
    """Kill it; give how long it took until it was back, in seconds."""
    session = await studio.linked(shop, ready_timeout=60.0)
    sent: list[str] = []
    slowest = 0.0
    dice = random.Random(7)

    async with anyio.create_task_group() as group:

        async def keep_sending(lane: int) -> None:
            number = 0
            while True:
                number += 1
                text = f"{lane}-{number}"
                await session.send(BUDI, Text(text))
                sent.append(text)

        for lane in range(3):
            group.start_soon(keep_sending, lane)
        for _ in range(kills):
            before = len(sent)
            with anyio.fail_after(60):
                while len(sent) < before + 3:  # noqa: ASYNC110  # it is only counted
                    await anyio.sleep(0.01)
            await anyio.sleep(dice.uniform(0, 0.1))
            browser = browser_of(session)
            psutil.Process(browser.pid).kill()
            await browser.closed.wait()
            started = anyio.current_time()
            await session.wait_ready(timeout=60)
            while browser_of_or_none(session) in {None, browser}:  # noqa: ASYNC110  # as above
                await anyio.sleep(0.01)
            await session.wait_ready(timeout=60)
            slowest = max(slowest, anyio.current_time() - started)
        group.cancel_scope.cancel()

    print(f"{kills} kills, {len(sent)} messages, the slowest return took {slowest:.1f} s")
    arrived = Counter(it.text for it in budi.messages(shop.number))
    assert {text: count for text, count in arrived.items() if count != 1} == {}
    assert set(sent) <= set(arrived)
    return slowest


def browser_of_or_none(session: object) -> object | None:
    try:
        return browser_of(session)  # type: ignore[arg-type]
    except AssertionError:
        return None


@pytest.mark.chaos
async def test_no_message_is_lost_or_doubled(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone, chaos_seconds: float | None
) -> None:
    if chaos_seconds is None:
        await kill_while_sending(studio, shop, budi, kills=3)
        return
    # Only here, where no other tests run beside.
    assert await kill_while_sending(studio, shop, budi, kills=30) < READY_SECONDS


async def test_what_is_unread_among_our_own_messages_is_found(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    """After a takeover they mix at once: who sends does not wait for what was missed."""
    session = await studio.linked(shop)
    for text in ("one", "two"):
        budi.send_text(shop.number, text)
        await studio.heard.one(TextReceived, lambda it, text=text: it.body == text)  # type: ignore[misc]
        await session.send(BUDI, Text(f"an answer to {text}"))
    provider = session.provider
    assert isinstance(provider, Web)
    assert provider._running is not None
    bridge = provider._running.life.bridge
    assert bridge is not None
    assert await bridge.call("reportUnread", {"since": 0, "most": 100}, timeout=60) == 2
