"""Receipts that wait without `await`."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, fields
from typing import Self

from anyio.from_thread import BlockingPortal

from blazz.conversations.base import MessageState
from blazz.conversations.waiting import TrackedReceipt
from blazz.events.statuses import Status, StatusChanged
from blazz.providers.base import Receipt as ProviderReceipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(ProviderReceipt):
    """A receipt that can wait, see `blazz.Receipt`."""

    tracked: TrackedReceipt = field(repr=False, compare=False)
    portal: BlockingPortal = field(repr=False, compare=False)

    @classmethod
    def of(cls, receipt: TrackedReceipt, portal: BlockingPortal) -> Self:
        """Let a receipt wait without `await`."""
        values = {each.name: getattr(receipt, each.name) for each in fields(ProviderReceipt)}
        return cls(**values, tracked=receipt, portal=portal)

    def wait(
        self, status: Status | type[StatusChanged], *, timeout: float | None = None
    ) -> MessageState:
        """Wait until the message has come at least as far as `status`."""
        return self.portal.call(functools.partial(self.tracked.wait, status, timeout=timeout))
