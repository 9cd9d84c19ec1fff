"""A replay predicts before it sees, in real order; a growing history sees what was played."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import t

from strec.errors import ModelError
from strec.models import CounterMix
from strec.recommend.learning import learn_mix
from strec.recommend.replay import replay
from strec.split import Vocabulary, encode, queries_of_rows
from tests.recommend import worlds


@pytest.fixture(scope="module")
def log():
    checkins = worlds.town(20)
    return encode(checkins, Vocabulary.of(checkins))


@pytest.fixture(scope="module")
def played(log):
    return replay(log, 30)


def test_events_come_in_the_order_of_time(played, log):
    assert len(played.events) == 30 and played.n_before == len(log) - 30
    assert played.events["local_time"].is_sorted()
    assert played.events["n"].to_list() == list(range(1, 31))


def test_ranks_are_those_of_a_model_fitted_before_the_first_event(played, log):
    rows = np.lexsort((np.arange(len(log)), log.time_us))[-30:]
    model = CounterMix().fit(log.where(log.time_us < log.time_us[rows[0]]))
    scores = model.score(queries_of_rows(log, rows))
    target = log.item[rows]
    better = (scores > scores[np.arange(30), target][:, None]).sum(axis=1)
    np.testing.assert_array_equal(played.events["rank"], better + 1)
    np.testing.assert_allclose(played.events["probability"], scores[np.arange(30), target])


def test_the_first_event_of_each_user_is_alike_for_both_histories(played):
    first = played.events.unique("user_id", keep="first", maintain_order=True)
    assert (first["rank"] == first["rank_static"]).all()


def test_somebody_unknown_before_is_learned_while_playing():
    late = worlds.rows("new", [("office", worlds.at(19, h)) for h in (2.0, 3.0, 4.0, 5.0)])
    # Without places, so that the fixed history cannot guess from where the person is.
    checkins = pl.concat([worlds.town(19), worlds.table(late)]).with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("lat", "lon")
    )
    played = replay(encode(checkins, Vocabulary.of(checkins)), 4)
    assert set(played.events["user_id"]) == {"new"}
    assert played.events["rank"][-1] < played.events["rank_static"][-1]
    assert played.events["is_return"].to_list() == [False, True, True, True]


def test_running_measures_are_means_so_far(played):
    frame = played.running(10)
    rank = played.events["rank"].to_numpy()[:10]
    assert frame["acc@1"].to_list() == pytest.approx(
        [np.mean(rank[: k + 1] <= 1) for k in range(10)]
    )
    assert frame["mrr"][9] == pytest.approx(np.mean(1 / rank))
    fixed = played.events["rank_static"].to_numpy()[:10]
    assert frame["acc@5 static"][9] == pytest.approx(np.mean(fixed <= 5))


def test_what_a_growing_history_is_worth_has_an_interval_over_users(played):
    assert played.gain_interval(30, "acc@1") == (None, None)  # five people
    ranks = np.random.default_rng(0).integers(1, 4, (2, 200))
    users = np.arange(200).astype(str)
    events = pl.DataFrame({"rank": ranks[0], "rank_static": ranks[1], "user_id": users})
    many = replace(played, events=events)
    gain = (ranks[0] <= 1) * 1.0 - (ranks[1] <= 1)
    half = t.ppf(0.975, 199) * gain.std(ddof=1) / np.sqrt(200)
    assert many.gain_interval(200, "acc@1") == pytest.approx(
        (gain.mean() - half, gain.mean() + half), rel=0.02
    )


def test_one_user_alone(log):
    played = replay(log, 12, "ann")
    assert set(played.events["user_id"]) == {"ann"} and len(played.events) == 12


def test_a_user_of_the_first_days_alone_cannot_be_followed(log):
    with pytest.raises(ModelError, match="enough check-ins of others"):
        replay(log, 5, "eve")


def test_what_cannot_be_replayed_is_said(log):
    with pytest.raises(ModelError, match="everybody or of one user"):
        replay(log, 5, "nobody")
    few = worlds.town(1)
    with pytest.raises(ModelError, match="check-ins before its first event"):
        replay(encode(few, Vocabulary.of(few)), 5)


# ---------------------------------------------------------------- the learned mix


def test_the_learned_mix_is_the_best_of_a_grid(log):
    mix = learn_mix(log)
    assert mix.n == int((log.time_us >= np.quantile(log.time_us, 0.9)).sum())
    assert -1.5 <= mix.exponent <= 1.5 and mix.gain_nats >= 0
    assert (f"a = {mix.exponent:.2f}" in mix.words()) or ("balanced itself" in mix.words())


def test_too_little_to_learn_from_is_balanced():
    few = worlds.town(1)
    mix = learn_mix(encode(few, Vocabulary.of(few)))
    assert (mix.exponent, mix.n) == (0.0, 0) and "too few" in mix.words()
