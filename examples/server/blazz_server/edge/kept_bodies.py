"""Keeps bodies that are read more than once: small ones in memory, others in a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from anyio.to_thread import run_sync
from starlette.types import Message, Receive

from blazz.security.request_signing import Body

KEPT: Final = "blazz.kept_body"
"""The key in the ASGI scope of a body that is kept while the call is answered."""
IN_MEMORY: Final = 1024 * 1024
"""Bytes up to which a body stays in memory."""
_PIECE: Final = 256 * 1024


async def keep(pieces: AsyncIterator[bytes], files: ExitStack) -> Body:
    """Keep what comes until `files` are closed.

    Raises:
        ClientDisconnect: It did not come whole.
        BodyRefused: It is too large, or comes too slowly.
    """
    file = None
    waiting = bytearray()
    async for piece in pieces:
        waiting += piece
        if len(waiting) > IN_MEMORY:
            if file is None:
                made = NamedTemporaryFile(prefix="blazz-body-")  # noqa: SIM115  # with `files`
                file = files.enter_context(made)
            await run_sync(file.write, bytes(waiting))
            waiting.clear()
    if file is None:
        return bytes(waiting)
    await run_sync(file.write, bytes(waiting))
    await run_sync(file.flush)
    return Path(file.name)


def again(body: Body, receive: Receive) -> Receive:
    """Receive a body that was kept, then whatever follows."""
    start = 0
    over = False

    async def received() -> Message:
        nonlocal start, over
        if over:
            return await receive()
        piece = body if isinstance(body, bytes) else await run_sync(_read, body, start)
        start += len(piece)
        over = isinstance(body, bytes) or not piece
        return {"type": "http.request", "body": piece, "more_body": not over}

    return received


def _read(path: Path, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(_PIECE)
