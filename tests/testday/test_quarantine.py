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
