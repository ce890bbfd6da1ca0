"""Draws QR codes: as text for terminals, as SVG, as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, Literal

from blazz.errors import InvalidValue, MissingDependency

if TYPE_CHECKING:
    import segno

_QUIET_ZONE: Final = 4  # ISO/IEC 18004: the light margin, in modules

_HALVES: Final = {
    (True, True): "█",
    (True, False): "▀",
    (False, True): "▄",
    (False, False): " ",
}
"""The character that fills the upper half, the lower half, both or none."""


def draw_text(text: str, *, background: Literal["dark", "light"], border: int) -> str:
    """Draw a QR code in half blocks, see `QrCode.as_text`.

    Raises:
        InvalidValue: There is no such background, or the border is not 0 to 16.
        MissingDependency: The extra `web` is not installed.
    """
    if background not in {"dark", "light"}:
        raise InvalidValue("background", "dark or light", background)
    if not 0 <= border <= 16:
        raise InvalidValue("border", "0 to 16 modules", border)
    filled = background == "light"  # which modules are drawn: what is not is the background
    rows = [
        [bool(module) is filled for module in row] for row in _make(text).matrix_iter(border=border)
    ]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    lines = (
        "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
    return "\n".join(lines)


def draw_svg(text: str, *, scale: int) -> str:
    """Draw a QR code as SVG, see `QrCode.as_svg`.

    Raises:
        InvalidValue: The scale is not 1 to 100.
        MissingDependency: The extra `web` is not installed.
    """
    return _image(text, "svg", scale, xmldecl=False).decode()


def draw_png(text: str, *, scale: int) -> bytes:
    """Draw a QR code as PNG, see `QrCode.as_png`.

    Raises:
        InvalidValue: The scale is not 1 to 100.
        MissingDependency: The extra `web` is not installed.
    """
    return _image(text, "png", scale)


def _image(text: str, kind: Literal["svg", "png"], scale: int, **options: object) -> bytes:
    if not 1 <= scale <= 100:
        raise InvalidValue("scale", "1 to 100", scale)
    drawn = io.BytesIO()
    _make(text).save(
        drawn, kind=kind, scale=scale, border=_QUIET_ZONE, dark="#000", light="#fff", **options
    )
    return drawn.getvalue()


def _make(text: str) -> segno.QRCode:
    try:
        import segno
    except ModuleNotFoundError as error:
        raise MissingDependency("segno", extra="web") from error
    # L, as WhatsApp does: the least modules, and a screen has no dirt to correct for.
    return segno.make_qr(text, error="l", boost_error=False)
