"""No route gives anything of one tenant to another: it tries all of them, also new ones."""

from __future__ import annotations

import re
from html import unescape

import anyio
import httpx
from fastapi import FastAPI

from tests.server.conftest import MakeTenant, Tenant
from tests.server.routes import Call, calls_of

OPEN = re.compile(
    r"/docs|/openapi\.json|/health/|/static/|/login|/v1/login|/logo|/favicon|/webhooks/meta|/apps/"
)
"""What anybody may call: it tells nothing of a tenant, or has checks of its own."""
SECRET = "the-secret-of-acme"


def _of_workspaces(app: FastAPI) -> list[Call]:
    calls = [call for call in calls_of(app) if "workspace" in call.parameters]
    assert len(calls) > 10
    return calls


async def _filled(acme: Tenant, app: FastAPI) -> dict[str, str]:
    """Fill a workspace; gives the names of what is in it, by the names of parameters."""
    made = await acme.api.post(
        f"{acme.path}/sessions", json={"name": "sales", "provider": {"kind": "sandbox"}}
    )
    assert made.status_code == 201, made.text
    hook = await acme.api.post(
        f"{acme.path}/webhooks",
        json={"url": "https://1.1.1.1/hook", "description": SECRET},
    )
    assert hook.status_code in {201, 404, 405, 422}, hook.text
    session = f"{acme.path}/sessions/sales"
    with anyio.fail_after(60):
        while (await acme.api.get(session)).json().get("state") != "ready":  # noqa: ASYNC110
            await anyio.sleep(0.05)
    await acme.api.post(f"{session}/media", files={"file": ("a.txt", b"x", "text/plain")})
    await acme.api.post(
        f"{session}/messages", json={"to": "+628123456789", "type": "text", "body": SECRET}
    )
    found = {"workspace": acme.workspace, "session": "sales"}
    for call in _of_workspaces(app):
        await _look_for_names(acme, call, found)
    return found


async def _look_for_names(acme: Tenant, call: Call, found: dict[str, str]) -> None:
    """Take the last parameter of a path from the list that the path stands in."""
    match = re.fullmatch(r"(.+)/{(\w+)(?::\w+)?}", call.pattern)
    if match is None or match[2] in found or not call.pattern.startswith("/v1/"):
        return
    listed = await acme.api.get(Call("GET", match[1]).path(found))
    if listed.status_code != 200 or "items" not in listed.json():
        return
    for item in listed.json()["items"][:1]:
        name = item.get("id") or item.get("name") or item.get("address")
        if isinstance(name, str):
            found[match[2]] = name


async def test_no_route_of_a_workspace_answers_without_a_key(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    for call in _of_workspaces(app):
        answer = await anonymous.request(call.method, call.path({"workspace": "acme"}), json={})
        if call.pattern.startswith("/v1/"):
            assert (answer.status_code, answer.json()["code"]) == (401, "no_key"), call
        else:  # a page: it sends to the login
            assert answer.status_code in {303, 307, 401}, call


async def test_a_workspace_of_another_tenant_does_not_exist(
    app: FastAPI, tenant: MakeTenant
) -> None:
    acme, other = await tenant("acme"), await tenant("other")
    names = await _filled(acme, app)

    for call in _of_workspaces(app):
        theirs = await other.api.request(call.method, call.path(names), json={})
        nobodys = await other.api.request(
            call.method, call.path({**names, "workspace": "nobody"}), json={}
        )
        assert theirs.status_code in {404, 303}, call
        # Pages write quotes as entities.
        assert unescape(theirs.text) == unescape(nobodys.text).replace("'nobody'", "'acme'"), call
        if call.pattern.startswith("/v1/"):
            assert theirs.json()["code"] == "workspace_not_found", call
    assert (await acme.api.get(f"{acme.path}/sessions/sales")).status_code == 200


async def test_what_belongs_to_another_tenant_is_not_found_in_ones_own_workspace(
    app: FastAPI, tenant: MakeTenant
) -> None:
    acme, other = await tenant("acme"), await tenant("other")
    names = await _filled(acme, app)
    await other.api.post(
        f"{other.path}/sessions",
        json={"name": "mine", "provider": {"kind": "sandbox"}, "running": False},
    )
    assert len(names) > 2, names

    for call in _of_workspaces(app):
        # Both with their session, and with one's own and what is theirs within it.
        for session in ("sales", "mine"):
            path = call.path({**names, "workspace": "other", "session": session})
            answer = await other.api.request(call.method, path, json={})
            shown = f"{call}: {answer.status_code} {answer.text[:200]}"
            assert SECRET not in answer.text, shown
            named = set(call.parameters) - {"workspace", "session"}
            if session == "sales" and "session" in call.parameters:
                assert answer.status_code in {404, 422}, shown
            elif named & set(names) and not call.pattern.startswith("/v1/login"):
                assert 400 <= answer.status_code < 500, shown
            if call.method == "DELETE" and call.path({}) == "/v1/workspaces/nobodys":
                assert answer.status_code == 403, shown


async def test_nothing_else_answers_without_a_key(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    for call in calls_of(app):
        if "workspace" in call.parameters or OPEN.match(call.pattern):
            continue
        answer = await anonymous.request(call.method, call.path({}), json={})
        assert answer.status_code in {303, 307, 401, 422}, call
        assert answer.status_code != 422 or "items" not in answer.text, call


async def test_what_is_the_servers_is_for_its_administrator(
    app: FastAPI, tenant: MakeTenant
) -> None:
    acme = await tenant("acme")
    for call in calls_of(app):
        if not call.pattern.startswith(("/v1/instances", "/metrics")):
            continue
        answer = await acme.api.request(call.method, call.path({}), json={})
        assert answer.status_code == 403, call


async def test_a_key_without_scopes_may_do_next_to_nothing(
    app: FastAPI, tenant: MakeTenant
) -> None:
    acme = await tenant("acme", scopes=())
    allowed = {"GET /v1/workspaces/{workspace}"}

    for call in _of_workspaces(app):
        if not call.pattern.startswith("/v1/") or str(call) in allowed:
            continue
        answer = await acme.api.request(call.method, call.path({"workspace": "acme"}), json={})
        assert answer.status_code == 403, f"{call}: {answer.status_code} {answer.text[:200]}"
        assert answer.json()["code"] == "missing_scope", call
