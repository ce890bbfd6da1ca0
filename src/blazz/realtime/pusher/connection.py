"""One browser's connection, without I/O: what comes in goes in, what is to be done comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from blazz.errors import InvalidValue
from blazz.realtime.pusher.channels import Access, Channel
from blazz.realtime.pusher.frames import (
    MAX_EVENT_DATA,
    MAX_EVENT_NAME,
    BadFrame,
    Code,
    Frame,
    compact,
    decode,
    encode,
    error_frame,
)
from blazz.realtime.pusher.signing import App, BadSignature

MAX_CHANNELS: Final = 100
MAX_MEMBER: Final = 2 * 1024
_PROTOCOLS: Final = frozenset({"5", "6", "7"})


@dataclass(frozen=True, slots=True)
class Send:
    """Send this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a presence channel.

    Attributes:
        user_id: Who; the same in all of their sockets.
        data: All that the application signed about them, as its JSON text.
    """

    user_id: str
    data: str

    @property
    def info(self) -> Any:  # noqa: ANN401  # whatever the application put there
        """What the other members are shown of them."""
        return json.loads(self.data).get("user_info")


@dataclass(frozen=True, slots=True)
class Join:
    """Subscribe the socket; answer with `Connection.joined`.

    Attributes:
        channel: The channel.
        member: Who the socket is there, in presence channels.
        after: The cursor of the last event that the browser has of the channel: what came later is
            to be sent, too.
    """

    channel: Channel
    member: Member | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Unsubscribe the socket."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class Whisper:
    """Pass a client event on to the other subscribers of a channel.

    Attributes:
        channel: The channel.
        event: Its name, which begins with `client-`.
        data: Its content, as JSON text.
        user_id: In presence channels, who sends it: the server's word, not the browser's.
    """

    channel: Channel
    event: str
    data: str
    user_id: str | None


Action: TypeAlias = Send | Close | Join | Leave | Whisper


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a connection may be silent.

    Attributes:
        activity: Seconds of silence after which either side asks whether the other is there.
        pong: Seconds to wait for the answer.
    """

    activity: float = 30.0
    pong: float = 30.0


def refusal(app: App, key: str, query: Mapping[str, str]) -> tuple[Code, str] | None:
    """Tell why a socket may not connect; None: it may.

    Args:
        app: The application that is served.
        key: The key in the path of the request.
        query: The query parameters of the request.
    """
    if key != app.key:
        return Code.UNKNOWN_APP, "there is no application with this key"
    protocol = query.get("protocol")
    if protocol is None:
        return Code.NO_PROTOCOL, "the request names no protocol; it is 7"
    if protocol not in _PROTOCOLS:
        return Code.UNSUPPORTED_PROTOCOL, "this server speaks protocol 7"
    return None


class Connection:
    """The protocol of one socket.

    Args:
        app: The application.
        socket_id: The socket's id: two numbers with a dot in between.
        now: The time on a clock that only goes forward, in seconds.
        timing: How long it may be silent.

    Attributes:
        socket_id: The socket's id.
        subscribed: Its channels by name; a presence channel's value is who the socket is there.
        user_id: The user who signed in.
    """

    def __init__(
        self, app: App, socket_id: str, *, now: float, timing: Timing | None = None
    ) -> None:
        self.socket_id = socket_id
        self.subscribed: dict[str, Member | None] = {}
        self.user_id: str | None = None
        self._app = app
        self._timing = timing or Timing()
        self._heard_at = now
        self._pinged_at: float | None = None
        self._answers: dict[str, Callable[[Frame], list[Action]]] = {
            "pusher:ping": lambda _: [Send(encode("pusher:pong"))],
            "pusher:subscribe": self._subscribe,
            "pusher:unsubscribe": self._unsubscribe,
            "pusher:signin": self._sign_in,
        }

    def opened(self) -> list[Action]:
        """Greet the browser."""
        about = {"socket_id": self.socket_id, "activity_timeout": int(self._timing.activity)}
        return [Send(encode("pusher:connection_established", compact(about)))]

    def receive(self, text: str, *, now: float) -> list[Action]:
        """Take a text from the browser."""
        self._heard_at, self._pinged_at = now, None
        try:
            frame = decode(text)
        except BadFrame as error:
            return [Send(error_frame(Code.CLIENT_EVENT_REFUSED, str(error)))]
        if frame.event.startswith("client-"):
            return self._whisper(frame)
        answer = self._answers.get(frame.event)
        return answer(frame) if answer else []  # a pong, or what newer clients may say

    def tick(self, *, now: float) -> list[Action]:
        """Let time pass: ask a silent browser whether it is there, and give up on a dead one."""
        if self._pinged_at is not None:
            if now - self._pinged_at >= self._timing.pong:
                return [Close(Code.NO_PONG, "no pong came in time")]
        elif now - self._heard_at >= self._timing.activity:
            self._pinged_at = now
            return [Send(encode("pusher:ping"))]
        return []

    def next_tick(self) -> float:
        """When `tick` has something to do at the earliest."""
        if self._pinged_at is not None:
            return self._pinged_at + self._timing.pong
        return self._heard_at + self._timing.activity

    def joined(
        self, channel: Channel, *, members: Sequence[Member] = (), last: tuple[str, str] | None
    ) -> list[Action]:
        """Tell the browser that it is subscribed.

        Args:
            channel: The channel.
            members: In presence channels, who is there, each once, with the socket's own.
            last: In cache channels, name and data of the last event; None: there is none.
        """
        data = "{}"
        if channel.access is Access.PRESENCE:
            known = {member.user_id: member.info for member in members}
            data = compact({"presence": {"ids": [*known], "hash": known, "count": len(known)}})
        name = channel.name
        actions: list[Action] = [
            Send(encode("pusher_internal:subscription_succeeded", data, channel=name))
        ]
        if channel.cached and last is not None:
            actions.append(Send(encode(last[0], last[1], channel=name)))
        elif channel.cached:
            actions.append(Send(encode("pusher:cache_miss", channel=name)))
        return actions

    def _subscribe(self, frame: Frame) -> list[Action]:
        data = frame.data if isinstance(frame.data, dict) else {}
        name = data.get("channel")
        try:
            channel = Channel.parse(name)
            member = self._authorized(channel, data)
        except (InvalidValue, BadSignature) as error:
            return [_refused(name, str(error))]
        if channel.name in self.subscribed:
            return []
        if len(self.subscribed) >= MAX_CHANNELS:
            return [_refused(name, f"a socket subscribes to at most {MAX_CHANNELS} channels", 403)]
        self.subscribed[channel.name] = member
        after = data.get("after")
        return [Join(channel, member, after if isinstance(after, str) else None)]

    def _authorized(self, channel: Channel, data: Mapping[str, Any]) -> Member | None:
        """Check that the browser may subscribe; tell who it is in a presence channel.

        Raises:
            BadSignature: It may not.
            InvalidValue: What was signed does not say who it is.
        """
        if channel.access is Access.PUBLIC:
            return None
        if channel.access is Access.USER:
            if self.user_id is None or channel.user_id != self.user_id:
                raise BadSignature("this is the channel of another user, or nobody signed in")
            return None
        about = data.get("channel_data")
        if channel.access is Access.PRIVATE or not isinstance(about, str):
            about = None
        self._app.check_subscription(data.get("auth"), self.socket_id, channel.name, about)
        return _member(about) if channel.access is Access.PRESENCE else None

    def _unsubscribe(self, frame: Frame) -> list[Action]:
        data = frame.data if isinstance(frame.data, dict) else {}
        name = data.get("channel")
        if not isinstance(name, str) or name not in self.subscribed:
            return []
        del self.subscribed[name]
        return [Leave(Channel.parse(name))]

    def _sign_in(self, frame: Frame) -> list[Action]:
        data = frame.data if isinstance(frame.data, dict) else {}
        user = data.get("user_data")
        try:
            if not isinstance(user, str):
                raise BadSignature("user_data is missing")
            self._app.check_sign_in(data.get("auth"), self.socket_id, user)
            self.user_id = _user_id(user)
        except (BadSignature, InvalidValue) as error:
            return [
                Send(error_frame(Code.UNAUTHORIZED, str(error))),
                Close(Code.UNAUTHORIZED, str(error)),
            ]
        return [Send(encode("pusher:signin_success", compact({"user_data": user})))]

    def _whisper(self, frame: Frame) -> list[Action]:
        name = frame.channel
        if name is None or name not in self.subscribed:
            return [_no_whisper("the socket is not subscribed to the channel")]
        channel, member = Channel.parse(name), self.subscribed[name]
        if not channel.takes_client_events:
            return [_no_whisper("client events are for private and presence channels")]
        data = frame.data if isinstance(frame.data, str) else compact(frame.data)
        if len(frame.event) > MAX_EVENT_NAME or len(data.encode()) > MAX_EVENT_DATA:
            return [_no_whisper(f"a client event has at most {MAX_EVENT_DATA} bytes")]
        user_id = None if member is None else member.user_id
        return [Whisper(channel, frame.event, data, user_id)]


def _member(about: str | None) -> Member:
    """Read who somebody is in a presence channel.

    Raises:
        InvalidValue: It does not say.
    """
    if about is not None and len(about.encode()) <= MAX_MEMBER:
        try:
            known = json.loads(about)
        except (ValueError, RecursionError):
            known = None
        user_id = known.get("user_id") if isinstance(known, dict) else None
        # Numbers are ids, too: pusher-js and Echo take them.
        if isinstance(user_id, str | int) and not isinstance(user_id, bool):
            return Member(str(user_id), about)
    limit = f"JSON of at most {MAX_MEMBER} bytes with a user_id"
    raise InvalidValue("channel_data", limit, about)


def _user_id(user_data: str) -> str:
    """Read who signed in.

    Raises:
        InvalidValue: It does not say.
    """
    try:
        known = json.loads(user_data)
    except (ValueError, RecursionError):
        known = None
    user_id = known.get("id") if isinstance(known, dict) else None
    if isinstance(user_id, str | int) and not isinstance(user_id, bool) and str(user_id):
        return str(user_id)
    raise InvalidValue("user_data", "JSON with an id", user_data)


def _refused(channel: object, message: str, status: int = 401) -> Send:
    """Refuse a subscription so that Echo's `.error()` is told."""
    problem = {"type": "AuthError", "error": message, "status": status}
    name = channel if isinstance(channel, str) else ""
    return Send(encode("pusher:subscription_error", compact(problem), channel=name[:200]))


def _no_whisper(message: str) -> Send:
    return Send(error_frame(Code.CLIENT_EVENT_REFUSED, message))
