"""Calls reach the instance that runs the session, once."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from blazz.cluster.placement import Cause, Instance
from blazz.cluster.registry.memory import MemoryRegistry
from blazz.cluster.router import FORWARDED_BY, MISDIRECTED, Router
from blazz.errors import NoInstance, OwnerUnreachable
from blazz.security.request_signing import RequestSigner, RequestVerifier
from blazz.security.secret import Secret

SECRET = Secret("a secret of the cluster")
SESSION = "acme/support"
NOW = 1_800_000_000.0
Handler = Callable[[httpx.Request], httpx.Response]


async def cluster(handler: Handler, *, patience: float = 0.0) -> tuple[MemoryRegistry, Router]:
    registry = MemoryRegistry()
    for name in ("east", "west"):
        await registry.announce(Instance(name=name, address=f"http://{name}:8000/"))
    await registry.assign(SESSION, "west", epoch=1, cause=Cause.NEW)
    router = Router(
        registry, "east", signer=RequestSigner(SECRET), transport=httpx.MockTransport(handler),
        patience=patience, pause=0.0, clock=lambda: NOW,
    )  # fmt: skip
    return registry, router


async def test_a_call_is_forwarded_and_signed() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"id": "m1"}, headers={"X-Anything": "1"})

    _, router = await cluster(answer)
    reply = await router.forward(
        SESSION, "post", "/v1/messages?x=1", body=b"{}",
        headers={"Content-Type": "application/json", "Authorization": "Bearer of a client",
                 "Idempotency-Key": "k", "Host": "evil"},
        caller="a1b2",
    )  # fmt: skip
    assert (reply.status, reply.body, reply.headers["x-anything"]) == (201, b'{"id":"m1"}', "1")
    (request,) = seen
    assert str(request.url) == "http://west:8000/v1/messages?x=1"
    assert request.headers["host"] == "west:8000"
    assert request.headers["idempotency-key"] == "k"
    assert request.headers[FORWARDED_BY] == "east"
    assert "authorization" not in request.headers, "a client's key stays where it was given"
    caller = RequestVerifier([SECRET], receiver="west").check(
        "POST", "/v1/messages?x=1", dict(request.headers), b"{}", now=NOW
    )
    assert caller == "a1b2"
    await router.close()


async def test_whose_session_it_is() -> None:
    registry, router = await cluster(lambda _: httpx.Response(200))
    assert not await router.is_ours(SESSION)
    await registry.assign(SESSION, "east", epoch=2, cause=Cause.REQUEST)
    assert await router.is_ours(SESSION)
    assert not await router.is_ours("acme/other")


async def test_a_session_that_runs_nowhere() -> None:
    registry, router = await cluster(lambda _: httpx.Response(200))
    with pytest.raises(NoInstance, match="acme/other runs on no instance"):
        await router.forward("acme/other", "GET", "/")
    await registry.withdraw("west")
    with pytest.raises(NoInstance):
        await router.forward(SESSION, "GET", "/")


@pytest.mark.parametrize("first", ["refused", "misdirected", "timeout while reading"])
async def test_what_cannot_have_happened_is_tried_again(first: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if len(asked) > 1:
            return httpx.Response(200)
        if first == "refused":
            raise httpx.ConnectError("refused")
        if first == "misdirected":
            return httpx.Response(MISDIRECTED)
        raise httpx.ReadTimeout("no answer")

    _, router = await cluster(answer, patience=60)
    method = "GET" if first.startswith("timeout") else "POST"
    assert (await router.forward(SESSION, method, "/")).status == 200
    assert asked == ["west", "west"]


async def test_what_may_have_happened_is_not_tried_again() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        raise httpx.ReadTimeout("no answer")

    _, router = await cluster(answer, patience=60)
    with pytest.raises(OwnerUnreachable, match="may have been carried out") as caught:
        await router.forward(SESSION, "POST", "/v1/messages")
    assert (caught.value.instance, caught.value.may_have_happened) == ("west", True)
    assert asked == ["west"]


async def test_patience_has_an_end() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    _, router = await cluster(answer)
    with pytest.raises(OwnerUnreachable, match="nothing happened") as caught:
        await router.forward(SESSION, "POST", "/")
    assert not caught.value.may_have_happened


async def test_an_error_of_the_owner_is_its_answer() -> None:
    _, router = await cluster(lambda _: httpx.Response(503, text="later"))
    assert (await router.forward(SESSION, "POST", "/")).status == 503


async def test_an_instance_is_called_about_itself_once() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, text="draining")

    _, router = await cluster(answer)
    west = Instance(name="west", address="http://west:8000/")
    reply = await router.call(west, "post", "/v1/instances/west/drain")
    assert (reply.status, reply.body) == (202, b"draining")
    (request,) = seen
    RequestVerifier([SECRET], receiver="west").check(
        "POST", "/v1/instances/west/drain", dict(request.headers), b"", now=NOW
    )
    await router.close()


@pytest.mark.parametrize(
    ("error", "happened"), [(httpx.ConnectError, False), (httpx.ReadTimeout, True)]
)
async def test_an_instance_that_does_not_answer_is_named(
    error: type[httpx.TransportError], happened: bool
) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error("away")

    _, router = await cluster(fail)
    with pytest.raises(OwnerUnreachable, match="west does not answer") as caught:
        await router.call(Instance(name="west", address="http://west"), "POST", "/drain")
    assert caught.value.may_have_happened is happened
    await router.close()
