"""API keys: shown once, scoped, revocable, expiring."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
from sqlalchemy import select, update

from blazz_server.accounts.principal import Scope
from blazz_server.accounts.tables import ApiKey
from blazz_server.database import utc_now
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant


async def test_a_key_is_shown_once_and_stored_as_a_digest(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")

    listed = (await acme.api.get(f"{acme.path}/keys")).json()["items"]
    async with platform.database.read() as transaction:
        rows = list(await transaction.scalars(select(ApiKey)))

    assert [set(it) & {"key", "digest"} for it in listed] == [set()]
    secret = acme.key.split("_", 2)[2]
    assert all(secret not in repr(vars(row)) for row in rows)


async def test_a_revoked_key_is_refused_at_once(tenant: MakeTenant, api: httpx.AsyncClient) -> None:
    acme = await tenant("acme")
    [key] = (await acme.api.get(f"{acme.path}/keys")).json()["items"]

    revoked = await api.delete(f"{acme.path}/keys/{key['id']}")
    refused = await acme.api.get(acme.path)

    assert (revoked.status_code, refused.status_code) == (204, 401)
    assert refused.json()["code"] == "bad_key"
    assert refused.headers["WWW-Authenticate"] == "Bearer"


async def test_an_expired_key_is_refused(tenant: MakeTenant, platform: Platform) -> None:
    acme = await tenant("acme")
    async with platform.database.begin() as transaction:
        await transaction.execute(
            update(ApiKey).values(expires_at=utc_now() - timedelta(seconds=1))
        )

    assert (await acme.api.get(acme.path)).status_code == 401


async def test_a_key_that_ends_makes_none_that_goes_on(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")
    soon = utc_now() + timedelta(hours=1)
    async with platform.database.begin() as transaction:
        await transaction.execute(update(ApiKey).values(expires_at=soon))
    platform.accounts.keys.forget()

    async def make(**when: datetime) -> httpx.Response:
        body = {"label": "x", **{name: at.isoformat() for name, at in when.items()}}
        return await acme.api.post(f"{acme.path}/keys", json=body)

    later = await make(expires_at=soon + timedelta(seconds=1))
    sooner = await make(expires_at=soon - timedelta(minutes=1))
    default = await make()

    assert (later.status_code, later.json()["code"]) == (403, "expiry_beyond_caller")
    assert sooner.status_code == default.status_code == 201
    assert datetime.fromisoformat(default.json()["expires_at"]) == soon


async def test_a_key_without_the_scope_is_told_which(tenant: MakeTenant) -> None:
    acme = await tenant("acme", scopes={Scope.MESSAGES_READ})

    refused = await acme.api.get(f"{acme.path}/keys")

    assert refused.status_code == 403
    assert refused.json()["code"] == "missing_scope"
    assert refused.json()["scopes"] == ["keys:write"]


async def test_nobody_makes_a_key_that_may_more_than_they(tenant: MakeTenant) -> None:
    acme = await tenant("acme", scopes={Scope.KEYS_WRITE})

    for scopes in (["messages:send"], ["admin"], ["keys:write", "metrics:read"]):
        refused = await acme.api.post(f"{acme.path}/keys", json={"label": "x", "scopes": scopes})
        assert refused.status_code == 403, scopes
        assert refused.json()["code"] == "scope_beyond_caller"


async def test_keys_of_another_workspace_cannot_be_revoked(tenant: MakeTenant) -> None:
    acme, other = await tenant("acme"), await tenant("other")
    [key] = (await acme.api.get(f"{acme.path}/keys")).json()["items"]

    assert (await other.api.delete(f"{other.path}/keys/{key['id']}")).status_code == 404
    assert (await acme.api.get(acme.path)).status_code == 200


async def test_the_last_use_is_written_down(tenant: MakeTenant, platform: Platform) -> None:
    acme = await tenant("acme")
    await acme.api.get(acme.path)

    await platform.accounts.keys.save_uses()

    [key] = (await acme.api.get(f"{acme.path}/keys")).json()["items"]
    assert key["last_used_at"] is not None


async def test_bad_keys_are_refused(anonymous: httpx.AsyncClient, tenant: MakeTenant) -> None:
    acme = await tenant("acme")
    altered = acme.key[:-1] + ("A" if acme.key[-1] != "A" else "B")

    for key in ("bz_x", "x" * 5000, "bz_0123456789abcdef_" + "a" * 43, altered, "é", "bz__"):
        headers = {"Authorization": b"Bearer " + key.encode("latin-1")}
        refused = await anonymous.get(acme.path, headers=headers)
        assert refused.status_code == 401, key

    assert (await anonymous.get(acme.path)).json()["code"] == "no_key"
    basic = await anonymous.get(acme.path, headers={"Authorization": "Basic eDp5"})
    assert basic.status_code == 401
