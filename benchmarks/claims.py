"""What a benchmark claims: a value, its limit, and whether it holds."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One figure and the limit that we hold it to.

    Attributes:
        claim: What is claimed, in words.
        value: What was measured.
        unit: Its unit.
        limit: The most that it may be, or the least if `at_least`.
        at_least: The limit is a lower one.
    """

    claim: str
    value: float
    unit: str
    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the value is within its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_json(self) -> dict[str, Any]:
        """The form that machines read."""
        return {**asdict(self), "value": round(self.value, 4), "holds": self.holds}

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "holds" if self.holds else "DOES NOT HOLD"
        return f"{self.claim}: {self.value:,.4g} {self.unit} ({sign} {self.limit:,g}) {verdict}"


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has; add your own to it."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="finish within 60 s")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser


def conclude(name: str, claims: Sequence[Claim], *, as_json: bool) -> int:
    """Print the claims; return the exit code: 1 when one does not hold."""
    for claim in claims:
        print(claim, file=sys.stderr if as_json else sys.stdout)
    if as_json:
        print(json.dumps({"name": name, "claims": [claim.as_json() for claim in claims]}))
    return 0 if all(claim.holds for claim in claims) else 1
