"""Files behind links are fetched before they are sent, and not just anything."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import pytest

from blazz import Document, Image, InvalidValue, Rejected, Sticker, Upload
from blazz.errors.web import BrowserDied
from blazz.providers.web import transfers
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.transfers import bring_out, look_at

dripping = threading.Event()

PICTURE = b"\xff\xd8\xff\xe0 as good as a picture"


class Files(BaseHTTPRequestHandler):
    """Serves a picture, a page, something too large, and nothing else."""

    def do_GET(self) -> None:
        kinds = {"/a%20cat.jpg": "image/jpeg; charset=x", "/page": "text/html"}
        if self.path == "/drips":
            dripping.wait()  # ends with the tests
        sticker = self.path == "/large.webp"
        kind = "image/webp" if sticker else kinds.get(self.path)
        self.send_response(200 if kind else 404)
        self.send_header("content-type", kind or "text/plain")
        self.end_headers()
        self.wfile.write(b"x" * 600_000 if sticker else PICTURE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the files are."""
    dripping.clear()  # tests of another file may come in between
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        dripping.set()
        server.shutdown()
        thread.join()


async def test_a_link_is_fetched(address: str) -> None:
    file = await look_at(Image(f"{address}/a%20cat.jpg"))
    assert (file.content, file.size) == (PICTURE, len(PICTURE))
    assert (file.mime_type, file.filename) == ("image/jpeg", "a cat.jpg")


async def test_what_a_link_leads_to_must_be_of_its_kind(address: str) -> None:
    with pytest.raises(InvalidValue, match="image/jpeg or image/png"):
        await look_at(Image(f"{address}/page"))
    with pytest.raises(InvalidValue, match="at most"):
        await look_at(Sticker(f"{address}/large.webp"))
    with pytest.raises(Rejected, match="status 404"):
        await look_at(Document(f"{address}/missing.pdf"))


async def test_a_link_that_drips_is_given_up(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "_FETCH_SECONDS", 0.05)
    with pytest.raises(Rejected, match=r"not there within 0\.05 s"):
        await look_at(Document(f"{address}/drips"))


async def test_a_link_to_nobody_is_refused() -> None:
    with pytest.raises(Rejected, match="cannot be fetched"):
        await look_at(Image("http://127.0.0.1:9/a.jpg"))


async def test_what_is_given_is_looked_at() -> None:
    file = await look_at(Image(Upload(PICTURE, "image/jpeg", "cat.jpg")))
    assert (file.content, file.filename) == (PICTURE, "cat.jpg")


class Ending:
    """A page whose browser ends as soon as a file was read."""

    async def call(self, name: str, argument: object, *, timeout: float) -> object:
        match name:
            case "openFile":
                return {"file": 1, "size": len(PICTURE)}
            case "readFile":
                return base64.b64encode(PICTURE).decode()
        raise BrowserDied


async def test_a_file_that_came_whole_needs_its_browser_no_longer() -> None:
    page = cast("Bridge", Ending())
    assert [piece async for piece in bring_out(page, "message", timeout=1)] == [PICTURE]
