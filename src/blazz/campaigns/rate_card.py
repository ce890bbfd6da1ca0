"""What messages cost, by country and category, from a file that you keep.

A rate card is a CSV file with the columns `country`, `category`, `price` and `currency`. A country
is an ISO 3166 code, or `*` for all that are not named; a category is `marketing`, `utility`,
`authentication` or `service`. Prices are per delivered message. Meta publishes its prices by market
and changes them; blazz ships none.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Self

from blazz.errors import InvalidValue

_CATEGORIES = ("marketing", "utility", "authentication", "service")
_COLUMNS = ("country", "category", "price", "currency")
_ELSEWHERE = "*"
_MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class RateCard:
    """Prices per message, in one currency.

    Attributes:
        prices: The price by country and category.
        currency: The ISO 4217 code, such as `USD`.

    Example:
        >>> card = RateCard({("ID", "marketing"): Decimal("0.04")}, "USD")
        >>> card.price("ID", "marketing"), card.price("DE", "marketing"), card.price("", "service")
        (Decimal('0.04'), None, Decimal('0'))
    """

    prices: Mapping[tuple[str, str], Decimal]
    currency: str

    @classmethod
    def csv(cls, path: str | Path) -> Self:
        """Read a file.

        Raises:
            InvalidValue: It cannot be read, or a line is not of the form; the error names the line.
        """
        try:
            with Path(path).open(encoding="utf-8-sig", newline="") as file:
                return cls.from_lines(file, name=Path(path).name)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InvalidValue("RateCard", f"a file that can be read ({error})", path) from error

    @classmethod
    def from_lines(cls, lines: Iterable[str], *, name: str = "rate card") -> Self:
        """Read lines of CSV, the first of which names the columns.

        Raises:
            InvalidValue: A line is not of the form; the error names the line.

        Example:
            >>> RateCard.from_lines(["country,category,price,currency", "*,utility,0.01,EUR"])
            RateCard(prices={('*', 'utility'): Decimal('0.01')}, currency='EUR')
        """
        reader = csv.DictReader(lines)
        there = [str(each).strip().lower() for each in reader.fieldnames or ()]
        reader.fieldnames = there
        missing = [column for column in _COLUMNS if column not in there]
        if missing:
            raise InvalidValue(name, f"the columns {', '.join(_COLUMNS)}", ", ".join(there))
        prices: dict[tuple[str, str], Decimal] = {}
        currencies: set[str] = set()
        for row in reader:
            place = f"{name}, line {reader.line_num}"
            country, category, price, currency = (
                (row.get(column) or "").strip() for column in _COLUMNS
            )
            key = (_country(country, place), _category(category, place))
            if key in prices:
                raise InvalidValue(place, "each country and category once", f"{country} {category}")
            prices[key] = _price(price, place)
            currencies.add(_currency(currency, place))
            if len(prices) > _MOST_ROWS:
                raise InvalidValue(name, f"at most {_MOST_ROWS} lines", "more")
        if len(currencies) != 1:
            rule = "prices, all in one currency"
            raise InvalidValue(name, rule, ", ".join(sorted(currencies)) or "no line")
        return cls(prices, currencies.pop())

    def price(self, country: str, category: str) -> Decimal | None:
        """What a message costs; None if the card does not say. Free-form messages cost nothing."""
        found = self.prices.get((country, category), self.prices.get((_ELSEWHERE, category)))
        if found is None and category == "service":
            return Decimal(0)
        return found


def _country(text: str, place: str) -> str:
    code = text.upper()
    if code != _ELSEWHERE and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise InvalidValue(place, "a country is an ISO 3166 code such as ID, or *", text)
    return code


def _category(text: str, place: str) -> str:
    if text.lower() not in _CATEGORIES:
        raise InvalidValue(place, f"a category is one of {', '.join(_CATEGORIES)}", text)
    return text.lower()


def _price(text: str, place: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise InvalidValue(place, "a price is a number such as 0.0411, not below 0", text)
    return price


def _currency(text: str, place: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise InvalidValue(place, "a currency is an ISO 4217 code such as USD", text)
    return text.upper()
