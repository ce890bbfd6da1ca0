"""The state of a sandbox: numbers, users, templates, media, limits, what is logged and what is due.

No tasks, no waiting, and no I/O but the log's file: the API changes the world, the courier takes
out of it what falls due.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

from blazz.sandbox.accounts import (
    DEFAULT_NUMBER_ID,
    DEFAULT_WABA_ID,
    Accounts,
    PhoneNumber,
    Subscription,
)
from blazz.sandbox.agenda import Agenda
from blazz.sandbox.batching import Change
from blazz.sandbox.clock import Clock
from blazz.sandbox.condition import Condition
from blazz.sandbox.identifiers import message_id
from blazz.sandbox.log import MessageLog
from blazz.sandbox.media import MediaStore
from blazz.sandbox.order import MakeChange
from blazz.sandbox.post_office import PostOffice
from blazz.sandbox.settings import Settings
from blazz.sandbox.templates import TemplateBook
from blazz.sandbox.throttles import RateLimit, pair_limit, throughput_limit
from blazz.sandbox.users import Users

_REMEMBERED_ATTEMPTS: Final = 10_000


class World:
    """Everything that one sandbox knows.

    Args:
        settings: How it behaves.
        app_secret: Signs the webhooks of subscriptions that are made through the Graph API.
        log_path: Where accepted messages are logged; None: a temporary file.
        clock: Its time.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        app_secret: str = "",
        log_path: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.app_secret = app_secret
        self.clock = clock or Clock()
        self.dice = Random(self.settings.seed)  # noqa: S311  # the same from run to run
        self.log = MessageLog(log_path)
        self.accounts = Accounts()
        self.post_office = PostOffice(self.accounts, self.dice)
        self.users = Users()
        self.media = MediaStore()
        self.agenda: Agenda[Callable[[], None]] = Agenda()
        self.refusals: Counter[int] = Counter()
        self.changed = Condition()
        """Told when messages were logged, webhooks delivered, or anything became idle."""
        self.wake_courier: Callable[[], None] = lambda: None
        self._run = secrets.randbits(32)
        self._received = 0
        self._start()
        self.add_number(PhoneNumber(id=DEFAULT_NUMBER_ID, waba_id=DEFAULT_WABA_ID))

    def _start(self) -> None:
        self.templates = TemplateBook()
        self.pair_limit: RateLimit = pair_limit()
        self._attempts: Counter[str] = Counter()
        self._set_limits()
        for number in self.accounts.numbers.values():
            self.templates.open_account(number.waba_id)
            number.profile.clear()
            number.blocked.clear()

    def reset(self) -> None:
        """Forget messages, users, templates, media and all that waits.

        Settings, numbers and subscriptions stay.
        """
        self.log.clear()
        self.post_office.clear()
        self.users.clear()
        self.media.clear()
        self.agenda.clear()
        self.refusals.clear()
        self.dice.seed(self.settings.seed)
        self._run = secrets.randbits(32)
        self._start()
        self.changed.notify_all()

    def change_settings(self, settings: Settings) -> None:
        """Behave otherwise from now on; limits that changed start afresh."""
        before, self.settings = self.settings, settings
        if settings.seed != before.seed:
            self.dice.seed(settings.seed)
        if settings.throughput != before.throughput:
            self._set_limits()
        self.wake_courier()

    def add_number(self, number: PhoneNumber) -> None:
        """Add a business number, with its account if that is new."""
        self.accounts.add(number)
        self.templates.open_account(number.waba_id)

    def subscribe(self, scope: str, subscription: Subscription | None) -> None:
        """Send the webhooks of a number, an account or (empty) everything to a URL."""
        self.accounts.subscribe(scope, subscription)
        self.post_office.hurry(scope, self.clock.now())
        self.wake_courier()

    @property
    def is_settled(self) -> bool:
        """No status is still to come and no webhook still to be delivered."""
        return not len(self.agenda) and self.post_office.is_idle

    def at(self, due: float, action: Callable[[], None]) -> None:
        """Do something when it falls due."""
        first = self.agenda.next_due
        self.agenda.add(due, action)
        if first is None or due < first:
            self.wake_courier()

    def play_due(self, now: float) -> None:
        """Do what is due."""
        for action in self.agenda.due(now):
            action()

    def post(
        self,
        change: MakeChange,
        *,
        number: PhoneNumber | None = None,
        waba_id: str | None = None,
        party: str = "",
    ) -> None:
        """Send an update to whoever subscribed to it.

        Args:
            change: The update.
            number: The business number that it is about, or None.
            waba_id: The account; that of the number if it is not given.
            party: Whom the number talks with: updates about the same party are sent in order.
        """
        self.post_office.put(
            change,
            number=number,
            waba_id=waba_id or (number.waba_id if number else ""),
            party=self.users.first_number(party),
            now=self.clock.now(),
            settings=self.settings,
        )
        self.wake_courier()

    def post_value(
        self, number: PhoneNumber, field: str, value: dict[str, Any], *, party: str
    ) -> None:
        """Send an update that is ready."""
        change = Change(number.waba_id, field, value)
        self.post(lambda: change, number=number, party=party)

    def throughput_wait(self, number: PhoneNumber, now: float) -> float:
        """Count one message of a number; seconds to wait if that is one too many."""
        limit = self._throughput
        return limit.take(number.id, now) if limit is not None else 0.0

    def count_received(self, number: PhoneNumber, now: float) -> None:
        """Count a message that a user sent: it uses up throughput, too."""
        if self._throughput is not None:
            self._throughput.record(number.id, now)

    def new_sent_id(self, party: str) -> tuple[int, str]:
        """Number and id of the next message in the log."""
        sequence = self.log.count + 1
        return sequence, message_id(party, self._run, sequence)

    def new_received_id(self, party: str) -> str:
        """The id of a message that a user sends."""
        self._received += 1
        return message_id(party, self._run, self._received, incoming=True)

    def count_attempt(self, key: str) -> int:
        """How often something was tried before; remembered for the newest few."""
        if len(self._attempts) >= _REMEMBERED_ATTEMPTS and key not in self._attempts:
            self._attempts.clear()
        self._attempts[key] += 1
        return self._attempts[key] - 1

    def close(self) -> None:
        """Close the log and the media."""
        self.media.clear()
        self.log.close()

    def _set_limits(self) -> None:
        throughput = self.settings.throughput
        self._throughput = throughput_limit(throughput) if throughput else None
