"""The routes of messages, chats, people, files, templates and profiles."""

from fastapi import APIRouter

from blazz_server.chats.api import (
    chats,
    contacts,
    media,
    messages,
    profile,
    suppressions,
    templates,
)

router = APIRouter()
for part in (messages, chats, contacts, media, templates, profile, suppressions):
    router.include_router(part.router)
