"""One request and its answer, over any transport: reading it within limits, saying why it failed.

What can go wrong is told apart by what is certain:

* `ConnectionFailed`: nothing left.
* A `GraphError`: the API said no.
* `AnswerLost`, `UnreadableAnswer`: the request left, and what became of it is not known.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from typing import Any, Final

import anyio
import httpx
from pydantic_core import from_json

from blazz.errors import AnswerLost, BlazzError, ConnectionFailed, UnreadableAnswer
from blazz.providers.meta_cloud.faults import fault_from, has_code
from blazz.providers.meta_cloud.transports import (
    Answer,
    AnswerTooLarge,
    DirectTransport,
    left_nothing,
)

LARGEST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes after which an answer is not read on; the largest real ones are lists of templates."""

_SLICE: Final = 16 * 1024
_log = logging.getLogger("blazz.meta_cloud")


async def exchange(
    transport: httpx.AsyncBaseTransport,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None,
    extensions: Mapping[str, Any],
) -> Answer:
    """Send a request and read its answer, directly where the transport can."""
    if isinstance(transport, DirectTransport):
        return await transport.exchange(
            method, url, headers=headers, content=content, largest=LARGEST_ANSWER
        )
    request = httpx.Request(method, url, headers=headers, content=content, extensions=extensions)
    return await whole(await transport.handle_async_request(request))


async def whole(response: httpx.Response) -> Answer:
    """Read an answer to its end and give its connection back, however that ends."""
    stream: Any = response.stream
    try:
        content = await _joined(stream, response.status_code)
    except BaseException:
        await close(response)
        raise
    try:
        await stream.aclose()
    except Exception as error:  # noqa: BLE001 - the answer is known, whatever closing says
        _log.debug("closing an answer failed: %r", error)
    return Answer(response.status_code, response.headers, content)


async def close(response: httpx.Response) -> None:
    """Close an answer that was not read to its end, also while its reader is being cancelled."""
    with anyio.move_on_after(2, shield=True):
        await response.aclose()


async def pieces_of(response: httpx.Response) -> AsyncGenerator[bytes]:
    """Give the content of an answer piece by piece.

    Raises:
        AnswerLost: It broke off.
    """
    try:
        async for piece in response.aiter_bytes():
            yield piece
    except Exception as error:
        raise failure_of(error) from error


async def object_of(answer: Answer) -> dict[str, Any]:
    """Give the JSON object that the API answered with.

    Raises:
        GraphError: The answer is an error, or something before the API said no.
        UnreadableAnswer: It is neither.
    """
    body = _parsed(answer.content)
    if body is None and "content-encoding" in answer.headers:
        answer = answer._replace(content=await _decoded(answer))
        body = _parsed(answer.content)
    if 200 <= answer.status < 300 and isinstance(body, dict) and "error" not in body:
        return body
    raise _refusal(answer, body)


def failure_of(error: Exception) -> BlazzError:
    """Say what it proves that a request failed with this exception of its transport.

    Whatever it is: what is not certain is not taken for certain.
    """
    if isinstance(error, AnswerTooLarge):
        reason = f"the answer has more than {LARGEST_ANSWER} bytes"
        return UnreadableAnswer(reason, status=error.status, body="")
    reason = f"{type(error).__name__}: {error}".removesuffix(": ")
    if left_nothing(error):
        return ConnectionFailed(f"no connection could be made; nothing was sent ({reason})")
    return AnswerLost(f"the request left, but no whole answer came ({reason})")


def _refusal(answer: Answer, body: object) -> BlazzError:
    """The error that an answer is, or that it stands for if the API did not write it."""
    if has_code(body):
        return fault_from(answer.status, body, answer.headers)
    text = answer.content[:1000].decode("utf-8", "replace")
    kind = answer.headers.get("content-type", "no content type")
    shown = f"HTTP {answer.status} with {len(answer.content)} bytes of {kind}: {text[:200]!r}"
    reason = f"not an answer of the API: {shown}"
    unreadable = UnreadableAnswer(reason, status=answer.status, body=text)
    # A 4xx of whatever stands before the API (a proxy, a firewall) still says no: nothing was
    # done. A 5xx, or the 408 of a proxy that gave up waiting, does not tell what happened behind.
    if 300 <= answer.status < 500 and answer.status != 408:
        fault = fault_from(answer.status, {"message": shown}, answer.headers)
        fault.__cause__ = unreadable
        return fault
    return unreadable


def _parsed(content: bytes) -> object:
    try:
        return from_json(content)
    except ValueError:
        return None


async def _decoded(answer: Answer) -> bytes:
    """Decompress an answer, slice by slice: a few bytes may become many."""
    coded = httpx.Response(answer.status, headers=answer.headers, stream=_Slices(answer.content))
    try:
        return await _joined(coded.aiter_bytes(), answer.status)
    except (httpx.DecodingError, AnswerTooLarge) as error:
        reason = f"the answer cannot be decompressed: {error}"
        raise UnreadableAnswer(reason, status=answer.status, body="") from error


async def _joined(pieces: AsyncIterable[bytes], status: int) -> bytes:
    content, size = [], 0
    async for piece in pieces:
        content.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise AnswerTooLarge(status)
    return b"".join(content)


class _Slices(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), _SLICE):
            yield self._content[start : start + _SLICE]
