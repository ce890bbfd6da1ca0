"""A Cloud API in memory, which the tests of the provider send to."""

from __future__ import annotations

import json

import httpx

from blazz.addresses import Phone
from blazz.messages import Upload
from blazz.providers.base import ProviderContext
from blazz.providers.meta_cloud import MetaCloud, Retries

TO = Phone("+6281234567890")
PNG = Upload(b"\x89PNG\r\n\x1a\n", "image/png", "cat.png")
ONE_TRY = Retries(attempts=1)


class Api:
    """A Cloud API in memory: notes the requests; answers messages, uploads and what it is told."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: list[httpx.Response | Exception] = []
        self.uploads = 0

    @property
    def bodies(self) -> list[dict[str, object]]:
        return [
            json.loads(request.content)
            for request in self.requests
            if request.url.path.endswith("/messages")
        ]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith("/media"):
            self.uploads += 1
            return httpx.Response(200, json={"id": f"media{self.uploads}"})
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        wamid = f"wamid.{len(self.requests)}"
        return httpx.Response(
            200,
            json={
                "contacts": [{"input": "+62", "wa_id": "6281234567890"}],
                "messages": [{"id": wamid, "message_status": "accepted"}],
            },
        )

    def cloud(self, **settings: object) -> MetaCloud:
        given = {"transport": httpx.MockTransport(self.handle), "retries": ONE_TRY, **settings}
        return MetaCloud("106540352242922", "T0KEN", **given)


def error(code: int, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": "no"}})


async def nothing(*_: object) -> int:
    return 200


CONTEXT = ProviderContext(workspace="acme", session="sales", deliver_webhook=nothing)
