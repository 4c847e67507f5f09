"""Notices downwards, and who has read them.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "notices_notice",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("sender", sa.String(length=6), nullable=False),
        sa.Column("counties", sa.JSON(), nullable=False),
        sa.Column("sender_name", sa.String(length=60), nullable=False),
        sa.Column("author", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("schools", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("must_confirm", sa.Boolean(), nullable=False),
        sa.Column("confirm_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("about", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("replaces", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("county", "id", name=op.f("pk_notices_notice")),
    )
    op.create_index("ix_notices_notice_window", "notices_notice", ["county", "window", "sent_at"])
    op.create_table(
        "notices_receipt",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("notice", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("school", sa.String(length=32), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("county", "notice", "person", name=op.f("pk_notices_receipt")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("notices_receipt")
    op.drop_index("ix_notices_notice_window", table_name="notices_notice")
    op.drop_table("notices_notice")
