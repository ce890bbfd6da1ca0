"""What others wrote does no harm to a terminal, and does not flood it."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.cli import output


@given(st.text())
def test_whatever_is_shown_is_printable(text: str) -> None:
    shown = output.printable(text)
    assert shown.replace("\n", "").isprintable()
    assert output.printable(shown) == shown
    if text.isprintable():
        assert shown == text


def test_a_line_of_json_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": "\x9b31m \u202e \x1b[2J \ud83d\ude00 é"}
    output.emit(value)
    line = capsys.readouterr().out
    assert line.rstrip("\n").isprintable()
    assert json.loads(line) == json.loads(json.dumps(value))


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_gets_the_beginning_of_what_is_huge(
    terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(output, "say", told.append)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    output.show_document("x" * 100_000)
    output.show_document("short")
    shown = capsys.readouterr().out
    assert shown.endswith('\n"short"\n')
    if terminal:
        assert shown.count("x") < 20_000
        assert told == ["80002 more characters are not shown: write them to a file, or take --json"]
    else:
        assert (shown.count("x"), told) == (100_000, [])
