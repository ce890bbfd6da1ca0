"""The reference server: requests per second and their slowest hundredth, at 100 connections.

A real server process with embedded defaults (SQLite), one client process. What the server sends
to is nginx, which accepts everything: a stand-in would be slower than what is measured. Sends carry
an idempotency key each, so each is written down before it leaves and after it; webhooks are signed,
and each is kept before it is answered.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Final

from benchmarks import webhook_load
from benchmarks.canned_api import canned_api
from benchmarks.claims import Claim, arguments, conclude
from benchmarks.server_load import Measured, load, request
from benchmarks.server_process import MeasuredServer, measured_server

CONNECTIONS: Final = 100
SCOPES: Final = ("messages:read", "messages:send", "sessions:read", "sessions:write")
WORKSPACE: Final = "bench"
PATH: Final = f"/v1/workspaces/{WORKSPACE}/sessions"
LEAST_SENDS: Final = 150.0
LEAST_WEBHOOKS: Final = 300.0
SLOWEST_SEND: Final = 1.5
SLOWEST_WEBHOOK: Final = 1.0
DEAREST_SEND: Final = 5.0
DEAREST_WEBHOOK: Final = 2.5


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__).parse_args()
    count = 2_000 if options.quick else 10_000
    with canned_api() as api, measured_server(SANDBOX="remote", SANDBOX_URL=api) as server:
        key = server.tenant(WORKSPACE, *SCOPES)
        _open_sessions(server, key)
        sends = _best(server, key, "send", count)
        webhooks = _best(server, key, "webhook in", count)
    claims = [
        Claim(
            claim=f"sends answered per second at {CONNECTIONS} connections",
            value=sends.rate,
            unit="/s",
            limit=LEAST_SENDS,
            at_least=True,
        ),
        Claim(
            claim="99 of 100 sends are answered within",
            value=sends.percentile(0.99),
            unit="s",
            limit=SLOWEST_SEND,
        ),
        Claim(
            claim=f"webhooks answered per second at {CONNECTIONS} connections",
            value=webhooks.rate,
            unit="/s",
            limit=LEAST_WEBHOOKS,
            at_least=True,
        ),
        Claim(
            claim="99 of 100 webhooks are answered within",
            value=webhooks.percentile(0.99),
            unit="s",
            limit=SLOWEST_WEBHOOK,
        ),
        Claim(
            claim="processor time of a send, with all that follows",
            value=sends.cpu_each,
            unit="ms",
            limit=DEAREST_SEND,
        ),
        Claim(
            claim="processor time of a webhook, with all that follows",
            value=webhooks.cpu_each,
            unit="ms",
            limit=DEAREST_WEBHOOK,
        ),
    ]
    return conclude("server_requests", claims, as_json=options.json)


def _best(server: MeasuredServer, key: str, what: str, count: int) -> Measured:
    """The best of three rounds: other work on the machine makes a round slower, never faster."""
    found: list[Measured] = []
    for number in range(4):  # the first one warms up

        def requests(number: int = number) -> Iterator[bytes]:
            if what == "send":
                return _sends(key, number, count // 3)
            return _webhooks(number, count // 3)

        before = server.cpu_seconds()
        measured = asyncio.run(load(server.port, requests, connections=CONNECTIONS))
        measured.cpu = server.cpu_seconds() - before
        print(f"{what}: {measured}", flush=True)
        if set(measured.answers) - {200, 201}:
            raise SystemExit(f"{what}: not all were accepted: {measured.answers}")
        found.append(measured)
    found.pop(0)
    return max(found, key=lambda it: it.rate)


def _sends(key: str, number: int, count: int) -> Iterator[bytes]:
    for i in range(count):
        person = f"+62812{number:02}{i % 500:05}"
        body = {"to": person, "message": {"type": "text", "body": f"Halo, pesanan {i} dikirim."}}
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"order-{number}-{i}",
        }
        yield request("POST", f"{PATH}/shop/messages", headers, json.dumps(body).encode())


def _webhooks(number: int, count: int) -> Iterator[bytes]:
    first = number * 1_000_000
    for i in itertools.islice(itertools.count(first), count):
        body, signature = webhook_load.signed([webhook_load.text(i)])
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature}
        yield request("POST", "/webhooks/meta", headers, body)


def _open_sessions(server: MeasuredServer, key: str) -> None:
    number = {
        "kind": "cloud",
        "phone_number_id": webhook_load.NUMBER,
        "waba_id": webhook_load.ACCOUNT,
        "token": "EAAGexample",
        "app_secret": webhook_load.SECRET,
    }
    with server.client(key) as api:
        for name, provider in (("shop", {"kind": "sandbox"}), ("cloud", number)):
            made = api.post(PATH, json={"name": name, "provider": provider})
            assert made.status_code == 201, made.text
            while api.get(f"{PATH}/{name}").json()["state"] != "ready":
                time.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
