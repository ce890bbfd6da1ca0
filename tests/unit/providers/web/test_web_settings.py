"""The settings of a browser: what is refused, and the command line that they become."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores.snapshot.contents import StorageEngine
from blazz.errors import InvalidValue
from blazz.providers.web import flags
from blazz.providers.web.flags import SQLITE, command_line, storage_flags, wants_sandbox
from blazz.providers.web.settings import MEGABYTE, BrowserSettings, Proxy
from blazz.security.secret import Secret

FEATURE = st.from_regex(r"[A-Z][A-Za-z0-9]{2,12}", fullmatch=True) | st.just(SQLITE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "web.whatsapp.com"),
        ("url", "file:///etc/passwd"),
        ("url", "https://"),
        ("args", ("lang=id",)),
        ("args", ("--user-data-dir=x",)),
        ("args", ("--remote-debugging-port=9222",)),
        ("args", ("--headless",)),
        ("args", ("--no-sandbox",)),
        ("args", ("--proxy-server=x",)),
        ("memory_limit", 5),
        ("start_timeout", 0),
        ("start_timeout", float("nan")),
        ("page_timeout", 4000),
        ("page_timeout", "soon"),
    ],
)
def test_what_cannot_be_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        BrowserSettings(**{field: value})
    assert refused.value.field == f"BrowserSettings.{field}"


@pytest.mark.parametrize(
    "server", ["proxy.example:3128", "ftp://proxy", "http://", "http://user:word@proxy:1"]
)
def test_a_proxy_has_an_address_and_nothing_secret_in_it(server: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Proxy(server=server)
    assert "word" not in str(refused.value)


def test_socks_knows_no_users() -> None:
    with pytest.raises(InvalidValue, match="SOCKS"):
        Proxy(server="socks5://proxy:1080", username="u", password=Secret("p"))


@given(
    engine=st.sampled_from(StorageEngine),
    off=st.lists(FEATURE, max_size=4),
    on=st.lists(FEATURE, max_size=4),
    sandbox=st.booleans(),
)
def test_the_storage_engine_is_pinned_whatever_a_user_adds(
    engine: StorageEngine, off: list[str], on: list[str], sandbox: bool
) -> None:
    args = (f"--disable-features={','.join(off)}", f"--enable-features={','.join(on)}", "--lang=id")
    line = command_line(BrowserSettings(engine=engine, args=args), sandbox=sandbox)

    lists = {
        name: argument.partition("=")[2].split(",")
        for name in ("--disable-features", "--enable-features")
        for argument in line
        if argument.startswith(name)
    }
    assert sum(argument.startswith(tuple(lists)) for argument in line) == 2
    pinned, other = ("--enable-features", "--disable-features")
    if engine is StorageEngine.LEVELDB:
        pinned, other = other, pinned
    assert SQLITE in lists[pinned]
    assert SQLITE not in lists[other]
    assert {name for name in off if name != SQLITE} <= set(lists["--disable-features"])
    assert {name for name in on if name != SQLITE} <= set(lists["--enable-features"])
    assert "--lang=id" in line
    assert storage_flags(engine) == (f"{pinned}={SQLITE}",)


def test_chromium_refuses_to_go_without_a_zygote_in_a_sandbox() -> None:
    assert "--no-zygote" in command_line(BrowserSettings(), sandbox=False)
    assert "--no-zygote" not in command_line(BrowserSettings(), sandbox=True)


@pytest.mark.parametrize(("user", "sandboxed"), [(0, False), (1000, True)])
def test_only_root_goes_without_a_sandbox(
    monkeypatch: pytest.MonkeyPatch, user: int, sandboxed: bool
) -> None:
    monkeypatch.setattr(flags.os, "geteuid", lambda: user, raising=False)

    assert wants_sandbox(BrowserSettings()) is sandboxed
    assert wants_sandbox(replace(BrowserSettings(), sandbox=not sandboxed)) is not sandboxed


def test_settings_show_no_secret_and_no_page() -> None:
    proxy = Proxy(server="http://proxy:1", username="u", password=Secret("hidden"))
    shown = repr(BrowserSettings(proxy=proxy, page_html="<title>long</title>"))

    assert "hidden" not in shown
    assert "long" not in shown
    assert BrowserSettings().memory_limit == 1536 * MEGABYTE
