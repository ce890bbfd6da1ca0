"""The events that the fixtures mean. Flows."""

from __future__ import annotations

from blazz.events import Event, FlowAlerted, FlowErrors, FlowStatusChanged
from tests.unit.providers.meta_cloud.inbound.people import ACCOUNT, at

EXPECTED: dict[str, list[Event]] = {
    "flows/errors": [
        FlowAlerted(
            key=f"flows:{ACCOUNT}:329ac0856594fcca97161b396df597777f2b1b29",
            at=at(),
            account=ACCOUNT,
            flow_id="121000000000012",
            message="Too many errors",
            metric="ENDPOINT_ERROR_RATE",
            state="ACTIVATED",
            threshold=10.0,
            error_rate=14.28,
            requests=70,
            errors=(FlowErrors(type="TIMEOUT", rate=66.66, count=20),),
        ),
    ],
    "flows/latency": [
        FlowAlerted(
            key=f"flows:{ACCOUNT}:a1432ae066833750d42e223ef360dc8e680664fa",
            at=at(),
            account=ACCOUNT,
            flow_id="121000000000012",
            message="Slow",
            metric="ENDPOINT_LATENCY",
            state="DEACTIVATED",
            threshold=3000.0,
            availability=99.5,
            p50_latency=2000.0,
            p90_latency=3500.0,
            requests=70,
        ),
    ],
    "flows/published": [
        FlowStatusChanged(
            key=f"flows:{ACCOUNT}:675be91cc1503e5acc9edd572710236667d163ff",
            at=at(),
            account=ACCOUNT,
            flow_id="121000000000012",
            message="Flow is published",
            status="PUBLISHED",
            previous="DRAFT",
        ),
    ],
}
