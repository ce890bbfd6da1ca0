"""MetaCloud: what it checks, sends, says when it fails, and never shows."""

from __future__ import annotations

import asyncio
import pickle
import re
from collections.abc import Callable
from datetime import UTC

import httpx
import pytest

from blazz.addresses import Group, Lid, UserId
from blazz.errors import (
    ConfigurationError,
    ConnectionFailed,
    DeliveryUnknown,
    InvalidValue,
    NotSupported,
    SessionClosed,
)
from blazz.messages import Template, Text
from blazz.providers.base import Capability, Provider
from blazz.providers.meta_cloud import MetaCloud, Retries, faults
from blazz.security.secret import Secret
from tests.unit.providers.meta_cloud.cloud_api import CONTEXT, TO, Api, error


class TestArguments:
    @pytest.mark.parametrize(
        ("field", "settings"),
        [
            ("phone_number_id", {"phone_number_id": "+6281234567890"}),
            ("phone_number_id", {"phone_number_id": ""}),
            ("phone_number_id", {"phone_number_id": "1/../2"}),
            ("phone_number_id", {"phone_number_id": 106540352242922}),
            ("waba_id", {"waba_id": "me"}),
            ("token", {"token": ""}),
            ("token", {"token": "a b"}),
            ("token", {"token": "a\r\nX-Evil: 1"}),
            ("token", {"token": "tök"}),
            ("version", {"version": "26.0"}),
            ("version", {"version": "v26"}),
            ("version", {"version": "v26.0/me"}),
            ("base_url", {"base_url": "http://graph.facebook.com"}),
            ("base_url", {"base_url": "graph.facebook.com"}),
            ("base_url", {"base_url": "ftp://127.0.0.1"}),
            ("base_url", {"base_url": "https://"}),
            ("base_url", {"base_url": "https://user:pw@example.com"}),
            ("base_url", {"base_url": "https://example.com?a=1"}),
            ("base_url", {"base_url": "http://127.0.0.1.example.com"}),
            ("connections", {"connections": 0}),
            ("timeout", {"timeout": 0}),
            ("timeout", {"timeout": float("nan")}),
        ],
    )
    def test_what_is_malformed_is_named(self, field: str, settings: dict[str, object]) -> None:
        with pytest.raises(InvalidValue) as caught:
            MetaCloud(**{"phone_number_id": "1", "token": "secret-token", **settings})
        assert caught.value.field == field
        assert "secret-token" not in str(caught.value)
        assert "X-Evil" not in str(caught.value)

    @pytest.mark.parametrize(
        "settings",
        [
            {"version": "v99.0"},
            {"base_url": "http://localhost:8080/"},
            {"base_url": "http://[::1]:8080"},
            {"base_url": "https://proxy.example.com/whatsapp"},
            {"token": Secret("T")},
            {"app_secret": ("new", "old"), "verify_token": "v"},
        ],
    )
    def test_what_is_well_formed_is_taken(self, settings: dict[str, object]) -> None:
        MetaCloud(**{"phone_number_id": "1", "token": "T", **settings})

    def test_a_proxy_contradicts_a_transport_of_ones_own(self) -> None:
        with pytest.raises(ConfigurationError, match="proxy"):
            MetaCloud("1", "T", proxy="http://127.0.0.1:1", transport=httpx.AsyncHTTPTransport())

    async def test_an_unknown_transport_is_refused(self) -> None:
        cloud = MetaCloud("1", "T", transport="quick")  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match="quick"):
            await cloud.connect(CONTEXT)

    def test_it_shows_no_secret(self) -> None:
        cloud = MetaCloud("1", "T0KEN", app_secret="S3CRET", verify_token="V3RIFY")
        shown = f"{cloud!r} {cloud} {cloud.webhooks!r} {vars(cloud)!r}"
        assert not re.search("T0KEN|S3CRET|V3RIFY", shown)

    def test_its_token_is_not_pickled(self) -> None:
        with pytest.raises(TypeError):
            pickle.dumps(MetaCloud("1", "T0KEN"))


class TestProfile:
    def test_it_is_a_provider(self) -> None:
        provider: Provider = MetaCloud("1", "T")
        assert isinstance(provider, Provider)
        assert provider.name == "meta_cloud"

    def test_it_claims_what_it_was_given_the_means_for(self) -> None:
        bare = MetaCloud("1", "T").capabilities
        whole = MetaCloud("1", "T", waba_id="2", app_secret="s").capabilities
        assert whole - bare == {Capability.TEMPLATES, Capability.STATUS_WEBHOOKS}
        assert {Capability.TEXT, Capability.TEMPLATE, Capability.MARK_READ} <= bare
        assert not whole & {Capability.POLL, Capability.SETTLE, Capability.HISTORY}

    def test_webhooks_are_read_with_the_secrets_newest_first(self) -> None:
        profile = MetaCloud("1", "T", waba_id="2", app_secret=["new", "old"]).webhooks
        assert profile is not None
        assert tuple(profile.accounts) == ("1", "2")
        assert tuple(profile.secrets) == ("new", "old")
        assert profile.parse(b'{"object":"whatsapp_business_account","entry":[]}') == []

    def test_without_a_secret_no_webhook_is_trusted(self) -> None:
        assert MetaCloud("1", "T").webhooks is None
        assert MetaCloud("1", "T", app_secret="").webhooks is None


class TestConnecting:
    async def test_connecting_and_disconnecting_may_be_repeated(self) -> None:
        api = Api()
        cloud = api.cloud()
        await cloud.disconnect()
        for _ in range(2):
            await cloud.connect(CONTEXT)
            await cloud.connect(CONTEXT)
            await cloud.send(TO, Text("Halo"), token="t")
            await cloud.disconnect()
            await cloud.disconnect()
        assert len(api.requests) == 2

    @pytest.mark.parametrize(
        "use",
        [
            lambda cloud: cloud.send(TO, Text("Halo"), token="t"),
            lambda cloud: cloud.mark_read("wamid.1"),
            lambda cloud: cloud.profile.get(),
            lambda cloud: cloud.upload_media(b"x", mime_type="text/plain", filename="x.txt"),
        ],
    )
    async def test_nothing_works_unconnected(self, use: Callable[..., object]) -> None:
        cloud = Api().cloud()
        with pytest.raises(SessionClosed):
            await use(cloud)
        async with cloud:
            pass
        with pytest.raises(SessionClosed):
            await use(cloud)

    async def test_only_transports_of_its_own_are_closed(self) -> None:
        class Mine(httpx.MockTransport):
            closed = False

            async def aclose(self) -> None:
                self.closed = True

        mine = Mine(Api().handle)
        async with MetaCloud("1", "T", transport=mine) as cloud:
            await cloud.send(TO, Text("Halo"), token="t")
        assert not mine.closed

    @pytest.mark.parametrize("choice", ["default", "fast"])
    async def test_its_own_connections_are_closed(self, choice, loopback) -> None:
        accepted = b'{"messages":[{"id":"wamid.1"}]}'
        loopback.replies = [loopback.answer(accepted)]
        cloud = MetaCloud("1", "T", base_url=loopback.url, transport=choice)
        async with cloud:
            receipt = await cloud.send(TO, Text("Halo"), token="t")
            assert receipt.message_id == "wamid.1"
            assert not loopback.closed.is_set()
        await loopback.closed.wait()

    @pytest.mark.parametrize("choice", ["default", "fast"])
    async def test_disconnecting_ends_sends_whose_fate_is_unknown_then(
        self, choice, loopback
    ) -> None:
        loopback.replies = [loopback.write(b"", then_hang=True)]
        cloud = MetaCloud("1", "T", base_url=loopback.url, transport=choice)
        await cloud.connect(CONTEXT)
        sending = asyncio.create_task(cloud.send(TO, Text("Halo"), token="t"))
        await loopback.requested.wait()
        await cloud.disconnect()
        with pytest.raises(DeliveryUnknown):
            await sending

    async def test_logging_out_closes_too(self) -> None:
        cloud = Api().cloud()
        await cloud.connect(CONTEXT)
        await cloud.logout()
        with pytest.raises(SessionClosed):
            await cloud.send(TO, Text("Halo"), token="t")

    async def test_a_renewed_token_is_used_at_once(self) -> None:
        api = Api()
        async with api.cloud() as cloud:
            await cloud.send(TO, Text("Halo"), token="t")
            cloud.renew_token("T2")
            await cloud.send(TO, Text("Halo"), token="t")
        sent = [request.headers["authorization"] for request in api.requests]
        assert sent == ["Bearer T0KEN", "Bearer T2"]


class TestSending:
    async def test_a_text(self) -> None:
        api = Api()
        async with api.cloud() as cloud:
            receipt = await cloud.send(TO, Text("Halo"), token="t1", reply_to="wamid.0")
        request = api.requests[0]
        assert str(request.url) == "https://graph.facebook.com/v26.0/106540352242922/messages"
        assert request.headers["user-agent"].startswith("blazz/")
        assert api.bodies == [
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": "6281234567890",
                "context": {"message_id": "wamid.0"},
                "type": "text",
                "text": {"body": "Halo", "preview_url": True},
                "biz_opaque_callback_data": "t1",
            }
        ]
        assert (receipt.message_id, receipt.to, receipt.token) == ("wamid.1", TO, "t1")
        assert receipt.wa_id == "6281234567890"
        assert receipt.accepted_at.tzinfo is UTC
        assert not receipt.held

    async def test_other_addresses(self) -> None:
        api = Api()
        async with api.cloud() as cloud:
            await cloud.send(UserId("US.1349"), Text("Hi"), token="t")
            await cloud.send(Group("group-id-1"), Text("Hi"), token="t")
            with pytest.raises(NotSupported):
                await cloud.send(Lid("1349"), Text("Hi"), token="t")
        assert [body.get("recipient") or body["to"] for body in api.bodies] == [
            "US.1349",
            "group-id-1",
        ]

    async def test_a_template_that_is_held_back(self) -> None:
        api = Api()
        held = {"id": "wamid.9", "message_status": "held_for_quality_assessment"}
        api.answers = [httpx.Response(200, json={"messages": [held]})]
        async with api.cloud() as cloud:
            receipt = await cloud.send(TO, Template("promo", language="id"), token="t")
        assert receipt.held
        assert receipt.wa_id is None

    async def test_what_the_api_refuses(self) -> None:
        api = Api()
        api.answers = [error(131047)]
        async with api.cloud() as cloud:
            with pytest.raises(faults.OutsideWindow):
                await cloud.send(TO, Text("Halo"), token="t")

    async def test_no_connection(self) -> None:
        api = Api()
        api.answers = [httpx.ConnectError("refused")]
        async with api.cloud() as cloud:
            with pytest.raises(ConnectionFailed):
                await cloud.send(TO, Text("Halo"), token="t")

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.ReadTimeout("no answer"),
            httpx.RemoteProtocolError("closed"),
            httpx.Response(502, html="<html>"),
            httpx.Response(200, text="OK"),
            httpx.Response(200, json={}),
            httpx.Response(200, json={"messages": []}),
            httpx.Response(200, json={"messages": {}}),
            httpx.Response(200, json={"messages": [{"id": ""}]}),
            httpx.Response(200, json={"messages": [{"id": 5}]}),
            httpx.Response(200, json={"success": True}),
        ],
    )
    async def test_what_cannot_be_known_is_unknown_and_not_repeated(self, answer) -> None:
        api = Api()
        api.answers = [answer]
        async with api.cloud(retries=Retries(attempts=9)) as cloud:
            with pytest.raises(DeliveryUnknown) as caught:
                await cloud.send(TO, Text("Halo"), token="t7")
        assert caught.value.token == "t7"
        assert caught.value.__cause__ is not None
        assert len(api.requests) == 1

    async def test_a_cancelled_send_leaves_it_usable(self) -> None:
        waiting = asyncio.Event()

        async def handle(request: httpx.Request) -> httpx.Response:
            if not waiting.is_set():
                waiting.set()
                await asyncio.Event().wait()
            return httpx.Response(200, json={"messages": [{"id": "wamid.1"}]})

        async with MetaCloud("1", "T", transport=httpx.MockTransport(handle)) as cloud:
            sending = asyncio.create_task(cloud.send(TO, Text("Halo"), token="t"))
            await waiting.wait()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert (await cloud.send(TO, Text("Halo"), token="t")).message_id == "wamid.1"

    async def test_settling_tells_nothing(self) -> None:
        assert await MetaCloud("1", "T").settle(["t"]) == {}


class TestMarkingRead:
    async def test_reading_and_typing(self) -> None:
        api = Api()
        api.answers = [httpx.Response(200, json={"success": True}) for _ in range(2)]
        async with api.cloud() as cloud:
            await cloud.mark_read("wamid.1")
            await cloud.mark_read("wamid.1", typing=True)
        assert [body["status"] for body in api.bodies] == ["read", "read"]
        assert [body.get("typing_indicator") for body in api.bodies] == [None, {"type": "text"}]

    async def test_a_lost_answer_is_asked_for_again(self) -> None:
        api = Api()
        api.answers = [httpx.ReadTimeout("x"), httpx.Response(200, json={"success": True})]

        async def at_once(seconds: float) -> None:
            return None

        async with api.cloud(retries=Retries(sleep=at_once)) as cloud:
            await cloud.mark_read("wamid.1")
        assert len(api.requests) == 2
