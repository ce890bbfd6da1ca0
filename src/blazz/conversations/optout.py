"""STOP words: which received texts mean that somebody opts out. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_NOT_WORD = re.compile(r"[^\w\s]+|_")


class StopWords:
    """Recognises a text that consists of a stop word and nothing else.

    Case, punctuation, accents' encoding and surrounding space do not matter; a longer text that
    merely contains the word is not an opt-out.

    Example:
        >>> words = StopWords(["STOP", "BERHENTI"])
        >>> words.match(" Stop! "), words.match("please do not stop")
        (True, False)
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(folded for word in words if (folded := _fold(word)))

    def match(self, text: str) -> bool:
        """Whether the text is one of the words."""
        return _fold(text) in self._words

    def __bool__(self) -> bool:
        return bool(self._words)


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_NOT_WORD.sub(" ", folded).split())
