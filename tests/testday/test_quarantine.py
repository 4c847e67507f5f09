"""What was set aside is shown to a person, and never as HTML."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support import field
from tests.testday.build import COUNTY, FAR_SCHOOL, SCHOOL, fact, record
from tests.testday.test_views import Site


@pytest.mark.usefixtures("app")
def test_hostile_content_is_text_and_foreign_schools_are_not_there(app: Flask) -> None:
    field.make()
    site = Site(app)
    record([fact("<script>x</script>", student="<b>S"), fact("sitting.started", data={"x": 1})])
    page = site.text(f"/c/{COUNTY}/s/{SCHOOL}/quarantine")
    assert "&lt;script&gt;x" in page
    assert "<script>x" not in page
    assert "<b>S" not in page
    assert "Session started" in page
    assert site.ask("GET", f"/c/{COUNTY}/s/{FAR_SCHOOL}/quarantine").status_code == 404
    assert site.ask("GET", f"/c/{COUNTY}/quarantine").status_code == 404


def test_the_boards_lead_to_it_when_there_is_any(app: Flask) -> None:
    field.make()
    client = app.test_client()
    desk = {**field.bearer(field.sign_in("desk", COUNTY)[0]), "Accept-Language": "zh"}
    board = f"/c/{COUNTY}/board"
    assert f"/c/{COUNTY}/quarantine" not in client.get(board, headers=desk).text
    record([fact("attendance.flew", school=FAR_SCHOOL), fact("attendance.flew", student="{x} %s 𠮷")])
    assert f"/c/{COUNTY}/quarantine" in client.get(board, headers=desk).text
    page = client.get(f"/c/{COUNTY}/quarantine", headers=desk)
    assert page.status_code == 200
    assert "{x} %s 𠮷" in page.text
    assert "Nothing waits" not in page.text
    # Nine in Beijing; the far school's fact stands beside the near one's, each by its own clock.
    chief = field.bearer(field.sign_in("chief_monitor", f"{COUNTY}/{FAR_SCHOOL}")[0])
    own = client.get(f"/c/{COUNTY}/s/{FAR_SCHOOL}/quarantine", headers=chief).text
    assert "{x} %s" not in own
    assert (
        f"/c/{COUNTY}/s/{FAR_SCHOOL}/quarantine" in client.get(f"/c/{COUNTY}/s/{FAR_SCHOOL}/board", headers=chief).text
    )
