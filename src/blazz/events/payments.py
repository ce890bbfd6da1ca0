"""Money: payments within a chat (India, Brazil), and the gateway they go through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from blazz.addresses import Identity
from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that goes back to the person.

    Attributes:
        id: Its id.
        amount: How much, in units of the payment's currency.
        speed: `instant` or `normal`.
        status: `pending`, `success` or `failed`.
        created_at: When it began.
        updated_at: When it changed.
    """

    id: str | None = None
    amount: Decimal | None = None
    speed: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStatusChanged(Event):
    """A person paid for an order, or tried to. Check with the gateway before you ship.

    Attributes:
        message_id: The id of the order message.
        payer: Who.
        status: `pending`, `captured` or `failed`; new ones may come.
        reference_id: The id that you gave the order.
        amount: How much, in units of the currency.
        currency: ISO 4217, such as `INR`.
        transaction_id: The id of the attempt.
        transaction_type: How it was paid, such as `razorpay` or `upi`.
        transaction_status: What became of the attempt: `pending`, `success` or `failed`.
        gateway_transaction_id: The gateway's id of it.
        method: Such as `upi` or `card`.
        error_code: Why it failed, as the gateway names it.
        error_reason: The same in words.
        created_at: When the attempt began.
        updated_at: When it changed.
        refunds: What was paid back, or will be.
        gateway_data: What you sent along for the gateway, by its own names: `receipt`, `notes`,
            `udf1`, `additional_info1`, `extra1`, ….
    """

    message_id: str
    payer: Identity
    status: str
    reference_id: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    transaction_id: str | None = None
    transaction_type: str | None = None
    transaction_status: str | None = None
    gateway_transaction_id: str | None = None
    method: str | None = None
    error_code: str | None = None
    error_reason: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    refunds: tuple[Refund, ...] = ()
    gateway_data: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentConfigurationChanged(Event):
    """The connection to a payment gateway changed.

    Attributes:
        configuration: The name of the connection, as order messages use it.
        provider: The gateway, such as `razorpay`.
        merchant_id: Your id at the gateway.
        status: `Active`, `Needs Connecting` or `Needs Testing`.
        created_at: When the connection was made.
        updated_at: When it changed.
    """

    configuration: str
    provider: str | None = None
    merchant_id: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
