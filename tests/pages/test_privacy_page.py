"""The Privacy page: words first, protections with their price, the protected table."""

from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from strec import schema
from strec.io.samples import read_sample
from strec.store import Store
from tests.pages.alone import alone


def page(table: pl.DataFrame, folder: Path) -> AppTest:
    app = alone("privacy")
    app.session_state["store"] = Store.create(table, folder / "store", name="A world")
    return app.run()


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.error, app.subheader)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def some_of(name: str) -> pl.DataFrame:
    return read_sample(name).head(3_000)


@pytest.mark.parametrize("name", ["social", "ecommerce", "travel", "traffic", "flights"])
def test_every_sample_gets_its_risk_in_words(tmp_path, name):
    app = page(some_of(name), tmp_path)
    assert not app.exception and not app.error
    assert "singles out" in words(app) and len(app.get("plotly_chart")) >= 1
    assert [each.label for each in app.get("download_button")][:2] == [
        "Parquet, with the note inside", "CSV",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_protection_shows_what_it_buys_and_costs(tmp_path):
    app = page(some_of("travel"), tmp_path)
    app.select_slider(key="privacy_width").set_value(6)
    app.select_slider(key="privacy_hours").set_value(24).run()
    assert not app.exception and not app.error
    assert "Right at the first try" in words(app) and "6-hour" not in words(app)
    assert app.metric[0].value.endswith("%")
    numbers = app.dataframe[0].value
    one = numbers[numbers["measure"] == "found by 1 point"].iloc[0]
    assert one["as it is"] != one["protected"]


@pytest.mark.slow
def test_data_without_places_can_blur_times_only(tmp_path):
    bare = some_of("travel").with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in (schema.LAT, schema.LON)
    )
    app = page(bare, tmp_path)
    assert not app.exception and "no places" in words(app)
    assert app.select_slider(key="privacy_noise").disabled
    app.select_slider(key="privacy_hours").set_value(12).run()
    assert not app.exception and "12-hour" in words(app)


@pytest.mark.parametrize("n_users", [1, 2])
def test_few_people_get_words_instead_of_figures(tmp_path, n_users):
    users = ["ann", "bob"][:n_users]
    app = page(schema.example().filter(pl.col("user_id").is_in(users)), tmp_path)
    assert not app.exception and not app.get("plotly_chart")
    assert "no crowd to hide in" in words(app)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choice", "said"), [("pseudonyms", "keyed hashes"), ("kind", "stands its category")]
)
def test_items_can_be_hidden_in_the_table_to_take_along(tmp_path, choice, said):
    app = page(some_of("travel"), tmp_path)
    app.segmented_control(key="privacy_items").set_value(choice).run()
    assert not app.exception and not app.error
    assert said in words(app) and "they tell which" in words(app)
    app.select_slider(key="privacy_width").set_value(6).run()
    assert not app.exception and "they tell which" not in words(app)
