"""What marketing brought: clicks, leads and purchases."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClicked(Event):
    """Somebody clicked in a marketing message; Meta does not say who, nor in which message.

    Attributes:
        action: `marketing_messages_link_click` or `landing_page_view`; new ones may come.
        component: What was clicked: `cta` or `body`.
        click_id: The id of the click.
        tracking_token: Meta's token for the Conversions API.
        product_id: The product that was clicked.
    """

    action: str
    component: str | None = None
    click_id: str | None = None
    tracking_token: str | None = None
    product_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionDetected(Event):
    """Meta thinks that an advertisement led to something in a chat (`automatic_events`).

    Attributes:
        name: `LeadSubmitted` or `Purchase`; new ones may come.
        message_id: The message that shows it.
        click_id: The click on the advertisement (`ctwa_clid`).
        currency: ISO 4217, for purchases.
        value: The amount as Meta sends it: the price times 1,000.
    """

    name: str
    message_id: str | None = None
    click_id: str | None = None
    currency: str | None = None
    value: float | None = None
