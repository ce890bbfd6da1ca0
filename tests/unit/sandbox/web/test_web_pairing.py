"""Which QR codes and pairing codes are good at a moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.sandbox.web.pairing import PageKeys, Pairing, Qr, plain_code
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.settings import WebSettings

KEYS = PageKeys(noise="noise", identity="identity", adv="adv", secret=b"secret")
SETTINGS = WebSettings(qr_first=60, qr_next=20, qr_count=3)


def qr(ref: str) -> Qr:
    return Qr(ref, "noise", "identity", "adv")


def test_the_first_code_lasts_longer_and_the_last_one_ends_it() -> None:
    pairing = Pairing(KEYS)
    shown = [pairing.next_ref(f"2@{number}", 0.0, SETTINGS) for number in range(4)]
    assert [it.expires_at if it else None for it in shown] == [60.0, 20.0, 20.0, None]
    assert pairing.next_ref("2@again", 100.0, SETTINGS, again=True) is not None


@pytest.mark.parametrize(("now", "good"), [(0.0, True), (61.9, True), (62.0, False)])
def test_a_code_is_good_until_shortly_after_it_expired(now: float, good: bool) -> None:
    pairing = Pairing(KEYS)
    pairing.next_ref("2@a", 0.0, SETTINGS)
    assert pairing.accepts(qr("2@a"), now) is good


def test_the_code_before_is_good_for_a_moment_and_older_ones_are_not() -> None:
    pairing = Pairing(KEYS)
    for number in range(3):
        pairing.next_ref(f"2@{number}", 0.0, SETTINGS)
    assert [pairing.accepts(qr(f"2@{number}"), 1.0) for number in range(3)] == [False, True, True]


@pytest.mark.parametrize("field", ["noise", "identity", "adv"])
def test_a_code_with_other_keys_is_not_of_this_page(field: str) -> None:
    pairing = Pairing(KEYS)
    pairing.next_ref("2@a", 0.0, SETTINGS)
    parts = {"noise": "noise", "identity": "identity", "adv": "adv", field: "other"}
    assert not pairing.accepts(Qr("2@a", **parts), 1.0)


@pytest.mark.parametrize("text", ["", "2@a", "2@a,b,c", "2@a,b,c,d,e", "x,a,b,c", "2@a,,b,c"])
def test_what_is_not_a_code_is_refused(text: str) -> None:
    with pytest.raises(WebRefusal, match="not a QR code"):
        Qr.parse(text)


def test_a_pairing_code_is_for_one_number_and_for_a_while() -> None:
    pairing = Pairing(KEYS)
    assert not pairing.accepts_code("ABCD1234", "621", 0.0)
    pairing.show_code("ABCD1234", "621", 0.0, SETTINGS)
    assert pairing.accepts_code("abcd-1234", "621", 179.9)
    assert not pairing.accepts_code("ABCD1234", "622", 1.0)
    assert not pairing.accepts_code("ABCD1235", "621", 1.0)
    assert not pairing.accepts_code("ABCD1234", "621", 180.0)
    pairing.show_code("WXYZ9876", "621", 1.0, SETTINGS)
    assert not pairing.accepts_code("ABCD1234", "621", 2.0)


@given(st.text("abcXYZ123- ", max_size=12))
def test_spelling_does_not_matter(text: str) -> None:
    assert plain_code(plain_code(text)) == plain_code(text) == plain_code(text.lower())
