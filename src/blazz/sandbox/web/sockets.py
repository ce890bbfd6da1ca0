"""The WebSocket of a page: frames in, frames out."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Final

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from blazz.sandbox.web.pages import Page
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.services import Services
from blazz.sandbox.web.settings import Answers

logger = logging.getLogger(__name__)

LARGEST_FRAME: Final = 8 * 1024 * 1024
_TRY_AGAIN_LATER: Final = 1013
_TOO_LARGE: Final = 1009
_NOT_UNDERSTOOD: Final = 1003


async def serve_page(websocket: WebSocket, services: Services) -> None:
    """Serve one page until its connection ends."""
    await websocket.accept()
    if services.world.is_down:
        await websocket.close(_TRY_AGAIN_LATER)
        return
    something = asyncio.Event()
    page = Page(services, something.set)
    services.pages.add(page)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_write, websocket, page, something, tasks.cancel_scope)
            async with anyio.create_task_group() as answers:
                await _read(websocket, page, answers)
                answers.cancel_scope.cancel()
            tasks.cancel_scope.cancel()
    finally:
        page.leave()


async def _read(websocket: WebSocket, page: Page, answers: anyio.abc.TaskGroup) -> None:
    """Carry out requests in order; only sending can be slowed down or get lost."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text") or ""  # a binary frame has none
        frame = _parse(text)
        if frame is None:
            await websocket.close(_TOO_LARGE if len(text) > LARGEST_FRAME else _NOT_UNDERSTOOD)
            return
        settings = page.services.world.settings
        if settings.silent:
            continue
        if frame["op"] != "send":
            _answer(page, frame)
        elif settings.answers is not Answers.NONE:
            if settings.send_delay:
                answers.start_soon(_answer_later, page, frame, settings.send_delay)
            else:
                _answer(page, frame, lost=settings.answers is Answers.LOST)


async def _answer_later(page: Page, frame: dict[str, Any], seconds: float) -> None:
    await anyio.sleep(seconds)
    settings = page.services.world.settings
    if settings.answers is not Answers.NONE:
        _answer(page, frame, lost=settings.answers is Answers.LOST)


def _answer(page: Page, frame: dict[str, Any], *, lost: bool = False) -> None:
    """Carry out one request; what has no number wants no answer."""
    number = frame.get("n")
    try:
        answer: dict[str, Any] = {"re": number, "ok": page.answer(frame["op"], frame)}
    except WebRefusal as refusal:
        answer = {"re": number, "error": refusal.code, "text": refusal.text}
    except Exception:
        logger.exception("the request %r failed", frame["op"])
        answer = {"re": number, "error": "broken", "text": "the simulator is at fault"}
    if number is not None and not lost:
        page.reply(answer)


async def _write(
    websocket: WebSocket, page: Page, something: asyncio.Event, scope: anyio.CancelScope
) -> None:
    """Write what there is to write; end the connection when the page is to hang up."""
    try:
        while True:
            while (frame := page.next_frame()) is not None:
                await websocket.send_text(json.dumps(frame, separators=(",", ":")))
            if page.is_ending:
                await websocket.close()
                break
            something.clear()
            await something.wait()
    except (WebSocketDisconnect, RuntimeError, OSError):
        pass  # the page is gone
    scope.cancel()


def _parse(text: str) -> dict[str, Any] | None:
    if len(text) > LARGEST_FRAME:
        return None
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_frame = isinstance(frame, dict) and isinstance(frame.get("op"), str)
    return frame if is_frame else None
