"""Every heavy question to a store as one Ibis expression: table of check-ins in, table out.

Most of them count check-ins and distinct users of each group. The distinct count is written as a
group-by on (group, user) followed by one on the group: exact on every engine, and faster than
`COUNT(DISTINCT …)`, since a store is sorted by user.
"""

from typing import Literal, cast

import ibis
import ibis.expr.types as ir
from ibis import _

from strec import schema
from strec.geo import (
    EARTH_RADIUS_KM,
    median_longitude_column,
    short_distance_column,
    unit_vector_columns,
)
from strec.ordered import ITEM_CODE

#: Columns that a store adds to the canonical and derived ones.
USER_CODE = "user_code"
#: What tells users apart where their codes would have to be looked up.
WHO = "who"
#: Item and cell where a trip began; of other check-ins those of the previous one in the same
#: session, null where a session begins.
FROM_ITEM = "from_item"
FROM_CELL = "from_cell"
#: Distance from there in km, null where either has no place.
STEP_KM = "step_km"
#: Local hour of the week and date of a trip's end.
END_HOUR_OF_WEEK = "end_hour_of_week"
END_DATE = "end_date"
#: Steps are binned so that 10^(bin / 20) km is the lower edge; shorter ones than 10 m stand still.
STEP_BINS_PER_DECADE = 20
SHORTEST_STEP_BIN = -2 * STEP_BINS_PER_DECADE
#: How a missing category is shown.
NO_CATEGORY = "(no category)"


# ---------------------------------------------------------------- what check-ins are grouped by


def who(table: ir.Table) -> ir.Column:
    """What tells users apart, null where nobody is named."""
    return table[WHO if WHO in table.columns else USER_CODE]


def whole(table: ir.Table, column: str) -> ir.IntegerColumn:
    """A column of whole numbers, as int64."""
    return cast(ir.IntegerColumn, table[column].cast("int64"))


def number(table: ir.Table, column: str) -> ir.FloatingColumn:
    """A column of floating-point numbers."""
    return cast(ir.FloatingColumn, table[column])


def hour(table: ir.Table) -> ir.IntegerValue:
    """The local hour of the day."""
    return cast(ir.IntegerValue, (whole(table, schema.HOUR_OF_WEEK) % 24).cast("int64"))


def period(table: ir.Table, unit: Literal["D", "W", "M", "Y"]) -> ir.DateValue:
    """The local date (``D``), or the first day of its week (``W``) or month (``M``)."""
    day = cast(ir.DateColumn, table[schema.LOCAL_DATE])
    return day if unit == "D" else day.truncate(unit)


def category(table: ir.Table) -> ir.Value:
    """The category, in words also where there is none."""
    return table[schema.CATEGORY].fill_null(ibis.literal(NO_CATEGORY))


def cell(table: ir.Table, resolution: int, column: str = schema.CELL) -> ir.IntegerValue:
    """The H3 cell of this resolution."""
    return parent(whole(table, column), resolution)


def parent(cell: ir.IntegerValue, resolution: int) -> ir.IntegerValue:
    """The H3 cell of a coarser resolution that holds this cell, as int64.

    By bit arithmetic, which every engine can do without an extension: an H3 index keeps its
    resolution in bits 52 to 55 and three bits per resolution below bit 45; those finer than the
    resolution are all ones.
    """
    unused_digits = (1 << (3 * (15 - resolution))) - 1
    without_resolution = cast(ir.IntegerValue, cell.cast("int64")) & _bits(~(0xF << 52))
    return cast(ir.IntegerValue, without_resolution | _bits((resolution << 52) | unused_digits))


def _bits(value: int) -> ir.IntegerScalar:
    return cast(ir.IntegerScalar, ibis.literal(value, "int64"))


def placed(table: ir.Table, *columns: str) -> ir.Table:
    """The check-ins with a place, or with all of these columns."""
    return table.filter([table[name].notnull() for name in columns or (schema.CELL,)])


# ---------------------------------------------------------------- counts


def count(table: ir.Table, **keys: ir.Value) -> ir.Table:
    """Check-ins and distinct users of each group; no users where nobody is named.

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
    per_user = table.group_by(user=who(table), **keys).agg(n=_.count())
    counts = {"n_checkins": _.n.sum().cast("int64"), "n_users": _.user.count().cast("int64")}
    return per_user.group_by(list(keys)).agg(**counts)


def checkins_per(table: ir.Table, **keys: ir.Value) -> ir.Table:
    """Check-ins of each group, without its users."""
    return table.group_by(**keys).agg(n_checkins=table.count())


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
    # Where nobody is named, check-ins are counted in place of people; see export.enough_people.
    few = (_.n_users < min_users) & ((_.n_users > 0) | (_.n_checkins < min_users))
    fate = ibis.cases((_.n_checkins < min_count, 2), (few, 1), else_=0)
    keys = [name for name in found.columns if name not in ("n_checkins", "n_users")]
    known = found.mutate(fate=fate.cast("int64"))
    folded = known.mutate(**{name: ibis.ifelse(known.fate == 0, known[name], 0) for name in keys})
    return folded.group_by([*keys, "fate"]).agg(
        n_groups=folded.count(),
        n_checkins=whole(folded, "n_checkins").sum().cast("int64"),
        n_users=whole(folded, "n_users").sum().cast("int64"),
    )


def summary(table: ir.Table) -> ir.Table:
    """One row: check-ins, users, items, check-ins with a place, first and last local date."""
    return table.agg(
        n_checkins=table.count(),
        n_users=who(table).nunique(),
        n_items=table[ITEM_CODE].nunique(),
        n_places=table[schema.CELL].count(),
        first_date=table[schema.LOCAL_DATE].min(),
        last_date=table[schema.LOCAL_DATE].max(),
    )


def cell_flows(table: ir.Table, resolution: int) -> ir.Table:
    """Counts per pair of different cells visited one after the other in a session."""
    moves, sides = _moves(table, resolution)
    return count(moves, **sides).filter(_.origin != _.destination)


def busiest_flows(table: ir.Table, resolution: int, most: int) -> ir.Table:
    """Check-ins per pair of different cells, both among those that most flows begin or end in."""
    moves, sides = _moves(table, resolution)
    pairs = checkins_per(moves, **sides).filter(_.origin != _.destination)
    ends = [pairs.select(cell=pairs[side], n=pairs["n_checkins"]) for side in sides]
    each = ibis.union(*ends).group_by("cell").agg(n=_.n.sum())
    busiest = each.order_by(ibis.desc("n"), "cell").limit(most)
    for side in sides:
        pairs = pairs.semi_join(busiest.select(**{side: busiest["cell"]}), side)
    return pairs


def _moves(table: ir.Table, resolution: int) -> tuple[ir.Table, dict[str, ir.Value]]:
    """Return check-ins that follow another in a session, and the cells of both."""
    moves = placed(table, FROM_CELL, schema.CELL)
    origin = cell(moves, resolution, FROM_CELL)
    return moves, {"origin": origin, "destination": cell(moves, resolution)}


def item_flows(table: ir.Table) -> ir.Table:
    """Counts per pair of different items chosen one after the other in a session."""
    moves = table.filter(table[FROM_ITEM].notnull(), table[FROM_ITEM] != table[ITEM_CODE])
    return count(moves, origin=whole(moves, FROM_ITEM), destination=whole(moves, ITEM_CODE))


# ---------------------------------------------------------------- distances


def steps(table: ir.Table) -> ir.Table:
    """Steps within a session per class of length, and the sum of their lengths."""
    moves = placed(table, STEP_KM)
    length = number(moves, STEP_KM).cast("float64")
    shortest = 10 ** ((SHORTEST_STEP_BIN - 1) / STEP_BINS_PER_DECADE)
    longer = cast(ir.FloatingValue, ibis.greatest(length, shortest))
    position = cast(ir.FloatingValue, longer.log10() * STEP_BINS_PER_DECADE)
    binned = moves.select(bin=position.floor().cast("int64"), length=length)
    return binned.group_by("bin").agg(n_checkins=binned.count(), km=number(binned, "length").sum())


def gyration(table: ir.Table) -> ir.Table:
    """Radius of gyration of each user, and the mean of their places as a vector from the core."""
    rows = placed(table)
    points = rows.select(
        user=whole(rows, USER_CODE),
        **unit_vector_columns(rows[schema.LAT], rows[schema.LON]),
    )
    means = {axis: number(points, axis).mean() for axis in "xyz"}
    middle = points.group_by("user").agg(n_checkins=points.count(), **means)
    x, y, z = (number(middle, axis) for axis in "xyz")
    length = cast(ir.FloatingColumn, x * x + y * y + z * z).sqrt()
    centre = middle.select("user", cx=x / length, cy=y / length, cz=z / length)
    both = points.join(centre, "user")
    dx, dy, dz = (number(both, axis) - number(both, f"c{axis}") for axis in "xyz")
    chord = cast(ir.FloatingColumn, dx * dx + dy * dy + dz * dz).sqrt()
    # Twice the arc sine of half the chord is the way over the ground.
    half_chord = cast(ir.FloatingValue, ibis.least(chord / 2, 1.0))
    away = 2 * EARTH_RADIUS_KM * half_chord.asin()
    far = both.select("user", square=away * away)
    squares = far.group_by("user").agg(mean=number(far, "square").mean())
    return middle.join(squares, "user").select(
        "user", "n_checkins", "x", "y", "z", gyration_km=number(squares, "mean").sqrt()
    )


# ---------------------------------------------------------------- items


def item_bounds(table: ir.Table) -> ir.Table:
    """South, north, west and east edge of each item's places."""
    rows = placed(table)
    lat, lon = rows[schema.LAT], rows[schema.LON]
    edges = {"south": lat.min(), "north": lat.max(), "west": lon.min(), "east": lon.max()}
    return rows.group_by(item=whole(rows, ITEM_CODE)).agg(**edges)


def item_places(table: ir.Table) -> ir.Table:
    """Median place of each item, and the median distance of its check-ins from there in km."""
    rows = placed(table)
    points = rows.select(item=whole(rows, ITEM_CODE), lat=rows[schema.LAT], lon=rows[schema.LON])
    middle = points.group_by("item").agg(
        middle_lat=points["lat"].median(), middle_lon=median_longitude_column(points["lon"])
    )
    both = points.join(middle, "item")
    away_km = short_distance_column(both.lat, both.lon, both.middle_lat, both.middle_lon)
    far = both.mutate(away_km=away_km)
    return far.group_by("item").agg(
        lat=far["middle_lat"].min(),
        lon=far["middle_lon"].min(),
        spread_km=far["away_km"].median(),
    )


def item_labels(table: ir.Table, column: str) -> ir.Table:
    """How often each item bears each value of a text column (category or name)."""
    known = placed(table, column)
    return known.group_by(item=whole(known, ITEM_CODE), label=known[column]).agg(n=known.count())
