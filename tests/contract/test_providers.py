"""Every provider keeps the promises of the seam, and the checks notice one that does not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest
from pydantic_core import from_json

from blazz.addresses import Address, Phone
from blazz.errors import BlazzError, DeliveryUnknown, SessionClosed
from blazz.messages import Image, Message, Upload
from blazz.providers.base import Capability, Outcome, Provider, Receipt
from blazz.providers.meta_cloud import MetaCloud, Retries
from blazz.testing.providers import MakeProvider, OtherSide, check_provider

TO = Phone("+6281234567890")
SECRETS = ("T0KEN", "S3CRET")


class CloudApi:
    """The other side of a MetaCloud, in memory; counts the messages of each token."""

    def __init__(self) -> None:
        self.arrived: Counter[str] = Counter()

    def make(self, side: OtherSide) -> MetaCloud:
        async def handle(request: httpx.Request) -> httpx.Response:
            if side is OtherSide.UNREACHABLE:
                raise httpx.ConnectError("refused", request=request)
            await asyncio.sleep(0)
            if request.url.path.endswith("/media"):
                return httpx.Response(200, json={"id": "77"})
            body: dict[str, Any] = from_json(request.content)
            await asyncio.sleep(0)
            return self.answer(side, body["biz_opaque_callback_data"])

        return MetaCloud(
            "1",
            SECRETS[0],
            waba_id="2",
            app_secret=SECRETS[1],
            transport=httpx.MockTransport(handle),
            retries=Retries(attempts=3, sleep=lambda seconds: asyncio.sleep(0)),
        )

    def answer(self, side: OtherSide, token: str) -> httpx.Response:
        self.arrived[token] += 1
        if side is OtherSide.REFUSES:
            return httpx.Response(400, json={"error": {"code": 131026, "message": "no"}})
        if side is OtherSide.SILENT:
            raise httpx.ReadTimeout("no answer")
        if side is OtherSide.GARBLED:
            return httpx.Response(200, html="<html>Log in</html>")
        number = self.arrived.total()
        return httpx.Response(200, json={"messages": [{"id": f"wamid.{number}"}]})


async def check(make: MakeProvider, api: CloudApi, **settings: Any) -> list[str]:
    return await check_provider(
        make, to=TO, arrivals=lambda token: api.arrived[token], secrets=SECRETS, **settings
    )


async def test_meta_cloud() -> None:
    api = CloudApi()
    checked = await check(api.make, api)
    assert len(checked) == 13
    assert "silence is unknown and never sent twice" in checked


async def test_meta_cloud_with_a_file() -> None:
    api = CloudApi()
    picture = Image(Upload(b"\x89PNG\r\n\x1a\n", "image/png", "cat.png"))
    sides = {OtherSide.ACCEPTS, OtherSide.REFUSES, OtherSide.UNREACHABLE}
    assert len(await check(api.make, api, message=picture, sides=sides)) == 11


class Wrapped:
    """A provider that does as another does; the saboteurs change one thing each."""

    def __init__(self, inner: MetaCloud, side: OtherSide) -> None:
        self.inner = inner
        self.side = side
        self.connected = False

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self.inner.capabilities

    @property
    def webhooks(self) -> Any:
        return self.inner.webhooks

    async def connect(self, context: Any) -> None:
        await self.inner.connect(context)
        self.connected = True

    async def send(
        self, to: Address, message: Message, *, token: str, reply_to: str | None = None
    ) -> Receipt:
        return await self.inner.send(to, message, token=token, reply_to=reply_to)

    async def settle(self, tokens: Sequence[str]) -> Mapping[str, Outcome]:
        return await self.inner.settle(tokens)

    async def mark_read(self, message_id: str, *, typing: bool = False) -> None:
        await self.inner.mark_read(message_id, typing=typing)

    upload_media: Any = MetaCloud.upload_media
    download_media: Any = MetaCloud.download_media

    async def disconnect(self) -> None:
        await self.inner.disconnect()
        self.connected = False

    async def logout(self) -> None:
        await self.inner.logout()


class ShowsItsToken(Wrapped):
    def __repr__(self) -> str:
        return f"<provider {SECRETS[0]}>"


class HasNoMarkRead(Wrapped):
    mark_read = None  # type: ignore[assignment]


class TrustsAnyWebhook(Wrapped):
    @property
    def webhooks(self) -> Any:
        profile = self.inner.webhooks
        assert profile is not None
        return type(profile)(accounts=profile.accounts, secrets=(), parse=profile.parse)


class DisconnectsOnce(Wrapped):
    async def disconnect(self) -> None:
        if not self.connected:
            raise RuntimeError("not connected")
        await super().disconnect()


class ConnectsBySending(Wrapped):
    async def send(self, to: Any, message: Any, **settings: Any) -> Receipt:
        try:
            return await self.inner.send(to, message, **settings)
        except SessionClosed:
            async with self.inner:
                return await self.inner.send(to, message, **settings)


class ForgetsTheToken(Wrapped):
    async def send(self, to: Any, message: Any, *, token: str, **settings: Any) -> Receipt:
        return await self.inner.send(to, message, token=f"x{token}", **settings)


class RepeatsWhatIsUnknown(Wrapped):
    async def send(self, to: Any, message: Any, **settings: Any) -> Receipt:
        try:
            return await self.inner.send(to, message, **settings)
        except DeliveryUnknown:
            return await self.inner.send(to, message, **settings)


class HidesWhatWentWrong(Wrapped):
    async def send(self, to: Any, message: Any, **settings: Any) -> Receipt:
        try:
            return await self.inner.send(to, message, **settings)
        except BlazzError as error:
            raise RuntimeError("could not send") from error


class BreaksWhenCancelled(Wrapped):
    async def send(self, to: Any, message: Any, **settings: Any) -> Receipt:
        try:
            return await self.inner.send(to, message, **settings)
        except asyncio.CancelledError:
            await self.disconnect()
            raise


class SettlesByGuessing(Wrapped):
    async def settle(self, tokens: Sequence[str]) -> Mapping[str, Outcome]:
        return dict.fromkeys(tokens, Outcome.SENT)


SABOTEURS = [
    ShowsItsToken,
    HasNoMarkRead,
    TrustsAnyWebhook,
    DisconnectsOnce,
    ConnectsBySending,
    ForgetsTheToken,
    RepeatsWhatIsUnknown,
    HidesWhatWentWrong,
    BreaksWhenCancelled,
    SettlesByGuessing,
]


async def test_what_wraps_a_provider_passes() -> None:
    api = CloudApi()

    async def make(side: OtherSide) -> Provider:
        return Wrapped(api.make(side), side)

    assert len(await check(make, api)) == 13


@pytest.mark.parametrize("saboteur", SABOTEURS, ids=lambda kind: kind.__name__)
async def test_a_broken_promise_is_noticed(saboteur: type[Wrapped]) -> None:
    api = CloudApi()
    with pytest.raises((AssertionError, RuntimeError, SessionClosed)):
        await check(lambda side: saboteur(api.make(side), side), api)
