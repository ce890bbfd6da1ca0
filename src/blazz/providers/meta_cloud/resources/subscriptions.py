"""Which apps get the webhooks of a WhatsApp business account, and where they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from blazz.errors import InvalidValue
from blazz.providers.meta_cloud.resources.base import AccountAccess, Answer, pages, read_answer


class Subscription(Answer):
    """An app that gets the account's webhooks.

    Attributes:
        whatsapp_business_api_data: The app's id, name and link.
        override_callback_uri: Where this account's webhooks go instead of the app's address.
    """

    whatsapp_business_api_data: dict[str, Any] = Field(default_factory=dict)
    override_callback_uri: str | None = None


class Subscriptions:
    """The webhook subscriptions of a business account; `MetaCloud.subscriptions`."""

    def __init__(self, account: AccountAccess) -> None:
        self._account = account

    async def add(
        self, *, callback_uri: str | None = None, verify_token: str | None = None
    ) -> None:
        """Have the account's webhooks sent to the app that the access token belongs to.

        Args:
            callback_uri: Send this account's webhooks here instead of to the app's address. Meta
                asks this address for the `verify_token` before it answers.
            verify_token: What the address expects to be asked with.
        """
        if (callback_uri is None) != (verify_token is None):
            raise InvalidValue("callback_uri", "must be given with verify_token", callback_uri)
        body = {}
        if callback_uri is not None and verify_token is not None:
            body = {"override_callback_uri": callback_uri, "verify_token": verify_token}
        graph = self._account.graph()
        await graph.post(graph.url(self._account.waba_id, "subscribed_apps"), body, repeatable=True)

    async def list(self) -> AsyncIterator[Subscription]:
        """Give the apps that get the account's webhooks."""
        graph = self._account.graph()
        async for item in pages(graph, self._account.waba_id, "subscribed_apps"):
            yield read_answer(Subscription, item)

    async def remove(self) -> None:
        """Stop the account's webhooks to the app that the access token belongs to."""
        graph = self._account.graph()
        await graph.delete(graph.url(self._account.waba_id, "subscribed_apps"))
