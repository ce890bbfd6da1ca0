"""What happens to a message after it was accepted: which statuses come, and when.

Pure: a story and the settings give a list of steps; the courier plays them.
"""

from __future__ import annotations

import enum
import zlib
from dataclasses import dataclass
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


def variation(recipient: str, seed: int) -> float:
    """How much quicker (-1) or slower (1) than others things go with a recipient.

    The same for all messages to them, so that these are sent, delivered and read in the order in
    which they were accepted.

    Example:
        >>> -1 <= variation("6281234567890", 0) < 1
        True
    """
    return zlib.crc32(f"{seed}:{recipient}".encode()) / 2**31 - 1.0


def failure(code: int, settings: Settings, variation: float) -> tuple[Step, ...]:
    """The steps of a message that is accepted and then fails."""
    return (Step(settings.sent_after * _factor(settings, variation), _FAILED, code),)


def timeline(story: Story, settings: Settings, variation: float) -> tuple[Step, ...]:
    """The steps of an accepted message.

    Example:
        >>> steps = timeline(Story.READ, Settings(jitter=0.0), 0.5)
        >>> [(step.occurrence.value, step.pause) for step in steps]
        [('sent', 0.05), ('delivered', 0.2), ('read', 0.4)]
    """
    factor = _factor(settings, variation)
    if story is Story.READ:
        return _ordinary(settings, factor)
    script = _SCRIPTS.get(story, _ORDINARY)
    wait = settings.held_for / settings.speed if story in _HELD else 0.0
    steps = []
    for occurrence, code in script:
        pause = wait + _pause_before(occurrence, settings) * factor
        steps.append(Step(pause, occurrence, code))
        wait = 0.0
    return tuple(steps)


def _ordinary(settings: Settings, factor: float) -> tuple[Step, ...]:
    """Nearly every message takes this way, so it is built without a detour."""
    return (
        Step(settings.sent_after * factor, _SENT),
        Step(settings.delivered_after * factor, _DELIVERED),
        Step(settings.read_after * factor, _READ),
    )


def _pause_before(occurrence: Occurrence, settings: Settings) -> float:
    if occurrence is _SENT:
        return settings.sent_after
    if occurrence in (_DELIVERED, _FAILED):
        return settings.delivered_after
    return settings.read_after


def _factor(settings: Settings, variation: float) -> float:
    """By how much delays are longer as they are played: jittered, and shortened by the speed-up."""
    return (1.0 + settings.jitter * variation) / settings.speed
