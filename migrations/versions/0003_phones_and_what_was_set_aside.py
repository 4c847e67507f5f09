"""phones and what was set aside.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "testday_phone",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("device", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("person", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("unconfirmed", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("build", sa.String(length=40), nullable=True),
        sa.Column("clock_off_ms", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("county", "device", name=op.f("pk_testday_phone")),
    )
    op.create_table(
        "testday_phone_check",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("school", sa.String(length=32), nullable=False),
        sa.Column("device", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("verdict", sa.String(length=4), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("browser", sa.String(length=60), nullable=True),
        sa.Column("build", sa.String(length=40), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("verdict IN ('good', 'warn', 'bad')", name=op.f("ck_testday_phone_check_verdict")),
        sa.PrimaryKeyConstraint("county", "window", "school", "device", name=op.f("pk_testday_phone_check")),
    )
    op.create_table(
        "testday_settlement",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("school", sa.String(length=32), nullable=False),
        sa.Column("sent_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("how", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("person", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("how IN ('noted_again', 'by_hand', 'nothing')", name=op.f("ck_testday_settlement_how")),
        sa.PrimaryKeyConstraint("county", "school", "sent_hash", name=op.f("pk_testday_settlement")),
    )


def downgrade() -> None:
    op.drop_table("testday_settlement")
    op.drop_table("testday_phone_check")
    op.drop_table("testday_phone")
