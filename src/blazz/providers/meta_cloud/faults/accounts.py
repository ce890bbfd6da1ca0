"""Errors about the business account and its phone numbers: policy, payment, registration."""

from __future__ import annotations

from blazz.errors import NotAuthorized, Rejected, Restricted, Retry, Unavailable
from blazz.providers.meta_cloud.faults.base import GraphError


class CountryRestricted(GraphError, Restricted):
    """The account may not message people in this country."""

    codes = (130497,)
    retry = Retry.NEVER
    remedy = "See WhatsApp's business messaging policy for what may be sent to which country."


class AccessDenied(GraphError, NotAuthorized):
    """The token may not use this account or number."""

    codes = (131005,)
    retry = Retry.NEVER
    remedy = "Give the token's user access to the account, and the token its permissions."


class AccountLocked(GraphError, Restricted):
    """The account is restricted or disabled because it broke a policy."""

    codes = (131031,)
    retry = Retry.NEVER
    remedy = "See the notice in WhatsApp Manager and ask for a review."


class DisplayNameNotApproved(GraphError, Restricted):
    """The phone number's display name needs approval before it may send."""

    codes = (131037,)
    retry = Retry.NEVER
    remedy = "Submit the display name in WhatsApp Manager and wait for its approval."


class PaymentProblem(GraphError, Restricted):
    """The account cannot be charged."""

    codes = (131042, 131044)
    retry = Retry.OPERATOR
    remedy = "Check the payment method, credit line, currency and time zone in WhatsApp Manager."


class CertificateWrong(GraphError, Restricted):
    """The phone number is not registered with the right certificate."""

    codes = (131045,)
    retry = Retry.OPERATOR
    remedy = "Register the phone number again."


class InMaintenance(GraphError, Unavailable):
    """The account is in maintenance, as it is for a minute while its throughput is raised."""

    codes = (131057,)
    retry = Retry.LATER
    remedy = "Try again in some minutes."


class DeregistrationIncomplete(GraphError, Rejected):
    """An earlier deregistration of the number did not complete."""

    codes = (133000,)
    retry = Retry.NEVER
    remedy = "Deregister the number again, then register it."


class RegistrationUnavailable(GraphError, Unavailable):
    """The registration service cannot be reached for the moment."""

    codes = (133004,)
    retry = Retry.BACKOFF
    remedy = "Try again with growing pauses; see Meta's status page."


class PinWrong(GraphError, Rejected):
    """The two-step verification PIN is wrong."""

    codes = (133005,)
    retry = Retry.NEVER
    remedy = "Use the right PIN, or set a new one in WhatsApp Manager."


class NumberNotVerified(GraphError, Rejected):
    """The phone number must be verified before it is registered."""

    codes = (133006,)
    retry = Retry.NEVER
    remedy = "Ask for a code by SMS or call, verify it, then register the number."


class PinGuessesExceeded(GraphError, Rejected):
    """The PIN was guessed wrongly too often."""

    codes = (133008,)
    retry = Retry.NEVER
    remedy = "Wait as long as the details say, then use the right PIN."


class PinGuessedTooFast(GraphError, Rejected):
    """The PIN was entered too quickly after the last try."""

    codes = (133009,)
    retry = Retry.NEVER
    remedy = "Wait as long as the details say, then try again."


class NumberNotRegistered(GraphError, Restricted):
    """The phone number is not registered on the Cloud API."""

    codes = (133010,)
    retry = Retry.OPERATOR
    remedy = "Register it: `await cloud.phone_numbers.register(pin=…)`."


class NumberJustDeleted(GraphError, Rejected):
    """The phone number was deleted moments ago; its deletion is not complete."""

    codes = (133015,)
    retry = Retry.LATER
    remedy = "Try again in 5 minutes."


class NumberAlreadyOwned(GraphError, Rejected):
    """The phone number is already on a WhatsApp business account."""

    codes = (2388012,)
    retry = Retry.NEVER
    remedy = "Use the number where it is, or remove or migrate it first."


class NumberNotEligible(GraphError, Rejected):
    """The phone number cannot get a registration code."""

    codes = (2388091, 2388093)
    retry = Retry.NEVER
    remedy = "Read the details; use another number if this one cannot receive a code."


class NumberNotMovable(GraphError, Rejected):
    """The phone number cannot be migrated to this account."""

    codes = (2388103,)
    retry = Retry.NEVER
    remedy = "Check the conditions for a migration: same business, two-step verification off."


class NumberInMaintenance(GraphError, Unavailable):
    """The phone number's account is in maintenance."""

    codes = (2494100,)
    retry = Retry.LATER
    remedy = "Try again in some minutes to hours."
