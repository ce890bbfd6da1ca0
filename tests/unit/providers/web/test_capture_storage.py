"""localStorage and cookies as documents of a snapshot."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.errors.web import CaptureFailed
from blazz.providers.web.browser_storage import (
    BrowserStorage,
    origin_of,
    read_storage,
    restore_documents,
)

# Pages write halves of surrogate pairs, too.
TEXTS = st.text(st.characters(codec=None), max_size=20)
COOKIE = {"name": "k", "value": "v", "domain": "x.example", "path": "/", "expires": 1795308438.39}


@given(
    st.dictionaries(TEXTS, TEXTS, max_size=5), st.permutations([COOKIE, {**COOKIE, "name": "l"}])
)
def test_documents_hold_everything_and_equal_contents_are_equal_bytes(
    items: dict[str, str], cookies: list[dict[str, object]]
) -> None:
    storage = BrowserStorage(local_storage=items, cookies=cookies)
    documents = storage.to_documents()
    again = restore_documents(documents)
    assert again is not None
    assert again.local_storage == items
    assert all(cookie in again.cookies for cookie in cookies)
    assert len(again.cookies) == len(cookies)
    turned = BrowserStorage(
        local_storage=dict(reversed(items.items())), cookies=list(reversed(cookies))
    )
    assert turned.to_documents() == documents


def test_files_of_a_closed_browser_need_no_documents() -> None:
    assert restore_documents({}) is None


def test_documents_without_cookies_are_read() -> None:
    storage = restore_documents({"local_storage.json": b'{"WAToken1": "x"}'})
    assert storage == BrowserStorage(local_storage={"WAToken1": "x"}, cookies=())


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"null", b'{"a":', b"\xff"])
def test_a_local_storage_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidValue, match=r"local_storage\.json"):
        restore_documents({"local_storage.json": content})


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"x"])
def test_cookies_that_are_none_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidValue, match=r"cookies\.json"):
        restore_documents({"local_storage.json": b"{}", "cookies.json": content})


def test_its_repr_shows_no_secrets() -> None:
    storage = BrowserStorage(local_storage={"WAToken1": "hidden"}, cookies=[COOKIE])
    assert "hidden" not in repr(storage)
    assert json.dumps(COOKIE["value"]) not in repr(storage)


async def test_a_page_that_shows_nothing_has_no_local_storage() -> None:
    class Blank:
        url = "about:blank"

    with pytest.raises(CaptureFailed, match="about:blank"):
        await read_storage(Blank())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://web.whatsapp.com/?x#y", "https://web.whatsapp.com"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080"),
        ("chrome-error://chromewebdata/", None),
        ("data:text/html,x", None),
    ],
)
def test_origins(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin
