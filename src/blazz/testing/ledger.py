"""Checks that a ledger keeps its promises."""

from __future__ import annotations

from blazz.campaigns.ledger.base import Ledger
from blazz.testing import ledger_audience, ledger_import, ledger_steering, ledger_work
from blazz.testing.ledger_scene import Scene


async def check_ledger(ledger: Ledger) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    Args:
        ledger: An open ledger. The checks make campaigns in workspaces of their own.

    Example:
        ::

            async with SqliteLedger(path) as ledger:
                await check_ledger(ledger)
    """
    ann, bob = await ledger.join(), await ledger.join()
    assert ann != bob, "every owner has a name of its own"
    assert await ledger.key() == await ledger.key(), "the key stays the same"
    for check in (
        *ledger_import.CHECKS,
        *ledger_audience.CHECKS,
        *ledger_steering.CHECKS,
        *ledger_work.CHECKS,
    ):
        workspace = check.__name__.strip("_").replace("_", "-")
        await check(Scene(ledger, ann, bob, workspace=workspace))
    await ledger.leave(ann)
    await ledger.leave(bob)
