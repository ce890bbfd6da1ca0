"""Files come in and out; their types and sizes are checked, and nobody reads another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.messages import Upload
from blazz.providers.base import Capability
from blazz_server.chats.media import check, disposition, shown_as
from blazz_server.chats.tables import MediaFile
from tests.server.chats.conftest import SOMEBODY, Shop, open_shop
from tests.server.conftest import MakeTenant

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


async def _upload(shop: Shop, content: bytes = PNG, kind: str = "image/png") -> Any:
    return await shop.api.post(
        f"{shop.path}/media", files={"file": ("kucing é;.png", content, kind)}
    )


async def test_an_upload_can_be_sent_and_downloaded(shop: Shop) -> None:
    made = await _upload(shop)
    assert made.status_code == 201, made.text
    media_id = made.json()["media_id"]
    sent = await shop.post({"to": SOMEBODY, "message": {"type": "image", "media_id": media_id}})
    assert sent.status_code == 201, sent.text

    got = await shop.api.get(f"{shop.path}/media/{media_id}")
    assert got.status_code == 200, got.text
    assert got.content == PNG
    assert got.headers["content-type"] == "image/png"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"].startswith('attachment; filename="kucing __.png"')


async def test_a_file_that_came_can_be_downloaded(shop: Shop) -> None:
    await shop.customer().sends("image", content=PNG, mime_type="image/png", caption="Look")
    [message] = await shop.until(shop.history)
    assert (message["kind"], message["text"]) == ("image", "Look")
    got = await shop.api.get(f"{shop.path}/media/{message['content']['media_id']}")
    assert (got.status_code, got.content) == (200, PNG)


async def test_files_of_others_are_not_there(shop: Shop, tenant: MakeTenant) -> None:
    """Whatever the access token could read: a file is given to its own session alone."""
    media_id = (await _upload(shop)).json()["media_id"]
    sibling = await open_shop(shop.tenant, shop.platform, "help")
    stranger = await open_shop(await tenant("globex"), shop.platform)
    for other in (sibling, stranger):
        got = await other.api.get(f"{other.path}/media/{media_id}")
        assert (got.status_code, got.json()["code"]) == (404, "media_not_found")
        body = {"to": SOMEBODY, "message": {"type": "image", "media_id": media_id}}
        sent = await other.post(body)
        assert (sent.status_code, sent.json()["code"]) == (404, "media_not_found")
    got = await stranger.api.get(f"{shop.path}/media/{media_id}")
    assert (got.status_code, got.json()["code"]) == (404, "workspace_not_found")


async def test_wrong_files_are_refused(shop: Shop) -> None:
    wrong: list[tuple[bytes, str]] = [
        (b"", "image/png"),
        (b"<html>", "image/png"),
        (PNG + b"\0" * 5 * 1024 * 1024, "image/png"),
        (b"RIFF" + b"\0" * 200_000, "image/webp"),
        (b"hello", "nonsense"),
    ]
    for content, kind in wrong:
        answer = await _upload(shop, content, kind)
        assert answer.status_code == 422, (kind, len(content), answer.text)


async def test_a_provider_without_uploads_gets_the_file_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As WhatsApp Web: it keeps no uploads, so the server does."""
    provider: Any = shop.session.provider
    without = provider.capabilities - {Capability.UPLOAD_MEDIA}
    monkeypatch.setattr(type(provider), "capabilities", property(lambda _self: without))
    given: list[tuple[Upload, bytes]] = []
    send = provider.send

    async def watched(to: Any, message: Any, **more: Any) -> Any:
        given.append((message.source, message.source.content.read_bytes()))
        return await send(to, message, **more)

    monkeypatch.setattr(provider, "send", watched)
    content = PNG + bytes(range(256)) * 10_000  # of several pieces
    media_id = (await _upload(shop, content)).json()["media_id"]
    assert media_id.startswith("media_")
    body = {"to": SOMEBODY, "message": {"type": "image", "media_id": media_id}}
    assert (await shop.post(body)).status_code == 201
    [(source, read)] = given
    assert (source.mime_type, source.filename) == ("image/png", "kucing é;.png")
    assert read == content
    assert isinstance(source.content, Path)
    assert not source.content.exists(), "it goes when the message has left"
    got = await shop.api.get(f"{shop.path}/media/{media_id}")
    assert got.content == content

    # One that a former version kept in one piece.
    async with shop.platform.database.begin() as transaction:
        row = await transaction.get(MediaFile, (shop.tenant.workspace, shop.name, media_id))
        assert row is not None
        row.pieces, row.content = None, PNG
    got = await shop.api.get(f"{shop.path}/media/{media_id}")
    assert got.content == PNG


@pytest.mark.parametrize(
    "link",
    ["http://127.0.0.1:1/x.png", "https://127.0.0.1/x.png", "https://localhost/x.png"],
)
async def test_no_link_leads_into_our_own_network(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    provider: Any = shop.session.provider
    without = provider.capabilities - {Capability.UPLOAD_MEDIA}
    monkeypatch.setattr(type(provider), "capabilities", property(lambda _self: without))
    body = {"to": SOMEBODY, "message": {"type": "image", "link": link}}
    answer = await shop.post(body)
    assert (answer.status_code, answer.json()["code"]) == (422, "link_not_fetched")


def test_types_that_a_browser_would_run_are_only_bytes() -> None:
    for kind in ("text/html", "image/svg+xml", "application/javascript", "text/xml", "", "x"):
        assert shown_as(kind) == "application/octet-stream"


def test_a_file_must_be_what_it_says() -> None:
    check("application/pdf", 9, b"%PDF-1.7\n")
    with pytest.raises(InvalidValue, match="application/pdf"):
        check("application/pdf", 9, b"<script>\n")


@given(st.text(max_size=300))
def test_no_filename_breaks_out_of_its_header(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith('attachment; filename="')
    assert header.count('"') == 2
    assert "/" not in header.partition("filename*")[0]
    header.encode("latin-1")
