"""The two tables written beside the check-ins: one row per item, one row per user."""

import numpy as np
import polars as pl

from strec import schema
from strec.store import aggregates
from strec.store.aggregates import ITEM_CODE, USER_CODE

#: Check-ins per pass when medians are taken, which need all values at once.
PASS_ROWS = 15_000_000


def item_table(ask, table, n_items: int, n_rows: int) -> pl.DataFrame:
    """Return one row per item in the order of its code; see `Store.items`.

    Parameters
    ----------
    ask : callable
        Runs an Ibis expression and returns a Polars frame.
    table : ibis Table
        The check-ins.
    n_items, n_rows : int
        How many items and check-ins there are.
    """
    # Label counts are small next to the check-ins; medians are taken in passes over the items.
    parts = []
    for some in _passes(table, ITEM_CODE, n_items, n_rows):
        ids = some.group_by(item=some[ITEM_CODE].cast("int64")).agg(item_id=some[schema.ITEM].min())
        part = ask(ids)
        for builder in (aggregates.item_counts, aggregates.item_places):
            part = part.join(ask(builder(some)), on="item", how="left")
        for column in (schema.ITEM_NAME, schema.CATEGORY):
            part = part.join(_labels(ask, some, column), on="item", how="left")
        parts.append(part)
    columns = ["item_id", "item_name", "category", "lat", "lon", "spread_km"]
    return pl.concat(parts).sort("item").select(*columns, "n_checkins", "n_users")


def user_table(ask, table, n_users: int, n_rows: int) -> pl.DataFrame:
    """Return one row per user in the order of its code; see `Store.users`."""
    passes = _passes(table, USER_CODE, n_users, n_rows)
    parts = [ask(aggregates.users(some)) for some in passes]
    return pl.concat(parts).sort("user").drop("user")


def _passes(table, code: str, n_codes: int, n_rows: int):
    edges = np.linspace(0, n_codes, 2 + n_rows // PASS_ROWS).astype(int)
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        yield table.filter(table[code].between(int(low), int(high) - 1))


def _labels(ask, table, column: str) -> pl.DataFrame:
    """The most frequent label of each item; the first by alphabet where two are."""
    if column not in table.columns:
        return pl.DataFrame(schema={"item": pl.Int64, column: pl.String})
    labels = ask(aggregates.item_labels(table, column))
    ranked = labels.sort("item", "n", "label", descending=[False, True, False])
    return ranked.unique("item", keep="first").select("item", pl.col("label").alias(column))
