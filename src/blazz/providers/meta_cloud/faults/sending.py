"""Errors about the message: its parameters, media and kind, and failures while it is sent."""

from __future__ import annotations

from blazz.errors import Rejected, Restricted, Retry, Unavailable
from blazz.providers.meta_cloud.faults.base import GraphError


class SendingFailed(GraphError, Unavailable):
    """The message could not be sent for a reason that the platform does not know."""

    codes = (131000,)
    retry = Retry.BACKOFF
    remedy = "Try a few times with growing pauses; then open a ticket with the trace id."


class ParameterMissing(GraphError, Rejected):
    """The request lacks a parameter."""

    codes = (131008,)
    retry = Retry.NEVER
    remedy = "Add the parameter that the details name."


class ParameterInvalid(GraphError, Rejected):
    """A parameter's value is not valid."""

    codes = (131009,)
    retry = Retry.NEVER
    remedy = "Correct the parameter that the details name; the number may not be on this account."


class ServiceDown(GraphError, Unavailable):
    """A service that sends messages is down for the moment."""

    codes = (131016,)
    retry = Retry.BACKOFF
    remedy = "Try again with growing pauses; see Meta's status page."


class KindNotSupported(GraphError, Rejected):
    """Messages of this kind are not supported here."""

    codes = (131051,)
    retry = Retry.NEVER
    remedy = "Send another kind of message."


class MediaNotDownloaded(GraphError, Rejected):
    """WhatsApp could not download the media."""

    codes = (131052,)
    retry = Retry.ONCE
    remedy = "Check that the link is public and quick; for received media, ask for it again."


class MediaNotUploaded(GraphError, Rejected):
    """WhatsApp could not take the media over."""

    codes = (131053,)
    retry = Retry.ONCE
    remedy = "Upload the file again; check that its content is what its MIME type says."


class CloudMarketingDisabled(GraphError, Restricted):
    """Marketing templates are switched off for the Cloud API on this account."""

    codes = (131063,)
    retry = Retry.NEVER
    remedy = "Send them through the Marketing Messages API, or switch them on in WhatsApp Manager."


class MarketingOnly(GraphError, Rejected):
    """The Marketing Messages API sends marketing templates only."""

    codes = (134100,)
    retry = Retry.NEVER
    remedy = "Send this message through the Cloud API."


class TemplateSyncing(GraphError, Rejected):
    """The template is still being made ready for the Marketing Messages API."""

    codes = (134101,)
    retry = Retry.LATER
    remedy = "Try again in 10 minutes."


class TemplateNotForMarketing(GraphError, Rejected):
    """The template is not available in the Marketing Messages API."""

    codes = (134102,)
    retry = Retry.NEVER
    remedy = "Send it through the Cloud API, or use another template."


class RequestNotUnderstood(GraphError, Rejected):
    """The message could not be sent; its parameters do not fit together."""

    codes = (135000,)
    retry = Retry.NEVER
    remedy = "Compare the message with Meta's reference for its kind."
