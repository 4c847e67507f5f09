"""The plain questions give a severity, and the phone gives the same."""

from __future__ import annotations

import json
import subprocess
from itertools import product
from pathlib import Path

import pytest

from fieldops.incidents.severity import CATEGORIES, ORDERS, derive

ROOT = Path(__file__).resolve().parents[2]
PHONE = ROOT / "static" / "phone" / "severity.js"
ALL = [
    {"order_affected": order, "data_affected": data, "materials_at_risk": materials, "beyond_school": beyond}
    for order, data, materials, beyond in product(ORDERS, (False, True), (False, True), (False, True))
]


@pytest.mark.parametrize("answers", ALL, ids=str)
def test_severity_follows_the_scale(answers: dict[str, object]) -> None:
    severity, because = derive(**answers)  # type: ignore[arg-type]
    grave = [n for n in ("materials_at_risk", "data_affected", "beyond_school") if answers[n]]
    if grave or answers["order_affected"] == "serious":
        assert severity == "serious"
        assert set(because) == {*grave, *(["order_affected"] if answers["order_affected"] == "serious" else [])}
    elif answers["order_affected"] == "slight":
        assert (severity, because) == ("moderate", ("order_affected",))
    else:
        assert (severity, because) == ("minor", ())


def test_the_gravest_answer_is_named_first() -> None:
    _, because = derive("serious", data_affected=True, materials_at_risk=True, beyond_school=True)
    assert because == ("materials_at_risk", "data_affected", "order_affected", "beyond_school")


def test_phone_and_server_agree_on_every_answer(tmp_path: Path) -> None:
    script = tmp_path / "run.mjs"
    script.write_text(
        f"""import {{ severityOf }} from {json.dumps(PHONE.as_uri())};
        const answers = {json.dumps(ALL)};
        console.log(JSON.stringify(answers.map((a) => severityOf(a))));"""
    )
    ran = subprocess.run(["node", str(script)], capture_output=True, text=True, check=True, timeout=60)
    for answers, phone in zip(ALL, json.loads(ran.stdout), strict=True):
        severity, because = derive(**answers)  # type: ignore[arg-type]
        assert (phone["severity"], phone["answer"]) == (severity, because[0] if because else None), answers


def test_every_category_of_the_field_is_there() -> None:
    assert len(CATEGORIES) == 16
    assert list(CATEGORIES)[-1] == "other"
