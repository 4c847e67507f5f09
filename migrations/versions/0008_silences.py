"""silences; what a school says of its own accord is found by an index.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


_SPOKE = sa.text("kind IN ('nil_report.made', 'incident.reported', 'anomaly.noted')")


def upgrade() -> None:
    op.create_table(
        "testday_silence",
        sa.Column("county", sa.String(length=6), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("school", sa.String(length=32), nullable=False),
        sa.Column("session", sa.String(length=32), nullable=False),
        sa.Column("room", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alarm_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late_by_s", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how", sa.String(length=12), nullable=True),
        sa.Column("fact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "county", "window", "school", "session", "room", "what", name=op.f("pk_testday_silence")
        ),
    )
    op.create_index("ix_testday_silence_county_window_ended_at", "testday_silence", ["county", "window", "ended_at"])
    op.create_index(
        "ix_journal_event_spoke",
        "journal_event",
        ["county", "window"],
        sqlite_where=_SPOKE,
        postgresql_where=_SPOKE,
    )


def downgrade() -> None:
    op.drop_index("ix_journal_event_spoke", table_name="journal_event")
    op.drop_index("ix_testday_silence_county_window_ended_at", table_name="testday_silence")
    op.drop_table("testday_silence")
