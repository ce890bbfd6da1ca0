"""Stop words are recognised however people write them, and nothing else is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.conversations.optout import StopWords
from blazz.errors import InvalidValue

WORDS = StopWords(["STOP", "BERHENTI", "कृपया रोकें", "İPTAL", "désabonner", "🛑"])


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "  Stop!\n",
        "«STOP».",
        "*stop*",
        "\uff33\uff34\uff2f\uff30",
        "ST\u200bOP",
        "stop ✋🏽",
        "Stop\ufe0f",
        "कृपया रोकें।",
        "iptal",
        "IPTAL",
        "De\u0301sabonner",
        "🛑",
        "🛑\ufe0f",
    ],
)
def test_a_stop_word_is_recognised(text: str) -> None:
    assert WORDS.match(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "s",
        "stopp",
        "non stop",
        "please do not stop",
        "stop it",
        "कृपया रुक",  # other vowel signs make another word
        "desabonner",
        "!",
        "🙂",
        "\u200b",
    ],
)
def test_anything_else_is_not(text: str) -> None:
    assert not WORDS.match(text)


@given(
    st.text(alphabet=" \t\n!.?*_~-\u00a0\u3000\u200b\u200e🙂👍🏽", max_size=8),
    st.text(alphabet=" \t\n!.?*_~-\u00a0\u3000\u200b\u200e🙂👍🏽", max_size=8),
    st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
)
def test_what_stands_around_a_word_does_not_matter(before: str, after: str, spell: object) -> None:
    assert callable(spell)
    assert WORDS.match(before + spell("berhenti") + after)


@given(st.text())
def test_any_text_is_judged_and_is_its_own_stop_word(text: str) -> None:
    if any(unicodedata.category(character)[0] in "LNPS" for character in text):
        assert StopWords([text]).match(text)
    assert not StopWords([]).match(text)


@pytest.mark.parametrize("words", ["STOP", ["STOP", ""], ["  "]])
def test_letters_and_nothing_are_no_words(words: object) -> None:
    with pytest.raises(InvalidValue, match="stop_words"):
        StopWords(words)  # type: ignore[arg-type]
