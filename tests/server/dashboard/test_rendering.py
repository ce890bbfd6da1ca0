"""Pages over HTTP: who may see them, what their headers say, parts of them alone."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote

import httpx
import pytest

from blazz_server.accounts.principal import Scope
from blazz_server.dashboard.pages import chats, sessions
from blazz_server.dashboard.rendering import HERE
from blazz_server.dashboard.wording import moment, zone_named
from blazz_server.platform import Platform
from tests.server.conftest import ADMIN_KEY, HOST, MakeTenant
from tests.server.dashboard.filled import until
from tests.server.sandboxed import open_session, write_to

BUDI = "/workspaces/acme/sessions/shop/chats/%2B6281234567890"


async def test_who_is_not_logged_in_is_asked_to(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/workspaces/acme/sessions")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/workspaces/acme/sessions"
    part = await anonymous.get("/workspaces/acme/sessions?part=list")
    assert (part.status_code, part.text) == (401, "")


async def test_a_login_leads_to_pages_of_this_server_only(anonymous: httpx.AsyncClient) -> None:
    wanted = {
        "/workspaces/acme/keys": "/workspaces/acme/keys",
        "//evil.example": "/",
        "/\\evil.example": "/",
        "https://evil.example": "/",
        "/\t/evil.example": "/",
        "/\n\\evil.example": "/",
        "javascript:alert(1)": "/",
        '/"onload="x': "/&#34;onload=&#34;x",
    }
    for given, then in wanted.items():
        text = (await anonymous.get("/login", params={"next": given})).text
        found = re.search(r'data-then="([^"]*)"', text)
        assert found is not None
        assert found[1] == then


async def test_pages_allow_no_inline_script_and_no_frame(api: httpx.AsyncClient) -> None:
    answer = await api.get("/workspaces")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_templates_have_no_inline_script_style_or_handler() -> None:
    for path in (HERE / "templates").glob("*.html"):
        text = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|\|\s*safe", text), path.name
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or "application/json" in tag, path.name


def test_scripts_read_html_of_this_server_only() -> None:
    for path in (HERE / "static" / "js").glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", path.read_text()
        )


async def test_the_login_of_a_browser(anonymous: httpx.AsyncClient) -> None:
    made = await anonymous.post("/v1/login", json={"key": ADMIN_KEY})
    assert made.status_code == 200
    page = await anonymous.get("/", follow_redirects=True)
    assert page.url == f"{HOST}/workspaces"
    assert f'data-csrf="{made.json()["csrf"]}"' in page.text


async def test_a_key_of_a_workspace_leads_there_and_nowhere_else(tenant: MakeTenant) -> None:
    acme, _ = await tenant("acme"), await tenant("globex")
    home = await acme.api.get("/", follow_redirects=True)
    assert home.url.path == "/workspaces/acme/sessions"
    assert "Instances" not in home.text
    for path in ("sessions", "chats", "campaigns", "campaigns/new", "webhooks", "keys"):
        other = await acme.api.get(f"/workspaces/globex/{path}")
        assert other.status_code == 404
        assert "there is no workspace" in other.text
    assert (await acme.api.get("/instances")).status_code == 403


async def test_entries_that_a_key_may_not_open_are_not_shown(tenant: MakeTenant) -> None:
    reader = await tenant("acme", scopes={Scope.SESSIONS_READ})
    text = (await reader.api.get("/workspaces/acme/sessions")).text
    assert "/workspaces/acme/keys" not in text
    assert (await reader.api.get("/workspaces/acme/keys")).status_code == 403


async def test_parts_are_pieces_of_the_page(tenant: MakeTenant, platform: Platform) -> None:
    acme = await tenant("acme")
    await open_session(acme, platform)
    path = "/v1/workspaces/acme/sessions/shop"
    await until(acme.api, path, lambda told: told["state"] == "ready")
    whole = (await acme.api.get("/workspaces/acme/sessions")).text
    part = await acme.api.get("/workspaces/acme/sessions", params={"part": "list"})
    assert part.text.strip() in whole
    assert "<html" not in part.text
    for name in ("main", "body", "nothing", "__class__"):
        refused = await acme.api.get("/workspaces/acme/sessions", params={"part": name})
        assert refused.status_code == 404


async def test_a_chat_is_shown_page_by_page(
    tenant: MakeTenant, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chats, "_MESSAGES", 5)
    acme = await tenant("acme")
    await open_session(acme, platform)
    for number in range(8):
        body = {"to": "+6281234567890", "message": {"type": "text", "body": f"number {number}"}}
        answer = await acme.api.post(f"{acme.path}/sessions/shop/messages", json=body)
        assert answer.status_code == 201, answer.text
    newest = (await acme.api.get(BUDI)).text
    assert "number 7<" in newest
    assert "number 2<" not in newest
    older = re.search(r'data-older="([^"]+)"', newest)
    assert older is not None
    query = {"part": "messages", "before": older[1]}
    before = (await acme.api.get(BUDI, params=query)).text
    assert "number 0<" in before
    assert "data-older" not in before
    for bad in ("x", "eA==", "%00", "é"):
        query = {"part": "messages", "before": bad}
        assert (await acme.api.get(BUDI, params=query)).status_code == 422


async def test_days_begin_when_they_begin_for_the_reader(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")
    await open_session(acme, platform)
    body = {"to": "+6281234567890", "message": {"type": "text", "body": "Halo"}}
    sent = await acme.api.post(f"{acme.path}/sessions/shop/messages", json=body)
    path = f"{acme.path}/sessions/shop/messages/{sent.json()['id']}"
    at = datetime.fromisoformat((await acme.api.get(path)).json()["at"])
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "../../etc/passwd", "%F0", ""):
        acme.api.cookies.set("zone", quote(zone, safe=""))
        shown = re.search(r'class="day"[^>]*>([^<]*)<', (await acme.api.get(BUDI)).text)
        assert shown is not None
        assert shown[1] == moment(at, "day", zone_named(zone))


async def test_addresses_that_mean_nothing_are_pages_that_say_so(
    tenant: MakeTenant, platform: Platform
) -> None:
    acme = await tenant("acme")
    await open_session(acme, platform)
    await write_to(acme, "Halo")
    for path in (
        "sessions/nobody",
        "campaigns/nothing",
        "sessions/shop/chats/%00",
        "sessions/A%20B",
    ):
        answer = await acme.api.get(f"/workspaces/acme/{path}")
        assert 400 <= answer.status_code < 500, path
        assert answer.headers["content-type"].startswith("text/html")
    respelled = await acme.api.get("/workspaces/acme/sessions/shop/chats/%2B62%20812-3456-7890")
    assert respelled.headers["location"] == BUDI


async def test_files_are_served_and_nothing_beside_them(anonymous: httpx.AsyncClient) -> None:
    script = await anonymous.get("/static/js/app.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert (await anonymous.get("/static/../rendering.py")).status_code == 404
    assert (await anonymous.get("/static/%2e%2e/rendering.py")).status_code == 404


async def test_sessions_beyond_the_first_page_have_chats_too(
    tenant: MakeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_ROWS", 1)
    acme = await tenant("acme")
    for name in ("one", "two", "three"):
        new = {"name": name, "provider": {"kind": "sandbox"}, "running": False}
        assert (await acme.api.post(f"{acme.path}/sessions", json=new)).status_code == 201
    listed = (await acme.api.get("/workspaces/acme/sessions")).text
    assert ("session-one" in listed, "session-two" in listed) == (True, False)
    assert "?after=one" in listed
    messenger = (await acme.api.get("/workspaces/acme/sessions/two/chats")).text
    assert "selected>two<" in messenger
