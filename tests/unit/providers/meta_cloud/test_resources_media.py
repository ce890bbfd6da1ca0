"""Files go up and come down in pieces, over every transport, and are checked on the way."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import AnswerLost, ConfigurationError, InvalidValue, UnreadableAnswer
from blazz.providers.meta_cloud import MetaCloud, Retries, faults
from blazz.providers.meta_cloud.resources import MediaInfo
from blazz.providers.meta_cloud.resources.media import LARGEST_FILE
from blazz.providers.meta_cloud.resources.multipart import FileForm
from blazz.providers.meta_cloud.transports import TransportChoice

CONTENT = bytes(range(256)) * 2000
ONE_TRY = Retries(attempts=1)


@pytest.fixture(params=["default", "fast", "httpx"])
async def choice(request: pytest.FixtureRequest) -> AsyncIterator[TransportChoice]:
    if request.param != "httpx":
        yield request.param
    else:
        async with httpx.AsyncHTTPTransport() as transport:
            yield transport


def read_form(head: bytes, body: bytes) -> dict[str, tuple[str | None, str, bytes]]:
    """Read a form with a parser that is not ours."""
    message = BytesParser(policy=HTTP).parsebytes(head.partition(b"\r\n")[2] + body)
    return {
        part.get_param("name", header="content-disposition"): (
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    }


class TestUploading:
    async def test_bytes(self, loopback, choice) -> None:
        loopback.replies = [loopback.answer(b'{"id":"77"}')]
        async with MetaCloud("1", "T", base_url=loopback.url, transport=choice) as cloud:
            media_id = await cloud.media.upload(CONTENT, mime_type="image/png", filename="a.png")
        assert media_id == "77"
        assert loopback.heads[0].startswith(b"POST /v26.0/1/media HTTP/1.1\r\n")
        assert b"transfer-encoding" not in loopback.heads[0].lower()
        form = read_form(loopback.heads[0], loopback.bodies[0])
        assert form["messaging_product"][2] == b"whatsapp"
        assert form["type"][2] == b"image/png"
        assert form["file"] == ("a.png", "image/png", CONTENT)

    async def test_a_path_is_read_again_for_the_next_try(self, loopback, choice, tmp_path) -> None:
        path = tmp_path / "film.mp4"
        path.write_bytes(CONTENT)

        async def at_once(seconds: float) -> None:
            return None

        loopback.replies = [
            loopback.answer(b"", status="503 Service Unavailable"),
            loopback.answer(b'{"id":"77"}'),
        ]
        async with MetaCloud(
            "1",
            "T",
            base_url=loopback.url,
            transport=choice,
            retries=Retries(sleep=at_once),
        ) as cloud:
            await cloud.media.upload(path, mime_type="video/mp4")
        for head, body in zip(loopback.heads, loopback.bodies, strict=True):
            assert read_form(head, body)["file"] == ("film.mp4", "video/mp4", CONTENT)

    async def test_a_large_file_is_never_whole_in_memory(self, tmp_path: Path) -> None:
        path = tmp_path / "film.mp4"
        with path.open("wb") as file:
            file.truncate(50_000_000)
        largest = total = 0

        class Counting(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                nonlocal largest, total
                async for piece in request.stream:
                    largest = max(largest, len(piece))
                    total += len(piece)
                assert total == int(request.headers["content-length"])
                return httpx.Response(200, json={"id": "77"})

        async with MetaCloud("1", "T", transport=Counting()) as cloud:
            await cloud.media.upload(path, mime_type="video/mp4")
        assert total > 50_000_000
        assert largest <= 65_536

    @pytest.mark.parametrize(
        ("field", "content", "mime_type"),
        [
            ("content", b"", "image/png"),
            ("content", Path("no such file"), "image/png"),
            ("mime_type", b"x", "png"),
            ("mime_type", b"x", "image/png\r\nX-Evil: 1"),
        ],
    )
    async def test_what_is_wrong_is_said_before_anything_leaves(
        self, field, content, mime_type
    ) -> None:
        transport = httpx.MockTransport(lambda request: pytest.fail("a request left"))
        async with MetaCloud("1", "T", transport=transport) as cloud:
            with pytest.raises(InvalidValue) as caught:
                await cloud.media.upload(content, mime_type=mime_type)
        assert caught.value.field == field

    async def test_a_file_over_the_limit(self, tmp_path: Path) -> None:
        path = tmp_path / "large.pdf"
        with path.open("wb") as file:
            file.truncate(LARGEST_FILE + 1)
        async with MetaCloud("1", "T") as cloud:
            with pytest.raises(InvalidValue, match="104857600"):
                await cloud.media.upload(path, mime_type="application/pdf")

    @given(st.binary(min_size=1, max_size=300), st.text(min_size=1, max_size=60))
    def test_no_name_or_content_breaks_the_form(self, content: bytes, filename: str) -> None:
        filename = filename.encode("utf-8", "replace").decode()
        form = FileForm.of(
            content, mime_type="a/b", filename=filename, fields={"type": "a/b"}, largest=1000
        )

        async def pieces() -> list[bytes]:
            return [piece async for piece in form]

        body = b"".join(asyncio.run(pieces()))
        assert len(body) == form.size
        delimiter = f"--{form.boundary}".encode()
        parts = body.split(delimiter)
        assert len(parts) == 4
        head, _, tail = parts[2].partition(b"\r\n\r\n")
        assert tail == content + b"\r\n"
        assert len(head.split(b"\r\n")) == 3
        assert head.count(b'"') == 4


class Files:
    """An API that holds one file and says of it what it is told to."""

    def __init__(self, **info: object) -> None:
        self.info = {
            "id": "77",
            "url": "https://lookaside.example.com/?mid=77",
            "mime_type": "image/jpeg",
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "file_size": len(CONTENT),
            "messaging_product": "whatsapp",
            **info,
        }
        self.asked: list[httpx.Request] = []
        self.answers: list[httpx.Response] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/v26.0/77":
            return httpx.Response(200, json=self.info)
        return self.answers.pop(0) if self.answers else httpx.Response(200, content=CONTENT)

    def cloud(self) -> MetaCloud:
        transport = httpx.MockTransport(self.handle)
        return MetaCloud("1", "T", transport=transport, retries=ONE_TRY)


class TestDownloading:
    async def test_by_id(self) -> None:
        files = Files()
        async with files.cloud() as cloud:
            assert b"".join([piece async for piece in cloud.download_media("77")]) == CONTENT
        assert files.asked[1].headers["authorization"] == "Bearer T"
        assert files.asked[1].headers["host"] == "lookaside.example.com"

    async def test_over_a_socket(self, loopback, choice) -> None:
        files = Files(url=f"{loopback.url}/file")
        info = json.dumps(files.info).encode()
        loopback.replies = [
            loopback.answer(info),
            loopback.answer(CONTENT, headers="Content-Type: image/jpeg\r\n"),
        ]
        async with MetaCloud("1", "T", base_url=loopback.url, transport=choice) as cloud:
            assert b"".join([piece async for piece in cloud.media.download("77")]) == CONTENT

    async def test_one_that_breaks_off(self, loopback, choice) -> None:
        files = Files(url=f"{loopback.url}/file")
        half = b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + CONTENT
        loopback.replies = [
            loopback.answer(json.dumps(files.info).encode()),
            loopback.write(half),
        ]
        async with MetaCloud("1", "T", base_url=loopback.url, transport=choice) as cloud:
            with pytest.raises(AnswerLost):
                [piece async for piece in cloud.media.download("77")]

    @pytest.mark.parametrize(
        "encode", [bytes.hex, lambda digest: base64.b64encode(digest).decode()]
    )
    async def test_its_digest_is_checked(self, encode) -> None:
        right, wrong = hashlib.sha256(CONTENT).digest(), hashlib.sha256(b"").digest()
        async with Files(sha256=encode(right)).cloud() as cloud:
            assert b"".join([piece async for piece in cloud.media.download("77")]) == CONTENT
        async with Files(sha256=encode(wrong)).cloud() as cloud:
            with pytest.raises(UnreadableAnswer, match="sha256"):
                [piece async for piece in cloud.media.download("77")]

    async def test_a_file_that_is_too_large_is_not_asked_for(self) -> None:
        files = Files(file_size=1001)
        async with files.cloud() as cloud:
            with pytest.raises(InvalidValue, match="at most 1000"):
                [piece async for piece in cloud.media.download("77", largest=1000)]
        assert len(files.asked) == 1

    async def test_a_file_that_lies_about_its_size_is_not_read_on(self) -> None:
        async with Files(file_size=10).cloud() as cloud:
            with pytest.raises(InvalidValue, match="at most 1000"):
                [piece async for piece in cloud.media.download("77", largest=1000)]

    async def test_an_address_is_used_while_it_lives(self) -> None:
        files = Files()
        async with files.cloud() as cloud:
            info = await cloud.media.info("77")
            [piece async for piece in cloud.media.download(info)]
        assert [request.url.path for request in files.asked] == ["/v26.0/77", "/"]
        assert not info.expired()

    async def test_an_expired_address_is_asked_for_again(self) -> None:
        files = Files()
        now = 0.0
        async with files.cloud() as cloud:
            info = await cloud.media.info("77")
            now = info._asked_at + 290
            assert info.expired(now)
            cloud.media._clock = lambda: now
            [piece async for piece in cloud.media.download(info)]
        assert [request.url.path for request in files.asked] == ["/v26.0/77", "/v26.0/77", "/"]

    async def test_an_address_that_is_refused_is_asked_for_again_once(self) -> None:
        files = Files()
        gone = httpx.Response(404, text="gone")
        files.answers = [gone, httpx.Response(200, content=CONTENT)]
        async with files.cloud() as cloud:
            info = await cloud.media.info("77")
            [piece async for piece in cloud.media.download(info)]
            files.answers = [gone, gone]
            with pytest.raises(faults.NotFound):
                [piece async for piece in cloud.media.download(info)]

    @pytest.mark.parametrize(
        "url",
        ["http://lookaside.example.com/", "http://graph.facebook.com/x", "ftp://a.example/", "x"],
    )
    async def test_the_token_never_travels_in_the_clear(self, url: str) -> None:
        files = Files(url=url)
        async with files.cloud() as cloud:
            with pytest.raises(ConfigurationError, match="https"):
                [piece async for piece in cloud.media.download("77")]
        assert len(files.asked) == 1

    async def test_a_file_is_saved_whole_or_not_at_all(self, tmp_path: Path) -> None:
        async with Files().cloud() as cloud:
            saved = await cloud.media.save("77", tmp_path / "cat.jpg")
        assert await anyio.Path(saved).read_bytes() == CONTENT
        async with Files(sha256="0" * 64).cloud() as cloud:
            with pytest.raises(UnreadableAnswer):
                await cloud.media.save("77", tmp_path / "dog.jpg")
        assert [path.name async for path in anyio.Path(tmp_path).iterdir()] == ["cat.jpg"]

    async def test_one_is_deleted(self) -> None:
        files = Files()
        async with files.cloud() as cloud:
            await cloud.media.delete("77")
        assert [(request.method, request.url.path) for request in files.asked] == [
            ("DELETE", "/v26.0/77")
        ]


def test_an_address_expires_before_five_minutes() -> None:
    info = MediaInfo(id="1", url="https://a.example")
    assert not info.expired(info._asked_at + 280)
    assert info.expired(info._asked_at + 286)
