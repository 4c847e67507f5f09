"""the area detector: which reports of a category may be one incident of the county.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incidents_area",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("county", "window", "category", name=op.f("pk_incidents_area")),
    )


def downgrade() -> None:
    op.drop_table("incidents_area")
