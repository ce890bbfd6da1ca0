"""What can be set in a sandbox, at its start and while it runs."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, get_args

from blazz.errors import InvalidValue
from blazz.sandbox.magic import STORIES, Story

WindowRule: TypeAlias = Literal["off", "refuse", "fail"]
BatchShape: TypeAlias = Literal["changes", "values", "entries", "mixed"]
TemplateReview: TypeAlias = Literal["approve", "reject", "none"]

_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a sandbox. Times are in seconds.

    Attributes:
        token: The only access token that is accepted; None: every token is.
        throughput: Messages per second and business number, sent and received together, before
            130429; None: no limit. Meta's default is 80, its upgrade 1,000.
        pair_limit: Refuse with 131056 more than one message per 6 seconds (45 at once) from a
            number to a user.
        latency: How long an answer takes at least and at most.
        slow_answer: How long the answer of the story `slow` takes.
        sent_after: From accepting a message to its `sent` status.
        delivered_after: From `sent` to `delivered`.
        read_after: From `delivered` to `read`, and from `read` to `played` or an answer.
        held_for: How long the story `held` is held.
        jitter: By how much these delays vary from user to user, as a share of them.
        speed: Delays of statuses and webhook repeats are divided by this; limits and
            `webhook_timeout` are not.
        story: What becomes of messages to ordinary users.
        faults: Share of sends (0 to 1) that play a story, by story.
        window: What becomes of free-form messages outside the 24-hour window: `off` sends them,
            `refuse` answers 131047, `fail` accepts them and sends a `failed` status, as Meta does.
        any_template: Accept templates that are not known, whatever their parameters.
        template_review: What becomes of a template that is created.
        allowed_recipients: Numbers that may be sent to, others are refused with 131030; None: all.
        user_ids: Webhooks carry business-scoped user ids (as since March 2026).
        parent_user_ids: Webhooks carry parent user ids, too.
        webhook_version: The Graph version of webhooks: below 24 they carry `conversation`.
        batch_size: Most updates in one webhook request; Meta sends up to 1,000.
        batch_wait: How long an update waits for others to share its request.
        batch_shape: Where the updates of a request go: into `changes` of one entry, `values` of
            one change where possible, an entry each, or a seeded mixture of these.
        connections: Most webhook requests under way at once, for each URL; of one conversation,
            one at a time.
        duplicate: Share of webhook requests (0 to 1) that are sent twice.
        shuffle: Keep no order: shuffle the updates that share a request, and send those of one
            conversation side by side, too.
        retry_first: From a webhook that was not answered with 200 to its first repeat; each
            further pause is twice as long.
        retry_most: The longest pause.
        give_up_after: For how long a webhook is repeated. Meta: 7 days.
        webhook_timeout: How long a webhook may take to be answered.
        backlog: Most updates that wait for a webhook; more are dropped and counted.
        seed: Makes every random choice the same from run to run.

    Raises:
        InvalidValue: A setting is out of range; the error names it.
    """

    token: str | None = field(default=None, repr=False)
    throughput: int | None = 80
    pair_limit: bool = True
    latency: tuple[float, float] = (0.0, 0.0)
    slow_answer: float = 2.0
    sent_after: float = 0.05
    delivered_after: float = 0.2
    read_after: float = 0.4
    held_for: float = 3.0
    jitter: float = 0.2
    speed: float = 1.0
    story: Story = Story.READ
    faults: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    window: WindowRule = "off"
    any_template: bool = False
    template_review: TemplateReview = "approve"
    allowed_recipients: frozenset[str] | None = None
    user_ids: bool = True
    parent_user_ids: bool = False
    webhook_version: float = 26.0
    batch_size: int = 1000
    batch_wait: float = 0.01
    batch_shape: BatchShape = "changes"
    connections: int = 8
    duplicate: float = 0.0
    shuffle: bool = False
    retry_first: float = 1.0
    retry_most: float = 3600.0
    give_up_after: float = 7 * _DAY
    webhook_timeout: float = 20.0
    backlog: int = 500_000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in _DURATIONS:
            _check_number(name, getattr(self, name), least=0, most=366 * _DAY)
        for name in _SHARES:
            _check_number(name, getattr(self, name), least=0, most=1)
        for name in _COUNTS:
            _check_number(name, getattr(self, name), least=1, most=10**9, whole=True)
        for name in _SWITCHES:
            _check(isinstance(getattr(self, name), bool), name, "true or false", self)
        if self.throughput is not None:
            _check_number("throughput", self.throughput, least=1, most=10**9, whole=True)
        _check_number("speed", self.speed, least=0.001, most=10**6)
        _check_number("webhook_version", self.webhook_version, least=1, most=999)
        _check_number("seed", self.seed, least=-(2**63), most=2**63, whole=True)
        _check(self.token is None or isinstance(self.token, str), "token", "text or null", self)
        _check(self.window in get_args(WindowRule), "window", "off, refuse or fail", self)
        _check(self.batch_shape in get_args(BatchShape), "batch_shape", "a known shape", self)
        reviews = get_args(TemplateReview)
        _check(self.template_review in reviews, "template_review", "approve, reject or none", self)
        _check(isinstance(self.story, Story), "story", "the name of a story", self)
        _check(_is_span(self.latency), "latency", "two numbers, the smaller first", self)
        for name, share in self.faults.items():
            _check(name in STORIES, "faults", "names of stories", self)
            _check_number(f"faults.{name}", share, least=0, most=1)
        _check(sum(self.faults.values()) <= 1, "faults", "shares that add up to at most 1", self)

    def updated(self, changes: Mapping[str, Any]) -> Settings:
        """Make settings with some of them changed, as they come from JSON.

        Raises:
            InvalidValue: A setting is unknown or out of range.
        """
        known = {item.name for item in dataclasses.fields(self)}
        for name in changes:
            if name not in known:
                raise InvalidValue("Settings", _naming(name, known), name)
        return dataclasses.replace(
            self, **{name: _from_json(name, value) for name, value in changes.items()}
        )

    def assigned(self, assignments: Iterable[str]) -> Settings:
        """Make settings with some of them changed, as a command line gives them.

        Args:
            assignments: `NAME=VALUE`, where the value is JSON, or text if it is not JSON.

        Raises:
            InvalidValue: A setting is unknown or out of range, or there is no `=`.

        Example:
            >>> Settings().assigned(["throughput=null", "story=delivered"]).story.value
            'delivered'
        """
        return self.updated(dict(_assignment(text) for text in assignments))

    def as_json(self) -> dict[str, Any]:
        """Give all settings in the form that `updated` takes."""
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        values["faults"] = dict(self.faults)
        values["latency"] = list(self.latency)
        if self.allowed_recipients is not None:
            values["allowed_recipients"] = sorted(self.allowed_recipients)
        return values


_DURATIONS: Final = (
    "slow_answer", "sent_after", "delivered_after", "read_after", "held_for", "batch_wait",
    "retry_first", "retry_most", "give_up_after", "webhook_timeout",
)  # fmt: skip
_SHARES: Final = ("jitter", "duplicate")
_COUNTS: Final = ("batch_size", "connections", "backlog")
_SWITCHES: Final = ("pair_limit", "any_template", "user_ids", "parent_user_ids", "shuffle")


def _naming(name: str, known: Iterable[str]) -> str:
    """What the name of a setting should have been."""
    near = get_close_matches(name, known, n=1)
    return f"the name of a setting, such as {', '.join(near or sorted(known))}"


def _from_json(name: str, value: Any) -> Any:  # noqa: ANN401  # whatever JSON holds
    """Turn a JSON value into the type of its setting; wrong ones are left to the checks."""
    if name == "story" and isinstance(value, str):
        return STORIES.get(value, value)
    if name == "latency" and isinstance(value, list):
        return tuple(value)
    if name == "latency" and _is_number(value):
        return (value, value)
    if name == "faults":
        _check_mapping(value)
        return MappingProxyType(dict(value))
    if name == "allowed_recipients" and isinstance(value, list):
        return frozenset(_digits(str(item)) for item in value)
    return value


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidValue("setting", "NAME=VALUE, such as throughput=1000", text)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_span(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(_is_number(part) for part in value)
        and 0 <= value[0] <= value[1] <= _DAY
    )


def _check(holds: bool, name: str, limit: str, settings: Settings) -> None:
    if not holds:
        raise InvalidValue(f"Settings.{name}", limit, getattr(settings, name))


def _check_number(
    name: str, value: object, *, least: float, most: float, whole: bool = False
) -> None:
    if not _is_number(value) or (whole and not isinstance(value, int)):
        raise InvalidValue(f"Settings.{name}", "a whole number" if whole else "a number", value)
    assert isinstance(value, int | float)
    if not least <= value <= most:
        raise InvalidValue(f"Settings.{name}", f"{least} to {most}", value)


def _check_mapping(value: object) -> None:
    if not isinstance(value, Mapping):
        raise InvalidValue("Settings.faults", "shares by the name of a story", value)
