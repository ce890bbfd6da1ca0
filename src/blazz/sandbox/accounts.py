"""The business's side: phone numbers, their accounts, profiles and webhook subscriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from blazz.sandbox.validation.fields import JsonObject, get_list, get_text, parameter

DEFAULT_NUMBER_ID: Final = "106540352242922"
DEFAULT_WABA_ID: Final = "102290129340398"
DEFAULT_DISPLAY_NUMBER: Final = "+1 555-078-3881"

_ID: Final = re.compile(r"[0-9]{1,32}")
_PROFILE_LIMITS: Final = {"about": 139, "address": 256, "description": 512, "email": 128}
_MOST_BLOCKED: Final = 64_000
_DEFAULT_FIELDS: Final = (
    "verified_name", "code_verification_status", "display_phone_number", "quality_rating",
    "platform_type", "throughput", "id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Where webhooks go, and what they are signed with.

    Attributes:
        url: The callback URL.
        verify_token: What the verification handshake sends.
        app_secret: Signs the bodies; empty: they are not signed.
        whole_account: For that of a number: it gets what is about the number's whole account, too,
            where nobody subscribed to that.
    """

    url: str
    verify_token: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    whole_account: bool = False


@dataclass(slots=True, kw_only=True)
class PhoneNumber:
    """A business phone number.

    Attributes:
        id: The phone number id that requests name.
        waba_id: The account that it belongs to.
        display: The number as it is displayed.
        verified_name: The name that users see.
        profile: The business profile.
        blocked: Users whom the business blocked, by their number.
    """

    id: str
    waba_id: str
    display: str = DEFAULT_DISPLAY_NUMBER
    verified_name: str = "The blazz sandbox"
    profile: dict[str, Any] = field(default_factory=dict)
    blocked: dict[str, None] = field(default_factory=dict)

    @property
    def digits(self) -> str:
        """The number's digits, as webhooks give them in `display_phone_number`."""
        return _digits_of(self.display)

    def as_json(self, *, throughput: int | None, fields: tuple[str, ...] = ()) -> dict[str, Any]:
        """The number as the API shows it; `fields` chooses, as `?fields=` does."""
        level = "HIGH" if throughput is None or throughput > 80 else "STANDARD"
        known: dict[str, Any] = {
            "verified_name": self.verified_name,
            "code_verification_status": "VERIFIED",
            "display_phone_number": self.display,
            "quality_rating": "GREEN",
            "platform_type": "CLOUD_API",
            "throughput": {"level": level},
            "id": self.id,
            "name_status": "APPROVED",
            "status": "CONNECTED",
            "account_mode": "LIVE",
            "host_platform": "CLOUD_API",
            "is_official_business_account": False,
            "is_pin_enabled": False,
            "messaging_limit_tier": "TIER_UNLIMITED",
            "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
            "search_visibility": "VISIBLE",
            "health_status": {"can_send_message": "AVAILABLE", "entities": []},
        }
        chosen = (*fields, "id") if fields else _DEFAULT_FIELDS
        return {name: known[name] for name in chosen if name in known}

    def update_profile(self, changes: JsonObject) -> None:
        """Change the business profile.

        Raises:
            Refusal: A field is too long or of the wrong type.
        """
        accepted: dict[str, Any] = {}
        for name, longest in _PROFILE_LIMITS.items():
            if changes.get(name) is not None:
                accepted[name] = get_text(changes, name, name, longest=longest, shortest=0)
        if changes.get("websites") is not None:
            websites = get_list(changes, "websites", "websites")
            if len(websites) > 2 or not all(isinstance(item, str) for item in websites):
                raise parameter("websites", "must be at most 2 URLs")
            accepted["websites"] = websites
        for name in ("vertical", "profile_picture_handle"):
            if changes.get(name) is not None:
                accepted[name] = get_text(changes, name, name, longest=1024)
        handle = accepted.pop("profile_picture_handle", None)
        if handle is not None:
            accepted["profile_picture_url"] = f"https://pps.whatsapp.net/v/{handle[:32]}"
        self.profile.update(accepted)

    def block(self, wa_id: str) -> bool:
        """Block a user; False if the list is full."""
        if len(self.blocked) >= _MOST_BLOCKED:
            return False
        self.blocked[wa_id] = None
        return True


class Accounts:
    """All numbers and accounts, and where their webhooks go."""

    def __init__(self) -> None:
        self.numbers: dict[str, PhoneNumber] = {}
        self._subscriptions: dict[str, Subscription] = {}

    def add(self, number: PhoneNumber) -> PhoneNumber:
        """Add a number, or replace the one of its id."""
        self.numbers[number.id] = number
        return number

    def has_account(self, waba_id: str) -> bool:
        """Whether any number belongs to this account."""
        return any(number.waba_id == waba_id for number in self.numbers.values())

    def of_account(self, waba_id: str) -> list[PhoneNumber]:
        """The numbers of an account."""
        return [number for number in self.numbers.values() if number.waba_id == waba_id]

    def subscribe(self, scope: str, subscription: Subscription | None) -> None:
        """Send webhooks to a URL, or no more.

        Args:
            scope: A phone number id, a WABA id, or empty for everything else. The narrowest
                subscription wins, as at Meta.
            subscription: Where to send them; None ends it.
        """
        if subscription is None:
            self._subscriptions.pop(scope, None)
        else:
            self._subscriptions[scope] = subscription

    def narrow(self, scope: str, url: str) -> None:
        """Give a number's subscription no more of its whole account, if it is still this URL's."""
        found = self._subscriptions.get(scope)
        if found is not None and found.url == url:
            self._subscriptions[scope] = replace(found, whole_account=False)

    def scopes(self, number_id: str | None, waba_id: str) -> list[str]:
        """The scopes of the subscriptions that get a webhook; none if there is none."""
        for scope in (number_id, waba_id, ""):
            if scope is not None and scope in self._subscriptions:
                return [scope]
        numbers = self.of_account(waba_id) if number_id is None else []
        found = ((number.id, self._subscriptions.get(number.id)) for number in numbers)
        return [scope for scope, it in found if it is not None and it.whole_account]

    def subscriptions(self) -> Mapping[str, Subscription]:
        """All subscriptions, by scope."""
        return self._subscriptions


@lru_cache(maxsize=1024)
def _digits_of(display: str) -> str:
    return re.sub(r"[^0-9]", "", display)


def is_object_id(text: str) -> bool:
    """Whether a text could be the id of a number or account."""
    return bool(_ID.fullmatch(text))
