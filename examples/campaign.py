"""Send a template to everyone in a CSV file; run it again and it goes on where it stopped."""

import argparse
import asyncio
from pathlib import Path

import blazz

CONTACTS = Path(__file__).parent / "data" / "contacts.csv"


async def main(contacts: Path) -> None:
    async with blazz.Client() as client:
        # A sandbox with the throughput of an upgraded number.
        session = await client.open("sales", blazz.Sandbox(throughput=1000, any_template=True))
        campaign = await client.campaign(
            "promo-11",
            session=session,
            audience=blazz.Audience.csv(contacts),
            message=blazz.Template("promo", language="{language}", body=["{name}", "{code}"]),
            rate=980,
        )
        async for progress in campaign.run(wait_for_statuses=2):
            print(f"{progress.phase.value:<10}{progress.share:>5.0%} {progress.rate:>7,.0f}/s")

        report = await campaign.report()
        for name, value in report.rows():
            print(f"{name:<40.40}{value:>20}")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("contacts", type=Path, nargs="?", default=CONTACTS)
asyncio.run(main(parser.parse_args().contacts))
