"""Every engine keeps the promises of the seam."""

from __future__ import annotations

from blazz.campaigns.engine.local import LocalEngine
from blazz.testing.engine import check_engine


async def test_the_local_engine() -> None:
    await check_engine(LocalEngine)
