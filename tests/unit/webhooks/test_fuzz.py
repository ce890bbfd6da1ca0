"""Whatever comes, the receiver answers without failing, and keeps what is signed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.events import MessageReceived, StatusChanged
from blazz.providers.base import WebhookProfile
from blazz.providers.meta_cloud.inbound import parse
from blazz.webhooks import Delivery, Dispatcher, Receiver, Routes, sign
from blazz.webhooks.inbox.base import State
from blazz.webhooks.inbox.sqlite import SqliteInbox
from tests.unit.providers.meta_cloud.inbound.strategies import (
    EXAMPLES,
    anything,
    batches_of_anything,
    broken_batches,
    mangled_bodies,
)

SECRET = "the app secret"
PROFILE = WebhookProfile(accounts=["1"], secrets=[SECRET], parse=parse)

texts = st.text(st.characters(exclude_categories=()), max_size=60)
bodies = st.one_of(
    st.binary(max_size=200),
    anything.map(json.dumps).map(str.encode),
    broken_batches().map(json.dumps).map(str.encode),
    mangled_bodies(),
)
header_names = st.one_of(texts, st.sampled_from(["X-Hub-Signature-256", "x-hub-signature-256"]))
headers = st.one_of(
    st.dictionaries(header_names, texts, max_size=4),
    st.lists(st.tuples(header_names, texts), max_size=4),
    st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=80)), max_size=4),
)
parameters = st.sampled_from(["hub.mode", "hub.verify_token", "hub.challenge"]) | texts
queries = st.one_of(
    texts,
    st.binary(max_size=80),
    st.dictionaries(parameters, st.sampled_from(["subscribe", "token", "1"]) | texts, max_size=5),
    st.lists(st.tuples(parameters, texts), max_size=5),
)
methods = st.sampled_from(["GET", "POST", "PUT", "HEAD"]) | texts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@given(methods, queries, headers, bodies)
async def test_no_request_makes_it_fail(
    folder: Path, method: str, query: Any, given_headers: Any, body: bytes
) -> None:
    async with SqliteInbox(folder / "requests.db") as inbox:
        receiver = Receiver(inbox, verify_tokens=["token"])
        await receiver.add("acme/sales", PROFILE)

        response = await receiver.handle(method, query, given_headers, body)

    assert response.status in {200, 400, 403, 405}
    assert all(value.isprintable() for _, value in response.headers)


@settings(max_examples=60)
@given(st.one_of(broken_batches(), batches_of_anything, anything, st.sampled_from(EXAMPLES)))
async def test_signed_json_is_kept_whatever_it_says(folder: Path, document: Any) -> None:
    await check(folder, json.dumps(document).encode())


@settings(max_examples=60)
@given(st.one_of(st.binary(max_size=300), mangled_bodies()))
async def test_signed_noise_is_kept_and_not_asked_for_again(folder: Path, body: bytes) -> None:
    await check(folder, body)


def signed(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": sign(body, SECRET)}


async def check(folder: Path, body: bytes) -> None:
    """A signed body is answered 200 and ends as at least one row, handled or kept."""
    async with SqliteInbox(folder / "bodies.db") as inbox:
        routes = Routes()
        dispatcher = Dispatcher(inbox, routes)
        receiver = Receiver(inbox, routes)
        await receiver.add("acme/sales", PROFILE)
        before = await inbox.last_position()

        response = await receiver.handle(
            "POST", "", {"X-Hub-Signature-256": sign(body, SECRET)}, body
        )

        assert response.status == 200
        assert (await inbox.counts()).arrived == 1
        while await dispatcher.splitter.split() is not None:
            pass
        assert (await inbox.counts()).arrived == 0
        # A row that was there before had the same content: nothing of it is new.
        assert await inbox.last_position() > before
        items = await inbox.take("me", sessions=["acme/sales"], limit=10_000, lease=60)
        for delivery in await dispatcher.deliveries.find(items):
            assert isinstance(delivery, Delivery)
            assert delivery.event.key
        await inbox.settle("me", done=items)
        assert State.READY not in (await inbox.counts()).updates


async def test_examples_reach_handlers(tmp_path: Path) -> None:
    """The examples name several accounts; all of them are registered."""
    accounts = {
        update.account for document in EXAMPLES for update in parse(json.dumps(document).encode())
    }
    profile = WebhookProfile(
        accounts=[account for account in accounts if account], secrets=[SECRET], parse=parse
    )
    kinds: set[type] = set()
    async with SqliteInbox(tmp_path / "inbox.db") as inbox:
        routes = Routes()
        dispatcher = Dispatcher(inbox, routes)
        receiver = Receiver(inbox, routes)
        await receiver.add("acme/sales", profile)
        for document in EXAMPLES:
            body = json.dumps(document).encode()
            await receiver.handle("POST", "", signed(body), body)
        while await dispatcher.splitter.split() is not None:
            pass
        items = await inbox.take("me", sessions=["acme/sales"], limit=10_000, lease=60)
        for delivery in await dispatcher.deliveries.find(items):
            assert delivery is not None
            kinds.add(type(delivery.event))

    assert len(items) >= len(EXAMPLES) // 2
    assert any(issubclass(kind, MessageReceived) for kind in kinds)
    assert any(issubclass(kind, StatusChanged) for kind in kinds)
