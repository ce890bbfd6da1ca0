"""What campaigns are sent through in tests: it notes what left, and fails as it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio

from blazz.addresses import Address
from blazz.campaigns.audience import Audience
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.progress import Progress
from blazz.campaigns.spec import CampaignSpec
from blazz.messages import Text
from blazz.messages.base import Message
from blazz.providers.base import Receipt


class FakeSender:
    """A sender whose answers a test decides.

    Args:
        answer: Called with the address before each answer; may raise.
    """

    def __init__(self, answer: Callable[[str], Awaitable[None]] | None = None) -> None:
        self.sent: list[tuple[str, Message, str]] = []
        self.most_at_once = 0
        self._now = 0
        self._answer = answer

    async def send(self, to: Address, message: Message, *, token: str) -> Receipt:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self._answer is not None:
                await self._answer(str(to))
            else:
                await anyio.lowlevel.checkpoint()
        finally:
            self._now -= 1
        self.sent.append((str(to), message, token))
        return Receipt(
            message_id=f"wamid.{len(self.sent)}", to=to, token=token, accepted_at=datetime.now(UTC)
        )

    @property
    def times(self) -> Counter[str]:
        """How often each address got a message."""
        return Counter(address for address, _, _ in self.sent)


def numbers(count: int) -> list[str]:
    """So many phone numbers."""
    return [f"+6281{n:08}" for n in range(1, count + 1)]


def people(count: int) -> Audience:
    """An audience of so many people."""
    return Audience.rows(
        [{"phone": number, "name": f"n{n}"} for n, number in enumerate(numbers(count), 1)]
    )


def a_campaign(
    ledger: Ledger,
    sender: FakeSender | None,
    audience: Audience | None,
    *,
    folder: Path | None = None,
    concurrency: int | None = None,
    send_timeout: float = 30.0,
    **settings: object,
) -> Campaign:
    """A campaign without a rate limit."""
    spec = CampaignSpec(
        **{"id": "promo", "message": Text("Halo {name}"), "rate": None, **settings}  # type: ignore[arg-type]
    )
    return Campaign(
        spec,
        ledger=ledger,
        sender=sender,
        audience=audience,
        folder=folder,
        concurrency=concurrency,
        send_timeout=send_timeout,
    )


async def run(campaign: Campaign, **options: float) -> Progress:
    """Run a campaign to its end; give the last progress."""
    with anyio.fail_after(60):
        return [progress async for progress in campaign.run(every=0.01, **options)][-1]
