"""Payments in a chat, and `payment_configuration_update`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from blazz.events.payments import PaymentConfigurationChanged, PaymentStatusChanged, Refund
from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.people import RECIPIENT, contact_of, identity
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    each,
    inner,
    integer,
    moment,
    required,
    tame,
    text,
)

_GATEWAY_DATA: Final = re.compile("receipt|notes|(udf|extra|additional_info)[0-9]+")


def payment(item: Json, update: CloudUpdate) -> PaymentStatusChanged:
    """Read a status that tells of a payment.

    Raises:
        Unreadable: It names no message or no status.
    """
    paid = inner(item, "payment")
    transaction = inner(paid, "transaction")
    failure = inner(transaction, "error")
    return PaymentStatusChanged(
        **update.common(),
        message_id=required(item, "id", "statuses"),
        payer=identity(item, RECIPIENT, contact_of(item, RECIPIENT, update.change)),
        status=required(item, "status", "statuses"),
        reference_id=text(paid, "reference_id"),
        amount=_amount(inner(paid, "amount") or inner(transaction, "amount")),
        currency=text(paid, "currency") or text(transaction, "currency"),
        transaction_id=text(transaction, "id"),
        transaction_type=text(transaction, "type"),
        transaction_status=text(transaction, "status"),
        gateway_transaction_id=text(transaction, "pg_transaction_id"),
        method=text(inner(transaction, "method"), "type"),
        error_code=text(failure, "code"),
        error_reason=text(failure, "reason"),
        created_at=moment(transaction, "created_timestamp"),
        updated_at=moment(transaction, "updated_timestamp"),
        refunds=tuple(_refund(it) for it in each(paid, "refunds") or each(transaction, "refunds")),
        gateway_data={name: tame(it) for name, it in paid.items() if _GATEWAY_DATA.fullmatch(name)},
    )


def _refund(refund: Json) -> Refund:
    return Refund(
        id=text(refund, "id"),
        amount=_amount(inner(refund, "amount")),
        speed=text(refund, "speed_processed"),
        status=text(refund, "status"),
        created_at=moment(refund, "created_timestamp"),
        updated_at=moment(refund, "updated_timestamp"),
    )


def _amount(amount: Json) -> Decimal | None:
    """Read an amount: a whole number, and by how much it is to be divided."""
    value, offset = integer(amount, "value"), integer(amount, "offset")
    if value is None or not offset or offset < 0:
        return None
    return Decimal(value) / Decimal(offset)


def payment_configuration(value: Json, update: CloudUpdate) -> PaymentConfigurationChanged:
    """Read `payment_configuration_update`."""
    return PaymentConfigurationChanged(
        **update.common(),
        configuration=required(value, "configuration_name", update.change.field or "value"),
        provider=text(value, "provider_name"),
        merchant_id=text(value, "provider_mid"),
        status=text(value, "status"),
        created_at=moment(value, "created_timestamp"),
        updated_at=moment(value, "updated_timestamp"),
    )
