"""What somebody sees who pairs in a terminal, and what a program reads."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from rich.console import Console

from blazz import Paired, PairingCode, Phone, QrCode
from blazz.cli import output, pairing_display
from blazz.cli.pairing_display import PairingDisplay
from blazz.errors import ConfigurationError

QR = QrCode(data="2@abc,def,ghi,jkl", expires_at=datetime(2030, 1, 1, tzinfo=UTC), attempt=3)
CODE = PairingCode(code="K7Q2M9XW")
PAIRED = Paired(account=Phone("+6281234567890"))


class Terminal:
    """What is written to people."""

    def __init__(self) -> None:
        self.file = io.StringIO()

    @property
    def text(self) -> str:
        return self.file.getvalue()

    def is_of(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *,
        colours: Literal["truecolor"] | None,
        width: int = 100,
        live: bool = True,
    ) -> None:
        console = Console(
            file=self.file, force_terminal=live, color_system=colours, width=width, highlight=False
        )
        monkeypatch.setattr(output, "_people", console)
        monkeypatch.setattr(pairing_display, "people", lambda: console)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def _shown(*, light: bool = False, image: Path | None = None) -> None:
    display = PairingDisplay(light=light, image=image, as_json=False)
    display.wait("Starting …")
    with display:
        display.show(QR)
        display.show(CODE)
        display.show(PAIRED)
    display.done("acme/shop", ".blazz")


def test_with_colours_a_code_is_black_on_white(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.is_of(monkeypatch, colours="truecolor")
    _shown()

    first_row = QR.as_text(background="light").splitlines()[1]
    assert f"\x1b[38;2;0;0;0;48;2;255;255;255m{first_row}\x1b[0m" in terminal.text
    assert "Code 3; the next one comes at" in terminal.text
    assert "K7Q2-M9XW" in terminal.text
    assert "\x1b[2K" in terminal.text  # a code is wiped out before the next one
    assert "acme/shop is linked to +6281234567890" in terminal.text


@pytest.mark.parametrize(("light", "background"), [(False, "dark"), (True, "light")])
def test_without_colours_a_code_is_drawn_for_the_terminals_own(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    light: bool,
    background: Literal["dark", "light"],
) -> None:
    terminal.is_of(monkeypatch, colours=None, live=False)
    _shown(light=light)

    drawn = QR.as_text(background=background).splitlines()[5]
    assert drawn.rstrip() in terminal.text
    assert "\x1b" not in terminal.text


def test_a_terminal_that_is_too_narrow_gets_advice(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.is_of(monkeypatch, colours="truecolor", width=20)
    _shown()

    words = " ".join(re.sub(r"\x1b\[[^m]*m", "", terminal.text).split())
    assert "The terminal is 20 columns wide, the code needs" in words
    assert "█" not in terminal.text


def test_a_code_is_also_written_to_a_file(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal.is_of(monkeypatch, colours=None, live=False)
    _shown(image=tmp_path / "code.png")

    assert (tmp_path / "code.png").read_bytes() == QR.as_png()
    with pytest.raises(ConfigurationError, match=r"--image: .*nowhere"):
        _shown(image=tmp_path / "nowhere" / "code.png")


def test_programs_read_lines_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    display = PairingDisplay(light=False, image=None, as_json=True)
    display.wait("Starting …")
    with display:
        for step in (QR, CODE, PAIRED):
            display.show(step)
    display.done("acme/shop", ".blazz")

    printed = capsys.readouterr()
    assert printed.err == ""
    assert [json.loads(line) for line in printed.out.splitlines()] == [
        {"event": "qr", "data": QR.data, "expires_at": "2030-01-01T00:00:00+00:00", "attempt": 3},
        {"event": "code", "code": "K7Q2M9XW"},
        {
            "event": "paired",
            "session": "acme/shop",
            "account": "+6281234567890",
            "kept_in": ".blazz",
        },
    ]
