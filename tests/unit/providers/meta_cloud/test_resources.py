"""Templates, phone numbers, profile and subscriptions, as Meta answers them."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from blazz.errors import ConfigurationError, InvalidValue, UnreadableAnswer
from blazz.providers.meta_cloud import MetaCloud, Retries, faults


class Api:
    """Answers in turn and notes what it was asked."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, str], object]] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        url = request.url
        self.asked.append((request.method, url.path, dict(url.params), body))
        answer = self.answers.pop(0)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def cloud(self, waba_id: str | None = "777") -> MetaCloud:
        return MetaCloud(
            "1234",
            "T",
            waba_id=waba_id,
            transport=httpx.MockTransport(self.handle),
            retries=Retries(attempts=1),
        )


def template(name: str, language: str = "id", **more: object) -> dict[str, object]:
    return {"id": f"{name}-{language}", "name": name, "language": language, **more}


class TestTemplates:
    async def test_a_list_is_read_page_by_page(self) -> None:
        api = Api(
            {
                "data": [template("a", status="APPROVED", new_field=[1]), template("b")],
                "paging": {
                    "cursors": {"before": "x", "after": "c1"},
                    "next": "https://evil.example.com/?access_token=T",
                },
            },
            {"data": [template("c")], "paging": {"cursors": {"before": "y", "after": "c2"}}},
        )
        async with api.cloud() as cloud:
            listed = [found async for found in cloud.templates.list(status="APPROVED")]
        assert [found.name for found in listed] == ["a", "b", "c"]
        assert listed[0].usable
        assert not listed[1].usable
        assert listed[0].model_extra == {"new_field": [1]}
        paths = [(method, path) for method, path, _, _ in api.asked]
        assert paths == [("GET", "/v26.0/777/message_templates")] * 2
        assert api.asked[0][2]["status"] == "APPROVED"
        assert api.asked[0][2]["limit"] == "100"
        assert [params.get("after") for _, _, params, _ in api.asked] == [None, "c1"]

    async def test_a_cursor_that_stands_still_ends_the_list(self) -> None:
        page = {"data": [template("a")], "paging": {"cursors": {"after": "c"}, "next": "x"}}
        api = Api(page, page, page)
        async with api.cloud() as cloud:
            assert len([found async for found in cloud.templates.list()]) == 2

    async def test_one_is_found_by_exact_name_and_language(self) -> None:
        page = {"data": [template("promo_2"), template("promo", "en"), template("promo")]}
        api = Api(page, page)
        async with api.cloud() as cloud:
            found = await cloud.templates.get("promo", "id")
            assert found is not None
            assert found.id == "promo-id"
            assert await cloud.templates.get("promo", "fr") is None
        assert api.asked[0][2]["name"] == "promo"

    async def test_one_is_submitted(self) -> None:
        api = Api({"id": "5", "status": "PENDING", "category": "MARKETING"})
        components = [{"type": "BODY", "text": "Halo {{name}}"}]
        async with api.cloud() as cloud:
            made = await cloud.templates.create(
                "promo",
                language="id",
                category="UTILITY",
                components=components,
                parameter_format="NAMED",
                message_send_ttl_seconds=600,
            )
        assert (made.id, made.name, made.status, made.category) == (
            "5",
            "promo",
            "PENDING",
            "MARKETING",
        )
        assert api.asked[0][3] == {
            "name": "promo",
            "language": "id",
            "category": "UTILITY",
            "components": components,
            "parameter_format": "NAMED",
            "message_send_ttl_seconds": 600,
        }

    async def test_one_is_changed_and_deleted(self) -> None:
        api = Api({"success": True}, {"success": True}, {"success": True})
        async with api.cloud() as cloud:
            await cloud.templates.edit("5", category="UTILITY")
            await cloud.templates.delete("promo")
            await cloud.templates.delete("promo", template_id="5")
            with pytest.raises(InvalidValue):
                await cloud.templates.edit("5")
        assert api.asked == [
            ("POST", "/v26.0/5", {}, {"category": "UTILITY"}),
            ("DELETE", "/v26.0/777/message_templates", {"name": "promo"}, None),
            ("DELETE", "/v26.0/777/message_templates", {"name": "promo", "hsm_id": "5"}, None),
        ]

    async def test_the_business_account_is_needed(self) -> None:
        async with Api().cloud(waba_id=None) as cloud:
            with pytest.raises(ConfigurationError, match="waba_id"):
                await cloud.templates.delete("promo")

    async def test_a_refusal_has_its_class(self) -> None:
        refusal = {"error": {"code": 100, "error_subcode": 2388299, "message": "no"}}
        async with Api(httpx.Response(400, json=refusal)).cloud() as cloud:
            with pytest.raises(faults.VariableAtTheEdge):
                await cloud.templates.create(
                    "promo", language="id", category="UTILITY", components=[]
                )


NUMBER = {
    "id": "1234",
    "display_phone_number": "+62 812-3456-7890",
    "quality_rating": "GREEN",
    "status": "CONNECTED",
    "throughput": {"level": "HIGH"},
    "whatsapp_business_manager_messaging_limit": "TIER_2K",
    "brand_new": {"x": 1},
}


class TestPhoneNumbers:
    async def test_ones_own_is_looked_up(self) -> None:
        api = Api(NUMBER, {"id": "9"})
        async with api.cloud() as cloud:
            number = await cloud.phone_numbers.info()
            other = await cloud.phone_numbers.info("9")
        assert number.quality_rating == "GREEN"
        assert number.throughput.messages_per_second == 1000
        assert number.whatsapp_business_manager_messaging_limit == "TIER_2K"
        assert number.model_extra == {"brand_new": {"x": 1}}
        assert other.throughput.messages_per_second == 80
        assert [path for _, path, _, _ in api.asked] == ["/v26.0/1234", "/v26.0/9"]
        assert "throughput" in api.asked[0][2]["fields"]

    async def test_all_are_listed(self) -> None:
        api = Api({"data": [NUMBER, {"id": "2"}]})
        async with api.cloud() as cloud:
            assert [number.id async for number in cloud.phone_numbers.list()] == ["1234", "2"]
        assert api.asked[0][1] == "/v26.0/777/phone_numbers"

    async def test_registering(self) -> None:
        api = Api(*[{"success": True}] * 6)
        async with api.cloud() as cloud:
            numbers = cloud.phone_numbers
            await numbers.request_code(language="id")
            await numbers.verify_code("123456")
            await numbers.register(pin="654321", data_localization_region="ID")
            await numbers.set_pin("111111")
            await numbers.change_settings(calling={"status": "ENABLED"})
            await numbers.deregister()
        assert [(path, body) for _, path, _, body in api.asked] == [
            ("/v26.0/1234/request_code", {"code_method": "SMS", "language": "id"}),
            ("/v26.0/1234/verify_code", {"code": "123456"}),
            (
                "/v26.0/1234/register",
                {
                    "messaging_product": "whatsapp",
                    "pin": "654321",
                    "data_localization_region": "ID",
                },
            ),
            ("/v26.0/1234", {"pin": "111111"}),
            ("/v26.0/1234/settings", {"calling": {"status": "ENABLED"}}),
            ("/v26.0/1234/deregister", {}),
        ]

    async def test_a_wrong_pin_is_not_shown(self) -> None:
        async with Api().cloud() as cloud:
            with pytest.raises(InvalidValue) as caught:
                await cloud.phone_numbers.register(pin="12345x")
        assert "12345x" not in str(caught.value)

    async def test_settings_are_given_as_they_come(self) -> None:
        async with Api({"calling": {"status": "DISABLED"}}).cloud() as cloud:
            assert await cloud.phone_numbers.settings() == {"calling": {"status": "DISABLED"}}
            with pytest.raises(InvalidValue):
                await cloud.phone_numbers.change_settings()


class TestProfile:
    async def test_it_is_read(self) -> None:
        profile = {"about": "Roti", "websites": ["https://a.example"], "messaging_product": "w"}
        api = Api({"data": [profile]})
        async with api.cloud() as cloud:
            read = await cloud.profile.get()
        assert (read.about, read.websites, read.email) == ("Roti", ("https://a.example",), None)
        assert api.asked[0][1] == "/v26.0/1234/whatsapp_business_profile"

    async def test_what_is_given_changes(self) -> None:
        api = Api({"success": True})
        async with api.cloud() as cloud:
            await cloud.profile.update(description="", websites=["https://a.example"])
        assert api.asked[0][3] == {
            "messaging_product": "whatsapp",
            "description": "",
            "websites": ["https://a.example"],
        }

    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("profile", {}),
            ("profile.about", {"about": ""}),
            ("profile.about", {"about": "x" * 140}),
            ("profile.description", {"description": "x" * 513}),
            ("profile.websites", {"websites": ["a", "b", "c"]}),
        ],
    )
    async def test_limits(self, field: str, changes: dict[str, object]) -> None:
        async with Api().cloud() as cloud:
            with pytest.raises(InvalidValue) as caught:
                await cloud.profile.update(**changes)
        assert caught.value.field == field


class TestSubscriptions:
    async def test_they_are_added_listed_and_removed(self) -> None:
        api = Api(
            {"success": True},
            {"success": True},
            {"data": [{"whatsapp_business_api_data": {"id": "9", "name": "App"}}]},
            {"success": True},
        )
        async with api.cloud() as cloud:
            await cloud.subscriptions.add()
            await cloud.subscriptions.add(callback_uri="https://a.example", verify_token="v")
            apps = [found async for found in cloud.subscriptions.list()]
            await cloud.subscriptions.remove()
        assert apps[0].whatsapp_business_api_data["name"] == "App"
        assert [(method, body) for method, _, _, body in api.asked] == [
            ("POST", {}),
            ("POST", {"override_callback_uri": "https://a.example", "verify_token": "v"}),
            ("GET", None),
            ("DELETE", None),
        ]
        assert {path for _, path, _, _ in api.asked} == {"/v26.0/777/subscribed_apps"}

    async def test_an_address_needs_its_token(self) -> None:
        async with Api().cloud() as cloud:
            with pytest.raises(InvalidValue):
                await cloud.subscriptions.add(callback_uri="https://a.example")


READS: list[Callable[[MetaCloud], object]] = [
    lambda cloud: cloud.templates.get("a", "b"),
    lambda cloud: cloud.phone_numbers.info(),
    lambda cloud: cloud.profile.get(),
    lambda cloud: cloud.media.info("1"),
]


@pytest.mark.parametrize("answer", [{}, {"data": 5}, {"data": [5]}, {"data": [{"websites": 5}]}])
@pytest.mark.parametrize("read", READS)
async def test_what_lacks_what_the_api_promises_is_unreadable(read, answer) -> None:
    async with Api(answer).cloud() as cloud:
        with pytest.raises(UnreadableAnswer):
            await read(cloud)
