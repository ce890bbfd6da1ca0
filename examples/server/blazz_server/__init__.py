"""A WhatsApp platform built on blazz: copy it, and make it yours.

Each folder is one capability, with its tables, its rules and its routes: `accounts` (workspaces and
keys), `hosting` (sessions and instances), `chats` (messages, media, contacts, templates),
`campaigns`, `webhooks` (in and out), `live` (events for browsers), `dashboard`, `monitoring`.
"""
