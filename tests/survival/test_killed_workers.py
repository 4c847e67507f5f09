"""Web workers killed wherever they are: what was answered is there once; what was not is there after its repeat.

Small here; `make soak` kills 1,000 times during 200,000 writes on each engine (docs/reliability.md).
"""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from flask import Flask

from fieldops.config import Settings
from fieldops.db import db
from tests.support import field, senders
from tests.support.server import serving

pytestmark = pytest.mark.slow

SOAK = os.environ.get("FIELDOPS_SOAK") == "1"
KILLS = int(os.environ.get("FIELDOPS_KILLS", "1000" if SOAK else "5"))
#: A worker takes one to two seconds to start: killed more often, none would ever answer.
WRITES, EVERY_S = (200 * KILLS, 2.5) if SOAK else (300, 0.5)


@pytest.mark.timeout(7200 if SOAK else 180)
def test_no_answered_fact_is_lost_or_doubled_when_workers_are_killed(app: Flask, settings: Settings) -> None:
    field.make()
    phones = senders.sign_in(8)
    db.session.remove()
    chance, killed = random.Random(20240520), 0
    with serving(settings, workers=2) as server, senders.Senders(settings, server.url, phones, batch=10) as sending:
        while killed < KILLS:
            time.sleep(chance.uniform(0.3, 1.0) * EVERY_S)
            if pids := server.workers():
                os.kill(chance.choice(pids), signal.SIGKILL)
                killed += 1
        sending.until(writes=WRITES, within_s=3600 if SOAK else 60)
    sending.check()
    calls = sending.calls
    longest_s = max(phone.longest_s for phone in phones)
    engine = settings.database_url.split(":")[0]
    print(f"\n{engine}: {killed} workers killed during {sending.writes} writes; 0 lost, 0 twice")
    print(f"{calls['cut']} calls were cut off; the longest wait of a phone for its answer was {longest_s:.1f} s")
    assert calls["cut"] > 0, "no call was ever cut off: nothing was shown"
