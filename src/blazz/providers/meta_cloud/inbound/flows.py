"""`flows`: status and health of Flows."""

from __future__ import annotations

from typing import Any

from blazz.events.flows import FlowAlerted, FlowErrors, FlowEvent, FlowStatusChanged
from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.reading import Json, each, integer, number, required, text


def flow(value: Json, update: CloudUpdate) -> FlowEvent:
    """Read `flows`: a new status, or a figure that crossed its threshold."""
    event = required(value, "event", "value")
    common: dict[str, Any] = update.common() | {
        "flow_id": text(value, "flow_id"),
        "message": text(value, "message"),
    }
    if event == "FLOW_STATUS_CHANGE":
        return FlowStatusChanged(
            **common,
            status=required(value, "new_status", "value"),
            previous=text(value, "old_status"),
        )
    return FlowAlerted(
        **common,
        metric=event,
        state=text(value, "alert_state"),
        threshold=number(value, "threshold"),
        error_rate=number(value, "error_rate"),
        availability=number(value, "availability"),
        p50_latency=number(value, "p50_latency"),
        p90_latency=number(value, "p90_latency"),
        requests=integer(value, "requests_count"),
        errors=tuple(
            FlowErrors(
                type=text(error, "error_type"),
                rate=number(error, "error_rate"),
                count=integer(error, "error_count"),
            )
            for error in each(value, "errors")
        ),
    )
