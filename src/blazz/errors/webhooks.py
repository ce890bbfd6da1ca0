"""Errors of receiving webhooks."""

from __future__ import annotations

from blazz.errors.base import BlazzError


class WebhookError(BlazzError):
    """A webhook request was not accepted."""


class SignatureMismatch(WebhookError):
    """The signature does not fit the body: another app secret, or not sent by Meta."""


class InboxFull(WebhookError):
    """More updates wait in the inbox than it may hold; the sender is asked to repeat them."""


class InboxUnavailable(WebhookError):
    """The inbox cannot be read or written; its database does not answer or is full."""
