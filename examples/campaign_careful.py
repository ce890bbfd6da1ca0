"""A campaign as careful teams want it: tried out, with a canary, hours, a cap, and a report."""

import asyncio
from pathlib import Path

import blazz
from blazz.campaigns.report_files import report_html

DATA = Path(__file__).parent / "data"


async def main() -> blazz.Report | None:
    async with blazz.Client() as client:
        sandbox = blazz.Sandbox(throughput=1000, jitter=0, speed=10)
        sales = await client.open("sales", sandbox)
        support = await client.open(
            "support", blazz.Sandbox(sandbox.url, phone_number_id="200200200")
        )
        people = [{"phone": f"+62812{n:08}", "name": f"Budi {n}"} for n in range(400)]
        campaign = await client.campaign(
            "promo-11",
            session=[sales, support],
            audience=blazz.Audience.rows(people),
            message=blazz.Variants(
                {
                    "code": blazz.Template("promo", language="id", body=["{name}", "HEMAT10"]),
                    "gift": blazz.Template("promo", language="id", body=["{name}", "HADIAH"]),
                }
            ),
            # So that the example ends whenever you run it; "21:00-08:00" is more usual.
            hours=blazz.SendHours(open="00:00-24:00", fallback="Asia/Jakarta"),
            canary=blazz.Canary(share=0.02, most_failures=0.05, wait=1),
            cap=blazz.FrequencyCap(messages=2, days=7),
            opt_outs="workspace",
        )

        tried = await campaign.dry_run(rate_card=DATA / "rate-card.csv")
        for name, value in tried.rows():
            print(f"{name:<40.40}{value:>24}")
        if not tried.ok:
            return None

        async for progress in campaign.run(wait_for_statuses=2):
            print(f"{progress.phase.value:<10}{progress.share:>5.0%} {progress.rate:>7,.0f}/s")

        return await campaign.report()


report = asyncio.run(main())
if report is not None:
    for group in (*report.variants, *report.numbers):
        print(f"{group.name:<10}{group.counts.total:>6} {group.counts.read:>6} read")
    Path("report.html").write_text(report_html(report), encoding="utf-8")
    print("the report is in report.html")
