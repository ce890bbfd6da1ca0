"""`Web` keeps what `blazz.testing` asks of every provider."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blazz import Phone, Text
from blazz.providers.base import ProviderContext
from blazz.providers.web.ids import message_id_for
from blazz.providers.web.provider import Web
from blazz.sandbox.web import SimulatedPhone
from blazz.testing.providers import OtherSide, check_provider
from tests.integration.web_provider.studio import BUDI, SHOP, Studio

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_web_keeps_every_promise(
    studio: Studio, shop: SimulatedPhone, budi: SimulatedPhone
) -> None:
    session = await studio.linked(shop)
    await session.close()
    web = studio.web

    async def deliver_webhook(headers: object, body: bytes) -> int:
        return 200

    context = ProviderContext(
        workspace="acme",
        session="shop",
        deliver_webhook=deliver_webhook,
        folder=studio.profile.parent,
    )

    def make(side: OtherSide) -> Web:
        web.configure(answers="lost" if side is OtherSide.SILENT else "given")
        web.phone(BUDI, registered=side is not OtherSide.REFUSES)
        if side is OtherSide.SILENT:
            budi.go_offline()  # else the receipt of the phone would tell
        if side is OtherSide.UNREACHABLE:
            web.go_down()
        elif web.world.is_down:
            web.come_back()
        patient = side is not OtherSide.UNREACHABLE
        return studio.provider(
            start_timeout=60.0 if patient else 3.0,
            ready_timeout=60.0 if patient else 0.5,
            # Long enough for the message to leave, whatever else this machine does.
            send_timeout=4.0 if side is OtherSide.SILENT else 60.0,
        )

    def arrivals(token: str) -> int:
        return int(web.world.accepted_message(shop.number, message_id_for(token)) is not None)

    checked = await check_provider(
        make,
        to=Phone(BUDI),
        arrivals=arrivals,
        message=Text("Halo"),
        # What the page answers is made by wa-js; nothing between can garble it.
        sides=set(OtherSide) - {OtherSide.GARBLED},
        context=replace(context),
    )
    assert len(checked) == 12
    assert SHOP.endswith(shop.number)
