"""What a campaign says: one message, or several variants of which each person gets one.

Who gets which is decided by a hash of the campaign's name and the address: it needs no memory, is
the same on every machine, and does not depend on the order of the audience.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from hashlib import blake2s
from typing import Final, TypeAlias

from blazz.errors import InvalidValue
from blazz.messages.base import Message, check_kind
from blazz.messages.codec import from_json, to_json
from blazz.messages.frozen import FrozenMapping
from blazz.messages.rendering import Renderer

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_MOST: Final = 26


@dataclass(frozen=True, slots=True)
class Variants:
    """Several messages, of which each person gets one.

    Attributes:
        messages: Each variant's message by its name; 2 to 26 of them.
        weights: How large each variant's part is, against the others'; by default all the same.

    Raises:
        InvalidValue: There are too few or too many, or names or weights do not fit.

    Example:
        >>> from blazz.messages import Text
        >>> both = Variants({"short": Text("Halo"), "long": Text("Halo {name}")})
        >>> both.weights
        (1.0, 1.0)
    """

    messages: Mapping[str, Message]
    _: KW_ONLY
    weights: Mapping[str, float] | tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_kind("Variants.messages", self.messages, Mapping)
        if not 2 <= len(self.messages) <= _MOST:
            raise InvalidValue("Variants.messages", f"2 to {_MOST} messages by name", self.messages)
        for name, message in self.messages.items():
            if not _NAME.fullmatch(str(name)):
                rule = "names of 1 to 32 letters, digits, - and _"
                raise InvalidValue("Variants.messages", rule, name)
            check_kind(f"Variants.messages[{name!r}]", message, Message)
        given = self.weights
        if isinstance(given, Mapping):
            if set(given) != set(self.messages):
                rule = f"one weight for each of {', '.join(self.messages)}"
                raise InvalidValue("Variants.weights", rule, dict(given))
            given = tuple(given[name] for name in self.messages)
        weights = tuple(map(float, given)) or (1.0,) * len(self.messages)
        if len(weights) != len(self.messages) or not all(0 < each < 1e9 for each in weights):
            raise InvalidValue("Variants.weights", "one for each variant, above 0", weights)
        object.__setattr__(self, "messages", FrozenMapping(self.messages))
        object.__setattr__(self, "weights", weights)

    @property
    def names(self) -> tuple[str, ...]:
        """The variants' names, in their order."""
        return tuple(self.messages)


Said: TypeAlias = Message | Variants
"""What a campaign says."""


class Content:
    """What a campaign says, ready to be filled in.

    Args:
        said: A message, or variants of one.
        seed: The campaign's name; who gets which variant depends on it.

    Attributes:
        columns: The columns that it needs, sorted.

    Raises:
        InvalidValue: A placeholder is malformed.
    """

    def __init__(self, said: Said, *, seed: str = "") -> None:
        self.said = said
        messages = tuple(said.messages.values()) if isinstance(said, Variants) else (said,)
        self._renderers = [Renderer(message) for message in messages]
        self._seed = seed.encode()
        self._bounds: list[float] = []
        if isinstance(said, Variants):
            assert isinstance(said.weights, tuple)
            total, sum_so_far = sum(said.weights), 0.0
            for weight in said.weights:
                sum_so_far += weight
                self._bounds.append(sum_so_far / total)
        columns = {column for each in self._renderers for column in each.columns}
        self.columns: tuple[str, ...] = tuple(sorted(columns))

    @property
    def names(self) -> tuple[str, ...]:
        """The variants' names; none for a single message."""
        return self.said.names if isinstance(self.said, Variants) else ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages, not filled in: one, or one for each variant."""
        said = self.said
        return tuple(said.messages.values()) if isinstance(said, Variants) else (said,)

    def variant(self, address: str) -> int:
        """Which variant a person gets, by its place; 0 where there is one message.

        Example:
            >>> from blazz.messages import Text
            >>> content = Content(Variants({"a": Text("A"), "b": Text("B")}), seed="promo-11")
            >>> content.variant("+6281234567890") == content.variant("+6281234567890")
            True
        """
        if not self._bounds:
            return 0
        drawn = draw(address, self._seed)
        return next(place for place, bound in enumerate(self._bounds) if drawn < bound)

    def render(self, values: Mapping[str, str], *, variant: int = 0) -> Message:
        """Make the message for one person, who gets this variant.

        Raises:
            InvalidValue: A column is missing, or a limit is broken once it is filled in.
        """
        return self._renderers[variant].render(values)


def draw(address: str, seed: bytes) -> float:
    """Give a number from 0 to below 1 that is always the same for an address and a seed."""
    digest = blake2s(address.encode(), digest_size=6, key=blake2s(seed).digest()).digest()
    return int.from_bytes(digest, "big") / (1 << 48)


def write_content(said: Said) -> str:
    """Write what a campaign says as JSON; a single message as the codec writes it."""
    if isinstance(said, Variants):
        document = {
            "variants": {name: json.loads(to_json(it)) for name, it in said.messages.items()},
            "weights": said.weights,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return to_json(said)


def read_content(text: str) -> Said:
    """Read it.

    Raises:
        InvalidValue: It is not a message, or breaks a limit.

    Example:
        >>> from blazz.messages import Text
        >>> both = Variants({"a": Text("A"), "b": Text("B")}, weights=(3, 1))
        >>> read_content(write_content(both)) == both
        True
    """
    if not text.startswith('{"variants":'):
        return from_json(text)
    document = json.loads(text)
    messages = {
        name: from_json(json.dumps(it, ensure_ascii=False))
        for name, it in document["variants"].items()
    }
    return Variants(messages, weights=tuple(document["weights"]))
