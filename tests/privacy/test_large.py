"""Stores too large to be read whole: users are drawn, and that is said."""

import importlib

import pytest

from strec import privacy, schema
from strec.errors import AnalysisError
from strec.io.samples import read_sample
from strec.privacy import Protection, need_room, risk, utility_loss
from strec.store import Store

# Their functions bear the names of the modules.
of_risk = importlib.import_module("strec.privacy.risk")
of_price = importlib.import_module("strec.privacy.utility_loss")
AT_MOST = 6_000


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("large") / "t"
    return Store.create(read_sample("travel"), folder, name="T", time_zone="Europe/Berlin")


@pytest.mark.slow
def test_of_a_large_store_some_users_are_looked_at_and_it_is_said(store, monkeypatch):
    whole = risk(store)
    assert not whole.drawn and whole.to_dict() == risk(store.checkins()).to_dict()
    monkeypatch.setattr(of_risk, "MOST_CHECKINS", AT_MOST)

    def refuse(*_, **__):
        raise AssertionError("read whole")

    monkeypatch.setattr(Store, "checkins", refuse)
    some = risk(store)
    assert some.n_checkins <= AT_MOST < whole.n_checkins and some.n_users < whole.n_users
    said = some.sentences()[-1]
    assert f"{some.n_users:,} of {whole.n_users:,} users, drawn by chance" in said
    assert "too high rather than too low" in said
    # The same users are drawn before and after a protection.
    after = risk(store, Protection(resolution=7))
    assert (after.n_users, after.n_checkins) == (some.n_users, some.n_checkins)


def test_among_fewer_people_one_is_found_no_less(store, monkeypatch):
    whole = risk(store)
    monkeypatch.setattr(of_risk, "MOST_CHECKINS", AT_MOST)
    some = risk(store)
    pairs = [*zip(whole.found, some.found, strict=True)]
    pairs += zip(whole.found_by_items, some.found_by_items, strict=True)
    assert all(few >= all_ - 0.02 for all_, few in pairs)


def test_the_price_is_of_the_same_users_before_and_after(store, monkeypatch):
    monkeypatch.setattr(of_price, "MOST_CHECKINS", AT_MOST)
    found = utility_loss(store, Protection(resolution=7), before=risk(store), n_queries=50)
    assert found.before.drawn and found.before.drawn == found.after.drawn
    assert found.before.n_users == found.after.n_users < store.meta["n_users"]


def test_a_protected_table_beyond_memory_is_refused(store, monkeypatch):
    assert len(need_room(store)) == store.meta["n_checkins"]
    monkeypatch.setattr(of_risk, "MOST_PROTECTED", 1_000)
    with pytest.raises(AnalysisError, match="up to 1,000"):
        privacy.need_room(store)
    assert len(need_room(schema.example())) == 4
