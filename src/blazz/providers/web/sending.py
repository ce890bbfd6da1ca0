"""Sends messages through the page: once, whatever happens to the browser meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from blazz.addresses import Address
from blazz.errors import (
    DeliveryUnknown,
    NotSent,
    Refused,
    Rejected,
    SessionNotReady,
    Timeout,
    Unavailable,
    Undeliverable,
)
from blazz.errors.web import BridgeError, BrowserDied, PageReloaded, WebError
from blazz.messages.base import Message
from blazz.messages.files import MediaFile
from blazz.providers.base import Outcome, Receipt
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.ids import check_message_id, jid, to_phone
from blazz.providers.web.life import Life
from blazz.providers.web.outbox import Outbox, Standing
from blazz.providers.web.payloads import Payload, payload
from blazz.providers.web.transfers import FilesInPage, look_at

_NOBODY: Final = frozenset(
    {"wid_is_not_on_whatsapp", "chat_not_found", "no_such_chat", "invalid_wid", "not_on_whatsapp"}
)
_UNREACHABLE: Final = "is not on WhatsApp"
_NOT_SENT: Final = "not_sent"
_NO_SUCH_FILE: Final = "no_such_file"
_PIECE_SECONDS: Final = 30.0
_RELOAD_SECONDS: Final = 15.0
_TRIES: Final = 10


class Sender:
    """Sends for one session.

    A message has an id that is made from its token. Whatever breaks, it is sent again under the
    same id, and the page, WhatsApp and the recipient's phone each know it by that.

    Args:
        life: The session's browser.
        outbox: Remembers what was given to the page.
        ready_timeout: Seconds to wait for a session that is connecting.
        send_timeout: Seconds to wait until WhatsApp has taken a message.
    """

    def __init__(
        self, life: Life, outbox: Outbox, *, ready_timeout: float, send_timeout: float
    ) -> None:
        self._life = life
        self._outbox = outbox
        self._ready_timeout = ready_timeout
        self._send_timeout = send_timeout
        self._files = FilesInPage()

    async def prepare(self, to: Address, message: Message, reply_to: str | None) -> Prepared:
        """Check everything that can be checked before anything happens.

        Raises:
            NotSupported: WhatsApp Web cannot send it, or not to such an address.
            InvalidValue: A file or an id cannot be used.
        """
        asked = payload(message)
        if reply_to is not None:
            check_message_id("reply_to", reply_to)
        file = await look_at(asked.media) if asked.media is not None else None
        return Prepared(to, jid(to), asked, file, reply_to)

    async def send(self, prepared: Prepared, *, token: str, retry: bool) -> Receipt:
        """Send a message; see `Provider.send`."""
        bridge = await self._life.ready(timeout=self._ready_timeout)
        message_id, again = await self._outbox.note(token, prepared.chat)
        for attempt in range(1, _TRIES + 1):
            loads = self._life.loads
            try:
                answer = await self._give(bridge, prepared, message_id, again=again)
                break
            except BridgeError as error:
                if again and error.code != _NOT_SENT and await self._is_open(token):
                    raise DeliveryUnknown(
                        f"the message may have left before, and now: {error}", token=token
                    ) from error
                await self._outbox.refuse(message_id)
                raise refusal(error) from error
            except Timeout as error:
                raise DeliveryUnknown(
                    f"WhatsApp did not tell within {self._send_timeout:g} s that it took the"
                    " message; the page keeps trying",
                    token=token,
                ) from error
            except BrowserDied as error:
                if not retry or attempt == _TRIES:
                    raise DeliveryUnknown(
                        f"the browser ended while the message was being sent: {error}", token=token
                    ) from error
                bridge, again = await self._next_bridge(bridge, loads, error, token), True
            except WebError as error:
                raise DeliveryUnknown(
                    f"the browser did not tell what became of the message: {error}", token=token
                ) from error
        await self._outbox.accept(message_id, answer["id"])
        phone = to_phone((answer.get("person") or {}).get("phone"))
        return Receipt(
            message_id=answer["id"],
            to=prepared.to,
            token=token,
            accepted_at=datetime.now(UTC),
            wa_id=phone.digits if phone else None,
        )

    async def _next_bridge(
        self, broken: Bridge, loads: int, error: BrowserDied, token: str
    ) -> Bridge:
        """The page after the one that is gone."""
        if isinstance(error, PageReloaded):
            changed = True  # the same browser goes on, once its page is there again
            # Its state may be READY again before anybody looks, so it is not asked for that.
            await self._life.until(
                lambda now: now.ended or self._life.loads != loads, timeout=_RELOAD_SECONDS
            )
        else:
            changed = await self._life.until(
                lambda now: now.ended or self._life.bridge is not broken,
                timeout=self._ready_timeout,
            )
        try:
            if changed:
                return await self._life.ready(timeout=self._ready_timeout)
            raise SessionNotReady
        except NotSent as reason:
            raise DeliveryUnknown(
                "the browser ended while the message was being sent, and is not back", token=token
            ) from reason

    async def _give(
        self, bridge: Bridge, prepared: Prepared, message_id: str, *, again: bool
    ) -> Mapping[str, Any]:
        """Give the message to the page and wait until WhatsApp has it."""
        asked = prepared.payload
        if asked.kind == "reaction":
            await bridge.call("react", asked.content, timeout=self._send_timeout)
            return {"id": f"true_{prepared.chat}_{message_id}"}
        content = dict(asked.content)
        file = prepared.file
        if file is not None:
            content["file"] = await self._files.bring_in(bridge, file, timeout=_PIECE_SECONDS)
            content["mimetype"] = file.mime_type
            content["filename"] = content["filename"] or file.filename
        argument = {
            "to": prepared.chat,
            "id": message_id,
            "kind": asked.kind,
            "content": content,
            "quoted": prepared.reply_to,
            "again": again,
        }
        try:
            return dict(await bridge.call("send", argument, timeout=self._send_timeout))
        except BridgeError as error:
            if file is None or error.code != _NO_SUCH_FILE:
                raise
            # The page was loaded anew between the two calls, and has nothing any more.
            content["file"] = await self._files.bring_in(bridge, file, timeout=_PIECE_SECONDS)
            return dict(await bridge.call("send", argument, timeout=self._send_timeout))

    async def _is_open(self, token: str) -> bool:
        """Whether an earlier try of a message may have reached WhatsApp."""
        noted = (await self._outbox.look_up([token])).get(token)
        return noted is not None and noted.standing is not Standing.REFUSED

    async def settle(self, tokens: Sequence[str]) -> Mapping[str, Outcome]:
        """Tell what became of messages; see `Provider.settle`."""
        noted = await self._outbox.look_up(tokens)
        outcomes = {
            token: Outcome.SENT if it.standing is Standing.ACCEPTED else Outcome.NOT_SENT
            for token, it in noted.items()
            if it.standing is not Standing.GIVEN
        }
        open_ones = [it for it in noted.values() if it.standing is Standing.GIVEN]
        if open_ones:
            levels = await self._levels([it.chat for it in open_ones], [it.id for it in open_ones])
            for it in open_ones:
                outcome = outcome_of(levels.get(it.id))
                if outcome is Outcome.SENT:
                    await self._outbox.accept(it.id, f"true_{it.chat}_{it.id}")
                outcomes[it.token] = outcome
        return outcomes

    async def _levels(self, chats: list[str], ids: list[str]) -> Mapping[str, int | None]:
        bridge = self._life.bridge
        if bridge is None:
            return {}
        try:
            return dict(
                await bridge.call("levels", {"to": chats, "ids": ids}, timeout=self._send_timeout)
            )
        except (BridgeError, BrowserDied, Timeout):
            return {}


class Prepared:
    """A message that was checked and can be given to the page."""

    __slots__ = ("chat", "file", "payload", "reply_to", "to")

    def __init__(
        self,
        to: Address,
        chat: str,
        asked: Payload,
        file: MediaFile | None,
        reply_to: str | None,
    ) -> None:
        self.to, self.chat, self.payload = to, chat, asked
        self.file, self.reply_to = file, reply_to


def outcome_of(level: int | None) -> Outcome:
    """What a message's level in the page tells of its fate.

    A message that the page does not know may have left all the same, with a page that died before
    it had stored it.

    Example:
        >>> [outcome_of(level).value for level in (3, 1, 0, -1, None)]
        ['sent', 'sent', 'unknown', 'not_sent', 'unknown']
    """
    if level is None or level == 0:
        return Outcome.UNKNOWN
    return Outcome.SENT if level > 0 else Outcome.NOT_SENT


def refusal(error: BridgeError) -> Refused:
    """What a failure in the page means for whoever sends.

    Example:
        >>> refusal(BridgeError("1@c.us is not on WhatsApp", code="chat_not_found"))
        Undeliverable('1@c.us is not on WhatsApp')
    """
    told = str(error)
    if error.code in _NOBODY or _UNREACHABLE in told:
        return Undeliverable(told)
    if error.code == _NOT_SENT:
        return Unavailable(told) if "UPLOAD" in told else Rejected(told)
    return Rejected(f"{told} ({error.code})")
