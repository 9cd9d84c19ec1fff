"""Tables of databases are read like files: a DuckDB file, and a Postgres that the test starts."""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import ibis
import polars as pl
import pytest

from strec import cli, schema
from strec.errors import ReadError
from strec.io import fetch, read
from strec.io.warehouse import is_address
from strec.store import Store

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
        server.terminate()
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
