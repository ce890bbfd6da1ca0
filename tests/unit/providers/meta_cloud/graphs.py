"""What tests of the graph share: graphs over transports that answer as they are told."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx

from blazz.providers.meta_cloud.graph import Graph
from blazz.providers.meta_cloud.retries import Retries
from blazz.providers.meta_cloud.transports import make_transport
from blazz.security.secret import Secret

TIMEOUT = httpx.Timeout(0.4, connect=2)
ACCEPTED = json.dumps({"messages": [{"id": "wamid.1"}]}).encode()
TRANSPORTS: dict[str, Callable[[], httpx.AsyncBaseTransport]] = {
    "default": lambda: make_transport("default", timeout=TIMEOUT),
    "fast": lambda: make_transport("fast", timeout=TIMEOUT),
    # It speaks to this machine only; to read all certificate authorities takes long.
    "httpx": lambda: httpx.AsyncHTTPTransport(verify=False),
}


def graph_over(
    transport: httpx.AsyncBaseTransport,
    base_url: str,
    *,
    retries: Retries | None = None,
    timeout: httpx.Timeout = TIMEOUT,
) -> Graph:
    return Graph(
        transport,
        base_url=base_url,
        version="v26.0",
        token=Secret("T0KEN"),
        timeout=timeout,
        retries=retries or Retries(attempts=1),
    )


async def post(graph: Graph) -> dict[str, object]:
    return await graph.post(graph.url("1", "messages"), b'{"to":"62812"}')


def counting(pauses: list[float], *, attempts: int = 4, deadline: float = 60) -> Retries:
    """Retries that note their pauses and take no time."""
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        pauses.append(seconds)
        now += seconds

    return Retries(
        attempts=attempts, deadline=deadline, sleep=sleep, clock=lambda: now, jitter=lambda: 1.0
    )


def answering(*answers: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[bytes]]:
    """A transport that gives these answers in turn, and the bodies that it received."""
    left = list(answers)
    received: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        received.append(request.content)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.MockTransport(handle), received


def refusal(code: int, status: int = 400, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code}}, headers=headers)


OK = httpx.Response(200, json={"messages": [{"id": "wamid.1"}]})
REFUSED = httpx.ConnectError("refused")
