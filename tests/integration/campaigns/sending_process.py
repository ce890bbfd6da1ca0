"""A process that runs a campaign, for tests that kill it.

It is given the ledger, an audience file, and the file that stands for WhatsApp: a line in it is a
message that left, whatever becomes of this process afterwards. The last argument says what to do:
`import`, `send`, `send slowly`, or how many messages to send before it waits to be killed.
"""

from __future__ import annotations

import asyncio
import math
import random
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from blazz.addresses import Address
from blazz.campaigns import Audience, CampaignSpec
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.messages import Text
from blazz.messages.base import Message
from blazz.providers.base import Receipt

CONCURRENCY = 40


class FileSender:
    """Appends what it sends to a file, and answers a moment later: 0.07 s at the most, or more.

    After `most` messages the next ones never leave.
    """

    def __init__(self, path: str, slowness: float = 1.0, most: float = math.inf) -> None:
        self._slowness = slowness
        self._left = most
        self._path = Path(path)
        self._random = random.Random()

    async def send(self, to: Address, message: Message, *, token: str) -> Receipt:
        await self._pause(0.02)
        if self._left <= 0:
            await asyncio.Event().wait()
        self._left -= 1
        with self._path.open("ab", buffering=0) as file:
            file.write(f"{to} {token}\n".encode())
        await self._pause(0.05)
        return Receipt(message_id=f"wamid.{to}", to=to, token=token, accepted_at=datetime.now(UTC))

    async def _pause(self, longest: float) -> None:
        await asyncio.sleep(self._slowness * self._random.uniform(0, longest))


def make(
    ledger: SqliteLedger,
    audience: str,
    sent: str,
    slowness: float = 1.0,
    most: float = math.inf,
) -> Campaign:
    """The campaign; the same in every process."""
    return Campaign(
        CampaignSpec(id="promo", message=Text("Halo {name}"), rate=None, chunk_size=100),
        ledger=ledger,
        sender=FileSender(sent, slowness, most),
        audience=Audience.csv(audience),
        folder=Path(audience).parent,
        concurrency=CONCURRENCY,
    )


async def main(ledger_path: str, audience: str, sent: str, what: str) -> None:
    """Import the audience, or send the whole campaign or some of it."""
    slowness = 10 if what == "send slowly" else 1
    most = int(what) if what.isdigit() else math.inf
    async with SqliteLedger(ledger_path) as ledger:
        campaign = make(ledger, audience, sent, slowness, most)
        if what == "import":
            await campaign.prepare()
            return
        async for progress in campaign.run(every=0.05):
            print(progress.counts.total - progress.counts.open, flush=True)


if __name__ == "__main__":
    # A shell that starts the tests in the background lets its children ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
