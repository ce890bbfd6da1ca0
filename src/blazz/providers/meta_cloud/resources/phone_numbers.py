"""Phone numbers: their state, throughput and quality, and how they are registered."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, Final

from blazz.errors import InvalidValue
from blazz.providers.meta_cloud.resources.base import AccountAccess, Answer, pages, read_answer

_FIELDS: Final = (
    "id,display_phone_number,verified_name,status,quality_rating,name_status,"
    "code_verification_status,platform_type,account_mode,throughput,"
    "whatsapp_business_manager_messaging_limit"
)


class Throughput(Answer):
    """How fast a number may send.

    Attributes:
        level: `STANDARD`, `HIGH`, or `NOT_APPLICABLE`.
    """

    level: str = ""

    @property
    def messages_per_second(self) -> int:
        """Sent and received together: 1,000 when high, else 80 (Meta, "Throughput").

        A number that is also used in the WhatsApp Business app has 20, which Meta does not tell
        here.
        """
        return 1000 if self.level == "HIGH" else 80


class PhoneNumber(Answer):
    """A phone number of a business.

    Attributes:
        id: Its id, which is not the number.
        display_phone_number: The number as people write it.
        verified_name: The name that recipients see.
        status: `CONNECTED`, `DISCONNECTED`, `FLAGGED`, `RESTRICTED`, ….
        quality_rating: `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
        name_status: Whether the display name is approved.
        code_verification_status: `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`.
        platform_type: `CLOUD_API`, `ON_PREMISE` or `NOT_APPLICABLE`.
        account_mode: `LIVE` or `SANDBOX`.
        throughput: How fast it may send.
        whatsapp_business_manager_messaging_limit: The portfolio's limit, such as `TIER_2K`.
    """

    id: str
    display_phone_number: str = ""
    verified_name: str | None = None
    status: str | None = None
    quality_rating: str | None = None
    name_status: str | None = None
    code_verification_status: str | None = None
    platform_type: str | None = None
    account_mode: str | None = None
    throughput: Throughput = Throughput()
    whatsapp_business_manager_messaging_limit: str | None = None


class PhoneNumbers:
    """The phone numbers of a business; `MetaCloud.phone_numbers`."""

    def __init__(self, account: AccountAccess) -> None:
        self._account = account

    async def info(self, phone_number_id: str | None = None) -> PhoneNumber:
        """Look a number up; without an id, the provider's own."""
        graph = self._account.graph()
        wanted = phone_number_id or self._account.phone_number_id
        return read_answer(PhoneNumber, await graph.get(graph.url(wanted, fields=_FIELDS)))

    async def list(self) -> AsyncIterator[PhoneNumber]:
        """Give the numbers of the WhatsApp business account."""
        graph = self._account.graph()
        async for item in pages(graph, self._account.waba_id, "phone_numbers", fields=_FIELDS):
            yield read_answer(PhoneNumber, item)

    async def request_code(self, *, language: str, method: str = "SMS") -> None:
        """Have the code that proves the number's ownership sent by `SMS` or `VOICE`."""
        await self._post("request_code", {"code_method": method, "language": language})

    async def verify_code(self, code: str) -> None:
        """Prove the number's ownership with the code that came."""
        await self._post("verify_code", {"code": code})

    async def register(self, *, pin: str, data_localization_region: str | None = None) -> None:
        """Register the number on the Cloud API, so that it can send.

        Args:
            pin: The six digits of two-step verification; they are set if there are none yet.
            data_localization_region: Where Meta stores data at rest, such as `ID` or `DE`.
        """
        body = {"messaging_product": "whatsapp", "pin": _checked_pin(pin)}
        if data_localization_region is not None:
            body["data_localization_region"] = data_localization_region
        await self._post("register", body)

    async def deregister(self) -> None:
        """Take the number off the Cloud API; it can send no more until it is registered again."""
        await self._post("deregister", {})

    async def set_pin(self, pin: str) -> None:
        """Set the six digits of two-step verification."""
        graph = self._account.graph()
        url = graph.url(self._account.phone_number_id)
        await graph.post(url, {"pin": _checked_pin(pin)}, repeatable=True)

    async def settings(self) -> dict[str, Any]:
        """Read the number's settings (calling, storage, …), as Meta describes them."""
        graph = self._account.graph()
        return await graph.get(graph.url(self._account.phone_number_id, "settings"))

    async def change_settings(self, **changes: object) -> None:
        """Change settings, such as `calling={"status": "ENABLED"}`."""
        if not changes:
            raise InvalidValue("changes", "at least one setting must change", changes)
        graph = self._account.graph()
        url = graph.url(self._account.phone_number_id, "settings")
        await graph.post(url, changes, repeatable=True)

    async def _post(self, action: str, body: dict[str, str]) -> None:
        graph = self._account.graph()
        await graph.post(graph.url(self._account.phone_number_id, action), body)


def _checked_pin(pin: str) -> str:
    if not re.fullmatch("[0-9]{6}", pin):
        # The PIN itself is a secret: the error does not show it.
        raise InvalidValue("pin", "must be six digits", f"{len(pin)} characters")
    return pin
