"""Magic recipients: phone numbers that make the sandbox play one error or one story.

Three ranges of the fictional area code 555, as payment sandboxes do with test cards:

* `+1 555 CCCCCCC`: the send is refused with Meta's error code, padded to seven digits
  (`+1 555 013 1026` is refused with 131026);
* `+1 555 9CCCCCC`: the send is accepted, then a `failed` status brings the code
  (`+1 555 913 1049` fails with 131049);
* `+1 555 800 00NN`: the story number NN, see `Story`.

Every other number is an ordinary user.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, Self

from blazz.sandbox.graph_errors import FAULTS

_PREFIX: Final = "1555"
_LENGTH: Final = 11
_STORIES: Final = "80000"
_FAILURES: Final = "9"


class Story(enum.StrEnum):
    """What becomes of a message; the number after `+1 555 800 00` is its place in this list."""

    number: int
    description: str

    def __new__(cls, value: str, number: int, description: str) -> Self:
        """Give the member its number and its description."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.number = number
        member.description = description
        return member

    READ = "read", 0, "sent, delivered and read: what every ordinary user does"
    DELIVERED = "delivered", 1, "sent and delivered, never read"
    SENT = "sent", 2, "sent, never delivered"
    READ_AT_ONCE = "read_at_once", 3, "sent, then read; there is no delivered status"
    REORDERED = "reordered", 4, "the statuses come backwards: read, delivered, sent"
    DUPLICATED = "duplicated", 5, "every status comes twice"
    ACCEPTED_NO_ANSWER = (
        "accepted_no_answer",
        6,
        "accepted, but the request is never answered; the statuses come",
    )
    ACCEPTED_CLOSED = (
        "accepted_closed",
        7,
        "accepted, but the connection closes without an answer; the statuses come",
    )
    CLOSED = "closed", 8, "NOT accepted: the connection closes without an answer"
    BAD_GATEWAY = "bad_gateway", 9, "NOT accepted: HTTP 502 with a page of HTML"
    ACCEPTED_BAD_GATEWAY = (
        "accepted_bad_gateway",
        10,
        "accepted, although the answer is HTTP 502 with a page of HTML; the statuses come",
    )
    UNAVAILABLE = "unavailable", 11, "NOT accepted: HTTP 503 with an empty body"
    SLOW = "slow", 12, "accepted, answered after `slow_answer` seconds"
    THROTTLED = (
        "throttled",
        13,
        "refused twice with 130429 and `Retry-After: 1`, then accepted",
    )
    PAIR_LIMITED = "pair_limited", 14, "refused twice with 131056, then accepted"
    HELD = (
        "held",
        15,
        "accepted as `held_for_quality_assessment`; the statuses come after `held_for` seconds",
    )
    HELD_AND_DROPPED = (
        "held_and_dropped",
        16,
        "accepted as `held_for_quality_assessment`, then failed with 132015",
    )
    FAILED_AFTER_SENT = "failed_after_sent", 17, "sent, then failed with 131026"
    FAILED_THEN_DELIVERED = (
        "failed_then_delivered",
        18,
        "failed with 131026, then delivered all the same",
    )
    PLAYED = "played", 19, "sent, delivered, read, and a voice message is played"
    OPTED_OUT = (
        "opted_out",
        20,
        "failed with 131050, and a `user_preferences` webhook tells that the user opted out",
    )
    NO_STATUS = "no_status", 21, "accepted, and no status ever comes"
    ECHO = "echo", 22, "read, then the user answers with the same text"
    SAYS_STOP = "says_stop", 23, "read, then the user answers STOP"
    ACCEPTED_CUT_OFF = (
        "accepted_cut_off",
        24,
        "accepted, but the connection closes in the middle of the answer; the statuses come",
    )
    CAPTIVE_PORTAL = "captive_portal", 25, "NOT accepted: HTTP 200 with a page of HTML"

    @property
    def phone(self) -> str:
        """The number that plays it, such as `+1 555 800 0004`."""
        return f"+1 555 800 {self.number:04d}"


STORIES: Final[dict[str, Story]] = {story.value: story for story in Story}
"""The stories by name."""

_BY_NUMBER: Final = {story.number: story for story in Story}


@dataclass(frozen=True, slots=True)
class Fate:
    """What a recipient's number stands for; at most one part is set.

    Attributes:
        refused: The code that the send is refused with.
        failed: The code of the `failed` status that follows.
        story: The story that is played.
    """

    refused: int | None = None
    failed: int | None = None
    story: Story | None = None


ORDINARY: Final = Fate()


def fate(wa_id: str) -> Fate:
    """Read what a phone number stands for.

    Example:
        >>> fate("15550131026").refused, fate("15559131049").failed
        (131026, 131049)
        >>> fate("15558000004").story
        <Story.REORDERED: 'reordered'>
        >>> fate("6281234567890") == ORDINARY
        True
    """
    if len(wa_id) != _LENGTH or not wa_id.startswith(_PREFIX) or not wa_id.isdigit():
        return ORDINARY
    rest = wa_id[len(_PREFIX) :]
    if int(rest) in FAULTS:
        return Fate(refused=int(rest))
    if rest.startswith(_FAILURES) and int(rest[1:]) in FAULTS:
        return Fate(failed=int(rest[1:]))
    if rest.startswith(_STORIES):
        return Fate(story=_BY_NUMBER.get(int(rest[len(_STORIES) :])))
    return ORDINARY


def refusing_number(code: int) -> str:
    """The number whose sends are refused with a code.

    Example:
        >>> refusing_number(131026)
        '+1 555 013 1026'
    """
    digits = f"{code:07d}"
    return f"+1 555 {digits[:3]} {digits[3:]}"


def failing_number(code: int) -> str | None:
    """The number whose messages fail with a code; None for codes of seven digits.

    Example:
        >>> failing_number(131049)
        '+1 555 913 1049'
    """
    if code > 999_999:
        return None
    digits = f"9{code:06d}"
    return f"+1 555 {digits[:3]} {digits[3:]}"
