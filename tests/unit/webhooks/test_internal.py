"""Events of a session go into the inbox and come out as they were; nobody else can put any in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from blazz.errors import SignatureMismatch, WebhookError
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.providers.base import WebhookProfile
from blazz.webhooks.inbox.sqlite import SqliteInbox
from blazz.webhooks.internal import ReadsSessionEvents, encode, internal_signer
from blazz.webhooks.routes import Routes
from tests.unit.webhooks.scenery import parse

CHANGE = SessionStateChanged(
    key="state:1",
    at=datetime(2026, 11, 22, 12, 30, 15, 250_000, tzinfo=UTC),
    account="6281100000001",
    state=SessionState.RECONNECTING,
    previous=SessionState.READY,
    reason=StateReason.BROWSER_HUNG,
    detail="no sign of life within 10 s",
)


def test_an_event_comes_out_as_it_went_in() -> None:
    (update,) = ReadsSessionEvents(parse)(encode(CHANGE))
    assert update.event() == CHANGE
    assert (update.key, update.account, update.conversation) == ("state:1", None, "session")
    assert update.event().raw["type"] == "SessionStateChanged"


def test_other_bodies_are_the_providers() -> None:
    def theirs(body: bytes) -> list[object]:
        return [body]

    assert ReadsSessionEvents(theirs)(b'{"web":1}') == [b'{"web":1}']  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        b'{"session_event":',
        b'{"session_event":{}}',
        b'{"session_event":{"type":"Path","event":{}}}',
        b'{"session_event":{"type":"SessionStateChanged","event":{"key":"k"}}}',
        b'{"session_event":5}',
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookError):
        ReadsSessionEvents(parse)(body)


async def test_no_request_brings_in_updates_of_a_session_of_its_own(tmp_path: object) -> None:
    inbox = SqliteInbox(f"{tmp_path}/inbox.db")
    await inbox.open()
    routes = Routes()
    profile = WebhookProfile(accounts=("web",), secrets=(), parse=parse, internal=True)
    await routes.add(inbox, "acme/shop", profile)
    table = await inbox.routes()
    assert ("web", internal_signer("acme/shop")) in table.routes
    with pytest.raises(SignatureMismatch):
        routes.signer(encode(CHANGE), None)
    await inbox.close()
