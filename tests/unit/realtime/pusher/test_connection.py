"""The protocol of one socket, step by step."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.realtime.pusher.channels import Channel
from blazz.realtime.pusher.connection import (
    MAX_CHANNELS,
    Close,
    Connection,
    Join,
    Leave,
    Member,
    Send,
    Timing,
    Whisper,
    refusal,
)
from blazz.realtime.pusher.frames import MAX_EVENT_DATA, Code
from blazz.realtime.pusher.signing import App
from blazz.security.secret import Secret

APP = App("1", "key", Secret("secret"))
SOCKET = "12.34"
ABOUT = json.dumps({"user_id": 7, "user_info": {"name": "Sari"}})
PRESENCE = "presence-chat.7"


@pytest.fixture
def socket() -> Connection:
    return Connection(APP, SOCKET, now=0.0, timing=Timing(activity=30, pong=10))


def say(socket: Connection, event: str, data: Any = None, **more: Any) -> list[Any]:
    return socket.receive(json.dumps({"event": event, "data": data, **more}), now=1.0)


def subscribe(socket: Connection, channel: str, **more: Any) -> list[Any]:
    return say(socket, "pusher:subscribe", {"channel": channel, **more})


def join(socket: Connection, channel: str) -> list[Any]:
    """Subscribe with a good signature."""
    about = ABOUT if channel.startswith("presence-") else None
    signed = {"auth": APP.authorize(SOCKET, channel, about)}
    if about:
        signed["channel_data"] = about
    return subscribe(socket, channel, **signed)


def sent(actions: list[Any]) -> list[dict[str, Any]]:
    """The frames that are sent, with their data read."""
    frames = [json.loads(it.text) for it in actions if isinstance(it, Send)]
    for frame in frames:
        if isinstance(frame.get("data"), str):
            frame["data"] = json.loads(frame["data"])
    return frames


@pytest.mark.parametrize(
    ("key", "query", "code"),
    [
        ("key", {"protocol": "7"}, None),
        ("key", {"protocol": "5"}, None),
        ("other", {"protocol": "7"}, Code.UNKNOWN_APP),
        ("key", {}, Code.NO_PROTOCOL),
        ("key", {"protocol": "4"}, Code.UNSUPPORTED_PROTOCOL),
    ],
)
def test_who_may_connect(key: str, query: dict[str, str], code: Code | None) -> None:
    refused = refusal(APP, key, query)
    assert (refused and refused[0]) == code


def test_the_greeting(socket: Connection) -> None:
    assert sent(socket.opened()) == [
        {
            "event": "pusher:connection_established",
            "data": {"socket_id": SOCKET, "activity_timeout": 30},
        }
    ]


def test_a_ping_is_answered(socket: Connection) -> None:
    assert sent(say(socket, "pusher:ping", {})) == [{"event": "pusher:pong", "data": {}}]


def test_a_public_channel(socket: Connection) -> None:
    assert subscribe(socket, "news") == [Join(Channel.parse("news"))]
    assert subscribe(socket, "news") == [], "once is enough"
    assert sent(socket.joined(Channel.parse("news"), last=None)) == [
        {"event": "pusher_internal:subscription_succeeded", "data": {}, "channel": "news"}
    ]


def test_a_private_channel_needs_a_signature(socket: Connection) -> None:
    name = "private-workspace.acme"
    for wrong in ({}, {"auth": "key:00"}, {"auth": 5}, {"auth": APP.authorize("1.2", name)}):
        (refused,) = sent(subscribe(socket, name, **wrong))
        assert refused["event"] == "pusher:subscription_error"
        assert (refused["channel"], refused["data"]["status"]) == (name, 401)
    assert join(socket, name) == [Join(Channel.parse(name))]


def test_a_presence_channel_shows_who_is_there(socket: Connection) -> None:
    member = Member("7", ABOUT)
    other = Member("8", json.dumps({"user_id": "8"}))
    assert join(socket, PRESENCE) == [Join(Channel.parse(PRESENCE), member)]

    (frame,) = sent(socket.joined(Channel.parse(PRESENCE), members=[member, other], last=None))
    assert frame["data"]["presence"] == {
        "ids": ["7", "8"],
        "hash": {"7": {"name": "Sari"}, "8": None},
        "count": 2,
    }


@pytest.mark.parametrize("about", ["", "[]", "{}", '{"user_id":null}', '{"user_id":true}', "{"])
def test_a_presence_channel_needs_to_know_who(socket: Connection, about: str) -> None:
    signed = APP.authorize(SOCKET, PRESENCE, about)
    (refused,) = sent(subscribe(socket, PRESENCE, auth=signed, channel_data=about))
    assert refused["event"] == "pusher:subscription_error"
    assert socket.subscribed == {}


def test_what_is_signed_for_one_person_is_not_for_another(socket: Connection) -> None:
    auth = APP.authorize(SOCKET, PRESENCE, ABOUT)
    other = ABOUT.replace("7", "8")
    (refused,) = sent(subscribe(socket, PRESENCE, auth=auth, channel_data=other))
    assert refused["event"] == "pusher:subscription_error"


def test_a_cache_channel_gives_its_last_event(socket: Connection) -> None:
    channel = Channel.parse("cache-status")
    assert sent(socket.joined(channel, last=("ready", '{"a":1}')))[1] == {
        "event": "ready",
        "data": {"a": 1},
        "channel": "cache-status",
    }
    assert sent(socket.joined(channel, last=None))[1]["event"] == "pusher:cache_miss"


def test_a_browser_says_where_it_left_off(socket: Connection) -> None:
    assert subscribe(socket, "news", after="5f:17") == [Join(Channel.parse("news"), None, "5f:17")]
    assert subscribe(socket, "other", after=5) == [Join(Channel.parse("other"))]


@pytest.mark.parametrize("user", ["{}", "[]", "x", '{"id":""}', '{"id":null}', '{"id":true}'])
def test_signing_in_needs_an_id(socket: Connection, user: str) -> None:
    auth = APP.authenticate(SOCKET, user)
    actions = say(socket, "pusher:signin", {"auth": auth, "user_data": user})
    assert isinstance(actions[-1], Close)


def test_leaving(socket: Connection) -> None:
    subscribe(socket, "news")
    assert say(socket, "pusher:unsubscribe", {"channel": "news"}) == [Leave(Channel.parse("news"))]
    assert say(socket, "pusher:unsubscribe", {"channel": "news"}) == []


@pytest.mark.parametrize(
    "name", ["", "a b", "x" * 165, "private-encrypted-a", None, 5, "caf\u00e9"]
)
def test_names_that_are_none(socket: Connection, name: Any) -> None:
    (refused,) = sent(subscribe(socket, name))
    assert refused["event"] == "pusher:subscription_error"


def test_a_socket_has_only_so_many_channels(socket: Connection) -> None:
    for number in range(MAX_CHANNELS):
        assert subscribe(socket, f"c{number}")
    (refused,) = sent(subscribe(socket, "one-more"))
    assert refused["data"]["status"] == 403


def test_a_client_event_carries_the_servers_word_on_who_sends_it(socket: Connection) -> None:
    join(socket, PRESENCE)
    assert say(
        socket, "client-typing", {"on": True}, channel=PRESENCE, user_id="8", admin=True
    ) == [Whisper(Channel.parse(PRESENCE), "client-typing", '{"on":true}', "7")]


def test_client_events_that_are_refused(socket: Connection) -> None:
    subscribe(socket, "news")
    join(socket, "private-a")
    for channel, data in (
        ("news", {}),
        ("private-b", {}),
        (None, {}),
        ("private-a", "x" * (MAX_EVENT_DATA + 1)),
    ):
        (refused,) = sent(say(socket, "client-x", data, channel=channel))
        assert (refused["event"], refused["data"]["code"]) == ("pusher:error", 4301)


def test_signing_in(socket: Connection) -> None:
    user = json.dumps({"id": "7"})
    auth = APP.authenticate(SOCKET, user)
    (frame,) = sent(say(socket, "pusher:signin", {"auth": auth, "user_data": user}))
    assert frame == {"event": "pusher:signin_success", "data": {"user_data": user}}
    assert socket.user_id == "7"

    own = Channel.of_user("7")
    assert subscribe(socket, own.name) == [Join(own)]
    (refused,) = sent(subscribe(socket, Channel.of_user("8").name))
    assert refused["event"] == "pusher:subscription_error"


@pytest.mark.parametrize("data", [{}, {"user_data": "{}"}, {"user_data": "{}", "auth": "key:0"}])
def test_signing_in_without_being_signed(socket: Connection, data: dict[str, str]) -> None:
    actions = say(socket, "pusher:signin", data)
    assert isinstance(actions[-1], Close)
    assert actions[-1].code == Code.UNAUTHORIZED
    assert socket.user_id is None


def test_a_silent_browser_is_asked_and_given_up_on(socket: Connection) -> None:
    assert (socket.tick(now=29.9), socket.next_tick()) == ([], 30)
    assert sent(socket.tick(now=30)) == [{"event": "pusher:ping", "data": {}}]
    assert (socket.tick(now=39.9), socket.next_tick()) == ([], 40)
    assert socket.tick(now=40) == [Close(Code.NO_PONG, "no pong came in time")]


def test_whatever_a_browser_says_proves_that_it_is_there(socket: Connection) -> None:
    socket.tick(now=30)
    socket.receive('{"event":"pusher:pong"}', now=35)
    assert (socket.tick(now=64), socket.next_tick()) == ([], 65)


@given(
    st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda it: (
            st.lists(it, max_size=3)
            | st.dictionaries(
                st.sampled_from(["event", "data", "channel", "auth", "channel_data", "user_data"]),
                it,
            )
        ),
        max_leaves=12,
    ).map(json.dumps)
)
def test_no_text_is_too_much(text: str) -> None:
    socket = Connection(APP, SOCKET, now=0.0)
    for action in socket.receive(text, now=1.0):
        assert isinstance(action, Send | Join | Close)


@given(
    st.sampled_from(["pusher:subscribe", "pusher:signin", "pusher:unsubscribe", "client-x"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda it: (
            st.lists(it, max_size=3)
            | st.dictionaries(st.sampled_from(["channel", "auth", "channel_data", "user_data"]), it)
        ),
        max_leaves=8,
    ),
)
def test_no_data_is_too_much(event: str, data: Any) -> None:
    socket = Connection(APP, SOCKET, now=0.0)
    for action in say(socket, event, data, channel=data if isinstance(data, str) else None):
        assert isinstance(action, Send | Join | Close)


def test_a_frame_is_not_too_long(socket: Connection) -> None:
    (refused,) = sent(socket.receive(json.dumps({"event": "x", "data": "x" * 200_000}), now=1.0))
    assert refused["data"]["code"] == 4301


@pytest.mark.parametrize("half", ["\\ud800", "\\uDFFF"])
def test_what_cannot_be_utf_8_is_refused(socket: Connection, half: str) -> None:
    text = '{"event":"pusher:subscribe","data":{"channel":"private-a","auth":"%s"}}'
    (refused,) = sent(socket.receive(text % half, now=1.0))
    assert refused["data"]["code"] == 4301
    assert sent(socket.receive(text % "\\ud83d\\ude00", now=1.0))[0]["data"]["status"] == 401
