"""The business profile that people see when they tap a business's name."""

from __future__ import annotations

from collections.abc import Sequence

from blazz.errors import InvalidValue
from blazz.messages.base import check_text
from blazz.providers.meta_cloud.resources.base import (
    AccountAccess,
    Answer,
    first_of,
    read_answer,
)

_FIELDS = "about,address,description,email,profile_picture_url,websites,vertical"
_LONGEST = {"about": 139, "address": 256, "description": 512, "email": 128}


class BusinessProfile(Answer):
    """What a business tells about itself.

    Attributes:
        about: The line below its name.
        address: Where it is.
        description: What it does.
        email: Where to write to.
        websites: Up to two addresses.
        vertical: Its industry, such as `RETAIL`.
        profile_picture_url: Where its picture can be seen, for a while.
    """

    about: str | None = None
    address: str | None = None
    description: str | None = None
    email: str | None = None
    websites: tuple[str, ...] = ()
    vertical: str | None = None
    profile_picture_url: str | None = None


class Profile:
    """The business profile of a phone number; `MetaCloud.profile`."""

    def __init__(self, account: AccountAccess) -> None:
        self._account = account

    async def get(self) -> BusinessProfile:
        """Read the profile."""
        graph = self._account.graph()
        url = graph.url(self._account.phone_number_id, "whatsapp_business_profile", fields=_FIELDS)
        return read_answer(BusinessProfile, first_of(await graph.get(url)))

    async def update(
        self,
        *,
        about: str | None = None,
        address: str | None = None,
        description: str | None = None,
        email: str | None = None,
        websites: Sequence[str] | None = None,
        vertical: str | None = None,
        profile_picture_handle: str | None = None,
    ) -> None:
        """Change what is given and leave the rest; an empty text clears a field.

        Args:
            about: Up to 139 characters; cannot be cleared.
            address: Up to 256 characters.
            description: Up to 512 characters.
            email: Up to 128 characters.
            websites: Up to two `https://` or `http://` addresses.
            vertical: The industry, such as `RETAIL`.
            profile_picture_handle: Of a picture uploaded with Meta's Resumable Upload API.

        Raises:
            InvalidValue: A text is too long, there are too many websites, or nothing changes.
        """
        texts = {"about": about, "address": address, "description": description, "email": email}
        for name, text in texts.items():
            if text is not None:
                shortest = 1 if name == "about" else 0
                check_text(f"profile.{name}", text, longest=_LONGEST[name], shortest=shortest)
        if websites is not None and len(websites) > 2:
            raise InvalidValue("profile.websites", "at most 2", websites)
        changes: dict[str, object] = {
            **texts,
            "websites": None if websites is None else list(websites),
            "vertical": vertical,
            "profile_picture_handle": profile_picture_handle,
        }
        changes = {name: value for name, value in changes.items() if value is not None}
        if not changes:
            raise InvalidValue("profile", "at least one field must change", changes)
        graph = self._account.graph()
        url = graph.url(self._account.phone_number_id, "whatsapp_business_profile")
        await graph.post(url, {"messaging_product": "whatsapp", **changes}, repeatable=True)
