"""Message templates: looking them up, submitting, changing and deleting them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from blazz.errors import InvalidValue
from blazz.providers.meta_cloud.resources.base import AccountAccess, Answer, pages, read_answer

_FIELDS = (
    "id,name,language,status,category,sub_category,components,parameter_format,quality_score,"
    "rejected_reason"
)


class TemplateInfo(Answer):
    """A template of the account.

    Attributes:
        id: Its id; each language of a template has its own.
        name: The name that messages use.
        language: Such as `id` or `en_US`.
        status: `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED`, … Meta adds to them.
        category: `MARKETING`, `UTILITY` or `AUTHENTICATION`.
        components: Header, body, footer and buttons, as Meta describes them.
        parameter_format: `NAMED` or `POSITIONAL`.
        quality_score: Such as `{"score": "GREEN"}`.
        rejected_reason: Such as `INVALID_FORMAT`; `NONE` or None otherwise.
    """

    id: str
    name: str = ""
    language: str = ""
    status: str = ""
    category: str = ""
    components: list[dict[str, Any]] = Field(default_factory=list)
    parameter_format: str | None = None
    quality_score: dict[str, Any] | None = None
    rejected_reason: str | None = None

    @property
    def usable(self) -> bool:
        """Whether messages can be sent with it now."""
        return self.status == "APPROVED"


class Templates:
    """The templates of a WhatsApp business account; `MetaCloud.templates`."""

    def __init__(self, account: AccountAccess) -> None:
        self._account = account

    async def list(
        self,
        *,
        name: str | None = None,
        language: str | None = None,
        status: str | None = None,
        category: str | None = None,
        page_size: int = 100,
    ) -> AsyncIterator[TemplateInfo]:
        """Give the templates one by one, read page by page.

        Args:
            name: Only those with this in their name.
            language: Only those of this language.
            status: Only those with this status, such as `APPROVED`.
            category: Only those of this category.
            page_size: How many to read at a time.
        """
        wanted = {"name": name, "language": language, "status": status, "category": category}
        params = {key: value for key, value in wanted.items() if value is not None}
        params |= {"fields": _FIELDS, "limit": str(page_size)}
        graph = self._account.graph()
        async for item in pages(graph, self._account.waba_id, "message_templates", **params):
            yield read_answer(TemplateInfo, item)

    async def get(self, name: str, language: str) -> TemplateInfo | None:
        """Look a template up by its exact name and language; None if there is none."""
        async for template in self.list(name=name, language=language):
            if (template.name, template.language) == (name, language):
                return template
        return None

    async def create(
        self,
        name: str,
        *,
        language: str,
        category: str,
        components: Sequence[Mapping[str, Any]],
        parameter_format: str | None = None,
        **more: object,
    ) -> TemplateInfo:
        """Submit a template for approval.

        Args:
            name: Lower-case letters, digits and underscores.
            language: Such as `id` or `en_US`.
            category: `MARKETING`, `UTILITY` or `AUTHENTICATION`.
            components: Header, body, footer and buttons, as Meta describes them.
            parameter_format: `NAMED` or `POSITIONAL`.
            more: Other fields of Meta's, such as `message_send_ttl_seconds`.

        Returns:
            Its id, status and category; Meta may have chosen another category.
        """
        body: dict[str, Any] = {
            "name": name,
            "language": language,
            "category": category,
            "components": list(components),
            **more,
        }
        if parameter_format is not None:
            body["parameter_format"] = parameter_format
        graph = self._account.graph()
        url = graph.url(self._account.waba_id, "message_templates")
        return read_answer(
            TemplateInfo, {"name": name, "language": language, **await graph.post(url, body)}
        )

    async def edit(self, template_id: str, **changes: object) -> None:
        """Change a template and submit it again: `components=`, `category=`, ….

        Meta allows one change a day and 10 in 30 days for approved templates.
        """
        if not changes:
            raise InvalidValue("changes", "at least one field must change", changes)
        graph = self._account.graph()
        await graph.post(graph.url(template_id), changes, repeatable=True)

    async def delete(self, name: str, *, template_id: str | None = None) -> None:
        """Delete a template in all its languages, or only the one with `template_id`."""
        params = {"name": name}
        if template_id is not None:
            params["hsm_id"] = template_id
        graph = self._account.graph()
        await graph.delete(graph.url(self._account.waba_id, "message_templates", **params))
