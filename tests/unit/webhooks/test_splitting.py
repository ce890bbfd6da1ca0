"""From bodies to rows: routing, tenants kept apart, keys and lanes that every database takes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blazz.webhooks.inbox.base import Arrived, Route, RouteTable, State
from blazz.webhooks.splitting import Router, digest, lane_of, rows_of, storable, unreadable
from tests.unit.webhooks.scenery import SpokenUpdate

OURS, THEIRS = "our signer", "their signer"
TABLE = RouteTable(
    7,
    {
        ("1", OURS): [Route("acme/sales")],
        ("waba", OURS): [Route("acme/sales"), Route("acme/support")],
        ("2", OURS): [Route("acme/support")],
        ("3", OURS): [Route("acme/support", last_body=5)],
        ("9", THEIRS): [Route("umbrella/sales")],
    },
)
ROUTER = Router(TABLE)


def rows(*updates: dict[str, Any], signer: str = OURS) -> Any:
    arrived = Arrived(1, signer, b"[]")
    return rows_of(arrived, [SpokenUpdate(update) for update in updates], ROUTER)


def test_an_update_goes_to_the_session_of_its_account() -> None:
    one, two = rows({"key": "a", "account": "1", "conversation": "c"}, {"key": "b", "account": "2"})

    assert (one.session, one.state, one.lane, one.position) == ("acme/sales", State.READY, "c", 0)
    assert (two.session, two.state, two.lane, two.position) == ("acme/support", State.READY, "", 1)


def test_an_account_of_several_sessions_goes_to_each() -> None:
    found = rows({"key": "a", "account": "waba"})

    assert [row.session for row in found] == ["acme/sales", "acme/support"]
    assert len({row.key for row in found}) == 2


def test_one_tenants_secret_brings_nothing_to_another() -> None:
    [row] = rows({"key": "a", "account": "9"}, signer=OURS)

    assert (row.session, row.state) == (None, State.FOREIGN)
    assert row.account == "9"
    assert row.error == "account 9 is registered, but not with the secret that signed this"


def test_one_tenant_cannot_use_up_anothers_keys() -> None:
    [forged] = rows({"key": "a", "account": "9"}, signer=OURS)
    [real] = rows({"key": "a", "account": "9"}, signer=THEIRS)

    assert real.session == "umbrella/sales"
    assert forged.key != real.key


def test_a_replaced_route_is_for_what_came_before() -> None:
    update = [SpokenUpdate({"key": "a", "account": "3"})]

    assert rows_of(Arrived(5, OURS, b""), update, ROUTER)[0].session == "acme/support"
    assert rows_of(Arrived(6, OURS, b""), update, ROUTER)[0].session is None


def test_an_unknown_account_is_kept() -> None:
    [row] = rows({"key": "a", "account": "77"})

    assert (row.session, row.state, row.account) == (None, State.UNROUTED, "77")


def test_without_an_account_it_goes_to_the_signers_only_session() -> None:
    [ours] = rows({"key": "a", "account": None})
    [theirs] = rows({"key": "a", "account": None}, signer=THEIRS)

    assert ours.state is State.UNROUTED, "it could be for either of two sessions"
    assert theirs.session == "umbrella/sales"


def test_a_body_without_updates_is_kept() -> None:
    [row] = rows()

    assert (row.state, row.position) == (State.UNREADABLE, -1)
    assert row.error == "the parser found no update in it"


def test_an_unreadable_body_is_one_row() -> None:
    first, again = (unreadable(Arrived(n, OURS, b"{"), "not JSON") for n in (1, 2))
    other = unreadable(Arrived(3, OURS, b"["), "not JSON")

    assert first == again
    assert first.key != other.key


@given(st.text(), st.text(), st.text(), st.text())
def test_keys_are_the_same_for_the_same_and_for_nothing_else(
    a: str, b: str, c: str, d: str
) -> None:
    scope, other = a.replace("\0", ""), c.replace("\0", "")  # session names have no NUL

    assert (digest(scope, b) == digest(other, d)) == ((scope, b) == (other, d))


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_every_database_takes_every_text(text: str) -> None:
    stored = storable(text)

    assert stored.isascii()
    assert "\0" not in stored
    assert len(stored) <= 128
    assert storable(stored) == stored


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_different_conversations_have_different_lanes(a: str, b: str) -> None:
    assert (lane_of(a) == lane_of(b)) == (a == b)


def test_no_conversation_is_no_lane() -> None:
    assert lane_of(None) == ""
