"""What to train, and why: the table follows the test of dependence, the size and the names."""

from dataclasses import replace

import pytest

from pages.parts.train.decision import COUNTING, HARDLY, TAKE, TRY, choices
from strec import schema
from strec.gate import tested_before
from strec.io.samples import read_sample
from strec.store import Store


@pytest.fixture(scope="module")
def table():
    return read_sample("flights")


@pytest.fixture(scope="module")
def store(table, tmp_path_factory) -> Store:
    return Store.create(table, tmp_path_factory.mktemp("store") / "store", name="Flights")


def by_kind(rows) -> dict:
    return {row.kind: row for row in rows}


def test_what_the_test_proposes_stands_first_with_what_it_uses(store):
    found = tested_before.result_of(store.fingerprint)
    assert found is not None and found.recommended_model == "stllm"
    rows = choices(store, found, "stllm")
    assert rows[0].kind == "stllm" and rows[0].verdict == TAKE
    assert "found to help here: time." in rows[0].why and "101 items" in rows[0].why
    assert by_kind(rows)["item_knn"].verdict == HARDLY
    assert by_kind(rows)["trees"].verdict == TRY and "41,028" in by_kind(rows)["trees"].why
    assert len(rows) == len(by_kind(rows)) == 4


def test_where_nothing_helps_counting_or_likeness_is_enough(store):
    found = tested_before.result_of(store.fingerprint)
    assert found is not None
    nothing = replace(
        found,
        **{each.name: replace(each, decision=False) for each in found.ingredients},
    )
    rows = by_kind(choices(store, nothing, COUNTING))
    assert rows[COUNTING].verdict == TAKE and "counting is enough" in rows[COUNTING].why
    assert rows["stllm"].verdict == HARDLY and rows["item_knn"].verdict == TRY


def test_small_tables_and_tables_without_names_say_so(table, tmp_path):
    bare = table.head(500).drop(schema.CATEGORY, schema.ITEM_NAME, strict=False)
    few = Store.create(bare, tmp_path / "few" / "store", name="Few")
    rows = by_kind(choices(few, None, None))
    assert rows["trees"].verdict == HARDLY and "few" in rows["trees"].why
    assert "no names" in rows["stllm"].why and not [r for r in rows.values() if r.verdict == TAKE]


def test_another_model_that_is_proposed_joins_the_table(store):
    rows = choices(store, None, "als")
    assert rows[0].kind == "als" and rows[0].verdict == TAKE and len(rows) == 5
