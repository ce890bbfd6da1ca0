"""Logins of the dashboard: a cookie that scripts cannot read, and a token against forged calls."""

from __future__ import annotations

from datetime import timedelta

import httpx
from fastapi import FastAPI
from sqlalchemy import select, update

from blazz_server.accounts.principal import Scope
from blazz_server.accounts.tables import Login
from blazz_server.database import utc_now
from blazz_server.platform import Platform
from blazz_server.settings import Settings
from tests.server.conftest import ADMIN_KEY, MakeTenant, application, client_of, running


async def _logged_in(app: FastAPI, key: str) -> tuple[httpx.AsyncClient, str]:
    browser = client_of(app)
    answer = await browser.post("/v1/login", json={"key": key})
    assert answer.status_code == 200, answer.text
    return browser, answer.json()["csrf"]


async def test_a_login_may_what_its_key_may(app: FastAPI, tenant: MakeTenant) -> None:
    acme, _ = await tenant("acme", scopes={Scope.KEYS_WRITE}), await tenant("other")
    browser, csrf = await _logged_in(app, acme.key)

    shown = (await browser.get("/v1/login")).json()
    assert shown == {"workspace": "acme", "scopes": ["keys:write"], "csrf": csrf}
    assert (await browser.get(f"{acme.path}/keys")).status_code == 200
    assert (await browser.get(f"{acme.path}/live")).status_code == 403
    assert (await browser.get("/v1/workspaces/other/keys")).status_code == 404


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(
    app: FastAPI, tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")
    async with client_of(app) as browser:
        cookie = (await browser.post("/v1/login", json={"key": acme.key})).headers["Set-Cookie"]
    async with platform.database.read() as transaction:
        [row] = await transaction.scalars(select(Login))

    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/", "max-age=43200"} <= attributes
    assert "secure" not in attributes
    assert row.digest not in cookie  # what the table has is of no use to a thief


async def test_a_cookie_is_for_https_where_the_server_says_so(settings: Settings) -> None:
    secure = settings.model_copy(update={"secure_cookies": True, "sandbox": "off"})
    async with running(application(secure)) as app, client_of(app) as browser:
        answer = await browser.post("/v1/login", json={"key": ADMIN_KEY})

    assert "secure" in answer.headers["Set-Cookie"].lower()
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_another_site_cannot_make_a_browser_change_anything(
    app: FastAPI, tenant: MakeTenant
) -> None:
    acme = await tenant("acme")
    browser, csrf = await _logged_in(app, acme.key)
    body = {"label": "forged"}

    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": csrf[:-1]}, {"X-CSRF-Token": "é"}):
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        refused = await browser.post(f"{acme.path}/keys", json=body, headers=raw)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    _, others = await _logged_in(app, acme.key)
    refused = await browser.post(f"{acme.path}/keys", json=body, headers={"X-CSRF-Token": others})
    assert refused.status_code == 403

    made = await browser.post(f"{acme.path}/keys", json=body, headers={"X-CSRF-Token": csrf})
    assert made.status_code == 201


async def test_a_login_ends_when_the_browser_logs_out(app: FastAPI, tenant: MakeTenant) -> None:
    acme = await tenant("acme")
    browser, csrf = await _logged_in(app, acme.key)
    kept = dict(browser.cookies)

    left = await browser.delete("/v1/login", headers={"X-CSRF-Token": csrf})

    assert left.status_code == 204
    assert dict(browser.cookies) == {}
    async with client_of(app) as thief:
        thief.cookies.update(kept)
        assert (await thief.get(acme.path)).status_code == 401


async def test_a_login_ends_with_its_key(
    app: FastAPI, tenant: MakeTenant, api: httpx.AsyncClient
) -> None:
    acme = await tenant("acme")
    browser, _ = await _logged_in(app, acme.key)
    [key] = (await acme.api.get(f"{acme.path}/keys")).json()["items"]

    await api.delete(f"{acme.path}/keys/{key['id']}")

    assert (await browser.get(acme.path)).status_code == 401


async def test_a_login_ends_after_its_hours(
    app: FastAPI, tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")
    browser, _ = await _logged_in(app, acme.key)
    async with platform.database.begin() as transaction:
        await transaction.execute(update(Login).values(expires_at=utc_now() - timedelta(seconds=1)))

    assert (await browser.get(acme.path)).status_code == 401


async def test_a_wrong_key_logs_nobody_in(anonymous: httpx.AsyncClient) -> None:
    for key in ("", "bz_x_y", "x" * 201):
        refused = await anonymous.post("/v1/login", json={"key": key})
        assert refused.status_code in {401, 422}
        assert "Set-Cookie" not in refused.headers


async def test_a_key_counts_more_than_a_cookie(app: FastAPI, tenant: MakeTenant) -> None:
    """A program with both is not asked for the token of a page."""
    acme = await tenant("acme")
    browser, _ = await _logged_in(app, acme.key)

    made = await browser.post(
        f"{acme.path}/keys",
        json={"label": "x"},
        headers={"Authorization": f"Bearer {acme.key}"},
    )

    assert made.status_code == 201
