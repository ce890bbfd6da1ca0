"""Files that no provider keeps are kept in pieces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables fit; files that are there already stay in one piece."""
    op.add_column("media", sa.Column("pieces", sa.Integer(), nullable=True))
    op.create_table(
        "media_pieces",
        sa.Column("workspace", sa.String(length=63), nullable=False),
        sa.Column("session", sa.String(length=63), nullable=False),
        sa.Column("media", sa.String(length=256), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "workspace", "session", "media", "number", name=op.f("pk_media_pieces")
        ),
    )
    op.create_index(
        op.f("ix_media_pieces_created_at"), "media_pieces", ["created_at"], unique=False
    )


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_media_pieces_created_at"), table_name="media_pieces")
    op.drop_table("media_pieces")
    op.drop_column("media", "pieces")
