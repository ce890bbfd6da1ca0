"""What happens to a message after it was accepted: which statuses come, and when.

Pure: a story and the settings give a list of steps; the courier plays them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from random import Random
from typing import Final

from blazz.sandbox.magic import Story
from blazz.sandbox.settings import Settings


class Occurrence(enum.StrEnum):
    """One thing that a step makes happen."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"
    OPT_OUT = "opt_out"
    ECHO = "echo"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens to a message.

    Attributes:
        pause: Seconds after the step before.
        occurrence: What happens.
        code: Why a message failed, or None.
    """

    pause: float
    occurrence: Occurrence
    code: int | None = None


_SENT: Final = Occurrence.SENT
_DELIVERED: Final = Occurrence.DELIVERED
_READ: Final = Occurrence.READ
_FAILED: Final = Occurrence.FAILED

_ORDINARY: Final = ((_SENT, None), (_DELIVERED, None), (_READ, None))
_SCRIPTS: Final[dict[Story, tuple[tuple[Occurrence, int | None], ...]]] = {
    Story.DELIVERED: ((_SENT, None), (_DELIVERED, None)),
    Story.SENT: ((_SENT, None),),
    Story.READ_AT_ONCE: ((_SENT, None), (_READ, None)),
    Story.REORDERED: tuple(reversed(_ORDINARY)),
    Story.DUPLICATED: tuple(part for part in _ORDINARY for _ in range(2)),
    Story.HELD_AND_DROPPED: ((_FAILED, 132015),),
    Story.FAILED_AFTER_SENT: ((_SENT, None), (_FAILED, 131026)),
    Story.FAILED_THEN_DELIVERED: ((_SENT, None), (_FAILED, 131026), (_DELIVERED, None)),
    Story.PLAYED: (*_ORDINARY, (Occurrence.PLAYED, None)),
    Story.OPTED_OUT: ((_FAILED, 131050), (Occurrence.OPT_OUT, None)),
    Story.NO_STATUS: (),
    Story.ECHO: (*_ORDINARY, (Occurrence.ECHO, None)),
    Story.SAYS_STOP: (*_ORDINARY, (Occurrence.STOP, None)),
}
_NEVER_ACCEPTED: Final = frozenset(
    {Story.CLOSED, Story.BAD_GATEWAY, Story.UNAVAILABLE, Story.CAPTIVE_PORTAL}
)
_HELD: Final = frozenset({Story.HELD, Story.HELD_AND_DROPPED})


def is_accepted(story: Story) -> bool:
    """Whether a message of this story is accepted at all."""
    return story not in _NEVER_ACCEPTED


def is_held(story: Story) -> bool:
    """Whether a message of this story is held for a quality assessment."""
    return story in _HELD


def failure(code: int, settings: Settings, dice: Random) -> tuple[Step, ...]:
    """The steps of a message that is accepted and then fails."""
    return (Step(_varied(settings.sent_after, settings, dice), _FAILED, code),)


def timeline(story: Story, settings: Settings, dice: Random) -> tuple[Step, ...]:
    """The steps of an accepted message.

    Example:
        >>> steps = timeline(Story.READ, Settings(jitter=0.0), Random(0))
        >>> [(step.occurrence.value, step.pause) for step in steps]
        [('sent', 0.05), ('delivered', 0.2), ('read', 0.4)]
    """
    if story is Story.READ:
        return _ordinary(settings, dice)
    script = _SCRIPTS.get(story, _ORDINARY)
    wait = settings.held_for if story in _HELD else 0.0
    steps = []
    for occurrence, code in script:
        pause = wait + _varied(_pause_before(occurrence, settings), settings, dice)
        steps.append(Step(pause, occurrence, code))
        wait = 0.0
    return tuple(steps)


def _ordinary(settings: Settings, dice: Random) -> tuple[Step, ...]:
    """Nearly every message takes this way, so it is built without a detour."""
    return (
        Step(_varied(settings.sent_after, settings, dice), _SENT),
        Step(_varied(settings.delivered_after, settings, dice), _DELIVERED),
        Step(_varied(settings.read_after, settings, dice), _READ),
    )


def _pause_before(occurrence: Occurrence, settings: Settings) -> float:
    if occurrence is _SENT:
        return settings.sent_after
    if occurrence in (_DELIVERED, _FAILED):
        return settings.delivered_after
    return settings.read_after


def _varied(seconds: float, settings: Settings, dice: Random) -> float:
    """A delay as it is played: jittered, then shortened by the speed-up."""
    if settings.jitter:
        seconds *= 1.0 + settings.jitter * (2.0 * dice.random() - 1.0)
    return seconds / settings.speed
