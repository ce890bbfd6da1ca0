"""Lists are given page by page: `?limit=&after=`, answered with `items` and `next`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeAlias, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

Item = TypeVar("Item")
Row = TypeVar("Row")

Limit: TypeAlias = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After: TypeAlias = Annotated[
    str, Query(max_length=200, description="The `next` of the page before; none for the first.")
]


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next: str | None = Field(description="Give it as `after` for the next page; null: the end.")


def page_of(
    rows: Sequence[Row], limit: int, *, item: Callable[[Row], Item], cursor: Callable[[Row], str]
) -> Page[Item]:
    """Make a page of up to `limit` rows; whether more follow is told by one row more."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[item(row) for row in shown], next=cursor(shown[-1]) if more else None)
