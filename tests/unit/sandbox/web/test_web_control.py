"""The control API of the simulated WhatsApp Web, and what its routes refuse."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from blazz.sandbox.web import SimulatedWeb
from blazz.sandbox.web.control import ACTIONS
from blazz.sandbox.web.mounting import web_routes
from blazz.sandbox.web.phone import SimulatedPhone
from blazz.sandbox.web.serving import running_web
from tests.unit.sandbox.web.linked import FakePage

SHOP, BUDI = "6281100000001", "6281200000002"


@pytest.fixture
def web() -> SimulatedWeb:
    return SimulatedWeb()


@pytest_asyncio.fixture
async def http(web: SimulatedWeb) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=web_routes(web))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def act(http: httpx.AsyncClient, number: str, action: str, **parameters: object) -> object:
    answer = await http.post(f"/sandbox/web/phones/{number}/{action}", json=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_every_action_is_something_a_phone_can_do() -> None:
    assert {name for name in ACTIONS if not callable(getattr(SimulatedPhone, name, None))} == set()


async def test_a_phone_is_set_up_linked_and_driven(
    http: httpx.AsyncClient, web: SimulatedWeb
) -> None:
    changed = await http.patch(f"/sandbox/web/phones/+{SHOP}", json={"name": "Shop"})
    assert changed.json()["name"] == "Shop"
    page = FakePage(web)
    page.device = int(str(await act(http, SHOP, "scan", qr=page.qr())))
    page.number = SHOP
    page.log_in()

    sent = await act(http, BUDI, "send_text", to=f"+{SHOP}", text="hello")
    picture = base64.b64encode(b"picture").decode()
    media = await act(http, BUDI, "send_media", to=SHOP, content=picture, kind="image")
    assert await act(http, SHOP, "media", message_id=media) == picture
    page.send(f"{BUDI}@c.us", "3EB0", "hi")
    await act(http, BUDI, "read", chat=SHOP)
    shown = await act(http, BUDI, "messages", chat=SHOP)
    assert isinstance(shown, list)
    assert [it["text"] for it in shown] == ["hello", None, "hi"]
    assert shown[0]["id"] == sent

    log = (await http.get("/sandbox/web/messages", params={"account": SHOP, "wait": "1"})).json()
    (entry,) = log["messages"]
    assert (entry["id"], entry["to"], entry["level"], entry["attempts"]) == ("3EB0", BUDI, 3, 1)
    assert (await http.get("/sandbox/web/messages", params={"after": "1"})).json() == {
        "messages": []
    }
    state = (await http.get("/sandbox/web/")).json()
    assert [it["number"] for it in state["phones"]] == [SHOP, BUDI]
    assert state["phones"][0]["devices"][0]["connected"]
    await http.post("/sandbox/web/reset")
    assert (await http.get("/sandbox/web/")).json()["phones"] == []


async def test_settings_and_outages(http: httpx.AsyncClient, web: SimulatedWeb) -> None:
    changed = await http.patch("/sandbox/web/settings", json={"qr_first": 5})
    assert changed.json()["qr_first"] == 5
    assert (await http.get("/sandbox/web/settings")).json() == changed.json()
    assert (await http.put("/sandbox/web/outage")).json() == {"down": True}
    assert (await http.delete("/sandbox/web/outage")).json() == {"down": False}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PATCH", "/sandbox/web/settings", '{"qr_first": 0}', 400, "bad_request"),
        ("PATCH", "/sandbox/web/settings", "[]", 409, "bad_request"),
        ("PATCH", "/sandbox/web/settings", "{", 409, "bad_request"),
        ("PATCH", f"/sandbox/web/phones/{SHOP}", '{"age": 1}', 400, "bad_request"),
        ("PATCH", f"/sandbox/web/phones/{SHOP}", '{"addressing": "fax"}', 400, "bad_request"),
        ("PATCH", f"/sandbox/web/phones/{SHOP}", '{"name": 5}', 400, "bad_request"),
        ("PATCH", f"/sandbox/web/phones/{SHOP}", '{"registered": "no"}', 400, "bad_request"),
        ("PATCH", f"/sandbox/web/phones/{SHOP}", '{"picture": 5}', 409, "bad_request"),
        (
            "POST",
            f"/sandbox/web/phones/{SHOP}/send_text",
            f'{{"to": "{BUDI}", "text": 5}}',
            409,
            "bad_content",
        ),
        (
            "POST",
            f"/sandbox/web/phones/{SHOP}/send_location",
            f'{{"to": "{BUDI}", "latitude": 91, "longitude": 0}}',
            409,
            "bad_content",
        ),
        (
            "POST",
            f"/sandbox/web/phones/{SHOP}/send_poll",
            f'{{"to": "{BUDI}", "question": "?", "options": []}}',
            409,
            "bad_content",
        ),
        ("GET", "/sandbox/web/phones/nobody", "", 400, "bad_request"),
        ("POST", f"/sandbox/web/phones/{SHOP}/__init__", "{}", 409, "no_such_action"),
        ("POST", f"/sandbox/web/phones/{SHOP}/send_text", "{}", 409, "bad_request"),
        ("POST", f"/sandbox/web/phones/{SHOP}/scan", '{"qr": "x"}', 409, "not_a_code"),
        ("POST", f"/sandbox/web/phones/{SHOP}/scan", '{"qr": 1}', 409, "bad_request"),
        (
            "POST",
            f"/sandbox/web/phones/{SHOP}/react",
            '{"message_id": "x", "emoji": "y"}',
            409,
            "no_such_message",
        ),
        ("GET", "/sandbox/web/messages?after=x", "", 409, "bad_request"),
    ],
)
async def test_wrong_requests_are_refused_with_a_reason(
    http: httpx.AsyncClient, method: str, path: str, body: str, status: int, code: str
) -> None:
    answer = await http.request(method, path, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_web_pages_are_kept_out(http: httpx.AsyncClient) -> None:
    origin = {"origin": "https://evil.example"}
    assert (await http.get("/sandbox/web/", headers=origin)).status_code == 403
    assert (await http.post("/web/media/", content=b"x", headers=origin)).status_code == 403
    own = {"origin": "http://127.0.0.1"}
    assert (await http.post("/web/media/", content=b"x", headers=own)).status_code == 200


async def test_the_page_and_its_scripts_are_served(
    http: httpx.AsyncClient, web: SimulatedWeb
) -> None:
    web.configure(missing_modules=["</script><script>alert(1)"])
    page = await http.get("/web/")
    boot = re.search(r'id="boot">(.*?)</script>', page.text)
    assert boot is not None
    told = json.loads(boot[1])
    assert told["socket"] == "ws://127.0.0.1/web/socket"
    assert told["missing"] == ["</script><script>alert(1)"]
    script = await http.get("/web/assets/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert (await http.get("/web/assets/index.html")).status_code == 404
    assert (await http.get("/web/assets/..%2f..%2fpages.py")).status_code == 404
    assert (await http.get("/web/media/unknown")).status_code == 404


async def test_a_file_that_is_too_large_is_not_kept(
    http: httpx.AsyncClient, web: SimulatedWeb
) -> None:
    web.configure(largest_media=3)
    assert (await http.post("/web/media/", content=b"1234")).status_code == 413
    kept = await http.post("/web/media/", content=b"123")
    assert (await http.get(f"/web/media/{kept.json()['id']}")).content == b"123"


async def test_the_socket_is_for_the_own_page_alone() -> None:
    async with running_web() as web:
        socket = web.url.replace("http", "ws") + "socket"
        with pytest.raises(InvalidStatus, match="403"):
            await connect(socket, origin=Origin("https://evil.example")).__aenter__()
        own = Origin(web.url.removesuffix("/web/"))
        async with connect(socket, origin=own) as line:
            await line.send('{"n": 1, "op": "ping"}')
            assert json.loads(await line.recv()) == {"re": 1, "ok": None}
            await line.send('{"n": 2, "op": "send"}')
            assert json.loads(await line.recv())["error"] == "not_logged_in"


@pytest.mark.parametrize(
    ("sent", "code"),
    [("{", 1003), ("[]", 1003), ('{"op": 1}', 1003), (b"{}", 1003), ("x" * (8 * 2**20 + 1), 1009)],
)
async def test_what_is_no_frame_ends_the_line(sent: str | bytes, code: int) -> None:
    async with running_web() as web, connect(web.url.replace("http", "ws") + "socket") as line:
        await line.send(sent)
        with pytest.raises(ConnectionClosed) as caught:
            await line.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == code
        assert web.services.pages == set()


async def test_nobody_is_let_in_during_an_outage() -> None:
    async with running_web() as web:
        web.go_down()
        async with connect(web.url.replace("http", "ws") + "socket") as line:
            with pytest.raises(ConnectionClosed, match="1013"):
                await line.recv()
