"""Sockets end with the key or login that they were let in on, however that ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from blazz.realtime.pusher.hub import Socket
from blazz_server.accounts.grants import Grants
from blazz_server.accounts.keys import Keys
from blazz_server.accounts.logins import CSRF_HEADER
from blazz_server.accounts.tables import ApiKey, Login
from blazz_server.database import utc_now
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant, client_of

CHANNEL = "private-workspace.acme"
UNAUTHORIZED = 4009


async def follow(platform: Platform, api: httpx.AsyncClient) -> Socket:
    """Connect a socket, and have it let in; returns once the hub knows on what."""
    socket = platform.live.hub.connect()
    assert socket is not None
    about = {"socket_id": socket.id, "channel_name": CHANNEL}
    answer = await api.post("/realtime/auth", data=about)
    assert answer.status_code == 200, answer.text
    wanted = 2 if CSRF_HEADER in api.headers else 1  # a login ends with its key, too
    with anyio.fail_after(30):
        while len(socket.admitted) < wanted:  # noqa: ASYNC110  # the hub hears of it by the bus
            await anyio.sleep(0.01)
    return socket


async def closed(socket: Socket) -> int:
    """Wait until a socket is closed; give the code."""
    with anyio.fail_after(30):
        while socket.outbox.closing is None:  # noqa: ASYNC110  # likewise
            await anyio.sleep(0.01)
    return socket.outbox.closing.code


@asynccontextmanager
async def logged_in(app: FastAPI, key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as browser:
        answer = await browser.post("/v1/login", json={"key": key})
        assert answer.status_code == 200, answer.text
        browser.headers[CSRF_HEADER] = answer.json()["csrf"]
        yield browser


async def test_a_revoked_key_ends_its_sockets_and_those_of_its_logins(
    app: FastAPI, platform: Platform, tenant: MakeTenant, api: httpx.AsyncClient
) -> None:
    acme = await tenant("acme")
    [key] = (await acme.api.get(f"{acme.path}/keys")).json()["items"]
    by_key = await follow(platform, acme.api)
    async with logged_in(app, acme.key) as browser:
        by_login = await follow(platform, browser)
    of_the_administrator = await follow(platform, api)

    await api.delete(f"{acme.path}/keys/{key['id']}")

    assert [await closed(by_key), await closed(by_login)] == [UNAUTHORIZED] * 2
    await platform.live.end_expired()
    assert of_the_administrator.outbox.closing is None


async def test_who_logs_out_follows_nothing_any_more(
    app: FastAPI, platform: Platform, tenant: MakeTenant
) -> None:
    acme = await tenant("acme")
    async with logged_in(app, acme.key) as browser, logged_in(app, acme.key) as other:
        ended, goes_on = await follow(platform, browser), await follow(platform, other)
        assert (await browser.delete("/v1/login")).status_code == 204

        assert await closed(ended) == UNAUTHORIZED
        assert goes_on.outbox.closing is None


@pytest.mark.parametrize("table", [ApiKey, Login])
async def test_what_expires_ends_its_sockets(
    app: FastAPI, platform: Platform, tenant: MakeTenant, table: type[ApiKey | Login]
) -> None:
    acme = await tenant("acme")
    async with logged_in(app, acme.key) as browser:
        socket = await follow(platform, browser)
    await platform.live.end_expired()
    assert socket.outbox.closing is None

    async with platform.database.begin() as transaction:
        past = utc_now() - timedelta(seconds=1)
        await transaction.execute(update(table).values(expires_at=past))
    await platform.live.end_expired()

    assert await closed(socket) == UNAUTHORIZED


async def test_what_is_deleted_ends_its_sockets(platform: Platform, tenant: MakeTenant) -> None:
    acme = await tenant("acme")
    socket = await follow(platform, acme.api)
    async with platform.database.begin() as transaction:
        await transaction.execute(delete(ApiKey))
    await platform.live.end_expired()
    assert await closed(socket) == UNAUTHORIZED


async def test_who_signs_in_ends_with_the_key_too(platform: Platform, tenant: MakeTenant) -> None:
    acme = await tenant("acme")
    socket = platform.live.hub.connect()
    assert socket is not None
    answer = await acme.api.post("/realtime/user-auth", data={"socket_id": socket.id})
    assert answer.status_code == 200, answer.text
    with anyio.fail_after(30):
        while not socket.admitted:  # noqa: ASYNC110  # the hub hears of it through the bus
            await anyio.sleep(0.01)
    assert platform.live.hub.accounts == socket.admitted


async def test_sockets_stay_while_the_database_is_away(
    platform: Platform, tenant: MakeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = await tenant("acme")
    socket = await follow(platform, acme.api)

    async def away(_self: Grants, _grants: Collection[str]) -> set[str]:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(Grants, "ended", away)
    await platform.live.end_expired()
    assert socket.outbox.closing is None


async def test_another_key_of_the_administrator_ends_what_the_former_opened(
    platform: Platform,
) -> None:
    keys = Keys(platform.database)
    grants = Grants(platform.database, keys)
    made = await keys.ensure_root()
    assert made is not None
    former = await keys.recognize(made.reveal())
    assert former is not None
    assert await grants.ended(former.grants) == set()

    await keys.replace_root()

    assert await grants.ended(former.grants) == {*former.grants}


async def test_any_number_of_grants_can_be_asked_for(
    platform: Platform, tenant: MakeTenant
) -> None:
    acme = await tenant("acme")
    principal = await platform.accounts.keys.recognize(acme.key)
    assert principal is not None
    unknown = {f"{kind}:{n}" for n in range(700) for kind in ("key", "login", "other")}
    ended = await platform.accounts.grants.ended(unknown | {*principal.grants})
    assert ended == unknown
