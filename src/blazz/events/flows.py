"""A Flow (a form inside WhatsApp): its status and its health."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEvent(Event):
    """Something about one Flow.

    Attributes:
        flow_id: Its id.
        message: What happened, in words.
    """

    flow_id: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStatusChanged(FlowEvent):
    """A Flow may be used now, or may not.

    Attributes:
        status: `DRAFT`, `PUBLISHED`, `DEPRECATED`, `BLOCKED` or `THROTTLED`.
        previous: Its status before.
    """

    status: str
    previous: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowErrors:
    """How often one error happened.

    Attributes:
        type: The error, such as `TIMEOUT` or `INVALID_SCREEN_TRANSITION`.
        rate: Its share of the requests, in percent.
        count: How many times.
    """

    type: str | None = None
    rate: float | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowAlerted(FlowEvent):
    """A Flow or its endpoint got into trouble, or out of it.

    Attributes:
        metric: `CLIENT_ERROR_RATE`, `ENDPOINT_ERROR_RATE`, `ENDPOINT_LATENCY`,
            `ENDPOINT_AVAILABILITY` or `FLOW_VERSION_EXPIRY_WARNING`; new ones may come.
        state: `ACTIVATED` or `DEACTIVATED`.
        threshold: The value that was crossed: percent or milliseconds, as the metric has it.
        error_rate: The share of requests that failed, in percent.
        availability: The share of requests that were answered, in percent.
        p50_latency: The time that half of the answers took at most, in milliseconds.
        p90_latency: The time that nine of ten answers took at most, in milliseconds.
        requests: How many requests these figures are about.
        errors: Which errors, and how often.
    """

    metric: str
    state: str | None = None
    threshold: float | None = None
    error_rate: float | None = None
    availability: float | None = None
    p50_latency: float | None = None
    p90_latency: float | None = None
    requests: int | None = None
    errors: tuple[FlowErrors, ...] = ()
