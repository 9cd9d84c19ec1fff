"""The weights that ship for the samples are those that a fit gives, and stand for nothing else."""

import numpy as np
import pytest
from make_fits import asked

from strec.io.samples import samples
from strec.models import CounterMix
from strec.models.counting import fitted_before
from strec.split import queries_of_rows
from tests.models import worlds


@pytest.mark.parametrize("name", [each.name for each in samples()])
def test_every_sample_is_known_as_pages_ask_for_it(name):
    for log, time_known in asked(name):
        settings = CounterMix(time_known=time_known).settings()
        assert fitted_before.weights_of(log, settings) is not None
        assert fitted_before.weights_of(log, (*settings[:-1], 99)) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["travel", "ecommerce"])
def test_a_new_fit_gives_the_weights_that_ship(name, monkeypatch):
    log, _ = asked(name)[1]
    shipped = CounterMix().fit(log)
    monkeypatch.setattr(fitted_before, "weights_of", lambda *given: None)
    fresh = CounterMix().fit(log)
    assert not np.array_equal(fresh.weights(), CounterMix(slice_share=0).fit(log).weights())
    # Another machine rounds otherwise, and the weights that hardly matter end elsewhere; what they
    # give together is the same. A fit that was changed differs by far more.
    queries = queries_of_rows(log, np.arange(len(log) - 500, len(log)))
    new, old = fresh.score(queries), shipped.score(queries)
    assert np.abs(new - old).max() < 0.02 and np.abs(new - old).sum(axis=1).mean() < 0.02


def test_other_data_are_not_known():
    log = asked("travel")[0][0]
    settings = CounterMix().settings()
    assert fitted_before.digest_of(log, settings) != fitted_before.digest_of(
        log.where(np.arange(len(log)) > 0), settings
    )
    from strec.split import split

    assert fitted_before.weights_of(split(worlds.alternating()).train, settings) is None
