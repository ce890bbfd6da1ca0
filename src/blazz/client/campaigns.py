"""The campaigns of a client: their ledger, what they send through, and their statuses."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import anyio

from blazz.addresses import Address
from blazz.campaigns.audience import Audience
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.campaign_message import CampaignMessage, find_messages
from blazz.campaigns.engine.base import Engine
from blazz.campaigns.handle import OnProgress
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import CampaignRow
from blazz.campaigns.limiter.base import Limiter
from blazz.campaigns.options import OptOuts
from blazz.campaigns.quality import heed
from blazz.campaigns.settle import LookUp, StatusSettler
from blazz.campaigns.spec import DEFAULT_RATE, CampaignSpec
from blazz.campaigns.template_check import FindTemplate
from blazz.campaigns.tokens import TokenSigner
from blazz.client.suppressions import SuppressionCheck
from blazz.errors import CampaignError, Suppressed
from blazz.events.base import Event
from blazz.events.statuses import StatusChanged
from blazz.messages.base import Message
from blazz.providers.base import Capability, Outcome, Receipt, of_campaign
from blazz.session import Session


class ClientCampaigns:
    """Makes campaigns of sessions and applies status updates to them.

    The ledger is opened when it is first needed: most programs have no campaigns.

    Args:
        ledger: Where campaigns are recorded.
        limiter: Counts what leaves under each session; all campaigns share it.
        engine: What carries chunks between this process and workers; None: it sends them all.
        folder: Where rejects files go.
        on_progress: Are told of the progress of campaigns that run here or are watched.
        keep_open: Those of the parts that stay open when this is closed: others use them, too.
    """

    def __init__(
        self,
        ledger: Ledger,
        limiter: Limiter,
        *,
        engine: Engine | None = None,
        folder: Path,
        on_progress: Sequence[OnProgress] = (),
        keep_open: Collection[object] = (),
    ) -> None:
        self._keep_open = keep_open
        self._ledger = ledger
        self._limiter = limiter
        self._engine = engine
        self._folder = folder
        self._on_progress = on_progress
        self._opening = anyio.Lock()
        self._is_open = False
        self._settler: StatusSettler | None = None

    async def make(
        self,
        spec: CampaignSpec,
        sessions: Sequence[Session],
        audience: Audience | None,
        *,
        send_timeout: float = 30.0,
        takeover: float | None = None,
    ) -> Campaign:
        """Make a campaign that some sessions send."""
        await self._opened()
        if spec.rate is None and any(session.pacer is not None for session in sessions):
            spec = replace(spec, rate=DEFAULT_RATE)  # only who has a rate asks the limiter
        campaign = Campaign(
            spec,
            ledger=self._ledger,
            senders={each.name: SessionSender(each, spec.opt_outs) for each in sessions},
            audience=audience,
            limiter=self._limiter,
            engine=self._engine,
            look_up=_look_up(sessions),
            find_template=_find_template(sessions[0]),
            statuses=all(each.can(Capability.STATUS_WEBHOOKS) for each in sessions),
            folder=self._folder,
            send_timeout=send_timeout,
            takeover=takeover,
        )
        return self._watched(campaign)

    async def all(self, workspace: str) -> list[Campaign]:
        """Give all campaigns of a workspace, the newest first."""
        await self._opened()
        return [self._seen(row) for row in await self._ledger.campaigns(workspace)]

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
        return self._seen(row)

    async def messages(
        self, workspace: str, tokens: Collection[str]
    ) -> Mapping[str, CampaignMessage]:
        """Give what a workspace's campaigns sent under some tokens."""
        ours = [token for token in tokens if of_campaign(token)]
        if not ours:
            return {}
        settler = await self._opened()
        return await find_messages(self._ledger, settler.signer, ours, workspace=workspace)

    def _seen(self, row: CampaignRow) -> Campaign:
        spec = CampaignSpec.from_row(row)
        return self._watched(Campaign(spec, ledger=self._ledger, folder=self._folder))

    def _watched(self, campaign: Campaign) -> Campaign:
        for listener in self._on_progress:
            campaign.on_progress(listener)
        return campaign

    async def apply(self, events: Sequence[StatusChanged]) -> None:
        """Apply status updates; those of messages outside campaigns are passed over."""
        ours = [event for event in events if of_campaign(event.token)]
        if ours:
            await (await self._opened()).apply(ours)

    async def heed(self, event: Event, *, workspace: str, session: str) -> None:
        """Pause the campaigns that an event about quality concerns."""
        await self._opened()
        await heed(self._ledger, event, workspace=workspace, session=session, now=time.time())

    async def close(self) -> None:
        """Close the limiter, the engine and the ledger, if it was opened; each if another fails."""
        async with contextlib.AsyncExitStack() as stack:
            if self._is_open:
                self._is_open, self._settler = False, None
                if self._ledger not in self._keep_open:
                    stack.push_async_callback(self._ledger.close)
            if self._engine is not None and self._engine not in self._keep_open:
                stack.push_async_callback(self._engine.close)
            stack.push_async_callback(self._limiter.close)

    async def _opened(self) -> StatusSettler:
        async with self._opening:
            if self._settler is None:
                self._is_open = True  # from the first attempt on there is something to close
                await self._ledger.open()
                signer = TokenSigner(await self._ledger.key())
                self._settler = StatusSettler(self._ledger, signer, clock=time.time)
            return self._settler


class SessionSender:
    """Sends a campaign's messages through a session, past the suppression lists.

    The ledger counts attempts and makes the pauses between them, so a message is tried once here.

    Args:
        session: The session.
        opt_outs: Whose lists hold.
    """

    def __init__(self, session: Session, opt_outs: OptOuts = OptOuts.SESSION) -> None:
        self._session = session
        self._suppressions = SuppressionCheck(
            session.store, session.workspace, session.key, opt_outs
        )

    async def send(self, to: Address, message: Message, *, token: str) -> Receipt:
        """Send one message, once.

        Raises:
            Suppressed: The recipient opted out.
            OwnershipLost: Another process owns the session now; nothing was sent.
        """
        if await self._suppressions.has(str(to)):
            raise Suppressed("the recipient opted out and is on a suppression list")
        if self._session.pacer is not None:  # its turn was taken with the row
            await self._session.pacer.type(to, message)
        if self._session.keeper is not None:  # it may be another process's by now
            self._session.keeper.check()
        return await self._session.sends.measure(
            self._session.provider.send(to, message, token=token, retry=False)
        )


def _look_up(sessions: Sequence[Session]) -> LookUp | None:
    """Ask all sessions what became of a message: any of them may have sent it."""
    able = [session.provider for session in sessions if session.can(Capability.SETTLE)]
    if not able:
        return None

    async def look_up(tokens: Sequence[str]) -> Mapping[str, Outcome]:
        found: dict[str, Outcome] = {}
        for provider in able:
            for token, outcome in (await provider.settle(tokens)).items():
                if found.get(token) is not Outcome.SENT:
                    found[token] = outcome
        # That one session has not seen it proves nothing if another could not be asked.
        if len(able) < len(sessions):
            return {token: it for token, it in found.items() if it is Outcome.SENT}
        return found

    return look_up


def _find_template(session: Session) -> FindTemplate | None:
    """Give what looks templates up at the session's provider, if it can do that."""
    if not session.can(Capability.TEMPLATES):
        return None
    templates = getattr(session.provider, "templates", None)
    return getattr(templates, "get", None)
