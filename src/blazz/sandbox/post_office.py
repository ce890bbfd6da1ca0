"""Which webhook goes where: a mailbox for each subscription, and what waits in them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from blazz.sandbox.accounts import Accounts, PhoneNumber, Subscription
from blazz.sandbox.mailbox import Counts, Delivery, Mailbox
from blazz.sandbox.order import MakeChange
from blazz.sandbox.settings import BatchShape, Settings


class PostOffice:
    """The mailboxes of all subscriptions.

    A mailbox belongs to the scope of a subscription (a number, an account or everything), not to
    its URL: when an application comes back at another URL, it gets what waited for it.

    Args:
        accounts: Knows the subscriptions.
        dice: Every random choice.

    Attributes:
        counts: How many updates went where.
        last_failure: Where the last webhook that failed went, and why it did; None: none failed.
    """

    def __init__(self, accounts: Accounts, dice: Random) -> None:
        self.counts = Counts()
        self.last_failure: str | None = None
        self._accounts = accounts
        self._dice = dice
        self._mailboxes: dict[str, Mailbox] = {}
        self._held = False

    @property
    def waiting(self) -> int:
        """Updates that were not delivered yet."""
        return sum(mailbox.waiting for mailbox in self._mailboxes.values())

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is under way."""
        return all(mailbox.is_idle for mailbox in self._mailboxes.values())

    @property
    def is_held(self) -> bool:
        """Webhooks are held back until they are released."""
        return self._held

    def put(
        self,
        change: MakeChange,
        *,
        number: PhoneNumber | None,
        waba_id: str,
        party: str,
        now: float,
        settings: Settings,
    ) -> None:
        """Add an update; where nobody subscribed to it, it is dropped and counted.

        Args:
            change: The update.
            number: The business number that it is about, or None.
            waba_id: The account.
            party: Whom the number talks with; empty if it is about nobody in particular.
            now: The sandbox's time.
            settings: How much may wait.
        """
        scopes = self._accounts.scopes(number.id if number else None, waba_id)
        if not scopes:
            self.counts.dropped += 1
        conversation = (number.id if number else waba_id, party)
        for scope in scopes:
            self._mailbox(scope).put(change, now, settings, conversation=conversation)

    def take(
        self, now: float, settings: Settings
    ) -> Iterator[tuple[Subscription, Mailbox, Delivery]]:
        """All requests that may be sent now."""
        for scope, mailbox in list(self._mailboxes.items()):
            subscription = self._accounts.subscriptions().get(scope)
            if subscription is None:
                mailbox.drop()
                continue
            while (delivery := mailbox.take(now, settings)) is not None:
                yield subscription, mailbox, delivery

    def next_due(self, settings: Settings) -> float | None:
        """When `take` will have something, as far as is known now."""
        moments = [mailbox.next_due(settings) for mailbox in self._mailboxes.values()]
        return min((moment for moment in moments if moment is not None), default=None)

    def hurry(self, scope: str, now: float) -> None:
        """Repeat at once what could not be delivered to a scope."""
        if scope in self._mailboxes:
            self._mailboxes[scope].hurry(now)

    def hold(self) -> None:
        """Send nothing until `release`."""
        self._held = True
        for mailbox in self._mailboxes.values():
            mailbox.held = True

    def release(
        self,
        now: float,
        settings: Settings,
        *,
        copies: int = 1,
        shuffle: bool = False,
        shape: BatchShape | None = None,
        whole: bool = True,
    ) -> int:
        """Let go of what was held, see `Mailbox.release`; return how many updates that is."""
        self._held = False
        return sum(
            mailbox.release(now, settings, copies=copies, shuffle=shuffle, shape=shape, whole=whole)
            for mailbox in self._mailboxes.values()
        )

    def repeat_last(self, count: int, now: float) -> int:
        """Send the newest answered requests once more; return how many there were."""
        return sum(mailbox.repeat_last(count, now) for mailbox in self._mailboxes.values())

    def clear(self) -> None:
        """Forget everything; requests that are under way end without effect."""
        self._mailboxes = {}
        self._held = False
        self.counts = Counts()
        self.last_failure = None

    def _mailbox(self, scope: str) -> Mailbox:
        if scope not in self._mailboxes:
            self._mailboxes[scope] = Mailbox(self._dice, self.counts, held=self._held)
        return self._mailboxes[scope]
