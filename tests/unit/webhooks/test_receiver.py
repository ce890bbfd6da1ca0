"""The receiver: what it accepts, refuses and puts off, and with which answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blazz.errors import ConfigurationError, InboxUnavailable, InvalidValue
from blazz.providers.base import WebhookProfile
from blazz.security.secret import Secret
from blazz.webhooks import Receiver, Routes, sign
from blazz.webhooks.inbox.sqlite import SqliteInbox
from blazz.webhooks.observations import BacklogMeasured, Observation, RequestAnswered
from blazz.webhooks.signature import SigningSecret
from tests.unit.webhooks.scenery import SECRET, parse, profile, said

HANDSHAKE = {
    "hub.mode": "subscribe",
    "hub.verify_token": "verify me",
    "hub.challenge": "1158201444",
}
UNSIGNED = WebhookProfile(accounts=["1"], secrets=[], parse=parse)


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[SqliteInbox]:
    async with SqliteInbox(tmp_path / "inbox.db") as opened:
        yield opened


@pytest.fixture
async def receiver(inbox: SqliteInbox) -> Receiver:
    made = Receiver(inbox, verify_tokens=["verify me", "or me"])
    await made.add("acme/sales", profile())
    return made


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": sign(body, secret)}


async def test_a_signed_body_is_kept_as_it_came(receiver: Receiver, inbox: SqliteInbox) -> None:
    body = b' [ {"key": "\\u00e9"} ] '

    response = await receiver.handle("POST", "", signed(body), body)

    assert (response.status, response.body) == (200, b"")
    [arrived] = await inbox.arrived(receiver.routes.sessions, limit=10)
    assert arrived.body == body


async def test_what_another_receiver_accepted_is_kept(inbox: SqliteInbox) -> None:
    arrived: list[bool] = []
    receiver = Receiver(inbox, arrived=lambda: arrived.append(True))
    await receiver.add("acme/sales", profile())

    await receiver.keep(b"[]", signer=SigningSecret(SECRET).fingerprint)

    [kept] = await inbox.arrived(receiver.routes.sessions, limit=10)
    assert (kept.body, arrived) == (b"[]", [True])


@pytest.mark.parametrize(
    "headers",
    [
        lambda value: {"X-HUB-SIGNATURE-256": value},
        lambda value: [("Content-Type", "application/json"), ("X-Hub-Signature-256", value)],
        lambda value: ((name, value) for name in ("x-hub-signature-256",)),
        lambda value: [(b"x-hub-signature-256", value.encode())],
    ],
)
async def test_headers_come_in_many_forms(receiver: Receiver, headers: Any) -> None:
    body = said("a1")

    response = await receiver.handle("POST", "", headers(sign(body, SECRET)), body)

    assert response.status == 200


@pytest.mark.parametrize("headers", [{}, signed(said("a1"), "another secret"), signed(b"other")])
async def test_what_is_not_signed_is_refused(
    receiver: Receiver, inbox: SqliteInbox, headers: dict[str, str]
) -> None:
    response = await receiver.handle("POST", "", headers, said("a1"))

    assert response.status == 403
    assert (await inbox.counts()).arrived == 0


async def test_a_body_above_the_limit_is_refused(inbox: SqliteInbox) -> None:
    receiver = Receiver(inbox, body_limit=100)
    await receiver.add("acme/sales", profile())
    fits, too_large = b"x" * 100, b"x" * 101

    assert (await receiver.handle("POST", "", signed(too_large), too_large)).status == 413
    assert (await receiver.handle("POST", "", signed(fits), fits)).status == 200


@pytest.mark.parametrize(
    "query",
    [
        HANDSHAKE,
        list(HANDSHAKE.items()),
        "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify%20me",
        b"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=or+me",
    ],
)
async def test_the_handshake_echoes_the_challenge(receiver: Receiver, query: Any) -> None:
    response = await receiver.handle("GET", query, {}, b"")

    assert (response.status, response.body) == (200, b"1158201444")
    assert dict(response.headers)["Content-Type"] == "text/plain; charset=utf-8"
    assert dict(response.headers)["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"hub.verify_token": "guess"}, 403),
        ({"hub.verify_token": "verify m\u00e9"}, 403),
        ({"hub.verify_token": ""}, 403),
        ({"hub.mode": "unsubscribe"}, 403),
        ({"hub.challenge": "<script>alert(1)</script>"}, 400),
        ({"hub.challenge": "1\r\nSet-Cookie: a=b"}, 400),
        ({"hub.challenge": "1" * 257}, 400),
        ({"hub.challenge": ""}, 400),
    ],
)
async def test_a_wrong_handshake_is_refused(
    receiver: Receiver, change: dict[str, str], status: int
) -> None:
    response = await receiver.handle("GET", {**HANDSHAKE, **change}, {}, b"")

    assert response.status == status
    assert b"alert" not in response.body


@pytest.mark.parametrize("missing", HANDSHAKE)
async def test_an_incomplete_handshake_is_refused(receiver: Receiver, missing: str) -> None:
    query = {name: value for name, value in HANDSHAKE.items() if name != missing}

    assert (await receiver.handle("GET", query, {}, b"")).status == 400


async def test_too_many_parameters_are_no_handshake(receiver: Receiver) -> None:
    assert (await receiver.handle("GET", "a=1&" * 100, {}, b"")).status == 400


async def test_without_tokens_no_handshake_succeeds(
    inbox: SqliteInbox, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver(inbox)
    assert (await receiver.handle("GET", HANDSHAKE, {}, b"")).status == 403
    assert "neither the client nor an open session has a verify token" in caplog.text

    own = replace(profile(), verify_token=Secret("verify me"))
    await receiver.add("acme/sales", own)
    for name, value in (("hub.verify_token", "guess"), ("hub.mode", "unsubscribe")):
        await receiver.handle("GET", {**HANDSHAKE, name: value}, {}, b"")
        assert f"refused: {name} is not" in caplog.text
    assert (await receiver.handle("GET", HANDSHAKE, {}, b"")).status == 200
    receiver.remove("acme/sales")
    assert (await receiver.handle("GET", HANDSHAKE, {}, b"")).status == 403


def test_an_empty_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="verify token is empty"):
        Receiver(SqliteInbox(tmp_path / "inbox.db"), verify_tokens=["fine", ""])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "get"])
async def test_other_methods_are_named_as_wrong(receiver: Receiver, method: str) -> None:
    response = await receiver.handle(method, HANDSHAKE, {}, b"")

    assert response.status == 405
    assert dict(response.headers)["Allow"] == "GET, POST"


async def test_a_full_inbox_asks_for_repetition(inbox: SqliteInbox) -> None:
    observed: list[Observation] = []
    receiver = Receiver(inbox, limit=2, retry_after=7, observe=observed.append)
    await receiver.add("acme/sales", profile())
    bodies = [said(key) for key in ("a1", "b1", "c1")]

    answers = [await receiver.handle("POST", "", signed(body), body) for body in bodies]

    assert [answer.status for answer in answers] == [200, 200, 503]
    assert dict(answers[-1].headers)["Retry-After"] == "7"
    assert (await inbox.counts()).arrived == 2
    assert observed[0] == BacklogMeasured(updates=0, limit=2)
    answered = [each for each in observed if isinstance(each, RequestAnswered)]
    assert [each.status for each in answered] == [200, 200, 503]
    assert answered[0].size == len(bodies[0])
    assert answered[0].seconds >= 0


class Broken(SqliteInbox):
    """An inbox whose disk is full."""

    failure: Exception = InboxUnavailable("the disk is full")

    async def put(self, body: bytes, *, signer: str) -> None:
        raise self.failure


@pytest.mark.parametrize("failure", [InboxUnavailable("the disk is full"), RuntimeError("a bug")])
async def test_a_failing_database_asks_for_repetition(
    tmp_path: Path, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async with Broken(tmp_path / "inbox.db") as inbox:
        inbox.failure = failure
        receiver = Receiver(inbox)
        await receiver.add("acme/sales", profile())
        body = said("a-telling-key")

        response = await receiver.handle("POST", "", signed(body), body)

    assert response.status == 503
    assert "Retry-After" in dict(response.headers)
    assert str(failure) in caplog.text
    assert "a-telling-key" not in caplog.text, "bodies hold what people write"


async def test_a_closed_inbox_asks_for_repetition(tmp_path: Path) -> None:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    async with inbox:
        receiver = Receiver(inbox)
        await receiver.add("acme/sales", profile())
    body = said("a1")

    assert (await receiver.handle("POST", "", signed(body), body)).status == 503


async def test_a_session_without_secrets_is_refused(
    inbox: SqliteInbox, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver(inbox)
    with pytest.raises(ConfigurationError, match=r"no app secret.*app_secret=.*insecure=True"):
        await receiver.add("acme/sales", UNSIGNED)
    body = said("a1")
    assert (await receiver.handle("POST", "", signed(body), body)).status == 403
    assert "no open session has an app secret" in caplog.text


async def test_insecure_accepts_what_nobody_signed(inbox: SqliteInbox) -> None:
    receiver = Receiver(inbox, Routes(insecure=True))
    await receiver.add("acme/sales", UNSIGNED)

    assert (await receiver.handle("POST", "", {}, said("a1"))).status == 200


@pytest.mark.parametrize("settings", [{"limit": 0}, {"body_limit": 0}])
def test_limits_are_positive(tmp_path: Path, settings: dict[str, int]) -> None:
    with pytest.raises(InvalidValue, match=next(iter(settings))):
        Receiver(SqliteInbox(tmp_path / "inbox.db"), **settings)


async def test_refusals_are_logged_without_the_body(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await receiver.handle("POST", "", signed(b"x", "wrong"), b"a private message")

    assert "refused" in caplog.text
    assert "private" not in caplog.text
    assert "empty" not in caplog.text
    await receiver.handle("POST", "", signed(b"x"), b"")
    assert "its body is empty" in caplog.text


async def test_the_dispatcher_is_woken_by_what_was_kept(inbox: SqliteInbox) -> None:
    woken: list[int] = []
    receiver = Receiver(inbox, arrived=lambda: woken.append(1))
    await receiver.add("acme/sales", profile())
    body = said("a1")

    await receiver.handle("POST", "", {}, body)
    assert woken == []
    await receiver.handle("POST", "", signed(body), body)
    assert woken == [1]
