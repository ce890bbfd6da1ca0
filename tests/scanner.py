"""Reads QR codes as a phone does: from the pixels of a terminal or of an image."""

from __future__ import annotations

from typing import Literal

import zxingcpp

BLANK, UPPER, LOWER, BOTH = " ▀▄█"
_INK = frozenset({UPPER, LOWER, BOTH})
_MODULE = 4
_MARGIN = 8


def scan_pixels(rows: list[bytes]) -> str:
    """What is in the one code of an image, given as rows of grey pixels."""
    image = memoryview(b"".join(rows)).cast("B", (len(rows), len(rows[0])))
    (found,) = zxingcpp.read_barcodes(image)
    text: str = found.text
    return text


def scan_terminal(text: str, background: Literal["dark", "light"] = "dark") -> str:
    """What is in the last code that was printed to a terminal."""
    lines = text.splitlines()
    is_code = [bool(_INK & {*line}) and set(line) <= {BLANK, *_INK} for line in lines]
    last = max(place for place, it in enumerate(is_code) if it)
    first = last
    while first and is_code[first - 1]:
        first -= 1
    return scan_pixels(_seen(lines[first : last + 1], background))


def _seen(lines: list[str], background: Literal["dark", "light"]) -> list[bytes]:
    """The pixels, with a light margin around them."""
    light, dark = b"\xff" * _MODULE, b"\0" * _MODULE
    ink, paper = (light, dark) if background == "dark" else (dark, light)
    margin = [light * max(map(len, lines))] * _MARGIN
    rows: list[bytes] = []
    for line in lines:
        upper = b"".join(ink if each in {UPPER, BOTH} else paper for each in line)
        lower = b"".join(ink if each in {LOWER, BOTH} else paper for each in line)
        rows += [upper] * _MODULE + [lower] * _MODULE
    return [*margin, *rows, *margin]
