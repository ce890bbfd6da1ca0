"""Checks that a provider keeps the promises of `blazz.providers.base.Provider`."""

from __future__ import annotations

import asyncio
import enum
import pickle
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import anyio

from blazz.addresses import Address
from blazz.errors import DeliveryUnknown, NotSent, Refused, Retry, SessionClosed, WebhookError
from blazz.messages import Message, Text
from blazz.providers.base import (
    Capability,
    Outcome,
    Provider,
    ProviderContext,
    Receipt,
    new_token,
)


class OtherSide(enum.StrEnum):
    """How what a provider talks to behaves in a check."""

    ACCEPTS = "accepts"
    """It accepts every message."""
    REFUSES = "refuses"
    """It answers every message with an error that trying again does not mend."""
    UNREACHABLE = "unreachable"
    """No connection can be made."""
    SILENT = "silent"
    """It receives every message and never answers; the provider should give up soon."""
    GARBLED = "garbled"
    """It receives every message and answers something that makes no sense."""


MakeProvider: TypeAlias = Callable[[OtherSide], Provider | Awaitable[Provider]]
Arrivals: TypeAlias = Callable[[str], int | Awaitable[int]]

_ALL_SIDES: Final = frozenset(OtherSide)
_AT_ONCE: Final = 25


async def check_provider(
    make_provider: MakeProvider,
    *,
    to: Address,
    arrivals: Arrivals,
    message: Message | None = None,
    sides: Collection[OtherSide] = _ALL_SIDES,
    secrets: Sequence[str] = (),
    context: ProviderContext | None = None,
    patience: float = 60.0,
) -> list[str]:
    """Run every check; the first promise that is broken raises `AssertionError`.

    Args:
        make_provider: Makes a provider that is not connected, whose other side behaves as told. It
            may be asynchronous.
        to: A recipient that the accepting side takes messages for.
        arrivals: Tells how many messages with a token the other side received; may be asynchronous.
        message: What is sent; a text by default.
        sides: The behaviours that `make_provider` can arrange.
        secrets: The secrets that the provider was made with; none of them may be shown.
        context: What the provider is connected with; one that does nothing by default.
        patience: Seconds for each check.

    Returns:
        The promises that were checked, as sentences.

    Example:
        ::

            await check_provider(make, to=Phone("+6281234567890"), arrivals=server.count)
    """
    scene = _Scene(
        make_provider,
        arrivals,
        to=to,
        message=message or Text("Halo"),
        secrets=tuple(secrets),
        context=context or _quiet_context(),
    )
    checked = []
    for side, check in _CHECKS:
        if side in sides:
            with anyio.fail_after(patience):
                await check(scene)
            checked.append(check.__name__.strip("_").replace("_", " "))
    return checked


@dataclass(frozen=True, slots=True)
class _Scene:
    make_provider: MakeProvider
    count: Arrivals
    to: Address
    message: Message
    secrets: tuple[str, ...]
    context: ProviderContext

    async def provider(self, side: OtherSide = OtherSide.ACCEPTS) -> Provider:
        made = self.make_provider(side)
        return await made if isinstance(made, Awaitable) else made

    async def connected(self, side: OtherSide = OtherSide.ACCEPTS) -> Provider:
        provider = await self.provider(side)
        await provider.connect(self.context)
        return provider

    async def send(self, provider: Provider, token: str) -> Receipt:
        return await provider.send(self.to, self.message, token=token)

    async def arrived(self, token: str) -> int:
        counted = self.count(token)
        return await counted if isinstance(counted, Awaitable) else counted

    async def failure(self, side: OtherSide) -> tuple[BaseException | None, str]:
        """What sending raises, and the token that was sent with."""
        provider = await self.connected(side)
        token = new_token()
        try:
            await self.send(provider, token)
        except Exception as error:  # noqa: BLE001 - to be judged
            return error, token
        finally:
            await provider.disconnect()
        return None, token


async def _it_says_who_it_is_and_what_it_can(scene: _Scene) -> None:
    provider = await scene.provider()
    assert re.fullmatch(r"[a-z][a-z0-9_]*", provider.name), "its name is a plain word"
    assert isinstance(provider.capabilities, frozenset), "capabilities are a frozenset"
    assert all(isinstance(known, Capability) for known in provider.capabilities)
    assert scene.message.capability in provider.capabilities, "it can send the checks' message"
    shown = f"{provider!r} {provider}"
    assert not any(secret in shown for secret in scene.secrets), "it shows no secret"


async def _what_it_claims_it_has(scene: _Scene) -> None:
    provider = await scene.provider()
    for capability, method in (
        (Capability.MARK_READ, "mark_read"),
        (Capability.UPLOAD_MEDIA, "upload_media"),
        (Capability.DOWNLOAD_MEDIA, "download_media"),
    ):
        if capability in provider.capabilities:
            has = callable(getattr(provider, method, None))
            assert has, f"a provider with {capability} has {method}"


async def _its_webhooks_can_be_read(scene: _Scene) -> None:
    profile = (await scene.provider()).webhooks
    if profile is None:
        return
    accounts = tuple(profile.accounts)
    assert accounts, "webhooks belong to an account"
    assert all(accounts), "an account has an id"
    trusted = profile.secrets or profile.internal
    assert trusted, "without a secret no webhook can be trusted"
    assert not any(secret in repr(profile) for secret in profile.secrets), "it shows no secret"
    for body in (b"", b"not JSON", b"[]", b"5"):
        try:
            profile.parse(body)
        except WebhookError:
            continue
        raise AssertionError(f"{body!r} is not a webhook: parse must raise WebhookError")


async def _connecting_and_disconnecting_may_be_repeated(scene: _Scene) -> None:
    provider = await scene.provider()
    await provider.disconnect()
    for _ in range(2):
        await provider.connect(scene.context)
        await provider.connect(scene.context)
        await scene.send(provider, new_token())
        await provider.disconnect()
        await provider.disconnect()


async def _nothing_is_sent_unconnected(scene: _Scene) -> None:
    fresh, used = await scene.provider(), await scene.connected()
    await used.disconnect()
    for provider in (fresh, used):
        token = new_token()
        try:
            await scene.send(provider, token)
        except SessionClosed:
            pass
        else:
            raise AssertionError("sending while disconnected must raise SessionClosed")
        assert await scene.arrived(token) == 0, "a message left while disconnected"


async def _an_accepted_message_has_a_receipt(scene: _Scene) -> None:
    provider = await scene.connected()
    token = new_token()
    receipt = await scene.send(provider, token)
    assert isinstance(receipt, Receipt)
    assert receipt.message_id, "a receipt names the message"
    assert receipt.to == scene.to, "a receipt names the recipient as it was given"
    assert receipt.token == token, "a receipt carries the message's token"
    assert receipt.accepted_at.utcoffset() is not None, "times have a time zone"
    assert await scene.arrived(token) == 1, "the message arrived once, with its token"
    await provider.disconnect()


async def _many_messages_at_once_each_arrive_once(scene: _Scene) -> None:
    provider = await scene.connected()
    tokens = [new_token() for _ in range(_AT_ONCE)]
    receipts = await asyncio.gather(*(scene.send(provider, token) for token in tokens))
    assert [receipt.token for receipt in receipts] == tokens, "receipts were mixed up"
    assert len({receipt.message_id for receipt in receipts}) == _AT_ONCE, "ids are not unique"
    for token in tokens:
        assert await scene.arrived(token) == 1
    await provider.disconnect()


async def _cancelling_a_send_leaves_it_usable(scene: _Scene) -> None:
    provider = await scene.connected()
    for steps in range(12):
        token = new_token()
        sending = asyncio.create_task(scene.send(provider, token))
        for _ in range(steps):
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait([sending])
        if not sending.cancelled():
            assert sending.exception() is None, f"cancelling became {sending.exception()!r}"
        assert await scene.arrived(token) <= 1
        following = new_token()
        assert (await scene.send(provider, following)).token == following
    await provider.disconnect()


async def _settling_tells_nothing_untrue(scene: _Scene) -> None:
    provider = await scene.connected()
    sent, never_sent = new_token(), new_token()
    await scene.send(provider, sent)
    outcomes = await provider.settle([sent, never_sent])
    assert set(outcomes) <= {sent, never_sent}, "settle answers what it was asked"
    assert outcomes.get(sent) is not Outcome.NOT_SENT, "an accepted message was called not sent"
    assert outcomes.get(never_sent) is not Outcome.SENT, "a message that never was is called sent"
    if Capability.SETTLE in provider.capabilities:
        assert outcomes.get(sent) is Outcome.SENT, "a provider that can settle knows what it sent"
    assert dict(await provider.settle([])) == {}
    await provider.disconnect()


async def _a_refusal_says_when_to_try_again(scene: _Scene) -> None:
    error, token = await scene.failure(OtherSide.REFUSES)
    assert isinstance(error, Refused), f"a refusal became {error!r}"
    assert isinstance(error.retry, Retry)
    assert str(error), "a refusal says why"
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(copy), str(copy)) == (type(error), str(error)), "errors cross process borders"
    assert not any(secret in f"{error!r} {error}" for secret in scene.secrets)
    assert await scene.arrived(token) <= 1, "a refusal that stays was tried again"


async def _a_message_that_never_left_is_called_so(scene: _Scene) -> None:
    error, token = await scene.failure(OtherSide.UNREACHABLE)
    assert isinstance(error, NotSent), f"no connection became {error!r}"
    assert await scene.arrived(token) == 0


async def _silence_is_unknown_and_never_sent_twice(scene: _Scene) -> None:
    await _stays_unknown(scene, OtherSide.SILENT)


async def _nonsense_is_unknown_and_never_sent_twice(scene: _Scene) -> None:
    await _stays_unknown(scene, OtherSide.GARBLED)


async def _stays_unknown(scene: _Scene, side: OtherSide) -> None:
    error, token = await scene.failure(side)
    assert isinstance(error, DeliveryUnknown), f"an answer that is {side} became {error!r}"
    assert error.token == token, "the error carries the message's token"
    assert await scene.arrived(token) == 1, "a message whose fate is unknown was sent again"


_CHECKS: Final[Sequence[tuple[OtherSide, Callable[[_Scene], Awaitable[None]]]]] = (
    (OtherSide.ACCEPTS, _it_says_who_it_is_and_what_it_can),
    (OtherSide.ACCEPTS, _what_it_claims_it_has),
    (OtherSide.ACCEPTS, _its_webhooks_can_be_read),
    (OtherSide.ACCEPTS, _connecting_and_disconnecting_may_be_repeated),
    (OtherSide.ACCEPTS, _nothing_is_sent_unconnected),
    (OtherSide.ACCEPTS, _an_accepted_message_has_a_receipt),
    (OtherSide.ACCEPTS, _many_messages_at_once_each_arrive_once),
    (OtherSide.ACCEPTS, _cancelling_a_send_leaves_it_usable),
    (OtherSide.ACCEPTS, _settling_tells_nothing_untrue),
    (OtherSide.REFUSES, _a_refusal_says_when_to_try_again),
    (OtherSide.UNREACHABLE, _a_message_that_never_left_is_called_so),
    (OtherSide.SILENT, _silence_is_unknown_and_never_sent_twice),
    (OtherSide.GARBLED, _nonsense_is_unknown_and_never_sent_twice),
)


def _quiet_context() -> ProviderContext:
    async def deliver_webhook(_headers: Mapping[str, str], _body: bytes) -> int:
        return 200

    return ProviderContext(workspace="checks", session="checked", deliver_webhook=deliver_webhook)
