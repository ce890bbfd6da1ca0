"""When a refused message is tried again."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.errors import InvalidValue, Retry

_DAY = 86_400.0
_LONGEST_BACKOFF = 300.0
_HALT = frozenset({Retry.CREDENTIALS, Retry.OPERATOR})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often one recipient's message may be refused before it has failed.

    Attributes:
        most_refusals: The refusal of this number is the last; 1 means no retries.

    Raises:
        InvalidValue: It is below 1.
    """

    most_refusals: int = 5

    def __post_init__(self) -> None:
        if self.most_refusals < 1:
            raise InvalidValue("RetryPolicy.most_refusals", "at least 1", self.most_refusals)

    def pause(
        self,
        retry: Retry,
        *,
        refusals: int,
        counts: bool = True,
        retry_after: float | None = None,
    ) -> float | None:
        """Seconds until the next attempt; None if there is none and the message has failed.

        Credentials and the like are mended by a person, for all messages at once: the campaign
        halts, and its messages are due when it is resumed.

        Args:
            retry: What the refusal says.
            refusals: How many counted before this one.
            counts: Whether this one counts.
            retry_after: The least that the provider asks to wait.

        Example:
            >>> policy = RetryPolicy(most_refusals=5)
            >>> [policy.pause(Retry.PAIR, refusals=n) for n in range(5)]
            [1.0, 4.0, 16.0, 64.0, None]
        """
        if retry in _HALT:
            return 0.0
        if retry is Retry.NEVER or (retry is Retry.ONCE and refusals):
            return None
        if counts and refusals + 1 >= self.most_refusals:
            return None
        return max(retry_after or 0.0, _own_pause(retry, refusals))


def _own_pause(retry: Retry, refusals: int) -> float:
    exponent = min(refusals, 16)
    match retry:
        case Retry.BACKOFF:
            return min(2.0**exponent, _LONGEST_BACKOFF)
        case Retry.PAIR:
            return float(4**exponent)
        case Retry.NEXT_DAY:
            return _DAY
        case _:
            # Retry.ONCE: at once. Retry.LATER: the campaign itself rests, see `pacing`.
            return 0.0
