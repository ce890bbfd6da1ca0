"""Errors about flows."""

from __future__ import annotations

from blazz.errors import Rejected, Restricted, Retry, Throttled
from blazz.providers.meta_cloud.faults.base import GraphError


class FlowBlocked(GraphError, Restricted):
    """The flow is blocked."""

    codes = (132068,)
    retry = Retry.NEVER
    remedy = "Correct the flow and publish it again."


class FlowThrottled(GraphError, Throttled):
    """The flow is throttled: it was sent 10 times in the last hour."""

    codes = (132069,)
    retry = Retry.LATER
    remedy = "Wait an hour; correct what made the flow's endpoint fail."


class FlowsNotAllowed(GraphError, Restricted):
    """The account may not make or publish flows."""

    codes = (139000,)
    retry = Retry.NEVER
    remedy = "Verify the business and keep the account's quality high."


class FlowNotUpdated(GraphError, Rejected):
    """The flow cannot be changed."""

    codes = (139001,)
    retry = Retry.NEVER
    remedy = "Only a draft can be changed; make a new flow from a published one."


class FlowNotPublished(GraphError, Rejected):
    """The flow cannot be published."""

    codes = (139002,)
    retry = Retry.NEVER
    remedy = "Correct the flow's validation errors, endpoint and public key."


class FlowNotDeprecated(GraphError, Rejected):
    """The flow cannot be deprecated."""

    codes = (139003,)
    retry = Retry.NEVER
    remedy = "Only a published flow can be deprecated."


class FlowNotDeleted(GraphError, Rejected):
    """The flow cannot be deleted."""

    codes = (139004,)
    retry = Retry.NEVER
    remedy = "Only a draft can be deleted; deprecate a published flow."
