"""Linking a device: which QR codes and pairing codes are good at a moment; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.settings import WebSettings

CODE_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
"""Pairing codes have 8 of these; WhatsApp leaves out what is easily mistaken for something else."""

_GRACE: Final = 2.0
"""A code that has just been replaced is still good while the new one is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKeys:
    """What a page shows of itself in its QR code, and the secret that it will log in with."""

    noise: str
    identity: str
    adv: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class ShownRef:
    """One QR code: its changing part, and until when it is good."""

    ref: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class ShownCode:
    """One pairing code: for which number, and until when it is good."""

    code: str
    number: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Qr:
    """The content of a QR code.

    Example:
        >>> Qr.parse("2@abc,noise,identity,adv").ref
        '2@abc'
    """

    ref: str
    noise: str
    identity: str
    adv: str

    @classmethod
    def parse(cls, text: str) -> Qr:
        """Read the content of a code.

        Raises:
            WebRefusal: It is not a code of WhatsApp Web.
        """
        parts = text.strip().split(",")
        if len(parts) != 4 or not parts[0].startswith("2@") or not all(parts):
            raise WebRefusal("not_a_code", "this is not a QR code of WhatsApp Web")
        return cls(*parts)


class Pairing:
    """The codes that one page shows.

    Args:
        keys: What the page shows of itself.
    """

    def __init__(self, keys: PageKeys) -> None:
        self.keys = keys
        self._shown = 0
        self._refs: list[ShownRef] = []
        self._code: ShownCode | None = None

    def next_ref(
        self, ref: str, now: float, settings: WebSettings, *, again: bool = False
    ) -> ShownRef | None:
        """Show the next QR code.

        Args:
            ref: Its changing part, if one is shown.
            now: The time.
            settings: How long codes are shown, and how many.
            again: Somebody asked for codes again after the last one.

        Returns:
            The code, or None when the page has shown enough and waits to be asked.
        """
        if again:
            self._shown = 0
        if self._shown >= settings.qr_count:
            self._refs = self._refs[-1:]
            return None
        seconds = settings.qr_next if self._shown else settings.qr_first
        self._shown += 1
        shown = ShownRef(ref, now + seconds)
        self._refs = [*self._refs[-1:], shown]
        return shown

    def accepts(self, qr: Qr, now: float) -> bool:
        """Whether a scanned code is shown at this moment and belongs to this page."""
        keys = self.keys
        if (qr.noise, qr.identity, qr.adv) != (keys.noise, keys.identity, keys.adv):
            return False
        return any(shown.ref == qr.ref and now < shown.expires_at + _GRACE for shown in self._refs)

    def show_code(self, code: str, number: str, now: float, settings: WebSettings) -> ShownCode:
        """Show a code that can be entered on the phone of a number; it replaces the one before."""
        self._code = ShownCode(code, number, now + settings.code_seconds)
        return self._code

    @property
    def code(self) -> ShownCode | None:
        """The code that was shown last."""
        return self._code

    def accepts_code(self, code: str, number: str, now: float) -> bool:
        """Whether an entered code is the one that is shown for this number."""
        shown = self._code
        if shown is None or shown.number != number or now >= shown.expires_at:
            return False
        return shown.code == plain_code(code)


def plain_code(text: str) -> str:
    """A pairing code without the dash and in capitals.

    Example:
        >>> plain_code("abcd-1234")
        'ABCD1234'
    """
    return text.replace("-", "").replace(" ", "").upper()
