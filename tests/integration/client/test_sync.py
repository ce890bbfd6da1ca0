"""The blocking face, used as a program without `async` would."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from blazz import Audience, Delivered, Sandbox, SessionClosed, Text, TextReceived, Undeliverable
from blazz.sync import Client, Session

pytestmark = pytest.mark.usefixtures("quick_starts")

BUDI = "+6281234567890"


def _sandbox() -> Sandbox:
    return Sandbox(throughput=None, jitter=0.0, speed=20.0)


def test_a_program_without_async(tmp_path: Path) -> None:
    answered = threading.Event()
    sandbox = _sandbox()
    client = Client(folder=tmp_path)

    @client.on(TextReceived)
    def answer(session: Session, event: TextReceived) -> None:
        session.reply(event, Text(f"You said {event.body}"))
        answered.set()

    with client:
        session = client.open("sales", sandbox, region="ID")
        receipt = session.send("0812-3456-7890", Text("Halo"))
        assert receipt.wait(Delivered, timeout=60).message_id == receipt.message_id
        with pytest.raises(Undeliverable):
            session.send("+1 555 013 1026", Text("Halo"))

        events = session.events(TextReceived, start="oldest")
        client._opened.call(sandbox.user(BUDI).types, "hi")
        assert next(events).body == "hi"
        events.close()
        assert answered.wait(60)

        rows = [{"phone": f"+62812345600{n:02}", "name": str(n)} for n in range(20)]
        campaign = client.campaign(
            "promo", session=session, message=Text("Halo {name}"), audience=Audience.rows(rows)
        )
        steps = list(campaign.run(every=0.05, wait_for_statuses=30))
        assert steps[-1].counts.total == 20
        assert campaign.report().done
        assert sum(1 for _ in campaign.recipients()) == 20

    with pytest.raises(SessionClosed, match="with Client"):
        client.open("sales", _sandbox())


def test_leaving_a_loop_ends_what_runs_behind_it(tmp_path: Path) -> None:
    with Client(folder=tmp_path) as client:
        session = client.open("sales", _sandbox())
        rows = [{"phone": f"+62812345{n:05}"} for n in range(2000)]
        campaign = client.campaign(
            "promo", session=session, message=Text("Halo"), audience=Audience.rows(rows), rate=50
        )
        for progress in campaign.run(every=0.05):
            if progress.counts.total:
                break
        report = campaign.report()
        assert report.counts.unknown == 0
        assert report.counts.open > 0
