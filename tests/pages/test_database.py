"""A table of a database on the pages: looked at, counted where it is, copied."""

from pathlib import Path

import ibis
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import in_use, visitor
from strec import schema
from strec.serve import settings
from strec.simulation import simulate
from strec.store import Store, Warehouse
from tests.pages.alone import alone
from tests.pages.test_data_page import text_of

pytestmark = pytest.mark.slow

NEEDS_COPY = ("compare", "dependence", "evaluate", "live", "privacy", "recommend", "train")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("shop")
    simulate(n_users=30, n_checkins=1_500).write_parquet(folder / "rows.parquet")
    connection = ibis.duckdb.connect(folder / "shop.duckdb")
    connection.raw_sql(
        "CREATE TABLE visits AS SELECT user_id AS customer, item_id AS venue, "
        f"timestamp AS visited, lat, lon, category FROM read_parquet('{folder}/rows.parquet')"
    )
    connection.disconnect()
    return f"duckdb://{folder}/shop.duckdb"


@pytest.fixture(scope="module")
def there(address) -> Warehouse:
    return Warehouse.guessed(address, table="visits", time_zone="Europe/Berlin")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(in_use, "_STORES", tmp_path / "workspaces")
    monkeypatch.setattr(visitor, "may_open_files", lambda: True)


def given(address: str, **said: str) -> AppTest:
    app = alone("data")
    app.session_state["store"] = in_use.sample_store("travel")
    app.run()
    for key, text in {"data_address": address, **said}.items():
        app.text_input(key=key).set_value(text)
    return press(app, "data_database_look")


def press(app: AppTest, start: str) -> AppTest:
    button = next(each for each in app.button if (each.key or "").startswith(start))
    return button.click().run()


def test_a_table_is_counted_where_it_is(address):
    app = given(address, data_table="visits")
    assert not app.exception and not app.error
    said = text_of(app)
    assert "**User** = customer" in said and "first 2,000 rows of visits" in said
    app = press(app, "data_count_there")
    store = app.session_state["store"]
    assert not app.exception and not app.error
    assert isinstance(store, Warehouse) and store.meta["n_checkins"] == 1_500
    assert "data_draft" not in app.session_state
    # A reload finds it, and its address is written nowhere.
    kept = [path.read_text() for path in in_use._STORES.rglob("*") if path.is_file()]
    assert kept and not any("duckdb" in each for each in kept)
    again = alone("data")
    again.query_params["data"] = app.session_state["workspace"]
    again.run()
    assert again.session_state["store"] is store


def test_a_table_is_copied_and_read_like_a_file(address):
    app = press(given(address, data_query="SELECT * FROM visits LIMIT 500"), "data_copy")
    assert not app.exception and not app.error
    app = press(app, "data_use")
    store = app.session_state["store"]
    assert type(store) is Store and store.meta["n_checkins"] == 500


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"data_table": "sales"}, "it has visits"),
        ({}, "neither"),
        ({"data_query": "SELECT nothing FROM visits"}, "nothing"),
        ({"data_address": "duckdb:///no/such/file", "data_table": "t"}, "Check the address"),
        ({"data_address": "/home/me/file.csv", "data_table": "t"}, "begins with its kind"),
        ({"data_address": "nosuch://me:s3cret@host/db", "data_table": "t"}, "can be reached"),
    ],
)
def test_what_cannot_be_reached_is_said(address, where, said):
    app = given(**{"address": address} | where)
    assert not app.exception and said.lower() in text_of(app).lower()
    assert "s3cret" not in text_of(app) and "data_draft" not in app.session_state


def test_a_table_that_is_gone_meanwhile_is_said(address, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    connection = ibis.duckdb.connect(folder / "shop.duckdb")
    connection.raw_sql(f"ATTACH '{address.removeprefix('duckdb://')}' AS other (READ_ONLY)")
    connection.raw_sql("CREATE TABLE visits AS FROM other.visits")
    connection.disconnect()
    app = given(f"duckdb://{folder}/shop.duckdb", data_table="visits")
    connection = ibis.duckdb.connect(folder / "shop.duckdb")
    connection.raw_sql("ALTER TABLE visits RENAME COLUMN venue TO shop")
    connection.disconnect()
    app = press(app, "data_count_there")
    assert not app.exception and "no column 'venue'" in text_of(app)


@pytest.mark.parametrize("url", ["", "data", "time", "space", "demand"])
def test_pages_that_count_show_it(there, url):
    app = alone(url)
    app.session_state["store"] = there
    if url == "data":
        app.session_state["data_in_use"] = True
    app.run()
    assert not app.exception and not app.error, text_of(app)
    if url == "data":
        assert "duckdb" in text_of(app) and app.button(key="data_ask_anew")


@pytest.mark.parametrize("url", NEEDS_COPY)
def test_pages_that_read_rows_say_so_and_copy(there, url):
    app = alone(url)
    app.session_state["store"] = there
    app.run()
    assert not app.exception and not app.error
    assert "counted where it is" in text_of(app) and app.button(key="copy_table")


def test_the_copy_that_a_page_asks_for_is_in_use_at_once(there):
    app = alone("data")
    app.session_state["store"], app.session_state["data_copy_wanted"] = there, True
    app.run()
    assert not app.exception and not app.error
    store = app.session_state["store"]
    assert type(store) is Store and store.name == there.name
    assert store.meta["n_checkins"] == there.meta["n_checkins"]
    assert store.meta["time_zone"] == "Europe/Berlin"


def test_nobody_copies_or_opens_what_only_the_operator_may(there, monkeypatch):
    monkeypatch.setattr(visitor, "may_open_files", lambda: False)
    app = alone("train")
    app.session_state["store"] = there
    app.run()
    assert "copy_table" not in {each.key for each in app.button}
    app = alone("data")
    app.session_state["store"], app.session_state["data_copy_wanted"] = there, True
    app.run()
    assert app.session_state["store"] is there and "data_draft" not in app.session_state
    assert "data_address" not in {each.key for each in app.text_input}


def test_the_app_shows_the_table_that_it_was_started_with(address, monkeypatch):
    monkeypatch.setenv(settings.STORE, address)
    monkeypatch.setenv(settings.TABLE, "visits")
    monkeypatch.setenv(settings.COLUMNS, "user=customer,time_zone=Europe/Berlin")
    script = Path(in_use.__file__).with_name("script.py")
    app = AppTest.from_file(str(script), default_timeout=60)
    app.run()
    assert not app.exception and not app.error
    assert app.session_state["store"].is_elsewhere
    assert "Counted by DuckDB" in "\n".join(str(each.value) for each in app.sidebar.caption)
    assert schema.USER in app.session_state["store"].mapping.columns()
