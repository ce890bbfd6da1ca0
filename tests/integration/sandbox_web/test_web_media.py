"""Files both ways on the simulated page, through the real wa-js."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from tests.integration.sandbox_web.tab import Tab

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEND = "WPP.chat.sendFileMessage(a, b, c)"
DOWNLOAD = """WPP.chat.downloadMedia(a).then(async (blob) => {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
})"""


def png() -> bytes:
    """The smallest picture: one pixel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00"))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


FILES = [
    pytest.param("image", "image/png", {"caption": "a pixel"}, "image", id="image"),
    pytest.param("video", "video/mp4", {}, "video", id="video"),
    pytest.param("audio", "audio/mpeg", {}, "audio", id="audio"),
    pytest.param("audio", "audio/ogg", {"isPtt": True, "waveform": False}, "ptt", id="voice"),
    pytest.param(
        "document", "application/pdf", {"filename": "offer.pdf"}, "document", id="document"
    ),
    pytest.param("sticker", "image/webp", {}, "sticker", id="sticker"),
]


@pytest.mark.parametrize(("kind", "mime_type", "options", "expected"), FILES)
async def test_a_file_is_sent(
    tab: Tab,
    budi: SimulatedPhone,
    kind: str,
    mime_type: str,
    options: dict[str, object],
    expected: str,
) -> None:
    content = png() if kind == "image" else kind.encode() * 100
    url = f"data:{mime_type};base64,{base64.b64encode(content).decode()}"
    sent = await tab.run(SEND, budi.jid, url, {"type": kind, "mimetype": mime_type, **options})

    assert sent["sendMsgResult"]["messageSendResult"] == "OK"
    got = budi.message(sent["id"])
    assert budi.media(sent["id"]) == content
    assert (got.type, got.content["mimetype"], got.content["size"]) == (
        expected,
        mime_type,
        len(content),
    )
    if "caption" in options:
        assert got.text == "a pixel"
    if "filename" in options:
        assert got.content["filename"] == "offer.pdf"


@pytest.mark.parametrize("kind", ["image", "video", "audio", "voice", "document", "sticker"])
async def test_a_file_is_received_and_downloaded(
    tab: Tab, shop: SimulatedPhone, budi: SimulatedPhone, kind: str
) -> None:
    content = f"the {kind}".encode() * 1000
    sent = budi.send_media(shop.number, content, kind=kind, caption="look", filename="a.bin")

    got = await tab.event("chat.new_message", lambda it: sent in it["id"])
    assert got["type"] == ("ptt" if kind == "voice" else kind)
    assert (got["caption"], got["size"]) == ("look", len(content))
    assert base64.b64decode(await tab.run(DOWNLOAD, got["id"])) == content


async def test_a_file_that_is_gone_is_reported(
    tab: Tab, web: SimulatedWeb, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    sent = budi.send_media(shop.number, b"soon gone")
    got = await tab.event("chat.new_message", lambda it: sent in it["id"])
    web.world.media.clear()
    code = await tab.run(f"{DOWNLOAD}.catch((it) => it.code)", got["id"])
    assert code == "media_not_found"
    tab.problems.clear()  # the browser itself reports the answer 404


async def test_a_file_that_is_too_large_is_refused(tab: Tab, budi: SimulatedPhone) -> None:
    script = """(async () => {
      const file = new File([new Uint8Array((1 << 20) + 1)], 'big.webp', { type: 'image/webp' });
      return WPP.chat.sendFileMessage(a, file, { type: 'sticker' }).catch((it) => it.code);
    })()"""
    assert await tab.run(script, budi.jid) == "file_too_large"


async def test_an_upload_that_fails_ends_in_a_result(
    tab: Tab, web: SimulatedWeb, budi: SimulatedPhone
) -> None:
    web.configure(largest_media=10)
    try:
        url = f"data:application/pdf;base64,{base64.b64encode(b'x' * 50).decode()}"
        sent = await tab.run(SEND, budi.jid, url, {"type": "document", "filename": "x.pdf"})
    finally:
        web.configure(largest_media=100 * 1024 * 1024)
    assert sent["sendMsgResult"]["messageSendResult"] == "ERROR_UPLOAD"
    assert sent["ack"] == -1
    tab.problems.clear()  # the browser itself reports the answer 413
