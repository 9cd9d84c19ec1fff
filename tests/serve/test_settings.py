"""Settings: one table for the operator, and words where a value is none."""

import re
from pathlib import Path

import pytest

from strec.errors import StrecError
from strec.serve import settings

ROOT = Path(__file__).parents[2]


def test_the_page_for_operators_shows_every_setting():
    assert settings.markdown() in (ROOT / "docs" / "deploy.md").read_text()


def test_no_variable_is_read_that_the_table_does_not_name():
    read = set()
    for folder in ("strec", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            read |= set(re.findall(r"STREC_[A-Z_]+[A-Z]", path.read_text()))
    assert read <= {each.name for each in settings.SETTINGS} | {"STREC_PERSON_TOKEN"}


def test_a_number_has_its_default_in_public_and_is_checked(monkeypatch):
    monkeypatch.delenv(settings.PUBLIC, raising=False)
    assert settings.number("STREC_X", 3, 1) == 3
    monkeypatch.setenv(settings.PUBLIC, "1")
    assert settings.number("STREC_X", 3, 1) == 1
    monkeypatch.setenv("STREC_X", "2.5")
    assert settings.number("STREC_X", 3, 1) == 2.5
    for wrong in ("0", "-1", "many", "nan", "inf"):
        monkeypatch.setenv("STREC_X", wrong)
        with pytest.raises(StrecError, match="above zero"):
            settings.number("STREC_X", 3, 1)


def test_each_attack_that_the_page_names_has_its_test():
    named = re.findall(r"`(tests/\S+?\.py)::(\w+)`", (ROOT / "docs/deploy.md").read_text())
    assert len(named) >= 20
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(), f"{path}::{test}"
