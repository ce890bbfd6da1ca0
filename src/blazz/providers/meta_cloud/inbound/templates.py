"""`message_template_…_update`, `template_category_update` and their kin."""

from __future__ import annotations

from typing import Any

from blazz.events.templates import (
    TemplateButton,
    TemplateCategoryChanged,
    TemplateCategoryDisputed,
    TemplateComponentsChanged,
    TemplateQualityChanged,
    TemplateStatusChanged,
)
from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.reading import Json, each, inner, moment, required, text


def status(value: Json, update: CloudUpdate) -> TemplateStatusChanged:
    """Read `message_template_status_update`."""
    reason = text(value, "reason")
    other, rejection = inner(value, "other_info"), inner(value, "rejection_info")
    return TemplateStatusChanged(
        **_template(value, update),
        status=required(value, "event", "value"),
        reason=None if reason == "NONE" else reason,
        category=text(value, "message_template_category"),
        title=text(other, "title"),
        description=text(other, "description") or text(rejection, "reason"),
        recommendation=text(rejection, "recommendation"),
        disabled_at=moment(inner(value, "disable_info"), "disable_date"),
    )


def quality(value: Json, update: CloudUpdate) -> TemplateQualityChanged:
    """Read `message_template_quality_update`."""
    return TemplateQualityChanged(
        **_template(value, update),
        score=required(value, "new_quality_score", "value"),
        previous=text(value, "previous_quality_score"),
    )


def components(value: Json, update: CloudUpdate) -> TemplateComponentsChanged:
    """Read `message_template_components_update`."""
    prefix = "message_template_button_"
    return TemplateComponentsChanged(
        **_template(value, update),
        body=text(value, "message_template_element"),
        header=text(value, "message_template_title"),
        footer=text(value, "message_template_footer"),
        buttons=tuple(
            TemplateButton(
                type=text(button, f"{prefix}type"),
                text=text(button, f"{prefix}text"),
                url=text(button, f"{prefix}url"),
                phone=text(button, f"{prefix}phone_number"),
            )
            for button in each(value, "message_template_buttons")
        ),
    )


def category(value: Json, update: CloudUpdate) -> TemplateCategoryChanged:
    """Read `template_category_update`: of a change to come, or one that has happened.

    For a change to come `new_category` is, despite its name, the category until then.
    """
    return TemplateCategoryChanged(
        **_template(value, update),
        category=text(value, "new_category"),
        previous=text(value, "previous_category"),
        upcoming=text(value, "correct_category"),
        changes_at=moment(value, "category_update_timestamp"),
    )


def category_dispute(value: Json, update: CloudUpdate) -> TemplateCategoryDisputed:
    """Read `template_correct_category_detection`."""
    return TemplateCategoryDisputed(
        **_template(value, update),
        category=text(value, "category"),
        detected=required(value, "correct_category", "value"),
    )


def _template(value: Json, update: CloudUpdate) -> dict[str, Any]:
    return update.common() | {
        "template_id": text(value, "message_template_id"),
        "name": text(value, "message_template_name"),
        "language": text(value, "message_template_language"),
    }
