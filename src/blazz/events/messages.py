"""A person wrote: the base of everything received, and text, places, people, orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from blazz.addresses import Address, Group, Identity, Phone
from blazz.events.base import Event
from blazz.events.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferredProduct:
    """The product of a catalogue that a message asks about."""

    catalog_id: str | None = None
    product_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """The advertisement or post that brought the person here (Click to WhatsApp).

    Attributes:
        source_url: The link of the advertisement or post.
        source_id: Its id.
        source_type: `ad` or `post`.
        headline: Its headline.
        body: Its text.
        media_type: `image` or `video`.
        image_url: The image, for image advertisements.
        video_url: The video, for video advertisements.
        thumbnail_url: The video's preview image.
        click_id: The click's id for the Conversions API (`ctwa_clid`).
        welcome_text: The greeting that the advertisement showed.
        ref: The reference of the welcome message sequence that the advertisement used.
    """

    source_url: str | None = None
    source_id: str | None = None
    source_type: str | None = None
    headline: str | None = None
    body: str | None = None
    media_type: str | None = None
    image_url: str | None = None
    video_url: str | None = None
    thumbnail_url: str | None = None
    click_id: str | None = None
    welcome_text: str | None = None
    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent(Event):
    """Something about one message of a chat.

    Attributes:
        message_id: The message's id (Cloud API: `wamid.…`).
        sender: Who did it.
        chat: The group it happened in; None in a private chat.
    """

    message_id: str
    sender: Identity
    chat: Group | None = None

    @property
    def address(self) -> Address | None:
        """Where an answer goes: the group, or else the sender; None if neither is known."""
        return self.chat or self.sender.address


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(MessageEvent):
    """A person sent a message; a subclass says what it is.

    Attributes:
        reply_to: The id of the message that it answers.
        reply_to_sender: Who sent that message, where it is told: you, or in a group a member.
        mentions: Whom it names, in a group; WhatsApp Web alone tells.
        forwarded: It was forwarded.
        frequently_forwarded: It was forwarded more than five times; then `forwarded`, too.
        referred_product: The product of your catalogue that it asks about.
        referral: The advertisement that brought the person here.
        identity_key_hash: The hash of the person's security code, where identity checks are on.
    """

    reply_to: str | None = None
    reply_to_sender: Identity | None = None
    mentions: tuple[Identity, ...] = ()
    forwarded: bool = False
    frequently_forwarded: bool = False
    referred_product: ReferredProduct | None = None
    referral: Referral | None = None
    identity_key_hash: str | None = None

    @property
    def text(self) -> str | None:
        """What the person wrote or chose: a text, a caption, a button's title; None if nothing."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReceived(MessageReceived):
    """A person wrote a text."""

    body: str

    @property
    def text(self) -> str | None:
        """The text."""
        return self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionReceived(MessageReceived):
    """A person reacted to a message with an emoji, or took the reaction back.

    Attributes:
        reacted_to: The id of the message that was reacted to.
        emoji: The emoji; None when the reaction was taken back.
    """

    reacted_to: str
    emoji: str | None = None

    @property
    def removed(self) -> bool:
        """The reaction was taken back."""
        return self.emoji is None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationReceived(MessageReceived):
    """A person sent a place, in degrees (WGS 84)."""

    latitude: float
    longitude: float
    name: str | None = None
    street: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPhone:
    """A phone number on a contact card.

    Attributes:
        number: As it stands on the card.
        phone: The WhatsApp number behind it, if it has one.
        type: Such as `CELL` or `WORK`.
    """

    number: str | None = None
    phone: Phone | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAddress:
    """A postal address on a contact card."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    country_code: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLink:
    """An e-mail address or a website on a contact card, and its type, such as `HOME`."""

    value: str
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedContact:
    """One contact card.

    Attributes:
        name: The full name.
        first_name: The given name.
        last_name: The family name.
        middle_name: The middle name.
        prefix: Such as `Dr.`.
        suffix: Such as `Jr.`.
        phones: The phone numbers.
        emails: The e-mail addresses.
        urls: The websites.
        addresses: The postal addresses.
        company: Where they work.
        department: In which department.
        title: As what.
        birthday: The day they were born.
        vcard: The card as a vCard.
        origin: `contact_request` when the person answered a request for their number, `other`
            when they shared the card by themselves.
    """

    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    phones: tuple[SharedPhone, ...] = ()
    emails: tuple[SharedLink, ...] = ()
    urls: tuple[SharedLink, ...] = ()
    addresses: tuple[SharedAddress, ...] = ()
    company: str | None = None
    department: str | None = None
    title: str | None = None
    birthday: date | None = None
    vcard: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsReceived(MessageReceived):
    """A person shared contact cards."""

    contacts: tuple[SharedContact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedItem:
    """One line of an order.

    Attributes:
        product_id: Your id of the product.
        quantity: How many.
        price: The price of one, in units of the currency.
        currency: ISO 4217, such as `IDR`.
    """

    product_id: str | None = None
    quantity: int | None = None
    price: float | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReceived(MessageReceived):
    """A person sent the cart that they filled from your catalogue.

    Attributes:
        items: What they want.
        catalog_id: The catalogue it comes from.
        note: What they wrote with it.
    """

    items: tuple[OrderedItem, ...]
    catalog_id: str | None = None
    note: str | None = None

    @property
    def text(self) -> str | None:
        """What they wrote with the order."""
        return self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedReceived(MessageReceived):
    """A person sent something that WhatsApp does not pass on, or that blazz cannot read.

    It is still a message: it has a sender, can be answered, and opens the service window.

    Attributes:
        kind: What it is, such as `poll`; None where it is not told.
        reason: Why it could not be read.
        errors: What WhatsApp says about it, such as 131051.
    """

    kind: str | None = None
    reason: str | None = None
    errors: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(MessageEvent):
    """A message was changed by its sender; `message_id` is that of the message.

    Attributes:
        edit_id: The id of the edit itself.
        message: The message as it reads now.
    """

    edit_id: str | None = None
    message: MessageReceived


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRevoked(MessageEvent):
    """A message was deleted for everyone by its sender; `message_id` is that of the message.

    Attributes:
        revocation_id: The id of the deletion itself.
    """

    revocation_id: str | None = None
