"""How results are shown: tables for people, lines of JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_people = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Tell people something; on standard error, so that results can be piped."""
    _people.print(text)


def people() -> Console:
    """The console for people."""
    return _people


def emit(value: Mapping[str, Any]) -> None:
    """Write one line of JSON to standard output."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if not _writable(text):
        text = json.dumps(value, default=str)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show_document(value: object) -> None:
    """Show JSON over several lines on standard output; what no terminal should obey is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if not _writable(text):
        text = json.dumps(value, indent=2)
    elif not text.replace("\n", "").isprintable():
        # Only strings hold such characters, where JSON has escapes for all of them.
        shown = (c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)
        text = "".join(shown)
    sys.stdout.write(text + "\n")


def _writable(text: str) -> bool:
    """Whether standard output can take it: half a surrogate pair is in no encoding."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def show_details(rows: Iterable[tuple[str, str]]) -> None:
    """Show names and what they stand for, however long, on standard output."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(Text(label), Text(value))
    Console(highlight=False).print(table)


def show_pairs(title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Show a table of two columns on standard output; indented labels belong to the one above."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True, min_width=8)
    for label, value in rows:
        style = "" if label.startswith(" ") else "bold"
        table.add_row(Text(label, style=style), Text(value))
    Console(highlight=False).print(table)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table with headings on standard output."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)
