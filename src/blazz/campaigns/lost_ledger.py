"""A ledger that lost its data ends all work: the error names the campaigns that have stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator

from blazz.errors import LedgerLost


@contextlib.contextmanager
def stopping(campaigns: Collection[str]) -> Iterator[None]:
    """Name these campaigns in a `LedgerLost` that ends the block, alone or in a group.

    Example:
        >>> with stopping(["promo"]):
        ...     raise LedgerLost("the ledger has lost its data")
        Traceback (most recent call last):
        ...
        blazz.errors.campaigns.LedgerLost: promo has stopped: the ledger has lost its data
    """
    try:
        yield
    except LedgerLost as error:
        raise _named(error, campaigns) from error
    except BaseExceptionGroup as group:
        lost = _first(group)
        if lost is None:
            raise
        raise _named(lost, campaigns) from group


def _named(error: LedgerLost, campaigns: Collection[str]) -> LedgerLost:
    have = "has" if len(campaigns) == 1 else "have"
    names = ", ".join(sorted(campaigns)) or "all campaigns"
    return LedgerLost(f"{names} {have} stopped: {error}")


def _first(group: BaseExceptionGroup[BaseException]) -> LedgerLost | None:
    for error in group.exceptions:
        found = _first(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, LedgerLost):
            return found
    return None
