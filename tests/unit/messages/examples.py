"""One message of each kind and variant, which the tests of messages and payloads share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from blazz.messages import (
    Audio,
    Button,
    Buttons,
    CallToAction,
    ContactAddress,
    ContactCard,
    ContactEmail,
    ContactName,
    ContactPhone,
    Contacts,
    ContactUrl,
    CopyCode,
    Currency,
    DateTime,
    Document,
    Image,
    List,
    Location,
    MediaId,
    Message,
    OpenCatalog,
    OpenFlow,
    Organization,
    Poll,
    QuickReply,
    Reaction,
    Row,
    Section,
    Sticker,
    Template,
    Text,
    Upload,
    UrlSuffix,
    Video,
    Voice,
)

SITE = "https://example.com/"
MEDIA = MediaId("1234567890")
PLACE = Location(-6.1754, 106.8272, name="Monas", address="Gambir, Jakarta")
SITI = ContactCard(
    ContactName(
        "Dr Siti Aminah MSc", first="Siti", last="Aminah", middle="Nur", prefix="Dr", suffix="MSc"
    ),
    phones=[ContactPhone("+62 813-0000-1111", "WORK", "6281300001111")],
    emails=[ContactEmail("siti@example.com", "WORK")],
    urls=[ContactUrl(SITE, "WORK")],
    addresses=[
        ContactAddress(
            street="Jalan Merdeka 1",
            city="Jakarta",
            state="JK",
            zip="10110",
            country="Indonesia",
            country_code="id",
            label="HOME",
        )
    ],
    org=Organization(company="Contoh", department="Riset", title="Lead"),
    birthday=dt.date(1990, 2, 28),
)

SENDABLE: dict[str, Message] = {
    "text": Text("Halo Budi, lihat https://example.com"),
    "text without preview": Text("Halo Budi", preview_url=False),
    "image": Image(f"{SITE}cat.jpg", caption="A cat"),
    "image by id": Image(MEDIA),
    "video": Video(f"{SITE}clip.mp4", caption="A clip"),
    "audio": Audio(MEDIA),
    "voice": Voice(MEDIA),
    "document": Document(f"{SITE}a.pdf", caption="Your invoice", filename="invoice.pdf"),
    "sticker": Sticker(MEDIA),
    "location": PLACE,
    "location without a name": Location(0, 180),
    "contacts": Contacts([ContactCard("Budi Santoso", phones=["+62 812-3456-7890"]), SITI]),
    "reaction": Reaction("wamid.TARGET", "\N{THUMBS UP SIGN}"),
    "reaction taken back": Reaction("wamid.TARGET", ""),
    "buttons": Buttons(
        "Deliver today?",
        [Button("yes", "Yes"), Button("no", "No")],
        header="Delivery",
        footer="Reply by noon",
    ),
    "buttons below an image": Buttons(
        "Deliver today?", [Button("yes", "Yes")], header=Image(f"{SITE}van.png")
    ),
    "list": List(
        "What may it be?",
        "Menu",
        [
            Section("Soup", [Row("soto", "Soto ayam", "Chicken soup"), Row("rawon", "Rawon")]),
            Section("Drinks", [Row("teh", "Es teh")]),
        ],
        header="Today",
        footer="Until ten",
    ),
    "list of one section": List("What may it be?", "Menu", [Section(None, [Row("a", "Soto")])]),
    "call to action": CallToAction(
        "Your parcel is on its way.", "Track", f"{SITE}p/1", header="Parcel", footer="Example Post"
    ),
    "call to action below a document": CallToAction(
        "Your invoice", "Pay", f"{SITE}pay/1", header=Document(MEDIA, filename="invoice.pdf")
    ),
    "template without parameters": Template("hello_world", language="en_US"),
    "template with positions": Template(
        "promo",
        language="id",
        header="Budi",
        body=["Budi", Currency("Rp100.990", "IDR", 100_990_000), DateTime("28 Februari 2027")],
        buttons=[QuickReply("STOP"), UrlSuffix("promo/1", index=2)],
    ),
    "template with names": Template(
        "order_update",
        language="id",
        header={"name": "Budi"},
        body={"first_name": "Budi", "type": "A-17"},
    ),
    "template below an image": Template(
        "promo", language="id", header=Image(f"{SITE}promo.jpg"), body=["Budi"]
    ),
    "template below a video": Template("promo", language="id", header=Video(MEDIA)),
    "template below a document": Template(
        "invoice", language="id", header=Document(MEDIA, filename="invoice.pdf")
    ),
    "template below a place": Template("pickup", language="id", header=PLACE),
    "template with a code to copy": Template(
        "coupon", language="id", body=["HEMAT10"], buttons=[CopyCode("HEMAT10")]
    ),
    "template with a flow": Template(
        "survey",
        language="id",
        buttons=[OpenFlow("token-1", {"rating": 5, "type": ["a", 1.5, None, True], "deep": {}})],
    ),
    "template with a bare flow": Template("survey", language="id", buttons=[OpenFlow()]),
    "template with a catalogue": Template("shop", language="id", buttons=[OpenCatalog("sku-1")]),
    "template with a bare catalogue": Template("shop", language="id", buttons=[OpenCatalog()]),
    "template that authenticates": Template(
        "code", language="en", body=["123456"], buttons=[UrlSuffix("123456")]
    ),
}
"""Messages that the Cloud API can be given as they are."""

TO_UPLOAD: dict[str, Message] = {
    "image in memory": Image(Upload(b"\x89PNG", "image/png", "cat.png"), caption="A cat"),
    "voice in a file": Voice(Path("note.ogg")),
    "document in a file": Document(Path("bills/may.pdf")),
    "sticker in memory": Sticker(Upload(b"RIFF", "image/webp", "wink.webp")),
    "buttons below an upload": Buttons(
        "Deliver today?",
        [Button("yes", "Yes")],
        header=Document(Upload(b"%PDF", "application/pdf", "may.pdf")),
    ),
    "template below a file": Template("promo", language="id", header=Video(Path("clip.mp4"))),
}
"""Messages whose media must be uploaded first."""

WEB_ONLY: dict[str, Message] = {
    "poll": Poll("When shall we deliver?", ["Monday", "Tuesday", "Friday"], most=2)
}
"""Messages that the Cloud API has no form for."""

EXAMPLES = SENDABLE | TO_UPLOAD | WEB_ONLY
