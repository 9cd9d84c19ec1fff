"""Tables as public services write them: read rightly or asked about, never wrong in silence."""

import pytest

from benchmarks.reading import look_at
from tests.corpus.public import KINDS

#: Kinds of which nothing needs to be asked, so that a question too many shows.
PLAIN = {"rees46", "cn_pos", "de_kasse", "online_retail", "movebank", "cafe_chain", "ais_us",
         "yellow_2023", "airbnb_reviews", "foursquare_named", "olist", "charlotte"}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_kind_is_wrong_in_silence(kind, tmp_path):
    judged = look_at(kind, tmp_path)
    good = ("right",) if kind.name in PLAIN else ("right", "asked")
    assert judged.outcome in good, judged.seen
