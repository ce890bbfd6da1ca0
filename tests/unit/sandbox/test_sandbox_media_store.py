"""Media: types and sizes are limited, ids and URLs expire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.media import LIMITS, URL_LIFETIME, MediaStore

PNG = b"\x89PNG\r\n"


def test_content_comes_back() -> None:
    store = MediaStore()
    media = store.add(PNG, "image/png", now=0.0)

    found = store.get(media.id, 1.0)

    assert found is not None
    found.content.seek(0)
    assert found.content.read() == PNG
    assert found.size == len(PNG)
    assert found.sha256 == "gjzrmfzvUlIzPt4bIgI0HDsoe21HVxlj5rDd85OiT4I="
    store.clear()


@pytest.mark.parametrize("mime_type", LIMITS)
def test_every_type_has_its_limit(mime_type: str) -> None:
    store = MediaStore()
    limit = LIMITS[mime_type]
    if limit <= 16 * 1024 * 1024:
        store.add(bytes(limit), mime_type, now=0.0)
        with pytest.raises(Refusal) as caught:
            store.add(bytes(limit + 1), mime_type, now=0.0)
        assert caught.value.code == 131053
    store.clear()


@pytest.mark.parametrize("mime_type", ["text/html", "application/x-msdownload", "", "image"])
def test_other_types_are_refused(mime_type: str) -> None:
    with pytest.raises(Refusal) as caught:
        MediaStore().add(b"x", mime_type, now=0.0)

    assert caught.value.code == 100


def test_a_type_may_have_parameters() -> None:
    store = MediaStore()
    assert store.add(b"x", "audio/ogg; codecs=opus", now=0.0).mime_type == "audio/ogg; codecs=opus"
    store.clear()


def test_media_expires() -> None:
    store = MediaStore()
    uploaded = store.add(PNG, "image/png", now=0.0)
    received = store.add(PNG, "image/png", now=0.0, received=True)

    week = 7 * 86_400.0
    assert store.get(received.id, week) is None
    assert store.get(uploaded.id, week) is not None
    assert store.get(uploaded.id, 30 * 86_400.0) is None
    assert len(store) == 0


def test_urls_expire_and_cannot_be_made_up() -> None:
    store = MediaStore()
    media = store.add(PNG, "image/png", now=1000.0)
    query = store.url_query(media, 1000.0)
    expires, signature = str(query["ext"]), query["hash"]

    assert store.is_valid_url(media.id, expires, signature, 1000.0 + URL_LIFETIME - 1)
    assert not store.is_valid_url(media.id, expires, signature, 1000.0 + URL_LIFETIME)
    assert not store.is_valid_url(media.id, str(int(expires) + 1), signature, 1000.0)
    assert not store.is_valid_url("1", expires, signature, 1000.0)
    store.clear()


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=40))
def test_any_url_can_be_checked(media_id: str, expires: str, signature: str) -> None:
    assert not MediaStore(b"key").is_valid_url(media_id, expires, signature, 0.0)
