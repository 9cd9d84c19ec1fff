"""A town in which one person does what nobody else does, far from all others."""

import polars as pl

from strec import schema
from strec.simulation import simulate

#: What only one person does: an item's name and kind.
LONELY = "Hermitage"


def town(n_users: int = 30, n_checkins: int = 2_500) -> pl.DataFrame:
    """Return check-ins of a crowd, and of the hermit, always in the hut."""
    crowd = simulate("social", n_users=n_users, n_checkins=n_checkins, seed=3)
    alone = crowd.filter(pl.col(schema.USER) == crowd[schema.USER][0]).with_columns(
        user_id=pl.lit("hermit"),
        item_id=pl.lit("hut"),
        item_name=pl.lit(LONELY),
        category=pl.lit(LONELY),
        lat=pl.col(schema.LAT).mean() + 0.05,
        lon=pl.col(schema.LON).mean(),
    )
    columns = [name for name in crowd.columns if name not in schema.DERIVED]
    return pl.concat([each.select(columns) for each in (crowd, alone)])
