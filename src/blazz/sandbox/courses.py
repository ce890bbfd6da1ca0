"""The course of an accepted message: its statuses, one after the other, as their time comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blazz.sandbox import actions
from blazz.sandbox.batching import Change
from blazz.sandbox.timeline import Occurrence, Step
from blazz.sandbox.webhook_values import SentMessage, status_value
from blazz.sandbox.world import World

_STATUSES: Final = frozenset(
    {
        Occurrence.SENT,
        Occurrence.DELIVERED,
        Occurrence.READ,
        Occurrence.PLAYED,
        Occurrence.FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class StatusNotice:
    """A status that is to be told; the webhook is built when it is posted."""

    world: World
    message: SentMessage
    step: Step
    at: float
    priced: bool

    def __call__(self) -> Change:
        """Build the update."""
        message = self.message
        user = self.world.users.get(message.wa_id) if message.wa_id is not None else None
        value = status_value(
            message,
            user,
            self.step.occurrence.value,
            at=self.at,
            settings=self.world.settings,
            code=self.step.code,
            priced=self.priced,
        )
        return Change(message.number.waba_id, "messages", value)


class Course:
    """A message on its way.

    Args:
        world: Where it happens.
        message: The message.
        steps: What happens to it.
        text: What it says, for users who answer with the same.
    """

    __slots__ = ("_at", "_message", "_position", "_steps", "_text", "_world")

    def __init__(
        self, world: World, message: SentMessage, steps: tuple[Step, ...], text: str
    ) -> None:
        self._world = world
        self._message = message
        self._steps = steps
        self._text = text
        self._position = 0
        self._at = 0.0

    def start(self, now: float) -> None:
        """Wait for the first step."""
        self._at = now
        self._await_next()

    def __call__(self) -> None:
        """Take the step that is due, then wait for the next one."""
        step = self._steps[self._position]
        self._position += 1
        if step.occurrence in _STATUSES:
            self._tell(step)
        else:
            self._act(step.occurrence)
        self._await_next()

    def _await_next(self) -> None:
        # One step at a time: what waits stays small, however long the story is.
        if self._position < len(self._steps):
            self._at += self._steps[self._position].pause
            self._world.at(self._at, self)

    def _tell(self, step: Step) -> None:
        message = self._message
        if step.occurrence is Occurrence.PLAYED and message.kind != "audio":
            return
        notice = StatusNotice(self._world, message, step, self._at, self._is_priced(step))
        party = message.wa_id or message.addressed or message.group or ""
        self._world.post(notice, number=message.number, party=party)

    def _is_priced(self, step: Step) -> bool:
        """Meta tells the price with `sent`, and with `delivered` or the `read` in its place."""
        if step.occurrence is Occurrence.READ:
            return all(other.occurrence is not Occurrence.DELIVERED for other in self._steps)
        return step.occurrence in (Occurrence.SENT, Occurrence.DELIVERED)

    def _act(self, occurrence: Occurrence) -> None:
        message = self._message
        if message.wa_id is None:
            return
        if occurrence is Occurrence.OPT_OUT:
            actions.set_marketing(self._world, message.number, message.wa_id, stop=True)
        else:
            text = "STOP" if occurrence is Occurrence.STOP else self._text
            content = {"type": "text", "text": {"body": text}}
            actions.write(self._world, message.number, message.wa_id, content)
