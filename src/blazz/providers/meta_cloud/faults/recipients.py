"""Errors about one recipient: the message cannot reach this person, or not now."""

from __future__ import annotations

from blazz.errors import Retry, Undeliverable
from blazz.providers.meta_cloud.faults.base import GraphError


class InExperiment(GraphError, Undeliverable):
    """Meta withheld the marketing message: the recipient is part of an experiment."""

    codes = (130472,)
    retry = Retry.NEXT_DAY
    remedy = "Wait a day or more, or until the recipient writes; sending again at once is no use."


class SentToSelf(GraphError, Undeliverable):
    """The recipient is the sender's own number."""

    codes = (131021,)
    retry = Retry.NEVER
    remedy = "Send to another number."


class NotReachable(GraphError, Undeliverable):
    """The message cannot be delivered to this recipient."""

    codes = (131026,)
    retry = Retry.NEVER
    remedy = (
        "The number may not be on WhatsApp, may run an old version, may not have accepted the "
        "terms, or may have blocked the business; Meta does not tell which."
    )


class NotOnAllowList(GraphError, Undeliverable):
    """A test number may only send to numbers on its list."""

    codes = (131030,)
    retry = Retry.NEVER
    remedy = "Add the recipient to the test number's list in the app dashboard."


class OutsideWindow(GraphError, Undeliverable):
    """The recipient has not written in the last 24 hours."""

    codes = (131047,)
    retry = Retry.NEVER
    remedy = "Send a template."


class MarketingCapped(GraphError, Undeliverable):
    """Meta withheld the marketing message to protect the recipient from too many of them."""

    codes = (131049,)
    retry = Retry.NEXT_DAY
    remedy = "Wait at least 24 hours; sending again earlier only repeats the error."


class OptedOut(GraphError, Undeliverable):
    """The recipient has stopped marketing messages from this business."""

    codes = (131050,)
    retry = Retry.NEVER
    remedy = "Take the recipient off the marketing list."


class PhoneNumberNeeded(GraphError, Undeliverable):
    """This message cannot be sent to a user id; it needs a phone number."""

    codes = (131062,)
    retry = Retry.NEVER
    remedy = "Ask the recipient for the phone number; authentication templates need it."


class IdentityChanged(GraphError, Undeliverable):
    """The recipient's identity key is no longer the one that was given."""

    codes = (137000,)
    retry = Retry.NEVER
    remedy = "The recipient changed phone or number: verify who it is, then use the new hash."
