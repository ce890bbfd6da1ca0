"""Records what received events say about conversations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from blazz.addresses import Identity
from blazz.conversations.ahead import message_name, question_name
from blazz.conversations.base import Answer, ConversationStore, MessageState, Suppression
from blazz.conversations.naming import names_of
from blazz.conversations.optout import StopWords
from blazz.conversations.signals import Signals
from blazz.events.base import UNDATED, Event
from blazz.events.calls import CallConnected
from blazz.events.messages import MessageReceived, ReactionReceived
from blazz.events.preferences import MarketingResumed, MarketingStopped
from blazz.events.statuses import Failed, StatusChanged
from blazz.providers.base import of_campaign

MARKETING_STOPPED: Final = 131050
"""Meta's code of a message whose recipient stopped marketing messages from this business."""

RECORDED: Final = (
    MessageReceived,
    CallConnected,
    StatusChanged,
    MarketingStopped,
    MarketingResumed,
)
"""The events that say something about conversations."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Applies batches of one session's events to the store; events may come again.

    Windows, opt-outs, answers to questions and the states of messages are recorded; then whoever
    waits for them in this process is called.

    Attributes:
        session: `<workspace>/<name>`.
        store: Where it is remembered.
        signals: Who waits in this process.
        stop_words: Texts that opt their sender out.
        clock: The time.
    """

    session: str
    store: ConversationStore
    signals: Signals
    stop_words: StopWords
    clock: Callable[[], datetime] = _now

    async def record(self, received: Sequence[tuple[int, Event]]) -> None:
        """Record a batch of events, each with its number in the inbox's log."""
        notes = _Notes(self.session, self.clock())
        for seq, event in received:
            notes.take(seq, event, self.stop_words)
        if notes.seen:
            await self.store.saw(self.session, notes.seen)
        if notes.stopped:
            await self.store.suppress(self.session, notes.stopped)
        for address, at in notes.resumed:
            await self.store.unsuppress(self.session, address, at)
        if notes.states:
            await self.store.reached(self.session, notes.states)
        answered = await self.store.answer(self.session, notes.answers) if notes.answers else {}
        self.signals.call(notes.calls)
        self.signals.call(question_name(self.session, name) for name in answered.values())


@dataclass(slots=True)
class _Notes:
    """What a batch of events says, sorted by where it is written."""

    session: str
    now: datetime
    seen: dict[str, datetime] = field(default_factory=dict)
    stopped: list[Suppression] = field(default_factory=list)
    resumed: list[tuple[str, datetime]] = field(default_factory=list)
    states: list[MessageState] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    calls: list[Hashable] = field(default_factory=list)

    def take(self, seq: int, event: Event, stop_words: StopWords) -> None:
        match event:
            case MessageReceived():
                self._message(seq, event, stop_words)
            case CallConnected(direction="USER_INITIATED"):
                self._wrote(event.person, self._at(event))
            case StatusChanged():
                self._status(event)
            case MarketingStopped():
                self._stop(event.person, "opted_out", event)
            case MarketingResumed():
                self.resumed += [(name, self._at(event)) for name in names_of(event.person)]

    def _message(self, seq: int, event: MessageReceived, stop_words: StopWords) -> None:
        if event.chat is not None:
            return  # groups have no window, and what is said there answers nobody's question
        at = self._at(event)
        self._wrote(event.sender, at)
        if event.text is not None and stop_words.match(event.text):
            self._stop(event.sender, "stop_word", event)
        elif not isinstance(event, ReactionReceived):
            names = tuple(names_of(event.sender))
            self.answers.append(Answer(addresses=names, key=event.key, at=at, seq=seq))

    def _status(self, event: StatusChanged) -> None:
        # A campaign keeps the states of its messages in its ledger.
        if not of_campaign(event.token):
            self.states.append(_state(event))
            self.calls.append(message_name(self.session, event.message_id))
        if isinstance(event, Failed) and event.code == MARKETING_STOPPED:
            self._stop(event.recipient, f"error_{MARKETING_STOPPED}", event)

    def _wrote(self, person: Identity, at: datetime) -> None:
        for name in names_of(person):
            self.seen[name] = max(at, self.seen.get(name, at))

    def _stop(self, person: Identity, reason: str, event: Event) -> None:
        at = self._at(event)
        self.stopped += [
            Suppression(address=name, reason=reason, at=at) for name in names_of(person)
        ]

    def _at(self, event: Event) -> datetime:
        """When it happened: a time to come would hold a window open, and be the newest for ever."""
        return self.now if event.at == UNDATED else min(event.at, self.now)


def _state(event: StatusChanged) -> MessageState:
    problem = event.errors[0] if event.errors else None
    return MessageState(
        message_id=event.message_id,
        status=event.status,
        at=event.at,
        error_code=None if problem is None else problem.code,
        error=None if problem is None else problem.details or problem.title,
    )
