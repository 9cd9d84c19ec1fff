"""The table of items that is written beside the check-ins."""

import numpy as np
import polars as pl

from strec import schema
from strec.store import aggregates
from strec.store.aggregates import ITEM_CODE

#: Check-ins per pass when medians are taken, which need all values at once.
PASS_ROWS = 15_000_000
#: So many items at most are named one by one in a filter.
FEW_ITEMS = 1_000


def item_table(ask, table, counts: pl.DataFrame, n_rows: int) -> tuple[pl.DataFrame, bool]:
    """Return one row per item in the order of its code, see `Store.items`; and whether all stay.

    An item stays that has one place in all its check-ins that have any.

    Parameters
    ----------
    ask : callable
        Runs an Ibis expression and returns a Polars frame.
    table : ibis Table
        The check-ins.
    counts : polars.DataFrame
        `item_id`, `n_checkins` and `n_users` in the order of their codes.
    n_rows : int
        How many check-ins there are.
    """
    # Label counts are small next to the check-ins; medians are taken in passes over the items.
    parts, stay = [], True
    for some in _passes(table, ITEM_CODE, len(counts), n_rows):
        part, some_stay = _places(ask, some)
        stay = stay and some_stay
        for column in (schema.ITEM_NAME, schema.CATEGORY, schema.IMAGE):
            labels = _labels(ask, some, column)
            part = part.join(labels, on="item", how="full", coalesce=True)
        parts.append(part)
    items = counts.with_row_index("item").cast({"item": pl.Int64})
    found = items.join(pl.concat(parts), on="item", how="left", maintain_order="left")
    columns = ["item_id", "item_name", "category", "image", "lat", "lon", "spread_km"]
    return found.select(*columns, "n_checkins", "n_users"), stay


def _passes(table, code: str, n_codes: int, n_rows: int):
    edges = np.linspace(0, n_codes, 2 + n_rows // PASS_ROWS).astype(int)
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        yield table.filter(table[code].between(int(low), max(int(high), 1) - 1))


def _places(ask, table) -> tuple[pl.DataFrame, bool]:
    """Median place and spread, and whether none moves; most never do, and need no medians.

    What was had in a shop has no place of its own.
    """
    in_shops = schema.PLACE_ID in table.columns
    if in_shops:
        shop = table[schema.PLACE_ID]
        table = table.filter(shop.isnull() | (shop == table[schema.ITEM]))
    bounds = ask(aggregates.item_bounds(table))
    moves = (pl.col("south") < pl.col("north")) | (pl.col("west") < pl.col("east"))
    still = bounds.filter(~moves).select("item", lat="south", lon="west", spread_km=pl.lit(0.0))
    moving = bounds.filter(moves)["item"]
    if not len(moving):
        return still, not in_shops
    if len(moving) <= FEW_ITEMS:
        table = table.filter(table[ITEM_CODE].isin(moving.to_list()))
    found = ask(aggregates.item_places(table)).filter(pl.col("item").is_in(moving.implode()))
    return pl.concat([still, found.select(still.columns)]), False


def _labels(ask, table, column: str) -> pl.DataFrame:
    """The most frequent label of each item; the first by alphabet where two are."""
    if column not in table.columns:
        return pl.DataFrame(schema={"item": pl.Int64, column: pl.String})
    labels = ask(aggregates.item_labels(table, column))
    ranked = labels.sort("item", "n", "label", descending=[False, True, False])
    return ranked.unique("item", keep="first").select("item", pl.col("label").alias(column))
