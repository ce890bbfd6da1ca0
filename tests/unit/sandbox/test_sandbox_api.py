"""The Graph endpoints, through ASGI: what other clients see, and no input that ends in a 500."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.sandbox.accounts import PhoneNumber, Subscription
from blazz.sandbox.api.app import create_app
from tests.unit.sandbox.conftest import MakeTown
from tests.unit.sandbox.worlds import Town, template_body, text_body

NUMBER = "106540352242922"
WABA = "102290129340398"
BEARER = {"Authorization": "Bearer EAAG"}
PRODUCT = {"messaging_product": "whatsapp"}


def client_of(town: Town, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(town))
    return httpx.AsyncClient(
        transport=transport, base_url="http://sandbox/v26.0", headers=headers or BEARER
    )


@pytest.fixture
async def client(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(town) as found:
        yield found


def error(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_error, answer.text
    found: dict[str, Any] = answer.json()["error"]
    assert found["fbtrace_id"]
    return found


async def test_a_message_is_sent(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/{NUMBER}/messages", json=text_body("+62 812-3456-7890"))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    body = answer.json()
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": "+62 812-3456-7890", "wa_id": "6281234567890"}]
    assert body["messages"][0]["id"].startswith("wamid.")


@pytest.mark.parametrize("prefix", ["/v18.0", "/v26.0", "/v99.0", ""])
async def test_every_version_is_served(town: Town, prefix: str) -> None:
    async with client_of(town) as client:
        answer = await client.post(f"http://sandbox{prefix}/{NUMBER}/messages", json=text_body())

    assert answer.status_code == 200


async def test_a_form_is_taken_as_json(client: httpx.AsyncClient) -> None:
    form = {"messaging_product": "whatsapp", "to": "6281234567890", "text": '{"body": "hi"}'}

    assert (await client.post(f"/{NUMBER}/messages", data=form)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ({}, 104, 401),
        ({"Authorization": "Basic x"}, 104, 401),
        ({"Authorization": "Bearer no"}, 190, 401),
    ],
)
async def test_the_token_is_checked(
    make_town: MakeTown, headers: dict[str, str], code: int, status: int
) -> None:
    town = make_town(token="yes")
    async with client_of(town, **(headers or {"X-None": "1"})) as client:
        answer = await client.post(f"/{NUMBER}/messages", json=text_body())
        assert (error(answer)["code"], answer.status_code) == (code, status)
        answer = await client.post(f"/{NUMBER}/messages?access_token=yes", json=text_body())
        assert answer.status_code == (200 if code == 104 else 401)


async def test_an_unknown_number(client: httpx.AsyncClient) -> None:
    found = error(await client.post("/4711/messages", json=text_body()))

    assert (found["code"], found["error_subcode"]) == (100, 33)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/no/such/path", 2500),
        ("PUT", f"/{NUMBER}/messages", 100),
        ("GET", f"/{NUMBER}/messages", 100),
        ("DELETE", "/4711", 100),
        ("GET", "/4711", 100),
    ],
)
async def test_other_paths_answer_in_graph_s_words(
    client: httpx.AsyncClient, method: str, path: str, code: int
) -> None:
    assert error(await client.request(method, path))["code"] == code


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"nonsense", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * 99],
)
async def test_broken_json_is_meta_s_error(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post(
        f"/{NUMBER}/messages", content=content, headers={"Content-Type": "application/json"}
    )

    assert error(answer)["code"] == 100
    assert answer.status_code == 400


async def test_a_huge_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/{NUMBER}/messages", json=text_body(body="x" * 2_000_000))

    assert answer.status_code == 413
    assert error(answer)["code"] == 100


async def test_media_go_up_and_come_down(client: httpx.AsyncClient, town: Town) -> None:
    form = {"messaging_product": "whatsapp", "type": "image/png"}
    files = {"file": ("a.png", b"\x89PNG", "image/png")}
    media_id = (await client.post(f"/{NUMBER}/media", data=form, files=files)).json()["id"]

    found = (await client.get(f"/{media_id}", params={"phone_number_id": NUMBER})).json()
    assert found["mime_type"] == "image/png"
    assert found["file_size"] == 4
    assert (await client.get(found["url"])).content == b"\x89PNG"

    without = await client.get(found["url"], headers={"Authorization": ""})
    assert without.status_code == 401
    town.clock.advance(301)
    assert (await client.get(found["url"])).status_code == 404

    assert (await client.delete(f"/{media_id}")).json() == {"success": True}
    assert error(await client.get(f"/{media_id}"))["error_subcode"] == 33


@pytest.mark.parametrize(
    ("form", "files", "code"),
    [
        ({}, {"file": ("a.png", b"x", "image/png")}, 100),
        (PRODUCT, {"other": ("a.png", b"x", "image/png")}, 100),
        ({"messaging_product": "whatsapp"}, {"file": ("a.exe", b"x", "application/exe")}, 100),
        ({"messaging_product": "whatsapp"}, {"file": ("a.png", b"", "image/png")}, 131053),
        (
            {"messaging_product": "whatsapp"},
            {"file": ("a.webp", b"x" * 512_001, "image/webp")},
            131053,
        ),
    ],
)
async def test_bad_uploads(
    client: httpx.AsyncClient, form: dict[str, str], files: dict[str, Any], code: int
) -> None:
    assert error(await client.post(f"/{NUMBER}/media", data=form, files=files))["code"] == code


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data", "multipart/form-data; boundary=x"]
)
async def test_an_upload_that_is_no_form(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post(f"/{NUMBER}/media", content=b"{}", headers={"Content-Type": kind})

    assert error(answer)["code"] == 100


async def test_templates_are_listed_in_pages(client: httpx.AsyncClient, town: Town) -> None:
    names: list[str] = []
    url: str | None = f"/{WABA}/message_templates?limit=4&fields=name,language"
    while url is not None:
        page = (await client.get(url)).json()
        assert len(page["data"]) <= 4
        names += [item["name"] for item in page["data"]]
        url = page.get("paging", {}).get("next")

    assert names == [template.name for template in town.templates.listed(WABA)]
    only = (await client.get(f"/{WABA}/message_templates", params={"name": "promo"})).json()
    assert {item["name"] for item in only["data"]} == {"promo"}
    asked = {"summary": "total_count", "fields": "components", "limit": "100"}
    found = (await client.get(f"/{WABA}/message_templates", params=asked)).json()
    assert found["summary"]["total_count"] == len(names)
    for part in (part for item in found["data"] for part in item["components"]):
        assert "{{" not in part.get("text", "") or part["example"], "Meta gives an example of each"
    after = {"after": "nonsense"}
    assert error(await client.get(f"/{WABA}/message_templates", params=after))["code"] == 100


async def test_a_template_is_created_reviewed_sent_and_deleted(
    client: httpx.AsyncClient, town: Town
) -> None:
    wanted = {
        "name": "greeting",
        "language": "en",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hello {{1}}, welcome."}],
    }
    made = (await client.post(f"/{WABA}/message_templates", json=wanted)).json()
    assert made["status"] == "PENDING"
    body = template_body(name="greeting", language="en", parameters=("Ana",))
    assert error(await client.post(f"/{NUMBER}/messages", json=body))["code"] == 132001

    (change,) = town.changes()
    assert change["field"] == "message_template_status_update"
    assert change["value"]["event"] == "APPROVED"
    assert (await client.get(f"/{made['id']}")).json()["status"] == "APPROVED"
    assert (await client.post(f"/{NUMBER}/messages", json=body)).status_code == 200

    again = await client.post(f"/{WABA}/message_templates", json=wanted)
    assert error(again)["error_subcode"] == 2388024
    edited = {"components": [{"type": "BODY", "text": "Bye {{1}} and {{2}}."}]}
    assert (await client.post(f"/{made['id']}", json=edited)).json() == {"success": True}
    assert error(await client.post(f"/{NUMBER}/messages", json=body))["code"] == 132000

    gone = await client.delete(f"/{WABA}/message_templates", params={"name": "greeting"})
    assert gone.json() == {"success": True}
    gone = await client.delete(f"/{WABA}/message_templates", params={"name": "greeting"})
    assert error(gone)["code"] == 100


async def test_numbers_and_accounts(client: httpx.AsyncClient) -> None:
    listed = (await client.get(f"/{WABA}/phone_numbers")).json()["data"]
    assert [item["id"] for item in listed] == [NUMBER]

    shown = (await client.get(f"/{NUMBER}", params={"fields": "status,throughput{level}"})).json()
    assert shown == {"status": "CONNECTED", "throughput": {"level": "STANDARD"}, "id": NUMBER}
    assert (await client.get(f"/{WABA}")).json()["id"] == WABA


async def test_the_business_profile(client: httpx.AsyncClient) -> None:
    path = f"/{NUMBER}/whatsapp_business_profile"
    changes = {"messaging_product": "whatsapp", "about": "Hi", "websites": ["https://example.com"]}
    assert (await client.post(path, json=changes)).json() == {"success": True}

    found = (await client.get(path, params={"fields": "about,websites,email"})).json()
    assert found["data"] == [
        {"about": "Hi", "websites": ["https://example.com"], "messaging_product": "whatsapp"}
    ]
    assert error(await client.post(path, json={"about": "x" * 140}))["code"] == 100
    assert error(await client.post(path, json={"websites": ["a", "b", "c"]}))["code"] == 100


async def test_blocked_users_write_in_vain(client: httpx.AsyncClient, town: Town) -> None:
    path, body = f"/{NUMBER}/block_users", {"block_users": [{"user": "+6281234567890"}]}
    added = (await client.post(path, json={"messaging_product": "whatsapp", **body})).json()
    assert added["block_users"]["added_users"][0]["wa_id"] == "6281234567890"

    said = {"text": "hello?"}
    await client.post("http://sandbox/sandbox/users/+6281234567890/text", json=said)
    assert town.changes() == []

    listed = (await client.get(path)).json()["data"]
    assert [item["wa_id"] for item in listed] == ["6281234567890"]
    await client.request("DELETE", path, json=body)
    await client.post("http://sandbox/sandbox/users/+6281234567890/text", json=said)
    assert len(town.changes()) == 1


async def test_subscriptions_at_each_level(client: httpx.AsyncClient, town: Town) -> None:
    url = "http://127.0.0.1:9/hook"
    app = {"callback_url": f"{url}/app", "verify_token": "v", "object": "whatsapp"}
    assert (await client.post("/4711/subscriptions", json=app)).json() == {"success": True}
    waba = {"override_callback_uri": f"{url}/waba", "verify_token": "v"}
    await client.post(f"/{WABA}/subscribed_apps", json=waba)
    number = {"webhook_configuration": {"override_callback_uri": f"{url}/number"}}
    await client.post(f"/{NUMBER}", json=number)

    found = {scope: item.url for scope, item in town.accounts.subscriptions().items()}
    assert found == {"": f"{url}/app", WABA: f"{url}/waba", NUMBER: f"{url}/number"}
    assert {it.app_secret for it in town.accounts.subscriptions().values()} == {"s3cret"}
    assert town.accounts.scopes(NUMBER, WABA) == [NUMBER]

    await client.post(f"/{NUMBER}", json={"webhook_configuration": {"override_callback_uri": ""}})
    assert town.accounts.scopes(NUMBER, WABA) == [WABA]
    shown = (await client.get(f"/{WABA}/subscribed_apps")).json()["data"]
    assert shown[0]["override_callback_uri"] == f"{url}/waba"
    await client.delete(f"/{WABA}/subscribed_apps")
    assert town.accounts.scopes(NUMBER, WABA) == [""]


def test_who_hears_of_a_whole_account(town: Town) -> None:
    """Whoever subscribed to that; else the numbers that asked for it, until they leave."""
    accounts = town.accounts
    for scope in (NUMBER, "", "4711"):
        accounts.subscribe(scope, None)
    accounts.add(PhoneNumber(id="4711", waba_id=WABA))
    url = "http://127.0.0.1:9/"
    asked = Subscription(url=url, whole_account=True)
    accounts.subscribe(NUMBER, asked)
    accounts.subscribe("4711", Subscription(url=url))
    assert accounts.scopes(None, WABA) == [NUMBER]

    accounts.subscribe("4711", asked)
    assert accounts.scopes(None, WABA) == [NUMBER, "4711"]
    accounts.narrow("4711", "http://127.0.0.1:9/of-somebody-else")
    accounts.narrow("4712", url)
    assert accounts.scopes(None, WABA) == [NUMBER, "4711"]
    accounts.narrow("4711", url)
    assert accounts.scopes(None, WABA) == [NUMBER]
    assert accounts.scopes("4711", WABA) == ["4711"]
    assert accounts.scopes(None, "4712") == []

    accounts.subscribe(WABA, Subscription(url=url))
    assert accounts.scopes(None, WABA) == [WABA]


async def test_what_other_clients_ask_on_the_way(client: httpx.AsyncClient) -> None:
    query = {"grant_type": "client_credentials", "client_id": "4711", "client_secret": "x"}
    token = await client.get("/oauth/access_token", params=query, headers={"Authorization": ""})
    assert token.json()["access_token"]
    for edge in ("register", "deregister", "request_code", "verify_code"):
        answer = await client.post(f"/{NUMBER}/{edge}", json={"messaging_product": "whatsapp"})
        assert answer.json() == {"success": True}
    session = (await client.post("/4711/uploads?file_length=3")).json()["id"]
    assert (await client.post(f"/{session}", content=b"abc")).json()["h"]


PATHS = st.lists(
    st.sampled_from(
        [NUMBER, WABA, "4711", "messages", "media", "message_templates", "phone_numbers",
         "whatsapp_business_profile", "subscribed_apps", "block_users", "settings", "register",
         "upload:x", "uploads", "subscriptions", "oauth", "access_token", "sandbox", "users",
         "+6281234567890", "text", "tap", "media", "webhooks", "release", "clock", "counts"]
    )
    | st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=8),
    min_size=1,
    max_size=4,
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=8,
)
BODIES = VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)
KINDS = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""]
)


@given(
    st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH"]),
    PATHS,
    BODIES,
    KINDS,
    st.dictionaries(
        st.sampled_from(["fields", "limit", "after", "name", "wait"]), st.text(max_size=9)
    ),
)
@settings(max_examples=150)
async def test_no_request_ends_in_a_server_error(
    method: str, path: list[str], body: bytes, kind: str, query: dict[str, str]
) -> None:
    with closing(Town()) as town:
        async with client_of(town) as client:
            url = "http://sandbox/v26.0/" + "/".join(quote(part, safe="") for part in path)
            answer = await client.request(
                method, url, content=body, params=query, headers={"Content-Type": kind}
            )

    assert answer.status_code < 500, answer.text
    if answer.is_error and answer.headers["content-type"].startswith("application/json"):
        assert answer.json()["error"]["message"]
