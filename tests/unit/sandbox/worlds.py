"""A sandbox without a server, for tests: requests in, outcomes and webhook values out."""

from __future__ import annotations

import json
from typing import Any

from blazz.sandbox.accounts import DEFAULT_NUMBER_ID, PhoneNumber, Subscription
from blazz.sandbox.clock import Clock
from blazz.sandbox.sending import Outcome, handle
from blazz.sandbox.settings import Settings
from blazz.sandbox.world import World

BUDI = "+6281234567890"
EVERYWHERE = Subscription(url="http://127.0.0.1:9/", app_secret="s3cret")


class StillClock(Clock):
    """A clock that only moves when it is told to."""

    def __init__(self, now: float = 1_795_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


class Town(World):
    """A world with a still clock, whose webhooks can be read."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(Settings(jitter=0.0).updated(settings), clock=StillClock())
        self.subscribe("", EVERYWHERE)

    @property
    def number(self) -> PhoneNumber:
        return self.accounts.numbers[DEFAULT_NUMBER_ID]

    def send(self, body: Any) -> Outcome:
        return handle(self, self.number, body)

    def text(self, to: str = BUDI, body: str = "hi", **more: Any) -> str:
        """Send a text; give its message id."""
        outcome = self.send(text_body(to, body, **more))
        message_id: str = outcome.body["messages"][0]["id"]
        return message_id

    def changes(self, *, seconds: float = 3600.0, step: float = 0.01) -> list[dict[str, Any]]:
        """Let time pass; give the `changes` of all webhooks that were due, in order."""
        found: list[dict[str, Any]] = []
        end = self.clock.now() + seconds
        while not self.is_settled and self.clock.now() < end:
            self.clock.advance(step)
            self.play_due(self.clock.now())
            for _, mailbox, delivery in self.post_office.take(self.clock.now(), self.settings):
                for entry in json.loads(delivery.body)["entry"]:
                    found += entry["changes"]
                mailbox.finish(delivery, self.clock.now(), self.settings, ok=True)
        return found

    def statuses(self) -> list[dict[str, Any]]:
        """Let time pass; give all statuses."""
        return [
            status for change in self.changes() for status in change["value"].get("statuses", [])
        ]


def text_body(to: str = BUDI, body: str = "hi", **more: Any) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "text",
        "text": {"body": body},
        **more,
    }


def template_body(
    name: str = "promo",
    language: str = "id",
    parameters: tuple[str, ...] = ("Budi", "X1"),
    to: str = BUDI,
    **more: Any,
) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "to": to,
        "type": "template",
        "template": {
            "name": name,
            "language": {"code": language},
            "components": [
                {
                    "type": "body",
                    "parameters": [{"type": "text", "text": text} for text in parameters],
                }
            ],
        },
        **more,
    }
