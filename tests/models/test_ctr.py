"""Which interactions belong to which context, by hand; purchases are told from views."""

import numpy as np
import polars as pl
import pytest

from strec import schema
from strec.models import CTR
from strec.models.ctr import CONTEXTS, context_batch
from strec.split import EVENTS, Vocabulary, ask, encode, split
from tests.models import worlds

PLACES = {"A": (40.0, -74.0), "B": (40.001, -74.0), "C": (41.0, -74.0)}
#: Wednesday 8:00 a view of A, 20:00 a purchase of C; Thursday 7:00 a view of B.
TABLE = worlds.table([("u", "A", 56), ("u", "C", 68), ("u", "B", 79)], PLACES).with_columns(
    pl.Series(schema.EVENT, ["view", "buy", "Click"])
)


def asked(n: int = 2) -> dict[str, np.ndarray]:
    """Return the arrays of a query on Thursday at 8:00, near A and B."""
    log = encode(TABLE, Vocabulary.of(TABLE))
    moment = int(worlds.START.timestamp() * 1e6) + int(80 * 3.6e9)
    return context_batch(ask(log, 0, [moment], [0], [40.0], [-74.0]), 10, n)


def test_events_are_told_apart():
    log = encode(TABLE, Vocabulary.of(TABLE))
    assert [EVENTS[code] for code in log.event] == ["view", "purchase", "view"]
    assert encode(TABLE.drop(schema.EVENT), log.vocabulary).event.tolist() == [0, 0, 0]


def test_each_context_takes_its_latest():
    items = dict(zip(CONTEXTS, (asked()["item"][0] - 2).tolist(), strict=True))
    a, c, b, none = 0, 1, 2, -2  # by when they were taken
    assert items["lately"] == [b, c]
    assert items["this session"] == [b, c]
    assert items["at this hour"] == [b, a]
    assert items["near here"] == [b, a]
    assert items["wanted"] == [c, none]


def test_nothing_is_said_where_there_is_nothing():
    batch = asked(3)
    empty = batch["item"] == 0
    assert empty.any() and not batch["pair"][empty].any() and not batch["event"][empty].any()


@pytest.mark.slow
def test_a_purchase_leads_where_only_purchases_come_back():
    # Everybody views one item and buys another each day, and next takes what was bought.
    rng, rows, events = np.random.default_rng(0), [], []
    for u in range(20):
        for day in range(15):
            first, second = rng.permutation(6)[:2]
            flip = rng.random() < 0.5
            for hour, item in enumerate((first, second, second if flip else first)):
                rows.append((f"u{u}", f"i{item}", 48 * day + hour + 8))
            events += ["view", "purchase", "other"] if flip else ["purchase", "view", "other"]
    table = worlds.table(rows).with_columns(pl.Series(schema.EVENT, events))
    shares = []
    for each in (table, table.drop(schema.EVENT)):
        parts = split(each)
        queries = parts.queries(scored="every")
        queries = queries.take(np.flatnonzero(queries.session_length == 2))
        model = CTR(dim=16, n_recent=16, n_per_context=4, epochs=8, learning_rate=0.01,
                    patience=8, batch_size=64).fit(parts.train)  # fmt: skip
        guess, _ = model.top(queries, 1)
        shares.append((guess[:, 0] == queries.target).mean())
    assert shares[0] > 0.9 and shares[0] > shares[1] + 0.2
