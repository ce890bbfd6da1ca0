"""Who may subscribe to what, at the server's authorization endpoint."""

from __future__ import annotations

import json

import httpx
import pytest

from blazz_server.accounts.principal import Scope
from blazz_server.platform import Platform
from tests.server.conftest import MakeTenant

SOCKET = "123.456"


async def ask(api: httpx.AsyncClient, channel: str, socket: str = SOCKET) -> httpx.Response:
    return await api.post("/realtime/auth", data={"socket_id": socket, "channel_name": channel})


@pytest.mark.parametrize(
    "channel",
    ["private-workspace.acme", "private-cache-workspace.acme", "private-chat.acme.shop.62812"],
)
async def test_a_tenant_follows_its_workspace(
    platform: Platform, tenant: MakeTenant, channel: str
) -> None:
    acme = await tenant("acme")

    answer = await ask(acme.api, channel)

    assert answer.json() == {"auth": platform.live.app.authorize(SOCKET, channel)}


async def test_presence_tells_who_it_is_and_signs_that(
    platform: Platform, tenant: MakeTenant
) -> None:
    acme = await tenant("acme")
    channel = "presence-chat.acme.shop.62812"

    answer = (await ask(acme.api, channel)).json()

    assert json.loads(answer["channel_data"])["user_info"] == {"kind": "key"}
    assert acme.key not in answer["channel_data"]
    signed = platform.live.app.authorize(SOCKET, channel, answer["channel_data"])
    assert answer["auth"] == signed


async def test_no_other_workspace_can_be_followed_nor_found_out(tenant: MakeTenant) -> None:
    acme, _ = await tenant("acme"), await tenant("umbrella")
    answers = []
    for other in ("umbrella", "no-such-workspace"):
        for channel in (f"private-workspace.{other}", f"presence-chat.{other}.shop.1"):
            answer = await ask(acme.api, channel)
            answers.append((answer.status_code, answer.json()["code"]))
    assert set(answers) == {(403, "channel_refused")}


async def test_the_administrator_follows_all(api: httpx.AsyncClient) -> None:
    assert (await ask(api, "private-workspace.acme")).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "of_workspace", "of_chat"),
    [
        ({Scope.SESSIONS_READ, Scope.MESSAGES_READ}, 200, 200),
        ({Scope.MESSAGES_READ}, 403, 200),
        ({Scope.SESSIONS_READ}, 403, 403),
        ({Scope.CAMPAIGNS_READ}, 403, 403),
    ],
)
async def test_a_key_needs_its_scopes(
    tenant: MakeTenant, scopes: set[Scope], of_workspace: int, of_chat: int
) -> None:
    acme = await tenant("acme", scopes=scopes)
    assert (await ask(acme.api, "private-workspace.acme")).status_code == of_workspace
    assert (await ask(acme.api, "private-chat.acme.shop.1")).status_code == of_chat


@pytest.mark.parametrize(
    "socket", ["", "1", "1.2:private-workspace.umbrella", "1.2\n", "a.b", "1" * 30 + ".1"]
)
async def test_only_socket_ids_are_signed(tenant: MakeTenant, socket: str) -> None:
    acme = await tenant("acme")
    answer = await ask(acme.api, "private-workspace.acme", socket)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    signed_in = await acme.api.post("/realtime/user-auth", data={"socket_id": socket})
    assert signed_in.status_code == 422


async def test_nobody_without_a_key(anonymous: httpx.AsyncClient) -> None:
    assert (await ask(anonymous, "private-workspace.acme")).status_code == 401
    answer = await anonymous.post("/realtime/user-auth", data={"socket_id": SOCKET})
    assert answer.status_code == 401


async def test_signing_in_names_the_key(platform: Platform, tenant: MakeTenant) -> None:
    acme = await tenant("acme")
    answer = (await acme.api.post("/realtime/user-auth", data={"socket_id": SOCKET})).json()
    assert answer["auth"] == platform.live.app.authenticate(SOCKET, answer["user_data"])
    assert acme.key not in answer["user_data"]


async def test_the_address_is_told_to_the_tenant_alone(tenant: MakeTenant) -> None:
    acme, umbrella = await tenant("acme"), await tenant("umbrella")
    answer = await acme.api.get(f"{acme.path}/live")
    assert answer.json() == {
        "key": "blazz",
        "path": "/realtime",
        "auth": "/realtime/auth",
        "channel": "private-workspace.acme",
    }
    assert (await umbrella.api.get(f"{acme.path}/live")).status_code == 404
