"""Macros escape whatever a roster may hold, and say to screen readers what they show."""

from __future__ import annotations

import re

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from tests.web.conftest import SampleForm

HOSTILE = ["<b>x</b>", '"><script>alert(1)</script>', "O'Neil", "{x} {{ 7*7 }} %s %(name)s", "𠮷㐂", "阿" * 80]

PIECES = """{%- import "macros.html" as ui with context -%}
{{ ui.note(v, "bad", v) }}{{ ui.empty(v, v) }}{{ ui.page_head(v, v) }}{{ ui.button(v, note=v, attrs={"title": v}) }}
{{ ui.link_button("/x?q=" ~ v, v) }}{{ ui.post_button("/x", v, hidden={"n": v}) }}
{{ ui.chip("late", note=v) }}{{ ui.chip(v) }}
{{ ui.table(v, [v, v], [[v, v]]) }}
{{ ui.timeline([{"when": v, "title": v, "text": v}]) }}{{ ui.icon("check", label=v) }}"""


@pytest.mark.parametrize("value", HOSTILE)
def test_everything_given_is_escaped(app: Flask, value: str) -> None:
    with app.test_request_context("/"):
        html = render_template_string(PIECES, v=value)
    for raw in ("<b>", "<script", "49"):
        assert raw not in html.replace("&#34;&gt;&lt;script", "")
    assert not re.search(r'title=""', html)


def test_field_ties_hint_and_error_to_the_control(app: Flask) -> None:
    with app.test_request_context("/", method="POST", data={"name": ""}):
        form = SampleForm(meta={"csrf": False})
        form.validate()
        html = render_template_string(
            '{% import "macros.html" as ui with context %}{{ ui.field(f.name, hint="Hint") }}{{ ui.field(f.note) }}',
            f=form,
        )
    assert 'aria-describedby="name-hint name-error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="name-error"' in html
    assert "（选填）" in html or "(optional)" in html


@pytest.mark.parametrize(
    ("page", "unwanted"),
    [
        (page, word)
        for page in ("/guide", "/phone", "/cards")
        for word in (" style=", " onclick", "javascript:", "hx-on")
    ],
)
def test_pages_hold_nothing_inline(guide: FlaskClient, page: str, unwanted: str) -> None:
    assert unwanted not in guide.get(page).text


def test_one_compiled_template_serves_both_languages(guide: FlaskClient) -> None:
    assert "12 秒前" in guide.get("/phone").text
    assert "12 s ago" in guide.get("/phone", headers={"Accept-Language": "en"}).text


def test_unknown_state_is_shown_not_an_error(app: Flask) -> None:
    with app.test_request_context("/"):
        assert "brand new" in render_template_string(
            '{% import "macros.html" as ui with context %}{{ ui.chip("brand_new") }}'
        )
