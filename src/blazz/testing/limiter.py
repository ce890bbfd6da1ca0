"""Checks that a limiter keeps its promises."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

import anyio

from blazz.campaigns.limiter.base import Limit, Limiter, Quota
from blazz.campaigns.priority import Priority
from blazz.errors import InvalidValue

# Nothing comes back during a check: one message in ten minutes.
_SLOW = Limit(1 / 600, burst=10)


async def check_limiter(limiter: Limiter) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    It uses keys that nobody else has, so the limiter may be in use.

    Example:
        >>> from blazz.campaigns.limiter.local import LocalLimiter
        >>> anyio.run(check_limiter, LocalLimiter())
    """
    for check in _CHECKS:
        await check(limiter, f"check-{secrets.token_hex(8)}")


async def _grants_what_the_burst_allows(limiter: Limiter, key: str) -> None:
    first = await limiter.acquire(key, 4, limit=_SLOW, priority=Priority.NORMAL)
    second = await limiter.acquire(key, 20, limit=_SLOW, priority=Priority.NORMAL)
    third = await limiter.acquire(key, 1, limit=_SLOW, priority=Priority.NORMAL)

    assert (first.granted, first.wait) == (4, 0), "what fits is granted at once"
    assert (second.granted, second.wait) == (6, 0), "a grant may be partial"
    assert third.granted == 0, "the burst is spent"
    assert 0 < third.wait <= 600, "the wait ends when the next message is due"


async def _keeps_keys_apart(limiter: Limiter, key: str) -> None:
    await limiter.acquire(key, 10, limit=_SLOW, priority=Priority.NORMAL)
    other = await limiter.acquire(f"{key}-other", 10, limit=_SLOW, priority=Priority.NORMAL)

    assert other.granted == 10, "another key has its own burst"


async def _keeps_a_reserve_for_what_is_urgent(limiter: Limiter, key: str) -> None:
    campaign = await limiter.acquire(key, 10, limit=_SLOW)
    more = await limiter.acquire(key, 1, limit=_SLOW)
    urgent = await limiter.acquire(key, 10, limit=_SLOW, priority=Priority.URGENT)

    assert campaign.granted == 8, "campaigns leave a fifth of the burst"
    assert (more.granted, more.wait > 0) == (0, True), "campaigns wait for their share"
    assert urgent.granted == 2, "what is urgent gets the rest"


async def _gives_back_what_time_brings(limiter: Limiter, key: str) -> None:
    fast = Limit(50.0, burst=1)
    await limiter.acquire(key, 1, limit=fast, priority=Priority.NORMAL)
    with anyio.fail_after(30):
        while not (again := await limiter.acquire(key, 1, limit=fast)).granted:
            assert again.wait > 0, "a wait of nothing would be a busy loop"
            await anyio.sleep(again.wait)


async def _takes_the_limit_of_each_call(limiter: Limiter, key: str) -> None:
    await limiter.acquire(key, 10, limit=_SLOW, priority=Priority.NORMAL)
    wider = await limiter.acquire(
        key, 100, limit=Limit(_SLOW.rate, burst=30), priority=Priority.NORMAL
    )

    assert wider.granted == 20, "a wider burst counts what is spent already"


async def _refuses_to_grant_nothing(limiter: Limiter, key: str) -> None:
    for n in (0, -1):
        try:
            await limiter.acquire(key, n, limit=_SLOW)
        except InvalidValue:
            continue
        raise AssertionError(f"asking for {n} raises InvalidValue")


async def _counts_callers_that_come_together(limiter: Limiter, key: str) -> None:
    granted: list[int] = []

    async def ask() -> None:
        grant = await limiter.acquire(key, 3, limit=_SLOW, priority=Priority.NORMAL)
        granted.append(grant.granted)

    async with anyio.create_task_group() as callers:
        for _ in range(10):
            callers.start_soon(ask)

    assert sum(granted) == 10, "callers that come together share one burst"


async def _counts_each_member_by_itself(limiter: Limiter, key: str) -> None:
    twice = Limit(1 / 600, burst=2)
    first = await limiter.acquire_each(key, ["a", "b", "a", "a"], limit=twice)
    second = await limiter.acquire_each(key, ["b", "b", "c"], limit=twice)
    elsewhere = await limiter.acquire_each(f"{key}-other", ["a"], limit=twice)
    whole = await limiter.acquire(key, 10, limit=_SLOW, priority=Priority.NORMAL)

    assert [grant.granted for grant in first] == [1, 1, 1, 0], "each member has a burst"
    assert 0 < first[3].wait <= 600, "a member that used it up waits"
    assert [grant.granted for grant in second] == [1, 0, 1], "it is kept between calls"
    assert elsewhere[0].granted == 1, "members belong to their key"
    assert whole.granted == 10, "members take nothing from the key itself"
    assert not await limiter.acquire_each(key, [], limit=twice), "nobody is nobody"


async def _admits_as_many_as_the_quota(limiter: Limiter, key: str) -> None:
    quota = Quota(2, period=600)
    first = await limiter.admit(key, ["a", "b", "c", "a"], quota=quota)
    wider = await limiter.admit(key, ["c", "d"], quota=Quota(3, period=600))

    assert [grant.granted for grant in first] == [1, 1, 0, 1], "whoever counts takes no new place"
    assert 0 < first[2].wait <= 600, "a place is free when the oldest has counted long enough"
    assert [grant.granted for grant in wider] == [1, 0], "a wider quota counts who is in already"


async def _forgets_who_was_admitted_long_ago(limiter: Limiter, key: str) -> None:
    short = Quota(1, period=0.05)
    await limiter.admit(key, ["a"], quota=short)
    with anyio.fail_after(30):
        while not (again := (await limiter.admit(key, ["b"], quota=short))[0]).granted:
            assert again.wait > 0, "a wait of nothing would be a busy loop"
            await anyio.sleep(again.wait)


async def _slows_a_key_down(limiter: Limiter, key: str) -> None:
    await limiter.slow(key, cut=0.5, pause=600)
    resting = await limiter.acquire(key, 10, limit=_SLOW, priority=Priority.URGENT)
    other = f"{key}-other"
    await limiter.slow(other, cut=0.5, pause=0.0)
    slowed = await limiter.acquire(other, 100, limit=Limit(1 / 600, 100), priority=Priority.HIGH)
    third = f"{key}-third"
    for _ in range(10):
        await limiter.slow(third, cut=0.5, pause=0.0)
    once = await limiter.acquire(third, 100, limit=Limit(1 / 600, 100), priority=Priority.HIGH)

    assert resting.granted == 0, "a key that rests gives nothing, not even to what is urgent"
    assert 590 < resting.wait <= 600, "the wait ends with the rest"
    assert 50 <= slowed.granted < 100, "afterwards it has a share of its rate and burst"
    assert 50 <= once.granted < 100, "complaints about one burst cut it once"


_CHECKS: tuple[Callable[[Limiter, str], Awaitable[None]], ...] = (
    _grants_what_the_burst_allows,
    _keeps_keys_apart,
    _keeps_a_reserve_for_what_is_urgent,
    _gives_back_what_time_brings,
    _takes_the_limit_of_each_call,
    _refuses_to_grant_nothing,
    _counts_callers_that_come_together,
    _counts_each_member_by_itself,
    _admits_as_many_as_the_quota,
    _forgets_who_was_admitted_long_ago,
    _slows_a_key_down,
)
