"""What type checkers infer for users; checked by mypy and pyright, never run."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_type

from blazz import addresses, errors
from blazz.addresses import Address, Group, Identity, Lid, Phone, UserId
from blazz.pairing import Paired, PairingCode, QrCode
from blazz.providers.base import Capability, Outcome, Provider
from blazz.session import Session


def an_address_is_one_of_four(text: str) -> None:
    address = addresses.parse(text)
    assert_type(address, Phone | UserId | Lid | Group)
    assert_type(address, Address)
    assert_type(addresses.parse_phone(text, region="ID"), Phone)


def an_identity_may_know_little(identity: Identity) -> None:
    assert_type(identity.phone, Phone | None)


def a_text_is_not_an_address() -> None:
    Phone(6281234567890)  # type: ignore[arg-type]


def errors_tell_what_to_do_next(error: errors.BlazzError) -> None:
    if isinstance(error, errors.Refused):
        assert_type(error.retry, errors.Retry)
        assert_type(error.retry_after, float | None)
    elif isinstance(error, errors.DeliveryUnknown):
        assert_type(error.token, str)


def an_unknown_delivery_needs_its_token() -> None:
    errors.DeliveryUnknown("no answer")  # type: ignore[call-arg]


async def a_provider_gives_receipts(provider: Provider, to: Address) -> None:
    assert_type(provider.capabilities, frozenset[Capability])
    assert_type(await provider.settle(["token"]), Mapping[str, Outcome])


async def a_pairing_gives_one_of_three(session: Session) -> None:
    async for step in session.pair():
        assert_type(step, QrCode | PairingCode | Paired)
        assert_type(step.as_text(), str)
        if isinstance(step, QrCode):
            assert_type(step.as_png(), bytes)
        if isinstance(step, Paired):
            assert_type(step.account, Phone)
