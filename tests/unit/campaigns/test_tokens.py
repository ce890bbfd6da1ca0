"""Tokens name an attempt, and only the ledger that made them believes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.tokens import Attempt, TokenSigner
from blazz.errors import InvalidValue
from blazz.providers.base import new_token

SIGNER = TokenSigner(b"k" * 32)
TOKEN = SIGNER.sign(7, 1532, 1)
NUMBERS = st.integers(1, 10**17)


@given(NUMBERS, NUMBERS, st.integers(1, 10**8))
def test_a_token_comes_back_as_what_it_was_made_from(campaign: int, seq: int, attempt: int) -> None:
    token = SIGNER.sign(campaign, seq, attempt)
    assert SIGNER.verify(token) == Attempt(campaign, seq, attempt)
    assert len(token) < 512, "Meta's limit for biz_opaque_callback_data"


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "v1.7.1532.1",
        "v1.7.1532.1.",
        TOKEN[:-1],
        TOKEN + "0",
        TOKEN + "\n",
        TOKEN.replace("1532", "1533"),
        TOKEN.replace("v1", "v2"),
        TOKEN.replace(".1532.", ".01532."),
        TOKEN.replace(".7.", ".\u0667."),
        TOKEN.upper(),
        pytest.param(new_token(), id="of a single message"),
        TokenSigner(b"x" * 32).sign(7, 1532, 1),
    ],
)
def test_foreign_and_forged_tokens_mean_nothing(token: str | None) -> None:
    assert SIGNER.verify(token) is None


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    assert SIGNER.verify(text) is None
    assert SIGNER.verify(f"v1.7.1532.1.{text}") is None


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_a_token_with_one_changed_character_is_forged(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    assert (SIGNER.verify(changed) is None) == (changed != TOKEN)


def test_a_key_has_its_length() -> None:
    for key in (b"short", b"x" * 33):
        with pytest.raises(InvalidValue, match="16 to 32 bytes"):
            TokenSigner(key)
