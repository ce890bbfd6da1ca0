"""The campaigns of a client: their ledger, what they send through, and their statuses."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio

from blazz.addresses import Address
from blazz.campaigns.audience import Audience
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.limiter.base import Limiter
from blazz.campaigns.settle import StatusSettler
from blazz.campaigns.spec import DEFAULT_RATE, CampaignSpec
from blazz.campaigns.tokens import TokenSigner
from blazz.conversations.base import ConversationStore
from blazz.errors import CampaignError, Suppressed
from blazz.events.statuses import StatusChanged
from blazz.messages.base import Message
from blazz.providers.base import Capability, Receipt, of_campaign
from blazz.session import Session


class ClientCampaigns:
    """Makes campaigns of sessions and applies status updates to them.

    The ledger is opened when it is first needed: most programs have no campaigns.

    Args:
        ledger: Where campaigns are recorded.
        limiter: Counts what leaves under each session; all campaigns share it.
        folder: Where rejects files go.
    """

    def __init__(self, ledger: Ledger, limiter: Limiter, *, folder: Path) -> None:
        self._ledger = ledger
        self._limiter = limiter
        self._folder = folder
        self._opening = anyio.Lock()
        self._settler: StatusSettler | None = None

    async def make(
        self, spec: CampaignSpec, session: Session, audience: Audience | None
    ) -> Campaign:
        """Make a campaign that a session sends."""
        await self._opened()
        if spec.rate is None and session.pacer is not None:
            spec = replace(spec, rate=DEFAULT_RATE)  # only who has a rate asks the limiter
        return Campaign(
            spec,
            ledger=self._ledger,
            sender=SessionSender(session),
            audience=audience,
            limiter=self._limiter,
            look_up=session.provider.settle if session.can(Capability.SETTLE) else None,
            statuses=session.can(Capability.STATUS_WEBHOOKS),
            folder=self._folder,
        )

    async def find(self, workspace: str, campaign_id: str) -> Campaign:
        """Find a campaign to look at and to steer; it cannot be run without its session.

        Raises:
            CampaignError: There is none of that id.
        """
        await self._opened()
        row = await self._ledger.find(workspace, campaign_id)
        if row is None:
            known = ", ".join(each.id for each in await self._ledger.campaigns(workspace))
            raise CampaignError(
                f"there is no campaign {campaign_id!r} in workspace {workspace!r};"
                f" there is: {known or 'none yet'}"
            )
        return Campaign(CampaignSpec.from_row(row), ledger=self._ledger, folder=self._folder)

    async def apply(self, events: Sequence[StatusChanged]) -> None:
        """Apply status updates; those of messages outside campaigns are passed over."""
        ours = [event for event in events if of_campaign(event.token)]
        if ours:
            await (await self._opened()).apply(ours)

    async def close(self) -> None:
        """Close the ledger, if it was opened."""
        if self._settler is not None:
            self._settler = None
            await self._ledger.close()

    async def _opened(self) -> StatusSettler:
        async with self._opening:
            if self._settler is None:
                await self._ledger.open()
                signer = TokenSigner(await self._ledger.key())
                self._settler = StatusSettler(self._ledger, signer, clock=time.time)
            return self._settler


class SessionSender:
    """Sends a campaign's messages through a session, past the suppression list.

    The ledger counts attempts and makes the pauses between them, so a message is tried once here.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._suppressions = _SuppressionCheck(session.store, session.key)

    async def send(self, to: Address, message: Message, *, token: str) -> Receipt:
        """Send one message, once.

        Raises:
            Suppressed: The recipient opted out.
        """
        if await self._suppressions.has(str(to)):
            raise Suppressed(f"{to} opted out and is on the suppression list")
        if self._session.pacer is not None:  # its turn was taken with the row
            await self._session.pacer.type(to, message)
        return await self._session.provider.send(to, message, token=token, retry=False)


class _SuppressionCheck:
    """Looks addresses up in the suppression list; those asked for at once share one query."""

    def __init__(self, store: ConversationStore, session: str) -> None:
        self._store = store
        self._session = session
        self._asking = anyio.Lock()
        self._next = _Addresses()

    async def has(self, address: str) -> bool:
        batch = self._next
        batch.asked.add(address)
        async with self._asking:
            if batch.found is None:
                # Swapped before the query, so that whoever comes during it waits for the next.
                if self._next is batch:
                    self._next = _Addresses()
                batch.found = await self._store.suppressed(self._session, batch.asked)
        return address in batch.found


class _Addresses:
    """Addresses that are looked up together."""

    __slots__ = ("asked", "found")

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.found: set[str] | None = None
