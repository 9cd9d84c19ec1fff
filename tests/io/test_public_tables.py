"""What services, programs and people write: read rightly or asked about, never wrong in silence."""

import pytest

from benchmarks.reading import NOTATIONS, look_at
from tests.corpus.public import KINDS

pytestmark = pytest.mark.slow

#: Kinds of which nothing needs to be asked, so that a question too many shows.
PLAIN = {"rees46", "cn_pos", "de_kasse", "online_retail", "movebank", "cafe_chain", "ais_us",
         "yellow_2023", "airbnb_reviews", "foursquare_named", "olist", "charlotte"}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_kind_is_wrong_in_silence(kind, tmp_path):
    judged = look_at(kind, tmp_path)
    good = ("right",) if kind.name in PLAIN else ("right", "asked")
    assert judged.outcome in good, judged.seen


#: Notations that may mean two things, so that a person must say which, or sees a guess.
OPEN = {"mac_serial", "web_mercator", "cp1250", "yelp_checkin", "to_json_values", "sqlite_two"}


@pytest.mark.parametrize("kind", NOTATIONS, ids=lambda kind: kind.name)
def test_each_row_has_the_moment_place_and_name_that_was_meant(kind, tmp_path):
    judged = look_at(kind, tmp_path)
    assert judged.outcome in (("right", "asked") if kind.name in OPEN else ("right",)), judged.seen
