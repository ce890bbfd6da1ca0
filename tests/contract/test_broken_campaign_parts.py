"""The checks for ledgers, engines and limiters find out those that break a promise."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz.campaigns.engine.base import ChunkId, Handler
from blazz.campaigns.engine.local import LocalEngine
from blazz.campaigns.ledger.records import Finding, Lease, Offer, WindowRow
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.limiter.base import Grant, Limit
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.priority import Priority
from blazz.errors import LeaseLost
from blazz.testing.engine import check_engine
from blazz.testing.ledger import check_ledger
from blazz.testing.limiter import check_limiter


class ForgetsThatRowsWereTaken(SqliteLedger):
    async def begin_window(self, lease: Lease, n: int, **options: Any) -> Sequence[WindowRow]:
        rows = await super().begin_window(lease, n, **options)
        back = "UPDATE recipient SET state = 'pending' WHERE state = 'sending'"
        await self._write(lambda c: c.execute(back))
        return rows


class NeverFences(SqliteLedger):
    async def begin_window(self, lease: Lease, n: int, **options: Any) -> Sequence[WindowRow]:
        try:
            return await super().begin_window(lease, n, **options)
        except LeaseLost:
            return []


class LeasesToEverybody(SqliteLedger):
    async def lease_chunk(self, chunk: ChunkId, *, now: float, **options: Any) -> Lease | None:
        free = "UPDATE chunk SET lease_until = 0 WHERE campaign = ?"
        await self._write(lambda c: c.execute(free, (chunk.campaign,)))
        return await super().lease_chunk(chunk, now=now, **options)


class OnlyTheHolderRecords(SqliteLedger):
    async def record(self, findings: Sequence[Finding], *, now: float) -> int:
        held = "SELECT count(*) FROM chunk WHERE campaign = ? AND epoch > 1"
        for finding in findings:
            campaign = finding.campaign
            (taken,) = await self._read(lambda c, n=campaign: c.execute(held, (n,)).fetchone())  # type: ignore[misc]
            if taken:
                return 0
        return await super().record(findings, now=now)


class OffersTwice(SqliteLedger):
    async def offer(self, **options: Any) -> Sequence[Offer]:
        return await super().offer(**(options | {"hold": -1.0}))


class LosesCount(SqliteLedger):
    async def standing(self, number: int, *, now: float) -> Any:
        standing = await super().standing(number, now=now)
        return replace(standing, counts=replace(standing.counts, pending=0))


class KeepsDuplicates(SqliteLedger):
    async def finish_import(self, number: int, **options: Any) -> Any:
        unique = "UPDATE recipient SET address = address || seq WHERE campaign = ?"
        await self._write(lambda c: c.execute(unique, (number,)))
        return await super().finish_import(number, **options)


class KnowsNoLimit(SqliteLedger):
    async def limit(self, number: int, upto: int | None) -> None:
        pass


class HasOneLane(SqliteLedger):
    async def import_rows(self, number: int, rows: Any, rejects: Any = (), **options: Any) -> None:
        await super().import_rows(number, rows, rejects, **(options | {"lane": 0}))


class AdmitsEverybody(SqliteLedger):
    async def admit(self, *_: Any, **__: Any) -> dict[int, float]:
        return {}


class CountsPeopleTwice(SqliteLedger):
    async def reached(self, workspace: str, sessions: Any, *, since: float) -> int:
        return 2 * await super().reached(workspace, sessions, since=since)


class MakesAKeyEachTime(SqliteLedger):
    async def key(self) -> bytes:
        return str(time.perf_counter_ns()).encode()


@pytest.mark.parametrize(
    "kind",
    [
        ForgetsThatRowsWereTaken,
        NeverFences,
        LeasesToEverybody,
        OnlyTheHolderRecords,
        OffersTwice,
        LosesCount,
        KeepsDuplicates,
        KnowsNoLimit,
        HasOneLane,
        AdmitsEverybody,
        CountsPeopleTwice,
        MakesAKeyEachTime,
    ],
)
async def test_a_broken_ledger_is_found_out(kind: type[SqliteLedger], tmp_path: Path) -> None:
    async with kind(tmp_path / "ledger.db") as ledger:
        with pytest.raises(AssertionError):
            await check_ledger(ledger)


class KnowsNoPriority(LocalEngine):
    async def offer(self, chunk: ChunkId, *, priority: Any = None, not_before: Any = None) -> None:
        await super().offer(chunk, not_before=not_before)


class KnowsNoTime(LocalEngine):
    async def offer(
        self,
        chunk: ChunkId,
        *,
        priority: Priority = Priority.CAMPAIGN,
        not_before: float | None = None,
    ) -> None:
        await super().offer(chunk, priority=priority)


class EndsWithoutItsHandlers(LocalEngine):
    async def run(self, handler: Handler) -> None:
        with anyio.CancelScope() as self._scope:
            await super().run(handler)

    async def close(self) -> None:
        await super().close()
        self._scope.cancel()


class KeepsNobodyFree(LocalEngine):
    def __init__(self) -> None:
        super().__init__(reserve=0)


@pytest.mark.parametrize(
    "kind", [KnowsNoPriority, KnowsNoTime, EndsWithoutItsHandlers, KeepsNobodyFree]
)
async def test_a_broken_engine_is_found_out(kind: type[LocalEngine]) -> None:
    with pytest.raises((AssertionError, ExceptionGroup)):
        await check_engine(kind)


class AllOrNothing(LocalLimiter):
    async def acquire(self, key: str, n: int, **options: Any) -> Grant:
        grant = await super().acquire(key, n, **options)
        return grant if grant.granted in {0, n} else Grant(0, 1.0)


class OneForAll(LocalLimiter):
    async def acquire(self, key: str, n: int, **options: Any) -> Grant:
        return await super().acquire("all", n, **options)


class KeepsNoReserve(LocalLimiter):
    async def acquire(
        self, key: str, n: int, *, limit: Limit, priority: Priority = Priority.CAMPAIGN
    ) -> Grant:
        return await super().acquire(key, n, limit=limit, priority=Priority.URGENT)


class CountsEverybodyTogether(LocalLimiter):
    async def acquire_each(self, key: str, members: Sequence[str], **options: Any) -> Any:
        return await super().acquire_each(key, ["somebody"] * len(members), **options)


class CountsPeopleAgain(LocalLimiter):
    async def admit(self, key: str, members: Sequence[str], **options: Any) -> Any:
        others = [f"{member}-{time.perf_counter_ns()}" for member in members]
        return await super().admit(key, others, **options)


class HearsNoComplaint(LocalLimiter):
    async def slow(self, key: str, *, cut: float = 0.5, pause: float = 1.0) -> None:
        await super().slow(key, cut=cut, pause=0.0)


@pytest.mark.parametrize(
    "kind",
    [
        AllOrNothing,
        OneForAll,
        KeepsNoReserve,
        CountsEverybodyTogether,
        CountsPeopleAgain,
        HearsNoComplaint,
    ],
)
async def test_a_broken_limiter_is_found_out(kind: type[LocalLimiter]) -> None:
    with pytest.raises(AssertionError):
        await check_limiter(kind())
