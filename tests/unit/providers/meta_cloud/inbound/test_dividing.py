"""A batch for several owners is divided: everyone gets their own updates, the same as before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import WebhookError
from blazz.providers.meta_cloud.inbound import divide, parse

NUMBERS = ("111111", "222222", "333333")


def _change(number: str | None, message: str) -> dict[str, Any]:
    value: dict[str, Any] = {"messages": [{"id": message, "from": "62812", "type": "text"}]}
    if number is not None:
        value["metadata"] = {"phone_number_id": number}
    return {"field": "messages", "value": value}


_BATCHES = st.lists(
    st.tuples(
        st.sampled_from(("waba-1", "waba-2")),
        st.lists(
            st.one_of(
                st.none(),
                st.builds(
                    _change,
                    st.one_of(st.none(), st.sampled_from(NUMBERS)),
                    st.text("abc", min_size=1, max_size=4),
                ),
            ),
            max_size=4,
        ),
    ),
    max_size=4,
).map(
    lambda entries: json.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": waba, "changes": changes} for waba, changes in entries],
        }
    ).encode()
)


def _owners(account: str | None) -> list[str]:
    """Two owners share the first number; nobody has the third."""
    table = {"111111": ["acme", "globex"], "222222": ["globex"], "waba-1": ["acme"]}
    return table.get(account or "", [])


@given(_BATCHES)
def test_everyone_gets_their_own_updates_and_no_others(body: bytes) -> None:
    shares = divide(body, _owners)
    for owner in ("acme", "globex"):
        wanted = [it.key for it in parse(body) if owner in _owners(it.account)]
        got = [it.key for it in parse(shares[owner])] if owner in shares else []
        assert got == wanted


@given(_BATCHES)
def test_a_batch_of_one_owner_stays_as_it_came(body: bytes) -> None:
    shares = divide(body, lambda _account: ["acme"])
    assert set(shares.values()) <= {body}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"entry": {}}', b"\xff", b"[" * 100_000])
def test_what_is_no_batch_belongs_to_nobody(body: bytes) -> None:
    with pytest.raises(WebhookError):
        divide(body, _owners)


def test_a_number_beyond_all_limits_is_not_passed_on_as_something_else() -> None:
    first = b'{"id": "waba-1", "changes": [{"field": "x", "value": {"n": 1e999}}]}'
    body = b'{"entry": [' + first + b', {"id": "waba-2", "changes": [{}]}]}'
    with pytest.raises(WebhookError, match="divided"):
        divide(body, _owners)
