"""Every known format says what it is, and what it says fits together."""

import pytest

from strec.io import FORMATS
from strec.io.formats import Format
from strec.io.mapping import FIELDS


@pytest.mark.parametrize("known", FORMATS.values(), ids=FORMATS)
def test_a_format_is_complete(known: Format):
    assert known.label and known.sentence.endswith(".")
    assert known.citation or known.key == "strec"
    assert known.signature.n_columns >= 2
    assert {"item_id", "timestamp"} <= known.mapping.columns().keys() | (
        {"item_id"} if known.mapping.item_from_place else set()
    )


@pytest.mark.parametrize("known", FORMATS.values(), ids=FORMATS)
def test_what_a_format_joins_is_in_its_files(known: Format):
    if known.signature.cells:
        assert set(known.mapping.columns().values()) <= set(known.signature.cells)
    for companion in known.companions:
        assert companion.adds.keys() <= set(FIELDS)
        if companion.signature.cells:
            needed = {companion.key[1], *companion.adds.values()}
            assert needed <= set(companion.signature.cells)


def test_those_that_ask_most_of_a_table_come_first():
    asked = [known.signature.n_columns for known in FORMATS.values()]
    assert asked == sorted(asked, reverse=True)
