"""Tables of databases are read like files, or counted where they are.

A DuckDB file, and a Postgres that the test starts.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import ibis
import pandas as pd
import polars as pl
import pytest

from strec import cli, demand, schema, temporal
from strec.dataset import Dataset
from strec.errors import MappingError, ReadError, StoreError
from strec.io import Mapping, fetch, read, read_frame
from strec.io.warehouse import is_address
from strec.serve import settings
from strec.simulation import simulate
from strec.store import Filters, Store, Warehouse

ROWS = [
    ("ann", "tea", "2024-05-01 08:30:00+02", 52.52, 13.40, 3.50),
    ("bob", "coffee, black", "2024-05-02 09:00:00+02", 52.53, 13.41, None),
    ("ann", "coffee, black", "2024-05-03 18:15:00+02", 52.53, 13.41, 2.25),
]
TABLE = (
    "CREATE TABLE {name} (customer text, product text, sold timestamptz, lat double precision, "
    "lon double precision, price numeric(8, 2), receipt uuid)"
)
INSERT = "INSERT INTO {name} VALUES " + ", ".join(
    f"('{who}', '{what}', '{when}', {lat}, {lon}, {'NULL' if price is None else price}, "
    f"'0000000{n}-0000-0000-0000-000000000000')"
    for n, (who, what, when, lat, lon, price) in enumerate(ROWS)
)
MAP = "user=customer,item=product,time=sold,lat=lat,lon=lon,value=price"


@pytest.fixture
def duck(tmp_path) -> str:
    connection = ibis.duckdb.connect(tmp_path / "shop.duckdb")
    for words in (TABLE, INSERT):
        connection.raw_sql(words.format(name="sales"))
    connection.disconnect()
    return f"duckdb://{tmp_path}/shop.duckdb"


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """A Postgres of the test's own on the loopback, with a password."""
    pytest.importorskip("psycopg")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        pytest.skip("needs Postgres")
    folder = tmp_path_factory.mktemp("postgres")
    # Postgres refuses to run as root, and whoever runs it must reach its folder.
    other = {"user": "nobody"} if os.getuid() == 0 else {}
    if other:
        for each in (folder, *folder.parents):
            if each.stat().st_uid == os.getuid() and each != Path(each.anchor):
                os.chmod(each, each.stat().st_mode | 0o055)
        shutil.chown(folder, "nobody")
    (folder / "secret").write_text("s3cret")
    (folder / "secret").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    data = folder / "data"
    subprocess.run(
        [initdb, "-D", data, "-U", "me", "-A", "password", "--pwfile", folder / "secret"],
        check=True, cwd=folder, **quiet, **other,
    )  # fmt: skip
    server = subprocess.Popen(
        [Path(initdb).with_name("postgres"), "-D", data, "-p", str(port), "-k", folder,
         "-h", "127.0.0.1", "-c", "fsync=off"],
        cwd=folder, **quiet, **other,
    )  # fmt: skip
    address = f"postgres://me:s3cret@127.0.0.1:{port}/postgres"
    try:
        for _ in range(200):
            try:
                connection = ibis.connect(address)
                break
            except Exception:
                assert server.poll() is None, "Postgres ended"
                time.sleep(0.1)
        else:
            raise AssertionError("Postgres does not answer")
        connection.raw_sql("CREATE SCHEMA shop").close()
        for words in (TABLE, INSERT):
            connection.raw_sql(words.format(name="shop.sales")).close()
        connection.con.commit()
        connection.disconnect()
        yield address
    finally:
        # Without waiting for those who are connected.
        server.send_signal(signal.SIGINT)
        server.wait(20)


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(list(words))
    return left.value.code or 0


def is_as_expected(checkins: pl.DataFrame) -> None:
    rows = checkins.sort(schema.TIME)
    assert rows[schema.USER].to_list() == ["ann", "bob", "ann"]
    assert rows[schema.ITEM].to_list() == ["tea", "coffee, black", "coffee, black"]
    times = rows[schema.TIME].dt.strftime("%Y-%m-%d %H:%M").to_list()
    assert times == ["2024-05-01 06:30", "2024-05-02 07:00", "2024-05-03 16:15"]
    assert rows[schema.VALUE].to_list() == [3.5, None, 2.25]


def test_a_table_of_duckdb_becomes_a_store(duck, tmp_path, capsys):
    out = tmp_path / "store"
    assert run("clean", duck, "--table", "sales", "--map", MAP, "--out", str(out), "--json",
               "--time-zone", "Europe/Berlin") == 0  # fmt: skip
    assert json.loads(capsys.readouterr().out)["n_checkins"] == 3
    store = Store(out)
    is_as_expected(store.checkins())
    assert store.pictures is None and "sales" in store.meta["source"]
    assert [each.name for each in tmp_path.iterdir() if each.name[0] == "."] == []


def test_a_query_is_read_in_place_of_a_table(duck, tmp_path):
    path = fetch(duck, tmp_path / "some.parquet", query="SELECT * FROM sales WHERE price > 3;")
    assert pl.read_parquet(path)["customer"].to_list() == ["ann"]


def test_postgres_gives_the_same_check_ins(postgres, tmp_path, capsys):
    out = tmp_path / "sales.parquet"
    assert run("clean", postgres, "--table", "shop.sales", "--map", MAP, "--out", str(out),
               "--time-zone", "Europe/Berlin") == 0  # fmt: skip
    is_as_expected(read(out).checkins)
    assert "s3cret" not in "".join(capsys.readouterr())


def test_what_postgres_does_not_know_is_said_without_the_password(postgres, tmp_path, capsys):
    wrong = postgres.replace("s3cret", "gue55ed")
    for words in (
        [postgres, "--table", "sold"], [postgres, "--query", "SELECT nothing FROM nowhere"],
        [wrong, "--table", "sales"], [postgres.rpartition(":")[0] + ":1/x", "--table", "sales"],
    ):  # fmt: skip
        assert run("clean", *words, "--out", str(tmp_path / "x")) == 1
        said = "".join(capsys.readouterr())
        assert "Found:" in said or "found" in said.lower()
        assert "s3cret" not in said and "gue55ed" not in said and "Traceback" not in said
    assert not [each for each in tmp_path.iterdir()]


@pytest.mark.parametrize(
    "words",
    [
        ["--table", "sold"], ["--query", "SELECT 1 FROM nowhere"], [],
        ["--table", "sales", "--query", "SELECT 1"],
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(duck, tmp_path, words, capsys):
    assert run("clean", duck, *words, "--out", str(tmp_path / "x")) == 1
    said = "".join(capsys.readouterr())
    assert "Traceback" not in said and not (tmp_path / "x").exists()
    if words == ["--table", "sold"]:
        assert "sales" in said


def test_databases_that_are_not_there(tmp_path, capsys):
    assert run("clean", f"duckdb://{tmp_path}/no.duckdb", "--table", "t", "--out", "x") == 1
    assert not (tmp_path / "no.duckdb").exists()
    assert run("clean", "nosuch://host/db", "--table", "t", "--out", "x") == 1
    assert run("clean", "travel", "--table", "t", "--out", "x") == 1
    assert "Traceback" not in "".join(capsys.readouterr())
    with pytest.raises(ReadError):
        fetch("postgres://", tmp_path / "x.parquet")
    assert not is_address("C:/data.csv") and not is_address("https://example.org/x.csv")


# ---------------------------------------------------------------- a table as it is

SOME = Filters(hours=(7, 8, 9), weekdays=(0, 1, 2))
QUESTIONS = {
    "summary": lambda store: pd.DataFrame([store.summary(), store.summary(SOME)]),
    "week": lambda store: store.hour_weekday(),
    "trend": lambda store: store.trend("month", SOME),
    "category": lambda store: store.category_hours(3),
    "cells": lambda store: store.cells(7),
    "cell_steps": lambda store: store.cell_steps(6, "week", SOME),
    "cell_days": lambda store: store.cell_days(7, user_groups=3),
    "flows": lambda store: store.flows(min_users=1),
    "cell_flows": lambda store: store.flows(resolution=7),
    "points": lambda store: store.points(),
    "steps": lambda store: store.steps(),
    "gyration": lambda store: store.gyration(),
    "user_weeks": lambda store: store.user_weeks(most=30),
    "sequences": lambda store: store.sequences(most=20).to_pandas(),
    "items": lambda store: store.items().to_pandas(),
    "users": lambda store: store.users().to_pandas(),
    "series": lambda store: temporal.series(store, "hour").frame,
    "groups": lambda store: temporal.series_by(store, "user_group", "week")["light users"].frame,
    "panel": lambda store: demand.panel(store, where="items").places,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("world")
    return Store.create(simulate(n_users=60, n_checkins=3_000), folder / "store", name="World")


def duck_of(table: pl.DataFrame, folder: Path) -> str:
    table.write_parquet(folder / "rows.parquet")
    connection = ibis.duckdb.connect(folder / "world.duckdb")
    connection.raw_sql(f"CREATE TABLE visits AS FROM read_parquet('{folder}/rows.parquet')")
    connection.disconnect()
    return f"duckdb://{folder}/world.duckdb"


def gives_the_same(there: Warehouse, here: Store) -> None:
    for name, ask in QUESTIONS.items():
        expected, found = ask(here), ask(there)
        assert len(expected) and expected.attrs == found.attrs, name
        pd.testing.assert_frame_equal(expected, found, check_dtype=False, obj=name)


@pytest.mark.slow
def test_a_table_of_duckdb_is_counted_where_it_is(world, tmp_path):
    rows = world.checkins(columns=world.meta["columns"]).sample(fraction=1.0, shuffle=True, seed=0)
    there = Warehouse(
        duck_of(rows, tmp_path), table="visits", mapping={name: name for name in rows.columns}
    )
    gives_the_same(there, world)
    assert not there.keeps_answers and "duckdb" in there.engine_in_words
    for needs_rows in (there.checkins, lambda: there.some_users(100),
                       lambda: Dataset.of(there).split, lambda: there.folder):  # fmt: skip
        with pytest.raises(StoreError, match="strec clean duckdb://"):
            needs_rows()


def test_a_table_of_postgres_is_counted_where_it_is(postgres, world):
    import psycopg

    rows = world.checkins(columns=world.meta["columns"])
    kinds = {pl.String: "text", pl.Int16: "smallint", pl.Float64: "double precision"}
    columns = ", ".join(f"{n} {kinds.get(kind, 'timestamptz')}" for n, kind in rows.schema.items())
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE shop.visits ({columns})")
        with connection.cursor().copy("COPY shop.visits FROM STDIN (FORMAT csv)") as copy:
            copy.write(rows.write_csv(include_header=False))
    there = Warehouse(postgres, table="shop.visits", mapping={name: name for name in rows.columns})
    gives_the_same(there, world)
    # What is new in the table counts; one new item has no number before it is opened again.
    n_places = len(there.points())
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO shop.visits (user_id, item_id, timestamp) VALUES ('new', 'new', now())"
        )
    assert there.summary()["n_checkins"] == 3_001 and len(there.points()) == n_places
    # What ends in the middle is said without the password, and so is what is gone.
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ALTER TABLE shop.visits RENAME COLUMN category TO kind")
        with pytest.raises(StoreError, match="open it again") as failed:
            there.by_category()
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
    with pytest.raises(StoreError, match="still runs") as gone:
        there.hour_weekday()
    # What comes back is asked again.
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ALTER TABLE shop.visits RENAME COLUMN kind TO category")
    assert there.hour_weekday()["n_checkins"].sum() == 3_001
    assert "s3cret" not in f"{failed.value} {gone.value} {there.engine_in_words} {there.meta}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("zone", "time_is"), [("Europe/Berlin", "local"), ("America/New_York", "utc"), (None, None)]
)
def test_local_times_of_a_table_are_those_of_a_copy(tmp_path, zone, time_is):
    hours = pl.datetime_range(
        pl.datetime(2024, 3, 30), pl.datetime(2024, 11, 4), "37m", eager=True
    ).alias("at")
    rows = pl.DataFrame({"at": hours}).with_columns(
        who=pl.int_range(pl.len()) % 7, what=pl.int_range(pl.len()) % 11,
        ahead=pl.when(pl.int_range(pl.len()) % 5 == 0).then(2.5), lat=pl.lit(95.0), lon=pl.lit(1.0),
    )  # fmt: skip
    rows[5, "who"] = None
    # Each user's times in order would show which of two hours is meant.
    rows = rows.sample(fraction=1.0, shuffle=True, seed=0)
    address = duck_of(rows, tmp_path)
    for columns in ({}, {"utc_offset_min": "ahead", "offset_unit": "hours"}):
        mapping = {"user_id": "who", "item_id": "what", "timestamp": "at", "time_is": time_is,
                   "time_zone": zone or "UTC", **columns}  # fmt: skip
        there = Warehouse(address, table="visits", mapping=mapping)
        read_here = read_frame(rows, Mapping(**mapping)).checkins
        here = Store.create(read_here, tmp_path / f"{len(columns)}", name="rows")
        assert there.meta["n_checkins"] == len(rows) - 1 and not there.has_places
        pd.testing.assert_frame_equal(here.hour_weekday(), there.hour_weekday())
        pd.testing.assert_frame_equal(here.calendar(), there.calendar())


def test_columns_of_a_table_are_guessed_as_those_of_a_file(duck):
    there = Warehouse.guessed(duck, table="sales", time_zone="Europe/Berlin")
    assert there.mapping.columns() == {
        "user_id": "customer", "item_id": "product", "timestamp": "sold", "lat": "lat",
        "lon": "lon", "value": "price",
    }  # fmt: skip
    assert there.summary()["n_checkins"] == 3 and there.is_elsewhere
    # Pages ask by the functions of a store.
    assert Store.users(there)[schema.USER].to_list() == ["ann", "bob"]
    assert Store.items(there)["n_users"].to_list() == [2, 1]
    given = {"user_id": "product", "item_id": "customer"}
    assert Warehouse.guessed(duck, table="sales", given=given).mapping.user_id == "product"
    with pytest.raises(MappingError, match="--map"):
        Warehouse.guessed(duck, query="SELECT product, sold FROM sales")


def test_the_shell_has_a_table_counted_where_it_is(world, tmp_path, capsys, monkeypatch):
    address = duck_of(world.checkins(columns=world.meta["columns"]), tmp_path)
    assert run("inspect", address, "--table", "visits", "--json") == 0
    assert json.loads(capsys.readouterr().out)["mapping"]["user_id"] == "user_id"
    csv = tmp_path / "ahead.csv"
    assert run("forecast", address, "--table", "visits", "--where", "all", "--csv", str(csv)) == 0
    said = capsys.readouterr()
    assert "Counted where it is" in said.err and csv.exists()
    assert run("forecast", "travel", "--table", "visits") == 1
    assert "no address" in capsys.readouterr().err
    monkeypatch.setattr("runpy.run_module", lambda *_, **__: None)
    for name in ("STREC_STORE", "STREC_TABLE", "STREC_QUERY", "STREC_COLUMNS"):
        monkeypatch.setenv(name, "")
    columns = "user=user_id,item=item_id"
    assert run("app", "--data", address, "--table", "visits", "--map", columns,
               "--no-browser") == 0  # fmt: skip
    assert settings.database() == (address, "visits", None, columns) and settings.store() is None
    assert run("app", "--data", address, "--table", "nothing", "--no-browser") == 1
    assert "visits" in capsys.readouterr().err


def test_a_table_that_names_nobody(tmp_path):
    rows = schema.example().with_columns(user_id=pl.lit(schema.NOBODY))
    here = Store.create(rows, tmp_path / "store", name="Nobody")
    columns = {name: name for name in ("item_id", "timestamp", "utc_offset_min", "lat", "lon")}
    there = Warehouse(
        duck_of(rows, tmp_path), table="visits", mapping=columns | {"user_from": "nobody"}
    )
    assert there.is_anonymous and there.least_users == here.least_users
    assert there.summary() == here.summary()
    pd.testing.assert_frame_equal(there.cells(5, min_users=1), here.cells(5, min_users=1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"timestamp": "product"}, "product is string"),
        ({"item_id": "price"}, "price is decimal"),
        ({"item_id": "nothing"}, "no column 'nothing'"),
        ({"time_zone": "place"}, "time_zone=place"),
        ({"crs": "EPSG:25832"}, "crs=EPSG:25832"),
        ({"origin_lat": "lat"}, "origin_lat=lat"),
        ({"user_id": None}, "user_id"),
        ({"time_zone": "Mars"}, "Mars"),
    ],
)
def test_what_no_expression_can_say_is_refused(duck, change, said):
    mapping = {"user_id": "customer", "item_id": "product", "timestamp": "sold"}
    with pytest.raises(MappingError, match=said):
        Warehouse(duck, table="sales", mapping=mapping | change)


def test_a_table_that_is_empty_or_too_large_for_what_is_sent(duck, monkeypatch):
    mapping = {"user_id": "customer", "item_id": "product", "timestamp": "sold",
               "lat": "lat", "lon": "lon"}  # fmt: skip
    with pytest.raises(StoreError, match="At least one row"):
        Warehouse(duck, query="SELECT * FROM sales WHERE price > 100", mapping=mapping)
    monkeypatch.setattr("strec.store.warehouse.MOST_SENT", 1)
    there = Warehouse(duck, query="SELECT * FROM sales", mapping=mapping)
    assert there.calendar()["n_checkins"].sum() == 3
    with pytest.raises(StoreError, match="more places"):
        there.cells(7)
