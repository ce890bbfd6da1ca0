"""A call is answered by the instance that runs its session, whichever instance got it.

Over HTTP nothing tells when something has come about elsewhere: it is looked at again and again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import anyio
import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, UploadFile

from blazz.cluster.router import FORWARDED_BY
from blazz.security.request_signing import RequestSigner
from blazz.security.secret import Secret
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.hosting.routing import HostedSession, OwnedRoute
from blazz_server.platform import Platform
from blazz_server.settings import Settings
from tests.server.conftest import ADMIN_KEY, application, client_of, running

SECRET, NEXT_SECRET = "the-secret-of-the-cluster", "the-next-secret-of-the-cluster"
CLOUD = {"kind": "cloud", "phone_number_id": "106540352242922", "token": "EAAG"}
ECHO = "/v1/workspaces/acme/sessions/shop/echo"

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}/echo", route_class=OwnedRoute
)


@router.post("")
async def echo(
    request: Request,
    hosted: HostedSession,
    caller: Annotated[Principal, needs(Scope.MESSAGES_SEND)],
    platform: ThePlatform,
) -> dict[str, Any]:
    """Tell who answers, and what it got; the session comes before the caller's rights."""
    return {
        "instance": platform.settings.instance,
        "session": hosted.key,
        "body": (await request.body()).decode(),
        "query": str(request.url.query),
        "key": request.headers.get("idempotency-key"),
        "caller": caller.key_id,
    }


@router.post("/media")
async def echo_file(
    hosted: HostedSession,
    file: UploadFile,
    _caller: Annotated[Principal, needs(Scope.MESSAGES_SEND)],
    platform: ThePlatform,
) -> dict[str, Any]:
    """Tell what was uploaded."""
    content = (await file.read()).decode()
    return {"instance": platform.settings.instance, "name": file.filename, "content": content}


@dataclass
class Pair:
    """Two instances on the same servers."""

    apps: dict[str, FastAPI]
    apis: dict[str, httpx.AsyncClient]
    calls: list[str]

    def platform(self, name: str) -> Platform:
        found: Platform = self.apps[name].state.platform
        return found

    async def owner(self) -> str:
        """The instance that runs the session; waits until one does."""
        with anyio.fail_after(30):
            while True:
                for name in self.apps:
                    if self.platform(name).hosting.is_ours("acme/shop"):
                        return name
                await anyio.sleep(0.02)

    async def other(self) -> str:
        owner = await self.owner()
        return next(name for name in self.apps if name != owner)


@pytest.fixture
async def pair(postgres_with_tables: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    """Two instances, and a session of a Cloud API number on one of them."""
    async with AsyncExitStack() as stack:
        found = Pair({}, {}, [])
        for name in ("one", "two"):
            settings = Settings(
                folder=tmp_path / name,
                instance=name,
                address=f"http://{name}.test",
                admin_key=ADMIN_KEY,
                database_url=postgres_with_tables,
                redis_url=redis_url,
                auth_store=str(tmp_path / "auth"),
                cluster_secret=f"{SECRET},{NEXT_SECRET}",
                sandbox="off",
                lease=5,
            )
            app = application(settings)
            app.include_router(router)
            found.apps[name] = await stack.enter_async_context(running(app))
            found.apis[name] = await stack.enter_async_context(client_of(app, ADMIN_KEY))
        for app in found.apps.values():
            _connect(app, found)
        api = found.apis["one"]
        await api.post("/v1/workspaces", json={"name": "acme"})
        made = await api.post(
            "/v1/workspaces/acme/sessions", json={"name": "shop", "provider": CLOUD}
        )
        assert made.status_code == 201, made.text
        await found.owner()
        yield found


def _connect(app: FastAPI, pair: Pair) -> None:
    """Let an instance reach the others without a network."""

    async def note(request: httpx.Request) -> None:
        pair.calls.append(request.url.path)

    app.state.platform.hosting.router._http = httpx.AsyncClient(
        mounts={f"http://{name}.test": httpx.ASGITransport(it) for name, it in pair.apps.items()},
        event_hooks={"request": [note]},
        verify=False,  # there are no certificates to read
    )


@pytest.mark.parametrize("ask", [Pair.owner, Pair.other])
async def test_the_owner_answers(pair: Pair, ask: Callable[[Pair], Any]) -> None:
    api = pair.apis[await ask(pair)]
    answer = await api.post(f"{ECHO}?a=1", content=b"Halo", headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "instance": await pair.owner(),
        "session": "acme/shop",
        "body": "Halo",
        "query": "a=1",
        "key": "k1",
        "caller": "root",
    }


async def test_a_form_is_passed_on_whole(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    other, signed = await pair.other(), []
    signer = pair.platform(other).hosting.router._signer
    sign = signer.sign

    def watched(method: str, target: str, body: Any, **more: Any) -> dict[str, str]:
        signed.append(body)
        return sign(method, target, body, **more)

    monkeypatch.setattr(signer, "sign", watched)
    for content in (b"nasi goreng", b"nasi goreng, mie goreng\n" * 100_000):
        answer = await pair.apis[other].post(f"{ECHO}/media", files={"file": ("menu.txt", content)})
        assert answer.json() == {
            "instance": await pair.owner(),
            "name": "menu.txt",
            "content": content.decode(),
        }
    # A large one is never whole in memory, and nothing is left of it.
    assert isinstance(signed[-1], Path)
    assert not signed[-1].exists()


async def test_a_campaign_is_tried_out_where_its_session_runs(pair: Pair) -> None:
    api = pair.apis[await pair.other()]
    path = "/v1/workspaces/acme"
    file = await api.post(f"{path}/audiences", content=b"name,phone\nAna,+6281200000001\n")
    body = {
        "sessions": ["shop"],
        "message": {"type": "text", "body": "Halo {name}"},
        "audience": {"id": file.json()["id"]},
    }
    seen = await pair.apis[await pair.owner()].post(f"{path}/campaigns/preview", json=body)
    assert pair.calls == []
    forwarded = await api.post(f"{path}/campaigns/preview", json=body)
    assert pair.calls == [f"{path}/campaigns/preview"]
    for answer in (seen, forwarded):
        assert answer.status_code == 200, answer.text
        assert answer.json()["samples"][0]["message"]["body"] == "Halo Ana"


async def test_nothing_is_forwarded_for_somebody_without_the_right(pair: Pair) -> None:
    other = await pair.other()
    made = await pair.apis["one"].post(
        "/v1/workspaces/acme/keys", json={"label": "reads", "scopes": [Scope.MESSAGES_READ]}
    )
    for key, status in (("", 401), ("bz_wrong", 401), (made.json()["key"], 403)):
        async with client_of(pair.apps[other], key) as api:
            answer = await api.post(ECHO, content=b"Halo")
        assert answer.status_code == status, answer.text
    assert pair.calls == []


async def test_a_call_that_is_not_signed_is_no_call_of_an_instance(pair: Pair) -> None:
    async with client_of(pair.apps[await pair.owner()]) as api:
        forged = {"X-HMAC-Signature": "0" * 64, "X-HMAC-Timestamp": "1", FORWARDED_BY: "two"}
        assert (await api.post(ECHO, headers=forged)).status_code == 401
        assert (await api.post(ECHO, headers={FORWARDED_BY: "two"})).status_code == 401


async def test_an_instance_with_another_secret_is_told_apart_from_a_caller_without_a_key(
    pair: Pair,
) -> None:
    other = await pair.other()
    router = pair.platform(other).hosting.router
    router._signer = RequestSigner(Secret("the secret before the last rotation"))
    answer = await pair.apis[other].post(ECHO, content=b"Halo")
    assert (answer.status_code, answer.json()["code"]) == (502, "owner_refused")


async def test_instances_may_sign_with_any_secret_of_a_rotation(pair: Pair) -> None:
    owner, other = await pair.owner(), await pair.other()
    pair.platform(other).hosting.router._signer = RequestSigner(Secret(NEXT_SECRET))
    answer = await pair.apis[other].post(ECHO, content=b"Halo")
    assert (answer.status_code, answer.json()["instance"]) == (200, owner)
    apps = [pair.platform(name).live.app for name in (owner, other)]
    later = replace(apps[1], secret=apps[1].former[0], former=(apps[1].secret,))
    apps[0].check_subscription(later.authorize("1.2", "private-a"), "1.2", "private-a", None)


async def test_a_call_goes_in_no_circles(pair: Pair) -> None:
    api = pair.apis[await pair.other()]
    answer = await api.post(ECHO, headers={FORWARDED_BY: "elsewhere"})
    assert (answer.status_code, answer.json()["code"]) == (421, "session_elsewhere")
    assert pair.calls == []


async def test_a_session_that_is_not_there_is_told_apart(pair: Pair) -> None:
    api = pair.apis["one"]
    unknown = await api.post(ECHO.replace("shop", "none"))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "session_not_found")
    await api.post("/v1/workspaces/acme/sessions/shop/stop")
    with anyio.fail_after(60):
        while (answer := await api.post(ECHO)).status_code == 200:  # noqa: ASYNC110
            await anyio.sleep(0.02)
    assert (answer.status_code, answer.json()["code"]) == (409, "session_stopped")


async def test_a_session_moves_where_it_is_wished_and_calls_follow(pair: Pair) -> None:
    owner, other = await pair.owner(), await pair.other()
    path = "/v1/workspaces/acme/sessions/shop"
    moved = await pair.apis[owner].post(f"{path}/move", json={"instance": other})
    assert moved.status_code == 202, moved.text
    with anyio.fail_after(30):
        while not pair.platform(other).hosting.is_ours("acme/shop"):  # noqa: ASYNC110
            await anyio.sleep(0.02)
        while (answer := await pair.apis[owner].post(ECHO)).status_code == 503:  # noqa: ASYNC110
            await anyio.sleep(0.02)
    assert answer.json()["instance"] == other
    history = (await pair.apis[owner].get(f"{path}/history")).json()
    assert history[0] | {"at": "", "epoch": 0} == {
        "at": "", "change": "assigned", "instance": other, "epoch": 0, "reason": "request",
    }  # fmt: skip
    refused = await pair.apis[owner].post(f"{path}/move", json={"instance": "three"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_such_instance")


async def test_an_instance_is_drained_by_way_of_another(pair: Pair) -> None:
    owner, other = await pair.owner(), await pair.other()
    drained = await pair.apis[other].post(f"/v1/instances/{owner}/drain")
    assert drained.status_code == 202, drained.text
    assert drained.json()["draining"] is True
    with anyio.fail_after(30):
        while not pair.platform(other).hosting.is_ours("acme/shop"):  # noqa: ASYNC110
            await anyio.sleep(0.02)
    unknown = await pair.apis[other].post("/v1/instances/three/drain")
    assert unknown.status_code == 404


async def test_who_lost_its_lease_has_the_new_owner_answer(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after SIGSTOP and SIGCONT: it looks alive, and is not the owner any more."""
    owner, other = await pair.owner(), await pair.other()
    lost = await pair.platform(owner).hosting.session("acme", "shop")
    assert lost.keeper is not None
    monkeypatch.setattr(type(lost.keeper._leases), "held", property(lambda it: it.lost.is_set()))  # type: ignore[attr-defined]
    refused = await pair.apis[owner].post(ECHO)
    assert refused.status_code == 503, "nobody else has it yet"
    monkeypatch.undo()
    lost.keeper._leases._give_up("another one has it")  # type: ignore[attr-defined]
    await pair.platform(owner).hosting.clients.auth_store.release(lost.keeper.lease)
    with anyio.fail_after(30):
        while (answer := await pair.apis[other].post(ECHO)).status_code != 200:  # noqa: ASYNC110
            await anyio.sleep(0.05)
    assert answer.json()["session"] == "acme/shop"
