"""STOP words: which received texts mean that somebody opts out. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from blazz.errors import InvalidValue


class StopWords:
    """Recognises a text that consists of a stop word and nothing else.

    Letter case, punctuation, emoji, space and how Unicode writes a letter do not matter; a longer
    text that merely contains the word is not an opt-out. Accents and vowel signs do matter.

    Args:
        words: The words, or short sentences.

    Raises:
        InvalidValue: It is one text instead of several, or one of them is empty.

    Example:
        >>> words = StopWords(["STOP", "BERHENTI"])
        >>> words.match(" Stop! "), words.match("please do not stop")
        (True, False)
    """

    def __init__(self, words: Iterable[str]) -> None:
        if isinstance(words, str):
            # Its letters would be the words: whoever writes "s" would opt out.
            raise InvalidValue("stop_words", f"several texts, such as [{words!r}]", words)
        self._words = frozenset(_fold(word) for word in words)
        if "" in self._words:
            raise InvalidValue("stop_words", "texts that are not empty", "")

    def match(self, text: str) -> bool:
        """Whether the text is one of the words."""
        return bool(self._words) and _fold(text) in self._words

    def __bool__(self) -> bool:
        return bool(self._words)


def _fold(text: str) -> str:
    """Reduce a text to its letters and digits, one space between words; to signs if it has none."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("i\u0307", "i")  # the small form of the Turkish capital
    seen = [character for character in folded if not _is_invisible(character)]
    kept: list[str] = []
    for character in seen:
        kind = unicodedata.category(character)[0]
        # A vowel sign belongs to its letter; what follows an emoji does not.
        marks = kind == "M" and kept and unicodedata.category(kept[-1])[0] in "LM"
        kept.append(character if kind in "LN" or marks else " ")
    return " ".join("".join(kept).split()) or " ".join("".join(seen).split())


def _is_invisible(character: str) -> bool:
    """Formatting, also within a word, and what chooses between a sign and its emoji."""
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"
