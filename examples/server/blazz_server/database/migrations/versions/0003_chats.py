"""Messages, chats, contacts and files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables fit."""
    op.create_table(
        "chats",
        sa.Column("workspace", sa.String(length=63), nullable=False),
        sa.Column("session", sa.String(length=63), nullable=False),
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_text", sa.Text(), nullable=True),
        sa.Column("last_kind", sa.String(length=32), nullable=True),
        sa.Column("last_outgoing", sa.Boolean(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "session", "chat", name=op.f("pk_chats")),
    )
    op.create_index(
        "ix_chats_list", "chats", ["workspace", "session", "last_at", "chat"], unique=False
    )
    op.create_table(
        "contacts",
        sa.Column("workspace", sa.String(length=63), nullable=False),
        sa.Column("session", sa.String(length=63), nullable=False),
        sa.Column("address", sa.String(length=160), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("user_id", sa.String(length=160), nullable=True),
        sa.Column("lid", sa.String(length=40), nullable=True),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "session", "address", name=op.f("pk_contacts")),
    )
    op.create_table(
        "media",
        sa.Column("workspace", sa.String(length=63), nullable=False),
        sa.Column("session", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=256), nullable=False),
        sa.Column("mime_type", sa.String(length=255), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "session", "id", name=op.f("pk_media")),
    )
    op.create_index(op.f("ix_media_created_at"), "media", ["created_at"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace", sa.String(length=63), nullable=False),
        sa.Column("session", sa.String(length=63), nullable=False),
        sa.Column("chat", sa.String(length=160), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outgoing", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("sender", sa.String(length=160), nullable=True),
        sa.Column("sender_name", sa.Text(), nullable=True),
        sa.Column("reply_to", sa.String(length=256), nullable=True),
        sa.Column("message_id", sa.String(length=256), nullable=True),
        sa.Column("media_id", sa.String(length=256), nullable=True),
        sa.Column("token", sa.String(length=256), nullable=True),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reactions", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender_process", sa.String(length=64), nullable=True),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(
        "ix_messages_history",
        "messages",
        ["workspace", "session", "chat", "at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_messages_media_id", "messages", ["workspace", "session", "media_id"], unique=False
    )
    op.create_index(
        "ix_messages_message_id", "messages", ["workspace", "session", "message_id"], unique=False
    )
    op.create_index(op.f("ix_messages_requested_at"), "messages", ["requested_at"], unique=False)
    op.create_index("ix_messages_stage", "messages", ["stage", "at"], unique=False)
    op.create_index(op.f("ix_messages_token"), "messages", ["token"], unique=False)
    op.create_index(
        "uq_messages_idempotency_key", "messages", ["workspace", "idempotency_key"], unique=True
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index("uq_messages_idempotency_key", table_name="messages")
    op.drop_index(op.f("ix_messages_token"), table_name="messages")
    op.drop_index("ix_messages_stage", table_name="messages")
    op.drop_index(op.f("ix_messages_requested_at"), table_name="messages")
    op.drop_index("ix_messages_message_id", table_name="messages")
    op.drop_index("ix_messages_media_id", table_name="messages")
    op.drop_index("ix_messages_history", table_name="messages")
    op.drop_table("messages")
    op.drop_index(op.f("ix_media_created_at"), table_name="media")
    op.drop_table("media")
    op.drop_table("contacts")
    op.drop_index("ix_chats_list", table_name="chats")
    op.drop_table("chats")
