"""Reads a large file with much bad input into a campaign; tells what came of it, and its memory.

python reading_process.py ROWS FOLDER
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

import blazz
from blazz.campaigns import Campaign, CampaignSpec
from blazz.campaigns.ledger.sqlite import SqliteLedger

BAD = (
    ",nothing",
    "not a number,x",
    "+62 812,too short",
    "+99999999999999,no country",
    '"+62812,',
    "0812-3456-7890,no region",
    "+6281200000000,twice",
    "+6281288888888",
    "+6281299999999,a,b,c",
    "\u202e+6281277777777,right to left",
)


def write(path: Path, rows: int) -> None:
    """Write a file of which every tenth row is bad in one of these ways."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("phone,name\n")
        for n in range(rows):
            bad = BAD[n // 10 % len(BAD)]
            # A quote that is never closed ends the file: that is another test.
            if n % 10 == 9 and not bad.startswith('"'):
                file.write(f"{bad}\n")
            else:
                file.write(f"+62812{n:08},Budi {n}\n")


async def read(path: Path, folder: Path) -> dict[str, object]:
    """Try the campaign out, and import it."""
    async with SqliteLedger(folder / "ledger.db") as ledger:
        campaign = Campaign(
            CampaignSpec(id="promo", message=blazz.Text("Halo {name}")),
            ledger=ledger,
            audience=blazz.Audience.csv(path),
            folder=folder,
        )
        tried = await campaign.dry_run()
        row = await campaign.prepare()
        same = (tried.rows_read, tried.rejected, tried.duplicates) == (
            row.rows_read,
            row.rejected,
            row.duplicates,
        )
        return {
            "rows": row.rows_read,
            "rejected": row.rejected,
            "duplicates": row.duplicates,
            "recipients": tried.recipients,
            "same": same,
            "rejects_file": sum(1 for _ in (folder / "promo.rejects.csv").open("rb")),
        }


def main() -> None:
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    path = folder / "contacts.csv"
    write(path, rows)
    found = asyncio.run(read(path, folder))
    found["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
