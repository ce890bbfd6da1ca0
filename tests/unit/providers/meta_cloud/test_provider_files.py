"""Files in messages: uploaded once, again when they changed, and never in vain."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from blazz.errors import (
    InvalidValue,
    NotSent,
    UnreadableAnswer,
)
from blazz.messages import Document, Image, MediaId
from blazz.providers.meta_cloud import MetaCloud, faults
from tests.unit.providers.meta_cloud.cloud_api import ONE_TRY, PNG, TO, Api, error


class TestFiles:
    async def test_a_file_is_uploaded_once(self) -> None:
        api = Api()
        async with api.cloud() as cloud:
            sends = (cloud.send(TO, Image(PNG, caption=f"{n}"), token="t") for n in range(8))
            await asyncio.gather(*sends)
            await cloud.send(TO, Image(PNG), token="t")
        assert api.uploads == 1
        assert [body["image"]["id"] for body in api.bodies] == ["media1"] * 9

    async def test_a_changed_file_is_uploaded_again(self, tmp_path: Path) -> None:
        api = Api()
        path = tmp_path / "offer.pdf"
        path.write_bytes(b"%PDF-1.7 one")
        async with api.cloud() as cloud:
            await cloud.send(TO, Document(path), token="t")
            await cloud.send(TO, Document(path), token="t")
            path.write_bytes(b"%PDF-1.7 three")
            await cloud.send(TO, Document(path), token="t")
        assert [body["document"] for body in api.bodies] == [
            {"id": "media1", "filename": "offer.pdf"},
            {"id": "media1", "filename": "offer.pdf"},
            {"id": "media2", "filename": "offer.pdf"},
        ]

    async def test_a_file_that_the_api_has_lost_is_uploaded_again(self) -> None:
        api = Api()
        api.answers = [error(131053)]
        async with api.cloud() as cloud:
            with pytest.raises(faults.MediaNotUploaded):
                await cloud.send(TO, Image(PNG), token="t")
            await cloud.send(TO, Image(PNG), token="t")
        assert [body["image"]["id"] for body in api.bodies] == ["media1", "media2"]

    async def test_a_message_whose_upload_was_lost_was_not_sent(self) -> None:
        calls = []

        def handle(request: httpx.Request) -> httpx.Response:
            calls.append(request.url.path)
            raise httpx.ReadTimeout("no answer")

        transport = httpx.MockTransport(handle)
        async with MetaCloud("1", "T", transport=transport, retries=ONE_TRY) as cloud:
            with pytest.raises(NotSent, match="could not be uploaded"):
                await cloud.send(TO, Image(PNG), token="t")
        assert calls == ["/v26.0/1/media"]

    async def test_a_missing_file_is_said_before_anything_leaves(self, tmp_path: Path) -> None:
        api = Api()
        async with api.cloud() as cloud:
            with pytest.raises(InvalidValue, match="cannot be read"):
                await cloud.send(TO, Image(tmp_path / "none.png"), token="t")
        assert api.requests == []

    async def test_a_failed_upload_does_not_fail_the_sends_that_wait_for_it(self) -> None:
        api = Api()
        failing = [httpx.Response(200, json={"no": "id"})]

        def handle(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/media") and failing:
                return failing.pop()
            return api.handle(request)

        async with api.cloud(transport=httpx.MockTransport(handle)) as cloud:
            sends = [cloud.send(TO, Image(PNG), token="t") for _ in range(3)]
            results = await asyncio.gather(*sends, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == [
            "NotSent",
            "Receipt",
            "Receipt",
        ]
        assert api.uploads == 1

    async def test_another_connection_knows_no_uploads(self) -> None:
        api = Api()
        cloud = api.cloud()
        for _ in range(2):
            async with cloud:
                await cloud.send(TO, Image(PNG), token="t")
        assert api.uploads == 2

    async def test_a_cancelled_upload_does_not_hold_up_the_others(self) -> None:
        api = Api()
        uploading = asyncio.Event()

        async def handle(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/media") and not uploading.is_set():
                uploading.set()
                await asyncio.Event().wait()
            return api.handle(request)

        async with api.cloud(transport=httpx.MockTransport(handle)) as cloud:
            first = asyncio.create_task(cloud.send(TO, Image(PNG), token="t"))
            await uploading.wait()
            second = asyncio.create_task(cloud.send(TO, Image(PNG), token="t"))
            first.cancel()
            assert (await second).message_id
            assert first.cancelled()

    async def test_ids_and_links_are_sent_as_they_are(self) -> None:
        api = Api()
        async with api.cloud() as cloud:
            await cloud.send(TO, Image(MediaId("77")), token="t")
            await cloud.send(TO, Image("https://example.com/cat.png"), token="t")
        assert api.uploads == 0
        assert [body["image"] for body in api.bodies] == [
            {"id": "77"},
            {"link": "https://example.com/cat.png"},
        ]


async def test_an_upload_without_an_id_is_unreadable() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"h": 1}))
    async with MetaCloud("1", "T", transport=transport, retries=ONE_TRY) as cloud:
        with pytest.raises(UnreadableAnswer):
            await cloud.upload_media(b"x", mime_type="text/plain", filename="x.txt")
