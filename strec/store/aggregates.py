"""Every heavy question to a store as one Ibis expression: table of check-ins in, table out.

All of them count check-ins and distinct users of each group. The distinct count is written as a
group-by on (group, user) followed by one on the group: exact on every engine, and faster than
`COUNT(DISTINCT …)`, since a store is sorted by user.
"""

import ibis
import ibis.expr.types as ir
from ibis import _

from strec import schema
from strec.geo import EARTH_RADIUS_KM, short_distance_column, unit_vector_columns
from strec.store.h3_bits import parent

#: Columns that a store adds to the canonical and derived ones.
USER_CODE = "user_code"
ITEM_CODE = "item_code"
#: Item and cell of the previous check-in in the same session, null where a session begins.
FROM_ITEM = "from_item"
FROM_CELL = "from_cell"
#: Distance from the previous check-in in the same session in km, null where either has no place.
STEP_KM = "step_km"
#: Steps are binned so that 10^(bin / 20) km is the lower edge; shorter ones than 10 m stand still.
STEP_BINS_PER_DECADE = 20
SHORTEST_STEP_BIN = -2 * STEP_BINS_PER_DECADE
#: How a missing category is shown.
NO_CATEGORY = "(no category)"


def count(table: ir.Table, **keys: ir.Value) -> ir.Table:
    """Check-ins and distinct users of each group.

    Parameters
    ----------
    table : ibis Table
        Check-ins of a store.
    **keys : ibis Value
        Name and expression of each grouping key.

    Returns
    -------
    ibis Table
        The keys, `n_checkins` and `n_users`, both int64.
    """
    per_user = table.group_by(user=table[USER_CODE], **keys).agg(n=_.count())
    return per_user.group_by(list(keys)).agg(
        n_checkins=_.n.sum().cast("int64"), n_users=_.count().cast("int64")
    )


def enough(found: ir.Table, min_users: int, min_count: int = 1) -> ir.Table:
    """Keep groups of enough users and check-ins, and fold the others into two rows.

    Parameters
    ----------
    found : ibis Table
        Groups with `n_checkins` and `n_users`, see `count`.

    Returns
    -------
    ibis Table
        The keys (0 for groups folded together), `fate` (0 kept, 1 too few users, 2 too few
        check-ins), `n_groups`, `n_checkins`, `n_users`. Millions of groups that nobody is shown
        stay in the engine.
    """
    fate = ibis.cases(
        (found.n_checkins < min_count, 2), (found.n_users < min_users, 1), else_=0
    ).cast("int64")
    keys = [name for name in found.columns if name not in ("n_checkins", "n_users")]
    known = found.mutate(fate=fate)
    folded = known.mutate(**{name: ibis.ifelse(known.fate == 0, known[name], 0) for name in keys})
    return folded.group_by([*keys, "fate"]).agg(
        n_groups=_.count(),
        n_checkins=_.n_checkins.sum().cast("int64"),
        n_users=_.n_users.sum().cast("int64"),
    )


def summary(table: ir.Table) -> ir.Table:
    """One row: check-ins, users, items, check-ins with a place, first and last local date."""
    return table.agg(
        n_checkins=_.count(),
        n_users=table[USER_CODE].nunique(),
        n_items=table[ITEM_CODE].nunique(),
        n_places=table[schema.CELL].count(),
        first_date=table[schema.LOCAL_DATE].min(),
        last_date=table[schema.LOCAL_DATE].max(),
    )


def hours_of_week(table: ir.Table) -> ir.Table:
    """Counts per hour of the week, 0 (Monday 00:00) to 167."""
    return count(table, hour_of_week=table[schema.HOUR_OF_WEEK].cast("int64"))


def days(table: ir.Table) -> ir.Table:
    """Counts per local date."""
    return count(table, period=table[schema.LOCAL_DATE])


def day_hours(table: ir.Table) -> ir.Table:
    """Counts per local date and hour of the day."""
    return count(table, period=table[schema.LOCAL_DATE], hour=_hour(table))


def weeks(table: ir.Table) -> ir.Table:
    """Counts per week, named by its Monday."""
    return count(table, period=table[schema.LOCAL_DATE].truncate("W"))


def months(table: ir.Table) -> ir.Table:
    """Counts per calendar month, named by its first day."""
    return count(table, period=table[schema.LOCAL_DATE].truncate("M"))


def categories(table: ir.Table) -> ir.Table:
    """Counts per category."""
    return count(table, category=_category(table))


def category_hours(table: ir.Table) -> ir.Table:
    """Counts per category and hour of the day."""
    return count(table, category=_category(table), hour=_hour(table))


def cells(table: ir.Table, resolution: int) -> ir.Table:
    """Counts per H3 cell of this resolution."""
    placed = table.filter(table[schema.CELL].notnull())
    return count(placed, cell=parent(placed[schema.CELL], resolution))


def cell_hours(table: ir.Table, resolution: int) -> ir.Table:
    """Counts per H3 cell of this resolution and hour of the day."""
    placed = table.filter(table[schema.CELL].notnull())
    return count(placed, cell=parent(placed[schema.CELL], resolution), hour=_hour(placed))


def cell_weeks(table: ir.Table, resolution: int) -> ir.Table:
    """Check-ins per H3 cell of this resolution and hour of the week."""
    placed = table.filter(table[schema.CELL].notnull())
    return placed.group_by(
        cell=parent(placed[schema.CELL], resolution),
        hour_of_week=placed[schema.HOUR_OF_WEEK].cast("int64"),
    ).agg(n_checkins=_.count())


def cell_days(table: ir.Table, resolution: int) -> ir.Table:
    """Check-ins per H3 cell of this resolution and local date."""
    placed = table.filter(table[schema.CELL].notnull())
    return placed.group_by(
        cell=parent(placed[schema.CELL], resolution), period=placed[schema.LOCAL_DATE]
    ).agg(n_checkins=_.count())


def user_weeks(table: ir.Table) -> ir.Table:
    """Check-ins per user and hour of the week."""
    return table.group_by(
        user=table[USER_CODE].cast("int64"), hour_of_week=table[schema.HOUR_OF_WEEK].cast("int64")
    ).agg(n_checkins=_.count())


def user_cells(table: ir.Table, resolution: int) -> ir.Table:
    """Check-ins per user and H3 cell of this resolution."""
    placed = table.filter(table[schema.CELL].notnull())
    return placed.group_by(
        user=placed[USER_CODE].cast("int64"), cell=parent(placed[schema.CELL], resolution)
    ).agg(n_checkins=_.count())


def steps(table: ir.Table) -> ir.Table:
    """Steps within a session per class of length, and the sum of their lengths."""
    moves = table.filter(table[STEP_KM].notnull())
    length = moves[STEP_KM].cast("float64")
    shortest = 10 ** ((SHORTEST_STEP_BIN - 1) / STEP_BINS_PER_DECADE)
    position = ibis.greatest(length, shortest).log10() * STEP_BINS_PER_DECADE
    binned = moves.select(bin=position.floor().cast("int64"), length=length)
    return binned.group_by("bin").agg(n_checkins=_.count(), km=_.length.sum())


def movers(table: ir.Table) -> ir.Table:
    """One row: users with a step."""
    moves = table.filter(table[STEP_KM].notnull())
    return moves.agg(n_users=moves[USER_CODE].nunique())


def gyration(table: ir.Table) -> ir.Table:
    """Radius of gyration of each user, and the mean of their places as a vector from the core."""
    placed = table.filter(table[schema.CELL].notnull())
    points = placed.select(
        user=placed[USER_CODE].cast("int64"),
        **unit_vector_columns(placed[schema.LAT], placed[schema.LON]),
    )
    middle = points.group_by("user").agg(
        n_checkins=_.count(), x=_.x.mean(), y=_.y.mean(), z=_.z.mean()
    )
    length = (middle.x * middle.x + middle.y * middle.y + middle.z * middle.z).sqrt()
    centre = middle.select("user", cx=_.x / length, cy=_.y / length, cz=_.z / length)
    both = points.join(centre, "user")
    dx, dy, dz = both.x - both.cx, both.y - both.cy, both.z - both.cz
    # Twice the arc sine of half the chord is the way over the ground.
    half_chord = ibis.least((dx * dx + dy * dy + dz * dz).sqrt() / 2, 1.0)
    away = 2 * EARTH_RADIUS_KM * half_chord.asin()
    squares = both.select("user", square=away * away).group_by("user").agg(mean=_.square.mean())
    return middle.join(squares, "user").select(
        "user", "n_checkins", "x", "y", "z", gyration_km=squares["mean"].sqrt()
    )


def cell_flows(table: ir.Table, resolution: int) -> ir.Table:
    """Counts per pair of different cells visited one after the other in a session."""
    moves = table.filter(table[FROM_CELL].notnull(), table[schema.CELL].notnull())
    pairs = count(
        moves,
        origin=parent(moves[FROM_CELL], resolution),
        destination=parent(moves[schema.CELL], resolution),
    )
    return pairs.filter(_.origin != _.destination)


def item_flows(table: ir.Table) -> ir.Table:
    """Counts per pair of different items chosen one after the other in a session."""
    moves = table.filter(table[FROM_ITEM].notnull(), table[FROM_ITEM] != table[ITEM_CODE])
    return count(
        moves, origin=moves[FROM_ITEM].cast("int64"), destination=moves[ITEM_CODE].cast("int64")
    )


def points(table: ir.Table) -> ir.Table:
    """Counts per item and exact place."""
    placed = table.filter(table[schema.CELL].notnull())
    return count(
        placed,
        item=placed[ITEM_CODE].cast("int64"),
        lat=placed[schema.LAT],
        lon=placed[schema.LON],
    )


def users(table: ir.Table) -> ir.Table:
    """Check-ins, distinct items, first and last time of each user, by user code."""
    per_item = table.group_by(user=table[USER_CODE], item=table[ITEM_CODE]).agg(
        n=_.count(),
        first=_[schema.TIME].min(),
        last=_[schema.TIME].max(),
    )
    return per_item.group_by("user").agg(
        n_checkins=_.n.sum().cast("int64"),
        n_items=_.count().cast("int64"),
        first=_["first"].min(),
        last=_["last"].max(),
    )


def item_counts(table: ir.Table) -> ir.Table:
    """Check-ins and distinct users of each item, by item code."""
    return count(table, item=table[ITEM_CODE].cast("int64"))


def item_bounds(table: ir.Table) -> ir.Table:
    """South, north, west and east edge of each item's places."""
    placed = table.filter(table[schema.CELL].notnull())
    return placed.group_by(item=placed[ITEM_CODE].cast("int64")).agg(
        south=_[schema.LAT].min(),
        north=_[schema.LAT].max(),
        west=_[schema.LON].min(),
        east=_[schema.LON].max(),
    )


def item_places(table: ir.Table) -> ir.Table:
    """Median place of each item, and the median distance of its check-ins from there in km."""
    placed = table.filter(table[schema.CELL].notnull()).select(
        item=_[ITEM_CODE].cast("int64"), lat=_[schema.LAT], lon=_[schema.LON]
    )
    middle = placed.group_by("item").agg(middle_lat=_.lat.median(), middle_lon=_.lon.median())
    both = placed.join(middle, "item")
    away_km = short_distance_column(both.lat, both.lon, both.middle_lat, both.middle_lon)
    return (
        both.mutate(away_km=away_km)
        .group_by("item")
        .agg(lat=_.middle_lat.min(), lon=_.middle_lon.min(), spread_km=_.away_km.median())
    )


def item_labels(table: ir.Table, column: str) -> ir.Table:
    """How often each item bears each value of a text column (category or name)."""
    known = table.filter(table[column].notnull())
    return known.group_by(item=known[ITEM_CODE].cast("int64"), label=known[column]).agg(n=_.count())


def _hour(table: ir.Table) -> ir.IntegerValue:
    return (table[schema.HOUR_OF_WEEK].cast("int64") % 24).cast("int64")


def _category(table: ir.Table) -> ir.StringValue:
    return table[schema.CATEGORY].fill_null(NO_CATEGORY)
