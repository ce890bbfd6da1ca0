"""A person answered what you sent: a button, a list, a form, a request to call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from blazz.events.messages import MessageReceived


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPressed(MessageReceived):
    """A person pressed a button.

    Attributes:
        button_id: The id that you gave the button.
        title: What it said.
    """

    button_id: str
    title: str | None = None

    @property
    def text(self) -> str | None:
        """What the button said."""
        return self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateButtonPressed(ButtonPressed):
    """A person pressed a quick-reply button of a template; `button_id` is its payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPicked(MessageReceived):
    """A person picked a row of a list.

    Attributes:
        row_id: The id that you gave the row.
        title: What it said.
        description: The text below.
    """

    row_id: str
    title: str | None = None
    description: str | None = None

    @property
    def text(self) -> str | None:
        """What the row said."""
        return self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCompleted(MessageReceived):
    """A person finished a form: a Flow, or a request for an address (`nfm_reply`).

    Attributes:
        response: What they entered, as your form names it.
        flow_token: The token that you sent the Flow with.
        name: `flow` or `address_message`.
        body: What the chat shows in its place.
    """

    response: Mapping[str, Any] = field(hash=False)
    flow_token: str | None = None
    name: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPermissionAnswered(MessageReceived):
    """A person lets you call them, or does not; `reply_to` is your request, or a missed call.

    Attributes:
        accepted: They let you.
        permanent: Until they change their mind, rather than until `expires_at`.
        expires_at: When the permission ends.
        automatic: WhatsApp gave it by itself, because they called you.
    """

    accepted: bool
    permanent: bool = False
    expires_at: datetime | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodChosen(MessageReceived):
    """A person wants an order to be paid with a card that you have stored: charge it (Brazil).

    Attributes:
        method: How, such as `offsite_card_pay`.
        reference_id: The id that you gave the order.
        credential_id: Your id of the card.
        last_four_digits: The last digits of its number.
        chosen_at: When they said so.
    """

    method: str
    reference_id: str | None = None
    credential_id: str | None = None
    last_four_digits: str | None = None
    chosen_at: datetime | None = None
