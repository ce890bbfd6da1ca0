"""Errors about the block list, usernames and in-app sign-up."""

from __future__ import annotations

from blazz.errors import Rejected, Restricted, Retry, Unavailable
from blazz.providers.meta_cloud.faults.base import GraphError


class BlockingFailed(GraphError, Rejected):
    """Some of the users could not be blocked or unblocked."""

    codes = (139100,)
    retry = Retry.NEVER
    remedy = "Read which ones and why; only users who wrote in the last 24 hours can be blocked."


class BlockListFull(GraphError, Rejected):
    """The block list is full."""

    codes = (139101,)
    retry = Retry.NEVER
    remedy = "Unblock users first."


class BlockListChanged(GraphError, Rejected):
    """The block list was changed while it was read."""

    codes = (139102,)
    retry = Retry.NEVER
    remedy = "Read the list from its start."


class BlockListDown(GraphError, Unavailable):
    """The block list is not available for the moment."""

    codes = (139103,)
    retry = Retry.BACKOFF
    remedy = "Try again with growing pauses."


class UsernameTaken(GraphError, Rejected):
    """The username is not available."""

    codes = (147001,)
    retry = Retry.NEVER
    remedy = "Choose another username."


class UsernameNotAllowed(GraphError, Restricted):
    """The account may not have a username yet."""

    codes = (147002,)
    retry = Retry.NEVER
    remedy = "Read the details for the condition that the account does not meet."


class FacebookNotLinked(GraphError, Rejected):
    """The username belongs to a Facebook account that is not linked."""

    codes = (147003,)
    retry = Retry.NEVER
    remedy = "Link the Facebook account, or choose another username."


class InstagramNotLinked(GraphError, Rejected):
    """The username belongs to an Instagram account that is not linked."""

    codes = (147004,)
    retry = Retry.NEVER
    remedy = "Link the Instagram account, or choose another username."


class UsernameElsewhere(GraphError, Rejected):
    """Another number of the business has this username."""

    codes = (147005,)
    retry = Retry.NEVER
    remedy = "Transfer the username from the other number."


class SignupMissing(GraphError, Rejected):
    """There is no such in-app sign-up."""

    codes = (2494164,)
    retry = Retry.NEVER
    remedy = "Check the sign-up's id."


class SignupNotAvailable(GraphError, Restricted):
    """In-app sign-up is not available to this account."""

    codes = (2494165,)
    retry = Retry.NEVER
    remedy = "Read the details for the condition that the account does not meet."


class SignupPlaceholderUnknown(GraphError, Rejected):
    """The in-app sign-up uses a placeholder that does not exist."""

    codes = (2494166,)
    retry = Retry.NEVER
    remedy = "Correct the placeholder."


class SignupValueMissing(GraphError, Rejected):
    """The in-app sign-up lacks the value of a placeholder."""

    codes = (2494167,)
    retry = Retry.NEVER
    remedy = "Give each placeholder a value."


class SignupTermsNotAccepted(GraphError, Restricted):
    """The terms of in-app sign-up have not been accepted."""

    codes = (2494168,)
    retry = Retry.NEVER
    remedy = "Accept the terms first."


class SignupTermsAlreadyAccepted(GraphError, Rejected):
    """The terms of in-app sign-up were accepted before."""

    codes = (2494176,)
    retry = Retry.NEVER
    remedy = "Nothing needs to be done."


class SignupTermsLinkNotAllowed(GraphError, Rejected):
    """The in-app sign-up may not link to these terms."""

    codes = (2494177,)
    retry = Retry.NEVER
    remedy = "Use a link that Meta allows for the terms of service."


class SignupLinkSchemeNotAllowed(GraphError, Rejected):
    """The in-app sign-up's website must be an https link."""

    codes = (2494179,)
    retry = Retry.NEVER
    remedy = "Use an address that starts with https://."
