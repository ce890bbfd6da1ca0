"""Routes of webhooks out: subscriptions, the delivery log, sending again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.paging import After, Limit, Page, page_of
from blazz_server.webhooks.judging import State
from blazz_server.webhooks.kinds import DESCRIPTIONS, Kind
from blazz_server.webhooks.sender import body_of
from blazz_server.webhooks.subscriptions import Change
from blazz_server.webhooks.tables import Attempt, Delivery, Subscription
from blazz_server.webhooks.targets import MAX_URL

router = APIRouter(prefix="/v1/workspaces/{workspace}/webhooks", tags=["webhooks"])

Reader = Annotated[Principal, needs(Scope.WEBHOOKS_READ)]
Writer = Annotated[Principal, needs(Scope.WEBHOOKS_WRITE)]


class NewSubscription(BaseModel):
    """A subscription to be made."""

    url: str = Field(
        min_length=1,
        max_length=MAX_URL,
        description="Where to: https, on a public address.",
        examples=["https://example.com/whatsapp"],
    )
    kinds: list[Kind] = Field(
        default=[],
        max_length=len(Kind),
        description="Of what; none: of everything but typing and presence.",
        examples=[["message.received", "message.status"]],
    )
    description: str = Field(default="", max_length=200, examples=["the shop's backend"])


class SubscriptionChange(BaseModel):
    """What is to be changed about a subscription; what is left out stays."""

    url: str | None = Field(default=None, min_length=1, max_length=MAX_URL, examples=[None])
    kinds: list[Kind] | None = Field(default=None, max_length=len(Kind), examples=[[]])
    description: str | None = Field(default=None, max_length=200, examples=["the shop"])
    active: bool | None = Field(default=None, examples=[True])


class SubscriptionOut(BaseModel):
    """A subscription."""

    id: str
    url: str
    kinds: list[str] = Field(description="None: of everything but typing and presence.")
    description: str
    active: bool
    reason: str | None = Field(description="Why it was switched off.")
    failing_since: datetime | None = Field(description="Since when nothing could be delivered.")
    previous_until: datetime | None = Field(description="Until when the former secret signs, too.")
    created_at: datetime


class SubscriptionMade(SubscriptionOut):
    """A subscription with a new secret."""

    secret: str = Field(
        description="What signs `X-Blazz-Signature`. It is shown only now: keep it."
    )


class Rotation(BaseModel):
    """How a secret is replaced."""

    both_for_hours: float = Field(
        default=24.0, ge=0, le=168, description="How long the former secret signs, too."
    )


class ReplayIn(BaseModel):
    """What is to be sent again."""

    since: AwareDatetime = Field(
        description="Deliveries that were queued since then.", examples=["2026-11-22T00:00:00Z"]
    )
    states: set[Literal["delivered", "dead"]] = Field(
        default={"dead"}, min_length=1, description="Which of them."
    )


class ReplayOut(BaseModel):
    """What is sent again."""

    replayed: int


class DeliveryOut(BaseModel):
    """One event on its way to one subscriber."""

    id: str
    subscription: str
    event: str
    kind: str
    state: State
    attempts: int
    created_at: datetime
    next_at: datetime | None = Field(description="When it is tried next.")
    expires_at: datetime = Field(description="When it is given up.")
    ended_at: datetime | None
    last_status: int | None
    last_error: str | None


class AttemptOut(BaseModel):
    """One request."""

    number: int
    at: datetime
    instance: str
    milliseconds: int
    status: int | None
    error: str | None
    answer: str = Field(description="The beginning of the answer.")


class DeliveryDetail(DeliveryOut):
    """A delivery with all that is known of it."""

    body: str = Field(description="What is sent.")
    log: list[AttemptOut]


class DeliveryCounts(BaseModel):
    """How many deliveries are in each state."""

    pending: int
    delivered: int
    dead: int


class KindOut(BaseModel):
    """Something that subscribers can be told of."""

    kind: Kind
    description: str


def _subscription(row: Subscription) -> SubscriptionOut:
    return SubscriptionOut.model_validate(row, from_attributes=True)


def _delivery(row: Delivery) -> DeliveryOut:
    pending = row.state == State.PENDING.value
    return DeliveryOut.model_validate(
        {**_plain(row), "next_at": row.next_at if pending else None}, from_attributes=True
    )


def _plain(row: Delivery | Attempt) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


@router.get("/kinds")
async def kinds(workspace: str, _caller: Reader) -> list[KindOut]:
    """What can be subscribed to."""
    return [KindOut(kind=kind, description=text) for kind, text in DESCRIPTIONS.items()]


@router.post("/subscriptions", status_code=201)
async def create(
    workspace: str, body: NewSubscription, _caller: Writer, platform: ThePlatform
) -> SubscriptionMade:
    """Subscribe; the answer has the secret that signs, and no other answer has it."""
    made = await platform.webhooks.subscriptions.create(
        workspace, body.url, kinds=body.kinds, description=body.description
    )
    told = _subscription(made.subscription).model_dump()
    return SubscriptionMade(**told, secret=made.secret)


@router.get("/subscriptions")
async def index(
    workspace: str, _caller: Reader, platform: ThePlatform, limit: Limit = 50, after: After = ""
) -> Page[SubscriptionOut]:
    """List the subscriptions, the oldest first."""
    rows = await platform.webhooks.subscriptions.all(workspace, after=after, limit=limit)
    return page_of(rows, limit, item=_subscription, cursor=lambda row: row.id)


@router.get("/subscriptions/{subscription}")
async def show(
    workspace: str, subscription: str, _caller: Reader, platform: ThePlatform
) -> SubscriptionOut:
    """Show a subscription."""
    return _subscription(await platform.webhooks.subscriptions.get(workspace, subscription))


@router.patch("/subscriptions/{subscription}")
async def change(
    workspace: str,
    subscription: str,
    body: SubscriptionChange,
    _caller: Writer,
    platform: ThePlatform,
) -> SubscriptionOut:
    """Change a subscription, or switch it off and on."""
    wanted = Change(**body.model_dump())
    changed = await platform.webhooks.subscriptions.change(workspace, subscription, wanted)
    platform.webhooks.wake()
    return _subscription(changed)


@router.delete("/subscriptions/{subscription}", status_code=204)
async def remove(workspace: str, subscription: str, _caller: Writer, platform: ThePlatform) -> None:
    """Delete a subscription and its part of the log; what waits is not sent any more."""
    await platform.webhooks.subscriptions.delete(workspace, subscription)


@router.post("/subscriptions/{subscription}/rotate-secret")
async def rotate(
    workspace: str,
    subscription: str,
    _caller: Writer,
    platform: ThePlatform,
    body: Rotation | None = None,
) -> SubscriptionMade:
    """Replace the secret; for a while requests are signed with both."""
    hours = (body or Rotation()).both_for_hours
    made = await platform.webhooks.subscriptions.rotate(
        workspace, subscription, both_for=timedelta(hours=hours)
    )
    return SubscriptionMade(**_subscription(made.subscription).model_dump(), secret=made.secret)


@router.post("/subscriptions/{subscription}/test", status_code=202)
async def try_out(
    workspace: str, subscription: str, _caller: Writer, platform: ThePlatform
) -> None:
    """Send a test event through the outbox; the log tells what came of it."""
    found = await platform.webhooks.subscriptions.get(workspace, subscription)
    await platform.webhooks.send_test(found)


@router.post("/subscriptions/{subscription}/replay", status_code=202)
async def replay_since(
    workspace: str, subscription: str, body: ReplayIn, _caller: Writer, platform: ThePlatform
) -> ReplayOut:
    """Send again what was queued since a time; subscribers know an event by its `id`."""
    await platform.webhooks.subscriptions.get(workspace, subscription)
    count = await platform.webhooks.log.replay_since(
        workspace, subscription, since=body.since, states={State(each) for each in body.states}
    )
    platform.webhooks.wake()
    return ReplayOut(replayed=count)


@router.get("/deliveries")
async def deliveries(
    workspace: str,
    *,
    _caller: Reader,
    platform: ThePlatform,
    subscription: Annotated[str | None, Query(max_length=40)] = None,
    state: State | None = None,
    limit: Limit = 50,
    after: After = "",
) -> Page[DeliveryOut]:
    """The delivery log, the newest first; it goes back 30 days."""
    rows = await platform.webhooks.log.deliveries(
        workspace, subscription=subscription, state=state, after=after, limit=limit
    )
    return page_of(rows, limit, item=_delivery, cursor=lambda row: row.id)


@router.get("/deliveries/counts")
async def counts(workspace: str, _caller: Reader, platform: ThePlatform) -> DeliveryCounts:
    """How many deliveries wait, were taken, and were given up."""
    found = await platform.webhooks.log.counts(workspace)
    return DeliveryCounts(**{state.value: count for state, count in found.items()})


@router.get("/deliveries/{delivery}")
async def delivery_detail(
    workspace: str, delivery: str, _caller: Reader, platform: ThePlatform
) -> DeliveryDetail:
    """Show a delivery: its body and every attempt."""
    told = await platform.webhooks.log.get(workspace, delivery)
    return DeliveryDetail(
        **_delivery(told.delivery).model_dump(),
        body=body_of(told.event, told.delivery.kind).decode(),
        log=[AttemptOut.model_validate(each, from_attributes=True) for each in told.attempts],
    )


@router.post("/deliveries/{delivery}/replay", status_code=202)
async def replay(
    workspace: str, delivery: str, _caller: Writer, platform: ThePlatform
) -> DeliveryOut:
    """Send a delivery again."""
    replayed = await platform.webhooks.log.replay(workspace, delivery)
    platform.webhooks.wake()
    return _delivery(replayed)
