"""Receiving: no update is ever lost."""

from blazz.webhooks.asgi import WebhookApp
from blazz.webhooks.backoff import Backoff
from blazz.webhooks.delivery import Delivery
from blazz.webhooks.dispatcher import Dispatcher
from blazz.webhooks.receiver import Receiver, Response
from blazz.webhooks.routes import Routes
from blazz.webhooks.signature import sign

__all__ = [
    "Backoff",
    "Delivery",
    "Dispatcher",
    "Receiver",
    "Response",
    "Routes",
    "WebhookApp",
    "sign",
]
