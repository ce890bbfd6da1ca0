"""The steps of pairing: a QR code or a pairing code to show, and the account that was linked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

from blazz.addresses import Phone
from blazz.errors import InvalidValue

_CODE: Final = re.compile(r"[A-Z0-9]{8}")
_MOST_BYTES: Final = 2_953  # ISO/IEC 18004: version 40, error correction L, byte mode


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCode:
    """A QR code to scan: in WhatsApp on the phone, under *Linked devices*, *Link a device*.

    It is shown for a while and then replaced by another one. Whoever scans it links their account
    to this session, and its text holds a secret, so `repr` leaves the text out.

    Attributes:
        data: The text in it.
        expires_at: Until when it can be scanned, with a time zone.
        attempt: Which one it is since pairing began, from 1.

    Raises:
        InvalidValue: The text is empty or more than a QR code holds (2,953 bytes), the time has no
            zone, or the attempt is less than 1.

    Example:
        >>> from datetime import UTC, datetime
        >>> code = QrCode(data="2@abc", expires_at=datetime(2030, 1, 1, tzinfo=UTC), attempt=1)
        >>> print(code.as_text(background="light", border=0).splitlines()[0])
        █▀▀▀▀▀█ ▄▀ ▄▀ █▀▀▀▀▀█
    """

    data: str = field(repr=False)
    expires_at: datetime
    attempt: int = 1

    def __post_init__(self) -> None:
        if not 0 < len(self.data.encode()) <= _MOST_BYTES:
            size = f"{len(self.data.encode())} bytes"  # not the text: it is a secret
            raise InvalidValue("QrCode.data", f"1 to {_MOST_BYTES:,} bytes", size)
        if self.expires_at.tzinfo is None:
            raise InvalidValue("QrCode.expires_at", "a time with a time zone", self.expires_at)
        if self.attempt < 1:
            raise InvalidValue("QrCode.attempt", "at least 1", self.attempt)

    def as_text(self, *, background: Literal["dark", "light"] = "dark", border: int = 2) -> str:
        """Draw it for a terminal, two rows in each line, without colours.

        Args:
            background: Whether the terminal is light on dark, or dark on light. Some phones do not
                read a code that is the wrong way round.
            border: The light margin, in modules; phones are content with 2.

        Raises:
            MissingDependency: The extra `web` is not installed.
        """
        from blazz.pairing.drawing import draw_text

        return draw_text(self.data, background=background, border=border)

    def as_svg(self, *, scale: int = 4) -> str:
        """Draw it as an SVG image, black on white.

        Args:
            scale: The width of a module, in units of the image.

        Raises:
            MissingDependency: The extra `web` is not installed.
        """
        from blazz.pairing.drawing import draw_svg

        return draw_svg(self.data, scale=scale)

    def as_png(self, *, scale: int = 8) -> bytes:
        """Draw it as a PNG image, black on white.

        Args:
            scale: The width of a module, in pixels.

        Raises:
            MissingDependency: The extra `web` is not installed.
        """
        from blazz.pairing.drawing import draw_png

        return draw_png(self.data, scale=scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingCode:
    """A code to type in: on the phone, *Link a device*, *Link with phone number instead*.

    It is a secret while it can be used, so `repr` leaves it out.

    Attributes:
        code: The eight letters and digits.
        expires_at: Until when it can be used, with a time zone; None: not known.

    Raises:
        InvalidValue: It is not eight letters and digits, or the time has no zone.

    Example:
        >>> PairingCode(code="K7Q2M9XW").as_text()
        'K7Q2-M9XW'
    """

    code: str = field(repr=False)
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            size = f"{len(self.code)} characters"
            raise InvalidValue("PairingCode.code", "8 capital letters and digits", size)
        if self.expires_at is not None and self.expires_at.tzinfo is None:
            raise InvalidValue("PairingCode.expires_at", "a time with a time zone", self.expires_at)

    def as_text(self) -> str:
        """The code as the phone shows it, with a hyphen in the middle."""
        return f"{self.code[:4]}-{self.code[4:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """An account was linked; this ends the pairing.

    Attributes:
        account: Its phone number.

    Example:
        >>> Paired(account=Phone("+6281234567890")).as_text()
        'linked to +6281234567890'
    """

    account: Phone

    def as_text(self) -> str:
        """Say it in words, so that every step can be shown in the same way."""
        return f"linked to {self.account}"


PairingStep: TypeAlias = QrCode | PairingCode | Paired
"""What pairing gives, step by step."""
