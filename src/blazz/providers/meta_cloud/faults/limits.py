"""Errors about sending too much or too fast."""

from __future__ import annotations

from blazz.errors import Retry, Throttled
from blazz.providers.meta_cloud.faults.base import GraphError


class ThroughputExceeded(GraphError, Throttled):
    """The phone number's messages per second are used up."""

    codes = (130429,)
    retry = Retry.BACKOFF
    remedy = "Send slower: 80 messages a second, or 1,000 after Meta's upgrade, both ways together."


class SpamLimit(GraphError, Throttled):
    """Too many earlier messages were blocked or marked as spam."""

    codes = (131048,)
    retry = Retry.LATER
    remedy = "Stop for some hours; check the number's quality and send only what people asked for."


class PairLimit(GraphError, Throttled):
    """Too many messages went to this one recipient in a short time."""

    codes = (131056,)
    retry = Retry.PAIR
    remedy = (
        "Wait 4^n seconds; one message in 6 seconds to one recipient is allowed in the long run."
    )


class MessagingLimitReached(GraphError, Throttled):
    """The portfolio has reached its number of new conversations in 24 hours."""

    codes = (131064,)
    retry = Retry.LATER
    remedy = (
        "Wait until older conversations leave the 24-hour window, or raise the messaging limit."
    )


class RegistrationLimit(GraphError, Throttled):
    """The number was registered or deregistered too often in a short time."""

    codes = (133016,)
    retry = Retry.LATER
    remedy = "Wait until the block ends; Meta allows few registrations in 72 hours."
