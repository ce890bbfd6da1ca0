"""Media: upload, look-up and download."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from blazz.sandbox.api.graph import Api
from blazz.sandbox.api.requests import number_of
from blazz.sandbox.graph_errors import Refusal, required
from blazz.sandbox.media import LARGEST, Media

DOWNLOAD_PATH: Final = "/whatsapp_business/attachments/"

_LARGEST_FORM: Final = LARGEST + 64 * 1024


async def upload(api: Api, request: Request) -> dict[str, Any]:
    """Upload media as a form with `messaging_product`, `file` and perhaps `type`."""
    number_of(api.world, request)
    content, mime_type = await _read_form(request)
    media = api.world.media.add(content, mime_type, now=api.world.clock.now())
    return {"id": media.id}


def look_up(api: Api, request: Request, media: Media) -> dict[str, Any]:
    """Tell where media can be downloaded for the next 5 minutes."""
    query = api.world.media.url_query(media, api.world.clock.now())
    url = request.url.replace(path=DOWNLOAD_PATH, query="").include_query_params(**query)
    return {
        "messaging_product": "whatsapp",
        "url": str(url),
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "file_size": media.size,
        "id": media.id,
    }


async def download(api: Api, request: Request) -> Response:
    """Give the content of media, if the URL has not expired."""
    query = request.query_params
    media_id, now = query.get("mid", ""), api.world.clock.now()
    media = api.world.media.get(media_id, now)
    expires, signature = query.get("ext", ""), query.get("hash", "")
    if media is None or not api.world.media.is_valid_url(media_id, expires, signature, now):
        return Response("URL signature expired or wrong", status_code=404)
    media.content.seek(0)
    return Response(media.content.read(), media_type=media.mime_type)


async def _read_form(request: Request) -> tuple[bytes, str]:
    """Read the content and type of an uploaded file."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Refusal(100, f"Content-Type must be multipart/form-data, this is {kind[:64]!r}.")
    parser = MultiPartParser(request.headers, _limited(request), max_files=1, max_fields=20)
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, KeyError) as error:
        raise Refusal(100, f"The form cannot be read: {error}") from None
    try:
        file, product, given = (form.get(name) for name in ("file", "messaging_product", "type"))
        if product is None:
            raise required("messaging_product")
        if product != "whatsapp":
            raise Refusal(100, message="(#100) Param messaging_product must be whatsapp.")
        if not isinstance(file, UploadFile):
            raise required("file")
        # Clients put the type into the form, into the part, or both; the part is what Meta reads.
        named = given if isinstance(given, str) and "/" in given else None
        mime_type = file.content_type or named or "application/octet-stream"
        if mime_type == "application/octet-stream" and named is not None:
            mime_type = named
        return await file.read(), mime_type
    finally:
        await form.close()


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    """The body, as far as it may go."""
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > _LARGEST_FORM:
            raise Refusal(100, f"The file has more than {LARGEST} bytes.", status=413)
        yield chunk
