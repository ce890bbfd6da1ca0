"""A message template: its review, its quality, its content, its category."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from blazz.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEvent(Event):
    """Something about one template.

    Attributes:
        template_id: Its id.
        name: Its name.
        language: Its language, such as `en_US`.
    """

    template_id: str | None = None
    name: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateStatusChanged(TemplateEvent):
    """A template may be used now, or may not.

    Attributes:
        status: `APPROVED`, `ARCHIVED`, `UNARCHIVED`, `DELETED`, `DISABLED`, `FLAGGED`,
            `IN_APPEAL`, `LIMIT_EXCEEDED`, `LOCKED`, `PAUSED`, `PENDING`, `REINSTATED`,
            `PENDING_DELETION` or `REJECTED`; new ones may come.
        reason: Why it was rejected, such as `INVALID_FORMAT`; None for Meta's `NONE`.
        category: `MARKETING`, `UTILITY` or `AUTHENTICATION`.
        title: Which pause it is: `FIRST_PAUSE` (3 hours), `SECOND_PAUSE` (6 hours),
            `RATE_LIMITING_PAUSE`, `UNPAUSE` or `DISABLED`.
        description: Why it was paused, locked or unlocked, or what is wrong with it.
        recommendation: How to mend it.
        disabled_at: When it was disabled.
    """

    status: str
    reason: str | None = None
    category: str | None = None
    title: str | None = None
    description: str | None = None
    recommendation: str | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateQualityChanged(TemplateEvent):
    """How people like a template: `GREEN`, `YELLOW`, `RED` or `UNKNOWN` (not rated yet).

    Attributes:
        score: Its score now.
        previous: Its score before.
    """

    score: str
    previous: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateButton:
    """A button of a template.

    Attributes:
        type: Such as `URL`, `PHONE_NUMBER` or `QUICK_REPLY`.
        text: What it says.
        url: Where it leads.
        phone: Whom it calls, as it stands in the template.
    """

    type: str | None = None
    text: str | None = None
    url: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateComponentsChanged(TemplateEvent):
    """The content of a template changed.

    Attributes:
        body: The text.
        header: The text header.
        footer: The footer.
        buttons: The buttons.
    """

    body: str | None = None
    header: str | None = None
    footer: str | None = None
    buttons: tuple[TemplateButton, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCategoryChanged(TemplateEvent):
    """Meta moved a template to another category, or will: `MARKETING`, `UTILITY`, ….

    Attributes:
        category: The category that it has now.
        previous: The category that it had, when it was moved.
        upcoming: The category that it will have, when it is going to be moved.
        changes_at: When it is going to be moved.
    """

    category: str | None = None
    previous: str | None = None
    upcoming: str | None = None
    changes_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCategoryDisputed(TemplateEvent):
    """Meta found that a template is not of the category that it was sent as.

    Attributes:
        category: What it was sent as.
        detected: What Meta thinks it is.
    """

    category: str | None = None
    detected: str | None = None
