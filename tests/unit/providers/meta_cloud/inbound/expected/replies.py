"""The events that the fixtures mean. Answers: buttons, lists, forms, calls, orders."""

from __future__ import annotations

from blazz.events import (
    ButtonPressed,
    CallPermissionAnswered,
    Event,
    FlowCompleted,
    OrderedItem,
    OrderReceived,
    PaymentMethodChosen,
    RowPicked,
    TemplateButtonPressed,
)
from tests.unit.providers.meta_cloud.inbound.people import NUMBER, SARI, SHOP, at

EXPECTED: dict[str, list[Event]] = {
    "messages/address_reply": [
        FlowCompleted(
            key=f"message:{NUMBER}:wamid.ADDRESS_REPLY=",
            at=at(),
            account=NUMBER,
            message_id="wamid.ADDRESS_REPLY=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            response={"values": {"city": "Mumbai"}},
            name="address_message",
            body="Alamat",
        ),
    ],
    "messages/button_reply": [
        ButtonPressed(
            key=f"message:{NUMBER}:wamid.BUTTON_REPLY=",
            at=at(),
            account=NUMBER,
            message_id="wamid.BUTTON_REPLY=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            button_id="confirm",
            title="Konfirmasi",
        ),
    ],
    "messages/call_permission_refused": [
        CallPermissionAnswered(
            key=f"message:{NUMBER}:wamid.CALL_PERMISSION_REFUSED=",
            at=at(),
            account=NUMBER,
            message_id="wamid.CALL_PERMISSION_REFUSED=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            accepted=False,
        ),
    ],
    "messages/call_permission_reply": [
        CallPermissionAnswered(
            key=f"message:{NUMBER}:wamid.CALL_PERMISSION_REPLY=",
            at=at(),
            account=NUMBER,
            message_id="wamid.CALL_PERMISSION_REPLY=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            accepted=True,
            expires_at=at(604800),
            automatic=True,
        ),
    ],
    "messages/flow_reply": [
        FlowCompleted(
            key=f"message:{NUMBER}:wamid.FLOW_REPLY=",
            at=at(),
            account=NUMBER,
            message_id="wamid.FLOW_REPLY=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            response={"flow_token": "token-11", "guests": 4, "name": "Sari"},
            flow_token="token-11",
            name="flow",
            body="Terkirim",
        ),
    ],
    "messages/payment_method": [
        PaymentMethodChosen(
            key=f"message:{NUMBER}:wamid.CARD=",
            at=at(),
            account=NUMBER,
            message_id="wamid.CARD=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            method="offsite_card_pay",
            reference_id="order-13",
            credential_id="1234567",
            last_four_digits="5235",
            chosen_at=at(-10),
        ),
    ],
    "messages/list_reply": [
        RowPicked(
            key=f"message:{NUMBER}:wamid.LIST_REPLY=",
            at=at(),
            account=NUMBER,
            message_id="wamid.LIST_REPLY=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            row_id="express",
            title="Kilat",
            description="Satu hari",
        ),
    ],
    "messages/order": [
        OrderReceived(
            key=f"message:{NUMBER}:wamid.ORDER=",
            at=at(),
            account=NUMBER,
            message_id="wamid.ORDER=",
            sender=SARI,
            items=(
                OrderedItem(product_id="kopi-aceh-250", quantity=2, price=85000.0, currency="IDR"),
                OrderedItem(product_id="teh-poci", quantity=1, price=7.99, currency="IDR"),
            ),
            catalog_id="330000000000003",
            note="Tolong dibungkus",
        ),
    ],
    "messages/template_button": [
        TemplateButtonPressed(
            key=f"message:{NUMBER}:wamid.TEMPLATE_BUTTON=",
            at=at(),
            account=NUMBER,
            message_id="wamid.TEMPLATE_BUTTON=",
            sender=SARI,
            reply_to="wamid.QUESTION=",
            reply_to_sender=SHOP,
            button_id="YES-11",
            title="Ya",
        ),
    ],
}
