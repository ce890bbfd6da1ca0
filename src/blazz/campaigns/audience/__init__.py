"""Who a campaign goes to: read row by row from a file or a program, never whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from blazz.campaigns.audience.base import (
    AudienceReader,
    AudienceSource,
    Needs,
    Recipient,
    Rejected,
)
from blazz.campaigns.audience.csv_file import CsvSource
from blazz.campaigns.audience.glance import Glance, glance
from blazz.campaigns.audience.rows import Items, RowsSource

__all__ = [
    "Audience",
    "AudienceReader",
    "AudienceSource",
    "Glance",
    "Needs",
    "Recipient",
    "Rejected",
    "glance",
]


class Audience:
    """The people that a campaign goes to.

    Each row becomes a recipient, or is rejected with a reason; rows whose address came before are
    counted as duplicates. Reading takes the same memory for ten rows and for ten million.

    Args:
        source: Where it comes from; made by `csv` and `rows`.

    Example:
        >>> audience = Audience.rows([{"phone": "+62 812-3456-7890", "name": "Budi"}])
    """

    def __init__(self, source: AudienceSource) -> None:
        self._source = source

    @classmethod
    def csv(
        cls,
        path: str | Path,
        *,
        phone: str | None = None,
        region: str | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
    ) -> Audience:
        """Read a CSV file whose first line names the columns.

        Args:
            path: The file.
            phone: The column with the phone number or other address; by default the one with a
                usual name (`phone`, `mobile`, `whatsapp`, `nomor`, `telefono`, …).
            region: The ISO 3166 country of numbers without a country code, such as `ID`.
            encoding: As Python names it; by default UTF-8, UTF-16 or Windows-1252 (Latin-1),
                whichever it is. A file that is none of these for sure is refused.
            delimiter: What stands between fields; by default the one of comma, semicolon, tab and
                bar that the header has most of.

        Raises:
            InvalidValue: The delimiter is not one character.
        """
        return cls(
            CsvSource(
                path=Path(path), phone=phone, region=region, encoding=encoding, delimiter=delimiter
            )
        )

    @classmethod
    def rows(
        cls,
        items: Items | Callable[[], Items],
        *,
        phone: str | None = None,
        region: str | None = None,
    ) -> Audience:
        """Read rows from a program.

        Args:
            items: An iterable or asynchronous iterable, or a function that gives one. A row is a
                mapping with a phone number, or just an address.
            phone: The key of the phone number or other address; by default a usual name.
            region: The ISO 3166 country of numbers without a country code, such as `ID`.
        """
        return cls(RowsSource(items, phone=phone, region=region))

    def open(self, needs: Needs) -> AbstractAsyncContextManager[AudienceReader]:
        """Begin to read it.

        Raises:
            AudienceError: It cannot be read, or lacks a column.
        """
        return self._source.open(needs)

    async def fingerprint(self) -> str:
        """Tell this audience from others, without making recipients of its rows.

        Raises:
            AudienceError: It cannot be read.
        """
        return await self._source.fingerprint()
