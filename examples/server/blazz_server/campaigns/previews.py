"""What a campaign would do: every row tried out, the first messages filled in, time and cost."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio

from blazz.campaigns import Audience, CampaignSpec, DryRun, RateCard
from blazz.campaigns.audience import Needs, Recipient
from blazz.campaigns.content import Content
from blazz.campaigns.dry_run import dry_run
from blazz.errors import InvalidValue
from blazz.messages.codec import to_json
from blazz_server.campaigns.audiences import Audiences
from blazz_server.campaigns.plan import CampaignPlan

if TYPE_CHECKING:
    from blazz_server.hosting.service import Hosting

_SAMPLES: Final = 5
_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """A message as one person would get it.

    Attributes:
        line: The row's line in the file.
        to: The address.
        variant: The variant's name, if there are any.
        message: The message, as the library's codec writes it.
    """

    line: int
    to: str
    variant: str | None
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a campaign would do, and how its first messages look."""

    dry_run: DryRun
    samples: list[Sample]


class Previews:
    """Tries campaigns out, a few at a time: each reads a whole file.

    Args:
        audiences: The uploaded files.
        hosting: The sessions that run here.
    """

    def __init__(self, audiences: Audiences, hosting: Hosting) -> None:
        self._audiences = audiences
        self._hosting = hosting
        self._turns = anyio.CapacityLimiter(_AT_ONCE)

    async def make(
        self,
        workspace: str,
        name: str,
        plan: CampaignPlan,
        rate_card: RateCard | None,
    ) -> Preview:
        """Try a campaign out; nothing is sent or kept.

        Where its session runs here, templates are looked up and the provider is asked whether it
        can send such a message.

        Raises:
            ApiError: The audience or a session does not exist.
            AudienceError: The file lacks a column.
            InvalidValue: Something breaks a limit.
            NotSupported: The session cannot send it.
        """
        spec = plan.spec(workspace, name)
        for session in plan.sessions:
            await self._hosting.records.get(workspace, session)
        file = await self._audiences.get(workspace, plan.audience.id)
        async with self._turns, self._audiences.opened(workspace, plan.audience.id) as path:
            audience = plan.audience.read(
                path, encoding=file.encoding, delimiter=file.delimiter, phone=file.phone
            )
            tried = await self._try(spec, plan, audience, rate_card)
            return Preview(tried, await _samples(spec, audience))

    async def _try(
        self, spec: CampaignSpec, plan: CampaignPlan, audience: Audience, card: RateCard | None
    ) -> DryRun:
        here = [
            self._hosting.running(spec.workspace, name).session
            for name in plan.sessions
            if self._hosting.is_ours(f"{spec.workspace}/{name}")
        ]
        if len(here) < len(plan.sessions):
            return await dry_run(
                spec,
                audience,
                rate_card=card,
                find_template=None,
                now=time.time(),
            )
        client = await self._hosting.client(spec.workspace)
        campaign = await client.campaign(
            spec.id, session=here, message=spec.message, audience=audience, **plan.settings()
        )
        return await campaign.dry_run(rate_card=card)


async def _samples(spec: CampaignSpec, audience: Audience) -> list[Sample]:
    content = Content(spec.message, seed=spec.id)
    samples: list[Sample] = []
    async with audience.open(Needs(content.columns)) as reader:
        async for batch in reader.batches():
            for row in batch:
                sample = _sample(content, row) if isinstance(row, Recipient) else None
                if sample is not None:
                    samples.append(sample)
                if len(samples) == _SAMPLES:
                    return samples
    return samples


def _sample(content: Content, row: Recipient) -> Sample | None:
    variant = content.variant(str(row.address))
    try:
        message = content.render(row.vars, variant=variant)
    except InvalidValue:  # the dry run tells of it
        return None
    name = content.names[variant] if content.names else None
    return Sample(row.line, str(row.address), name, json.loads(to_json(message)))
