"""docs/events.md lists every event as it is, and every webhook field."""

from __future__ import annotations

from pathlib import Path

import pytest

import blazz.events
from blazz.events import Event
from blazz.providers.meta_cloud.inbound.registry import LISTS, WHOLE
from tests.unit.events.catalogue import AREAS, events, tables

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "events.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", list(tables()), ids=AREAS)
def test_the_page_has_the_table(table: str) -> None:
    assert table in PAGE, "write it anew with: python -m tests.unit.events.catalogue"


def test_the_tables_have_every_event() -> None:
    listed = [kind.__name__ for module in AREAS for kind in events(module)]
    exported = [
        name
        for name in blazz.events.__all__
        if isinstance(kind := getattr(blazz.events, name), type)
        and issubclass(kind, Event)
        and kind is not Event
    ]

    assert sorted(listed) == sorted(exported)


def test_the_page_names_every_webhook_field() -> None:
    assert [field for field in {**LISTS, **WHOLE} if f"`{field}`" not in PAGE] == []
