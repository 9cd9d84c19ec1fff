"""Models that strec 0.1.0 has saved, before its models were dataclasses, score as they did then."""

import json
from pathlib import Path

import numpy as np
import pytest

from strec.models import load_model
from strec.split import split
from tests.models import worlds

FOLDER = Path(__file__).parent / "saved_before"
#: By kind, the scores of the first query at that time.
SCORES = json.loads((FOLDER / "scores.json").read_text())


@pytest.mark.parametrize("kind", SCORES)
def test_it_opens_and_scores_as_it_did(kind):
    queries = split(worlds.paired(n_users=4, n_steps=10)).queries(scored="every")
    scores = load_model(FOLDER / kind).score(queries)[0]
    # At that time items stood in the order of their ids.
    scores = scores[np.argsort(queries.vocabulary.items)]
    assert np.allclose(scores, SCORES[kind], rtol=1e-6, atol=1e-9)
