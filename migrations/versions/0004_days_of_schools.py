"""days of schools.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "testday_day",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("school", sa.String(length=32), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("closings", sa.JSON(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("county", "window", "school", "date", name=op.f("pk_testday_day")),
    )


def downgrade() -> None:
    op.drop_table("testday_day")
