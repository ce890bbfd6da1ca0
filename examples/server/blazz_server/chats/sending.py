"""Sends messages, each once: whatever is asked again, by whom, and wherever a process died.

A message is written down, with the key of its request, before it leaves. Whoever writes it may
send it; nobody sends for a row that is there already. So of two equal requests at the same time one
sends and the other is told to wait; and a request that comes again after a crash is told what is
known: it was taken, or nobody can know, and then its token is what the truth will come with.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from blazz.addresses import Address
from blazz.errors import (
    BlazzError,
    ConfigurationError,
    DeliveryUnknown,
    InvalidValue,
    NotSent,
    NotSupported,
    OwnershipLost,
    Refused,
    Retry,
    SessionClosed,
)
from blazz.messages import Message, Reaction, Template
from blazz.providers.base import Receipt, new_token
from blazz.session import Session
from blazz_server.chats.answers import Answer, accepted, refusal, told_of, unknown
from blazz_server.chats.changes import Claim, Sent, Withdrawn
from blazz_server.chats.contents import blank, clean, to_second
from blazz_server.chats.happenings import Altered
from blazz_server.chats.lists import Shown, Values
from blazz_server.chats.media import MediaShelf
from blazz_server.chats.requests import Accepted, NewMessage
from blazz_server.chats.stages import Stage
from blazz_server.chats.writer import Writer
from blazz_server.database import utc_now
from blazz_server.database.ids import new_id
from blazz_server.errors import ApiError

PATIENCE: Final = 20.0
"""Seconds that a request waits for its message to leave; a session may hold messages back."""
NOTHING_LEFT: Final = (
    NotSent,
    NotSupported,
    InvalidValue,
    ConfigurationError,
    SessionClosed,
    OwnershipLost,
)
"""The errors after which a message has certainly not left."""

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Errand:
    """One message on its way out.

    Attributes:
        row: Its row.
        to: Whom it is for.
        message: What is sent.
        fallback: What is sent in its place when the window has closed.
        reply_to: The message that it quotes.
        files: The files that it names, which go when it is over.
        over: Set when it is known what became of it.
        answer: What became of it.
        error: Why it failed.
        told: The request was answered before it was over.
    """

    row: Values
    to: Address
    message: Message
    fallback: Template | None
    reply_to: str | None
    files: ExitStack
    over: anyio.Event
    answer: Accepted | None = None
    error: Exception | None = None
    told: bool = False


class Sending:
    """Sends messages.

    Args:
        writer: Writes down what is sent.
        media: Knows the files that messages name.
        patience: Seconds that a request waits at most.
    """

    def __init__(self, writer: Writer, media: MediaShelf, *, patience: float = PATIENCE) -> None:
        self.process: str = secrets.token_hex(8)
        """Tells this process apart from the one before it of the same name."""
        self._writer = writer
        self._media = media
        self._patience = patience
        self._on_their_way: dict[str, _Errand] = {}
        self._tasks: TaskGroup | None = None

    def run_in(self, tasks: TaskGroup) -> None:
        """Send in these tasks: a caller who goes away does not stop a message halfway."""
        self._tasks = tasks

    def is_sending(self, row: Mapping[str, Any]) -> bool:
        """Whether this very process is sending a message."""
        return row["id"] in self._on_their_way

    async def send(self, session: Session, new: NewMessage, *, key: str | None = None) -> Answer:
        """Send a message, or tell what became of it when its key was used before.

        Args:
            session: From which session.
            new: What to send.
            key: The idempotency key; with none it is a new message each time.

        Raises:
            ApiError: The key was used for something else, or its message is being sent right now;
                the file that it names is not there; it cannot be known whether it was sent.
            BlazzError: It was not sent; the key may be used again.
        """
        files = ExitStack()
        is_sent = False
        try:
            errand = await self._prepare(session, new, key, files)
            # Once it is written down it is sent, even if the caller goes away in between.
            with anyio.CancelScope(shield=True):
                holder = await self._claim(session, errand)
            is_sent = holder is None
        finally:
            if not is_sent:  # else `_deliver` closes them
                files.close()
        if holder is not None:
            return self._replay(holder, errand.row["request_hash"])
        with anyio.move_on_after(self._patience):
            await errand.over.wait()
        if errand.error is not None:
            raise errand.error
        if errand.answer is None:
            errand.told = True
            return Answer(HTTPStatus.ACCEPTED, accepted(errand.row, status="sending"))
        return Answer(HTTPStatus.CREATED, errand.answer)

    async def _claim(self, session: Session, errand: _Errand) -> Mapping[str, Any] | None:
        """Write a message down and begin to send it; or give the row that has its key already."""
        if self._tasks is None:
            raise SessionClosed("the server is not running")
        claim = Claim(errand.row)
        # Before it is written: an equal request that is written with it must find it here.
        self._on_their_way[errand.row["id"]] = errand
        try:
            await self._writer.write(claim)
        except BaseException:
            del self._on_their_way[errand.row["id"]]
            raise
        if claim.holder is None:
            self._tasks.start_soon(self._deliver, session, errand)
        else:
            del self._on_their_way[errand.row["id"]]
        return claim.holder

    async def _prepare(
        self, session: Session, new: NewMessage, key: str | None, files: ExitStack
    ) -> _Errand:
        to = session.address(new.to)
        sources = await self._media.sources(session, new.message, new.fallback, files=files)
        message = new.message.value(sources)
        fallback = None if new.fallback is None else new.fallback.value(sources)
        session.require(message)
        now = utc_now()
        content = new.message.model_dump(mode="json", exclude_none=True)
        row = blank(
            id=new_id("msg"),
            workspace=session.workspace,
            session=session.name,
            chat=str(to),
            at=to_second(now),
            outgoing=True,
            kind=new.message.type,
            text=clean(text_of(content)),
            content=content,
            reply_to=new.reply_to,
            media_id=next(iter(new.message.media_ids()), None),
            token=new_token(),
            stage=int(Stage.SENDING),
            sender_process=self.process,
            idempotency_key=key,
            request_hash=new.digest(session.name) if key else None,
            requested_at=now if key else None,
        )
        return _Errand(row, to, message, fallback, new.reply_to, files, anyio.Event())

    async def _deliver(self, session: Session, errand: _Errand) -> None:
        """Send, and write down what became of it; whatever happens, the request is answered."""
        try:
            try:
                receipt = await session.send(
                    errand.to,
                    errand.message,
                    reply_to=errand.reply_to,
                    fallback=errand.fallback,
                    token=errand.row["token"],
                )
            except Exception as error:  # noqa: BLE001  # it is told to whoever asked
                await self._failed(errand, error)
            except BaseException:
                # The server stops in the middle of it: nobody can know.
                with anyio.CancelScope(shield=True):
                    await self._doubtful(errand, "the server stopped while it was sent")
                raise
            else:
                await self._taken(session, errand, receipt)
        except Exception as error:  # noqa: BLE001  # the database; the message may well have left
            _log.exception("what became of message %s could not be written", errand.row["id"])
            errand.error = unknown(errand.row) if errand.answer is None else error
        finally:
            self._on_their_way.pop(errand.row["id"], None)
            errand.files.close()
            errand.over.set()

    async def _taken(self, session: Session, errand: _Errand, receipt: Receipt) -> None:
        row = errand.row
        held = {"code": "held", "detail": "WhatsApp holds it back for a quality check"}
        is_reaction = isinstance(errand.message, Reaction)
        change = Sent(
            id=row["id"],
            stage=Stage.ACCEPTED,
            message_id=receipt.message_id,
            problem=held if receipt.held else None,
            shown=None if is_reaction else _shown(row),
        )
        await self._writer.write(change)
        if isinstance(errand.message, Reaction):
            await self._writer.write(reacted(session, errand.message))
        row["message_id"] = receipt.message_id
        row["problem"] = change.problem
        errand.answer = accepted(row)

    async def _failed(self, errand: _Errand, error: Exception) -> None:
        errand.error = error
        if isinstance(error, Refused) and error.retry is Retry.NEVER:
            await self._refused(errand, error, keep_key=True)
        elif isinstance(error, (Refused, *NOTHING_LEFT)):
            if errand.told:  # who asked was told that it waits: it must not vanish
                await self._refused(errand, error, keep_key=False)
            else:
                await self._writer.write(Withdrawn(errand.row["id"]))
        else:
            if not isinstance(error, DeliveryUnknown):
                _log.error("sending %s failed oddly", errand.row["id"], exc_info=error)
            errand.error = unknown(errand.row)
            await self._doubtful(errand, str(error) or type(error).__name__)

    async def _refused(self, errand: _Errand, error: BlazzError, *, keep_key: bool) -> None:
        told = told_of(error)
        errand.error = refusal(errand.row, told)
        await self._writer.write(
            Sent(
                id=errand.row["id"],
                stage=Stage.FAILED,
                problem=told,
                keep_key=keep_key,
                shown=_shown(errand.row),
            )
        )

    async def _doubtful(self, errand: _Errand, detail: str) -> None:
        told = {"code": "delivery_unknown", "detail": clean(detail)}
        await self._writer.write(
            Sent(id=errand.row["id"], stage=Stage.UNKNOWN, problem=told, shown=_shown(errand.row))
        )

    def _replay(self, row: Mapping[str, Any], request_hash: str) -> Answer:
        """Answer a request that was made before."""
        if row["request_hash"] != request_hash:
            detail = "this Idempotency-Key was used for another request; use a new one"
            raise ApiError(422, "idempotency_key_reused", detail)
        if (row["problem"] or {}).get("refused"):
            raise refusal(row, row["problem"])
        if row["message_id"] is not None or row["stage"] >= Stage.ACCEPTED:
            return Answer(HTTPStatus.CREATED, accepted(row), replayed=True)
        errand = self._on_their_way.get(row["id"])
        if errand is not None and errand.told:
            return Answer(HTTPStatus.ACCEPTED, accepted(row, status="sending"), replayed=True)
        if errand is not None:
            detail = "the request with this Idempotency-Key is being carried out; ask again"
            raise ApiError(409, "in_progress", detail, headers={"Retry-After": "1"})
        raise unknown(row)


def reacted(session: Session, reaction: Reaction) -> Altered:
    """We reacted to a message."""
    return Altered(
        workspace=session.workspace,
        session=session.name,
        message_id=reaction.message_id,
        reaction=("me", reaction.emoji or None),
    )


def text_of(content: Mapping[str, Any]) -> str | None:
    """What the list of chats shows of a message that we send.

    Example:
        >>> text_of({"type": "text", "body": "Halo"})
        'Halo'
    """
    for name in ("body", "caption", "question", "name", "emoji"):
        if isinstance(content.get(name), str):
            return str(content[name])
    return None


def _shown(row: Values) -> Shown:
    return Shown(
        workspace=row["workspace"],
        session=row["session"],
        chat=row["chat"],
        at=row["at"],
        text=row["text"],
        kind=row["kind"],
        outgoing=True,
    )
