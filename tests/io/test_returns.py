"""Returns and cancellations are asked about, and are no purchases until somebody says so."""

import polars as pl
import pytest

from strec.io import Mapping, inspect, read
from strec.io.returns import RETURNED, returned


def shop(tmp_path, **columns):
    """Write purchases as a shop would: 40 of ten customers, some taken back."""
    rows = 40
    frame = pl.DataFrame(
        {
            "CustomerID": [f"c{i % 10}" for i in range(rows)],
            "product_id": [f"s{i % 7}" for i in range(rows)],
            "InvoiceDate": [f"2011-01-{1 + i % 28:02} 10:{i:02}:00" for i in range(rows)],
        }
    ).with_columns(**{name: pl.Series(values[:rows]) for name, values in columns.items()})
    path = tmp_path / "shop.csv"
    frame.write_csv(path)
    return path


CASES = {
    "quantity": {"Quantity": [2, 1, -1, 3] * 10},
    "credit note": {"InvoiceNo": ["536365", "536366", "C536379", "536367"] * 10},
    "event": {"event_type": ["purchase", "purchase", "refund", "purchase"] * 10},
    "status": {"Financial Status": ["paid", "paid", "refunded", "paid"] * 10},
    "Chinese": {"订单状态": ["已完成", "已完成", "已退款", "已完成"] * 10},
    "German": {"Vorgang": ["Kauf"] * 40, "Art": ["Verkauf", "Verkauf", "Storno", "Verkauf"] * 10},
}


@pytest.mark.parametrize("columns", CASES.values(), ids=CASES)
def test_they_are_asked_about_and_set_aside(tmp_path, columns):
    path = shop(tmp_path, **columns)
    look = inspect(path)
    (asked,) = [question for question in look.questions if question.key == "returns"]
    assert asked.default == 0 and "10 of the 40 rows" in asked.text
    found = read(path, time_zone="UTC")
    assert found.n_checkins == 30 and found.reasons == {RETURNED: 10}
    assert any("give something back" in note for note in found.notes)
    counted = look.mapping.replace(**asked.options[1].changes, time_zone="UTC")
    assert read(path, counted).n_checkins == 40


@pytest.mark.parametrize(
    "columns",
    [
        {"Quantity": [1, 2, 3, 4] * 10},
        {"rating": [-1, 5, 3, 4] * 10},  # not rated, as some catalogues write it
        {"temperature": [-3, 5, 3, 4] * 10},
        {"amount": [-5, -2, -3, 4] * 10},  # a bank's list of spendings
        {"event_type": ["rental", "return"] * 20},  # what the table is about
        {"event_type": ["view", "cart", "purchase", "add_to_cart"] * 10},
        {"order_id": ["C1", "C2", "C3", "C4"] * 10},
    ],
)
def test_what_is_no_return_is_not_asked(tmp_path, columns):
    path = shop(tmp_path, **columns)
    assert "returns" not in [question.key for question in inspect(path).questions]
    assert read(path, time_zone="UTC").n_checkins == 40


def test_what_comes_late_in_a_file_is_asked_about_too(monkeypatch, tmp_path):
    monkeypatch.setattr("strec.io.returns.N_LOOKED", 20)
    path = shop(tmp_path, Quantity=[1] * 39 + [-1])
    assert "returns" not in [question.key for question in inspect(path).questions]
    found = read(path, time_zone="UTC")
    assert found.n_checkins == 39 and found.reasons == {RETURNED: 1}
    (asked,) = [question for question in found.questions if question.key == "returns"]
    assert asked.text.startswith("1 of 40 rows") and asked.default == 0
    counted = found.mapping.replace(**asked.options[1].changes)
    assert read(path, counted).n_checkins == 40


@pytest.mark.parametrize(
    "word, is_return",
    [("Retoure", True), ("cancelled", True), ("CANCELLED_BY_USER", True), ("取消订单", True),
     ("Order returned", True), ("avoid", False), ("returning customer", False), ("view", False),
     ("возврат товара", True), ("環境", False)],
)  # fmt: skip
def test_words(word, is_return):
    raw = pl.DataFrame({"event": [word]})
    assert returned(raw, Mapping(event="event")).to_list() == [is_return]
