"""The steps of pairing: what they refuse, hide and draw."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz import InvalidValue, MissingDependency, Paired, PairingCode, Phone, QrCode
from tests.scanner import BLANK, BOTH, LOWER, UPPER, scan_pixels, scan_terminal

UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
LIKE_WHATSAPPS = f"2@{'A' * 130},{'b+/' * 14}=,{'C9' * 21}=,{'dE' * 21}=,1"


def _png_rows(png: bytes) -> list[bytes]:
    """The pixels of a PNG of one bit each, as grey."""
    data, width, height, at = b"", 0, 0, 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colours = struct.unpack(">IIBB", body[:10])
            assert (depth, colours) == (1, 0)
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    lines = io.BytesIO(zlib.decompress(data))
    rows, above = [], bytes((width + 7) // 8)
    for _ in range(height):
        (differs,) = lines.read(1)
        assert differs in (0, 2)  # as it is, or its difference from the row above
        line = lines.read(len(above))
        above = (
            bytes((old + new) % 256 for old, new in zip(above, line, strict=True))
            if differs
            else line
        )
        bits = "".join(f"{byte:08b}" for byte in above)
        rows.append(bytes(255 * (bit == "1") for bit in bits[:width]))
    return rows


@pytest.mark.parametrize("background", ["dark", "light"])
@pytest.mark.parametrize("data", ["2@abc", LIKE_WHATSAPPS])
def test_a_scanner_reads_the_code_from_a_terminal(
    data: str, background: Literal["dark", "light"]
) -> None:
    drawn = QrCode(data=data, expires_at=UNTIL).as_text(background=background)

    assert set(drawn) <= {BLANK, UPPER, LOWER, BOTH, "\n"}
    assert len({len(line) for line in drawn.splitlines()}) == 1
    assert scan_terminal(drawn, background) == data


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=300))
def test_every_text_can_be_read_back(data: str) -> None:
    code = QrCode(data=data, expires_at=UNTIL)

    assert scan_pixels(_png_rows(code.as_png(scale=3))) == data


def test_whatsapps_code_fits_a_terminal_of_80_columns() -> None:
    lines = QrCode(data=LIKE_WHATSAPPS, expires_at=UNTIL).as_text().splitlines()

    assert len(lines[0]) <= 80
    assert len(lines) <= 35


def test_an_svg_is_one_element_that_can_stand_in_a_page() -> None:
    svg = QrCode(data="2@abc", expires_at=UNTIL).as_svg()

    assert svg.startswith("<svg ")
    assert svg.rstrip().endswith("</svg>")
    assert 'fill="#fff"' in svg


def test_secrets_are_left_out_of_reprs() -> None:
    assert "2@abc" not in repr(QrCode(data="2@abc", expires_at=UNTIL))
    assert "K7Q2M9XW" not in repr(PairingCode(code="K7Q2M9XW"))


@pytest.mark.parametrize("data", ["", "x" * 2_954])
def test_a_text_that_no_code_holds_is_refused_and_not_shown(data: str) -> None:
    with pytest.raises(InvalidValue, match=r"QrCode\.data: 1 to 2,953 bytes") as refused:
        QrCode(data=data, expires_at=UNTIL)
    assert "xx" not in str(refused.value)


def test_the_longest_text_is_drawn() -> None:
    assert QrCode(data="x" * 2_953, expires_at=UNTIL).as_text()


def test_a_time_without_zone_is_refused() -> None:
    naive = UNTIL.replace(tzinfo=None)
    with pytest.raises(InvalidValue, match=r"QrCode\.expires_at: a time with a time zone"):
        QrCode(data="2@abc", expires_at=naive)
    with pytest.raises(InvalidValue, match=r"PairingCode\.expires_at: a time with a time zone"):
        PairingCode(code="K7Q2M9XW", expires_at=naive)


def test_attempts_are_counted_from_one() -> None:
    with pytest.raises(InvalidValue, match=r"QrCode\.attempt: at least 1; got 0"):
        QrCode(data="2@abc", expires_at=UNTIL, attempt=0)


@pytest.mark.parametrize("code", ["", "K7Q2-M9XW", "k7q2m9xw", "K7Q2M9X", "K7Q2M9XW\n"])
def test_what_is_no_pairing_code_is_refused_and_not_shown(code: str) -> None:
    with pytest.raises(InvalidValue, match=r"PairingCode\.code: 8 capital letters") as refused:
        PairingCode(code=code)
    assert not code or code not in str(refused.value)


def test_a_pairing_code_is_shown_in_two_halves() -> None:
    assert PairingCode(code="K7Q2M9XW").as_text() == "K7Q2-M9XW"


def test_paired_tells_the_account() -> None:
    assert Paired(account=Phone("+6281234567890")).account.digits == "6281234567890"


@pytest.mark.parametrize("scale", [0, 101])
def test_a_scale_out_of_range_is_refused(scale: int) -> None:
    code = QrCode(data="2@abc", expires_at=UNTIL)
    with pytest.raises(InvalidValue, match="scale: 1 to 100"):
        code.as_png(scale=scale)
    with pytest.raises(InvalidValue, match="scale: 1 to 100"):
        code.as_svg(scale=scale)


def test_a_border_or_background_that_is_none_is_refused() -> None:
    code = QrCode(data="2@abc", expires_at=UNTIL)
    with pytest.raises(InvalidValue, match="border: 0 to 16 modules; got -1"):
        code.as_text(border=-1)
    with pytest.raises(InvalidValue, match="background: dark or light; got 'blue'"):
        code.as_text(background="blue")  # type: ignore[arg-type]


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)

    with pytest.raises(MissingDependency, match=r"blazz\[web\]"):
        QrCode(data="2@abc", expires_at=UNTIL).as_text()
