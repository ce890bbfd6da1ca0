"""How a client makes campaigns, finds them again, and keeps people out of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from blazz.campaigns.audience import Audience
from blazz.campaigns.campaign import Campaign
from blazz.campaigns.campaign_message import CampaignMessage
from blazz.campaigns.content import Content, Said
from blazz.campaigns.ledger.records import UnknownPolicy
from blazz.campaigns.options import Canary, FrequencyCap, Numbers, OptOuts, SendHours, Tier
from blazz.campaigns.priority import Priority
from blazz.campaigns.spec import DEFAULT_RATE, CampaignSpec
from blazz.client.campaigns import ClientCampaigns
from blazz.client.suppressions import WorkspaceSuppressions
from blazz.conversations.base import ConversationStore
from blazz.errors import ConfigurationError
from blazz.session import Session

_CHUNK = 500
# Numbers share whole chunks: with smaller ones, small audiences are shared evenly, too.
_SHARED_CHUNK = 100


class MakesCampaigns:
    """The part of a `Client` that deals with campaigns."""

    workspace: str
    _campaigns: ClientCampaigns
    _store: ConversationStore

    async def campaign(
        self,
        id: str,  # noqa: A002  # the word that callers expect
        *,
        session: Session | Sequence[Session] | None = None,
        message: Said | None = None,
        audience: Audience | None = None,
        rate: float | None = DEFAULT_RATE,
        priority: Priority = Priority.CAMPAIGN,
        start_at: datetime | None = None,
        end_at: datetime | None = None,
        hours: SendHours | None = None,
        canary: Canary | None = None,
        cap: FrequencyCap | None = None,
        tier: Tier | None = None,
        numbers: Numbers | None = None,
        opt_outs: OptOuts | str = OptOuts.SESSION,
        unknown: UnknownPolicy | str = UnknownPolicy.HOLD,
        settle_after: float = 86_400.0,
        send_timeout: float = 30.0,
        takeover: float | None = None,
    ) -> Campaign:
        """Make a campaign, or find one again by its id.

        A campaign that was made earlier goes on where it was; its message and audience must be the
        same, all else may change. With the id alone, it can be looked at and steered, but not run.

        Args:
            id: Its name in the workspace: `[a-z0-9][a-z0-9_-]{0,62}`.
            session: What sends it; several share it.
            message: What to send, or `Variants` of it; `{column}` is filled in from each row.
            audience: Who it goes to, see `Audience.csv` and `Audience.rows`.
            rate: Messages per second of each session, or None for no limit; see `CampaignSpec` for
                Meta's limits.
            priority: Campaigns leave room for whatever is more urgent.
            start_at: Nothing is sent before this time, which has a time zone.
            end_at: What is not sent by this time stays unsent.
            hours: When messages may leave, by the recipients' clocks.
            canary: The first few messages, which must do well before the others follow.
            cap: How often one person may be written to, over all campaigns.
            tier: How many people Meta lets the business write to in 24 hours.
            numbers: How several sessions share it.
            opt_outs: Whose suppression lists hold: `session` or `workspace`.
            unknown: What becomes of messages whose fate stays unknown: `hold` or `retry`.
            settle_after: Seconds until such a message is given up on.
            send_timeout: Seconds after which a request without an answer is given up.
            takeover: Seconds after which another process takes over from one that is not heard of;
                at least two and a half times `send_timeout`, by default half a minute more.

        Raises:
            InvalidValue: A setting breaks its limit.
            ConfigurationError: Only one of `session` and `message` is given, or two settings
                contradict each other.
            NotSupported: A session's provider cannot send such a message.
            CampaignError: Only the id is given, and there is no campaign of that id.

        Example:
            ::

                campaign = await client.campaign(
                    "promo-11",
                    session=session,
                    message=Template("promo", language="id", body=["{name}", "{code}"]),
                    audience=Audience.csv("contacts.csv"),
                    hours=SendHours(quiet="21:00-08:00"),
                    canary=Canary(share=0.01),
                )
                async for progress in campaign.run():
                    print(progress)
        """
        if session is None and message is None:
            return await self._campaigns.find(self.workspace, id)
        if session is None or message is None:
            raise ConfigurationError("a campaign needs both session= and message=")
        sessions = (session,) if isinstance(session, Session) else tuple(session)
        if not sessions:
            raise ConfigurationError("a campaign needs at least one session")
        for each in sessions:
            for variant in Content(message).messages:
                each.require(variant)
        names = tuple(each.name for each in sessions)
        spec = CampaignSpec(
            id=id,
            message=message,
            session=names[0],
            sessions=names if len(names) > 1 else (),
            workspace=self.workspace,
            rate=rate,
            priority=priority,
            start_at=start_at,
            end_at=end_at,
            hours=hours,
            canary=canary,
            cap=cap,
            tier=tier,
            numbers=numbers,
            opt_outs=OptOuts(opt_outs),
            unknown=UnknownPolicy(unknown),
            settle_after=settle_after,
            chunk_size=_SHARED_CHUNK if len(names) > 1 else _CHUNK,
        )
        return await self._campaigns.make(
            spec, sessions, audience, send_timeout=send_timeout, takeover=takeover
        )

    async def campaigns(self) -> list[Campaign]:
        """Give all campaigns of the workspace, the newest first, to look at and to steer."""
        return await self._campaigns.all(self.workspace)

    async def campaign_messages(self, tokens: Collection[str]) -> Mapping[str, CampaignMessage]:
        """Give what campaigns of the workspace sent under some tokens.

        A token comes back in every `StatusChanged` of its message. Those that are not of a campaign
        of this workspace are left out.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return await self._campaigns.messages(self.workspace, tokens)

    @property
    def suppressions(self) -> WorkspaceSuppressions:
        """The people who get no campaigns of the workspace, whatever session they come from."""
        return WorkspaceSuppressions(self._store, self.workspace)
