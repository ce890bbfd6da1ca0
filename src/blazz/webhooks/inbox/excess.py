"""Which kept updates are too many, and how they are forgotten; no I/O here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from blazz.databases.operations import Operation, Statement


class Excess(NamedTuple):
    """What is too much of some signers.

    Attributes:
        signers: Bodies whose kept updates go, and who signed them.
        alone: Those of them that hold nothing else.
        end: Where the log ended then; what came later was not looked at.
    """

    signers: Mapping[int, str]
    alone: Sequence[int]
    end: int


def find(most: int, limit: int) -> Operation[Excess | None]:
    """Find kept updates beyond so many bytes of one signer, the oldest first."""
    signers: dict[int, str] = dict((yield Statement("excess", (most, limit))))
    if not signers:
        return None
    [(end,)] = yield Statement("log_end")
    [(begin,)] = yield Statement("seq_before", (min(signers),))
    others = {
        body for (body,) in (yield Statement("with_others", (json.dumps(list(signers)), begin)))
    }
    return Excess(signers, [body for body in signers if body not in others], end)


def forget(found: Excess) -> Operation[Counter[str]]:
    """Forget an excess; returns how many updates that were, by signer."""
    rows = yield Statement("forget_kept_of", (json.dumps(list(found.signers)),))
    yield Statement("forget_bodies", (json.dumps(found.alone), found.end))
    return Counter(found.signers[body] for (body,) in rows)
