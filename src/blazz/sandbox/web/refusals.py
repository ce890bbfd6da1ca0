"""What the simulated WhatsApp refuses, told to the page or to whoever drives the phone."""

from __future__ import annotations


class WebRefusal(Exception):  # not an error of the library: an answer
    """A request that is not carried out.

    Attributes:
        code: A short name for the reason, such as `not_on_whatsapp`.
        text: The reason in words.
    """

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code = code
        self.text = text
