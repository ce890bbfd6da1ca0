"""The promises of receiving, with the Cloud API's parser, on both databases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import anyio
import pytest

from blazz.events import Event, MessageReceived, StatusChanged
from blazz.events.statuses import Status, advance
from blazz.webhooks.inbox.base import State
from blazz.webhooks.inbox.sql import SqlInbox
from tests.integration.webhooks import traffic
from tests.integration.webhooks.process import Process

MakeInbox = Callable[[], SqlInbox]


@pytest.fixture
async def process(make_inbox: MakeInbox):
    made = Process(make_inbox())
    await made.open()
    yield made
    await made.inbox.close()


@pytest.mark.parametrize("times", [1, 3])
async def test_a_batch_of_1000_is_handled_each_once(process: Process, times: int) -> None:
    process.dispatcher.on(MessageReceived, StatusChanged)(process.count)
    body = traffic.body(range(1000), entries=7)
    for _ in range(times):
        await process.post(body)
    await process.drain()
    await process.post(body)
    await process.drain()

    assert len(process.handled) == 1000
    assert set(process.handled.values()) == {1}
    counts = await process.inbox.counts()
    assert (counts.arrived, dict(counts.updates)) == (0, {})


async def test_a_handler_that_fails_on_every_third(process: Process) -> None:
    calls = 0

    @process.dispatcher.on(MessageReceived, StatusChanged)
    async def fragile(event: Event) -> None:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise RuntimeError("every third")
        await process.count(event)

    await process.post(traffic.body(range(600), entries=3))
    await process.drain()

    assert len(process.handled) == 600
    assert set(process.handled.values()) == {1}
    assert State.DEAD not in (await process.inbox.counts()).updates


async def test_shuffled_statuses_end_the_same(process: Process) -> None:
    reached: dict[str, Status] = {}

    @process.dispatcher.on(StatusChanged)
    async def move(event: StatusChanged) -> None:
        current = reached.get(event.message_id)
        reached[event.message_id] = (
            event.status if current is None else advance(current, event.status)
        )

    numbers = [number for number in range(900) if number % 3]
    random.Random(7).shuffle(numbers)
    for start in range(0, len(numbers), 50):
        await process.post(traffic.body(numbers[start : start + 50]))
    await process.drain()

    assert len(reached) == 300
    assert set(reached.values()) == {Status.READ}


async def test_several_processes_share_the_work(make_inbox: MakeInbox) -> None:
    processes = [Process(make_inbox()) for _ in range(3)]
    handled: Counter[str] = Counter()
    running: Counter[str] = Counter()
    together: list[int] = []

    async def handle(event: MessageReceived) -> None:
        # No two handlers of one conversation run at once, in whatever process.
        conversation = f"{event.account} {event.sender.address}"
        running[conversation] += 1
        together.append(running[conversation])
        await anyio.sleep(0.001)
        running[conversation] -= 1
        handled[event.key] += 1

    for each in processes:
        await each.open()
        each.dispatcher.on(MessageReceived)(handle)
    try:
        async with anyio.create_task_group() as tasks:
            for each in processes:
                await tasks.start(each.dispatcher.run)
            for number in range(40):
                numbers = range(number * 20, number * 20 + 20)
                await processes[number % 3].post(traffic.body(numbers))
            for each in processes:
                await each.dispatcher.drained()
            tasks.cancel_scope.cancel()
    finally:
        for each in processes:
            await each.inbox.close()

    assert len(handled) == len([number for number in range(800) if number % 3 == 0])
    assert set(handled.values()) == {1}
    assert max(together) == 1
