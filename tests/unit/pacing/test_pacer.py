"""The pacer: who waits, who goes first, what is remembered, what is shown."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from blazz.addresses import Address, Group, Phone
from blazz.campaigns.limiter.base import Grant, Limit, Quota
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.errors import DailyCapReached
from blazz.messages import Image, MediaId, Text
from blazz.providers.pacing import Pacing
from blazz.session.paced_limiter import PacedLimiter
from blazz.session.pacer import Pacer

NOON = 20_000 * 86_400.0 + 43_200
BUDI, SITI = Phone("+6281234567890"), Phone("+6281234567891")
BRISK = Pacing(pause=(2.0, 4.0), typing=None)


class Store:
    """What a conversation store would remember."""

    def __init__(self) -> None:
        self.seen: dict[str, datetime] = {}
        self.paces: dict[str, str] = {}

    async def last_seen(self, session: str, address: str) -> datetime | None:
        return self.seen.get(address)

    async def pace(self, session: str) -> str | None:
        return self.paces.get(session)

    async def keep_pace(self, session: str, pace: str) -> None:
        self.paces[session] = pace


class World:
    """A clock that only sleeping moves, and everything a pacer is made of."""

    def __init__(self) -> None:
        self.now = NOON
        self.store = Store()
        self.typing: list[Address] = []
        self.hold: asyncio.Event | None = None

    async def sleep(self, seconds: float) -> None:
        if self.hold is not None:
            await self.hold.wait()
        self.now += seconds

    async def show(self, to: Address) -> None:
        self.typing.append(to)

    def pacer(self, pacing: Pacing) -> Pacer:
        return Pacer(
            pacing,
            session="acme/sales",
            store=self.store,
            show_typing=self.show,
            clock=lambda: self.now,
            sleep=self.sleep,
            dice=lambda: 0.5,
        )

    def wrote(self, who: Phone, hours_ago: float) -> None:
        at = self.now - hours_ago * 3600
        self.store.seen[str(who)] = datetime.fromtimestamp(at, UTC)


@pytest.fixture
def world() -> World:
    return World()


async def test_uninvited_messages_have_pauses_between_them(world: World) -> None:
    pacer = world.pacer(BRISK)
    for _ in range(3):
        await pacer.turn(BUDI, Text("Halo"))

    assert world.now == NOON + 6


@pytest.mark.parametrize(("hours_ago", "waits"), [(23.9, 0), (24.1, 3)])
async def test_an_answer_does_not_wait(world: World, hours_ago: float, waits: float) -> None:
    world.wrote(BUDI, hours_ago)
    pacer = world.pacer(BRISK)
    await pacer.turn(SITI, Text("first"))
    await pacer.turn(BUDI, Text("second"))

    assert world.now == NOON + waits


async def test_a_group_is_answered(world: World) -> None:
    pacer = world.pacer(BRISK)
    for _ in range(2):
        await pacer.turn(Group("120363000000000001"), Text("Halo"))

    assert world.now == NOON
    assert world.store.paces == {}


async def test_an_answer_overtakes_those_who_wait(world: World) -> None:
    world.wrote(BUDI, 1)
    pacer = world.pacer(BRISK)
    await pacer.turn(SITI, Text("first"))
    world.hold = asyncio.Event()
    waiting = [asyncio.create_task(pacer.turn(SITI, Text("later"))) for _ in range(3)]
    await asyncio.sleep(0)

    await pacer.turn(BUDI, Text("an answer"))
    assert not any(task.done() for task in waiting)
    world.hold.set()
    await asyncio.gather(*waiting)
    assert world.now == NOON + 9


async def test_who_gives_up_waiting_gives_the_turn_away(world: World) -> None:
    pacer = world.pacer(BRISK)
    await pacer.turn(SITI, Text("first"))
    world.hold = asyncio.Event()
    impatient = asyncio.create_task(pacer.turn(SITI, Text("never")))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    world.hold.set()
    await pacer.turn(SITI, Text("second"))

    assert world.now == NOON + 3


async def test_the_day_is_remembered_by_the_next_process(world: World) -> None:
    pacing = Pacing(pause=(0, 0), typing=None, daily_cap=2, warm_up_days=0)
    await world.pacer(pacing).turn(BUDI, Text("Halo"))
    restarted = world.pacer(pacing)
    await restarted.turn(BUDI, Text("Halo"))
    with pytest.raises(DailyCapReached, match=r"the 2 uninvited messages of today.* 12\.0 h") as it:
        await restarted.turn(BUDI, Text("Halo"))
    assert it.value.retry_after == 43_200

    world.wrote(BUDI, 1)
    await restarted.turn(BUDI, Text("an answer is never refused"))
    world.now += 43_200
    await restarted.turn(SITI, Text("a new day"))


async def test_a_text_is_typed_and_that_is_shown(world: World) -> None:
    pacer = world.pacer(Pacing(pause=(0, 0), typing=10, longest_typing=5))
    await pacer.turn(BUDI, Text("x" * 20))
    assert (world.typing, world.now) == ([BUDI], NOON + 2)
    await pacer.turn(BUDI, Text("x" * 500))
    assert world.now == NOON + 7

    picture = MediaId("1234")
    await pacer.turn(BUDI, Image(picture))
    assert len(world.typing) == 2
    await pacer.turn(BUDI, Image(picture, caption="x" * 10))
    assert world.now == NOON + 8


async def test_typing_that_cannot_be_shown_keeps_no_message_back(world: World) -> None:
    async def fail(to: Address) -> None:
        raise RuntimeError("the page is busy")

    pacer = Pacer(
        Pacing(typing=10),
        session="acme/sales",
        store=world.store,
        show_typing=fail,
        clock=lambda: world.now,
        sleep=world.sleep,
    )
    await pacer.turn(BUDI, Text("Halo"))

    assert world.now > NOON


async def test_off_means_off(world: World) -> None:
    pacer = world.pacer(Pacing.off())
    for _ in range(50):
        await pacer.turn(BUDI, Text("Halo"))
        assert await pacer.claim() == 0

    assert (world.now, world.typing, world.store.paces) == (NOON, [], {})


# Campaigns


def _limiter(world: World, pacer: Pacer) -> PacedLimiter:
    pacers = {"acme/sales": pacer}
    return PacedLimiter(LocalLimiter(clock=lambda: world.now), pacers.get)


async def test_a_campaign_gets_one_turn_at_a_time(world: World) -> None:
    limiter = _limiter(world, world.pacer(BRISK))
    limit = Limit(80.0)

    assert await limiter.acquire("acme/sales", 50, limit=limit) == Grant(1, 0.0)
    assert await limiter.acquire("acme/sales", 50, limit=limit) == Grant(0, 3.0)
    assert (await limiter.acquire("acme/other", 10, limit=limit)).granted == 10
    world.now += 3
    assert await limiter.acquire("acme/sales", 50, limit=limit) == Grant(1, 0.0)


async def test_a_campaigns_own_rate_holds_too(world: World) -> None:
    limiter = _limiter(world, world.pacer(Pacing(pause=(0, 0))))
    slow = Limit(0.1, 1)

    assert (await limiter.acquire("acme/sales", 1, limit=slow)).granted == 1
    refused = await limiter.acquire("acme/sales", 1, limit=slow)
    assert (refused.granted, round(refused.wait)) == (0, 10)
    assert '"uninvited": 1' in world.store.paces["acme/sales"]


async def test_a_campaign_rests_until_the_next_day_and_says_so_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    pacing = Pacing(pause=(0, 0), daily_cap=1, warm_up_days=0)
    limiter = _limiter(world, world.pacer(pacing))
    limit = Limit(80.0)
    await limiter.acquire("acme/sales", 1, limit=limit)

    for _ in range(2):
        world.now += 1
        assert (await limiter.acquire("acme/sales", 1, limit=limit)).wait > 43_000
    assert len(caplog.records) == 1
    assert "has reached its daily cap" in caplog.text


async def test_a_single_message_goes_before_a_campaign(world: World) -> None:
    pacer = world.pacer(BRISK)
    await pacer.turn(SITI, Text("first"))
    world.hold = asyncio.Event()
    waiting = asyncio.create_task(pacer.turn(SITI, Text("urgent")))
    await asyncio.sleep(0)
    world.now += 10

    assert await pacer.claim() == 2.0
    world.hold.set()
    await waiting
    assert await pacer.claim() == 3.0


async def test_everything_else_is_the_limiters_business(world: World) -> None:
    limiter = _limiter(world, world.pacer(BRISK))

    (each,) = await limiter.acquire_each("acme/sales", ["a"], limit=Limit(1.0))
    (first, second) = await limiter.admit("acme/sales", ["a", "b"], quota=Quota(1))
    assert (each.granted, first.granted, second.granted) == (1, 1, 0)
    await limiter.slow("acme/sales", pause=5.0)
    assert (await limiter.acquire("acme/sales", 1, limit=Limit(80.0))).granted == 0
    await limiter.close()
