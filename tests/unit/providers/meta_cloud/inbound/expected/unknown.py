"""The events that the fixtures mean. What is not understood."""

from __future__ import annotations

from blazz.events import UNDATED, Event, TextReceived, UnknownUpdate
from tests.unit.providers.meta_cloud.inbound.people import ACCOUNT, NUMBER, SARI, at

EXPECTED: dict[str, list[Event]] = {
    "unknown/entry": [
        UnknownUpdate(
            key=f"unknown:{ACCOUNT}:2a50afa4c990aa86bdd7f00be4c92bc700e058a2",
            at=at(),
            account=ACCOUNT,
            reason="the entry has no changes",
        ),
    ],
    "unknown/field": [
        UnknownUpdate(
            key=f"unknown:{ACCOUNT}:ec84ffd166ed93e884cad0a1edd3bedc1d55a90a",
            at=at(),
            account=ACCOUNT,
            field="brand_new_field",
            reason="this field is not known",
        ),
    ],
    "unknown/list": [
        TextReceived(
            key=f"message:{NUMBER}:wamid.BESIDE=",
            at=at(),
            account=NUMBER,
            message_id="wamid.BESIDE=",
            sender=SARI,
            body="Ada yang baru",
        ),
        UnknownUpdate(
            key=f"unknown:{NUMBER}:89123dc985d7f16763bb3f4c8dc83ba614af27f9",
            at=UNDATED,
            account=NUMBER,
            field="messages",
            reason="polls is not known in messages",
        ),
    ],
    "unknown/nothing": [
        UnknownUpdate(
            key=f"unknown:{NUMBER}:4807453a2e3ff2fd085e69e040b265c919815919",
            at=UNDATED,
            account=NUMBER,
            field="messages",
            reason="it holds no update",
        ),
    ],
    "unknown/object": [
        UnknownUpdate(
            key="unknown:151000000000015:e914a91c01bb9e7abc136ad9958ba2d3594ff3cb",
            at=at(),
            account="151000000000015",
            field="messages",
            reason="it is not about WhatsApp",
        ),
    ],
}
