"""Table of the engines' beats."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from fieldops.db import Base, UTCDateTime


class Beat(Base):
    """One row an engine: when it last ticked. Any number of engines may run."""

    __tablename__ = "operations_beat"

    #: `host:process`.
    engine: Mapped[str] = mapped_column(String(120), primary_key=True)
    #: Real time.
    at: Mapped[datetime] = mapped_column(UTCDateTime)
