"""Rows that give back or cancel: negative quantities, credit notes, events that say so."""

import polars as pl

from strec.io.column_names import plain
from strec.io.json_lines import ROW
from strec.io.mapping import Mapping, Option
from strec.io.quantities import numbers_of
from strec.io.recognise import Recognised
from strec.io.tables import Table

#: Why a row is set aside.
RETURNED = "gives back or cancels, and is no purchase"
#: Parts of names of columns, in the form of `column_names.plain`: what counts or prices what was
#: bought, what numbers a receipt, and what says what became of an order.
_NAMES = {
    "counted": """quantity qty amount price total sales revenue paid menge anzahl betrag umsatz
        summe preis quantité quantite montant prix cantidad importe precio количество сумма цена
        数量 金额 金額 总价 销量 単価 수량 금액""",
    "status": "status event type action kind art état estado статус 状态 状態 类型 상태",
    "receipt": "invoice receipt order bill beleg rechnung bon facture factura чек 订单 发票 注文",
}
#: A receipt that takes another one back, as Online Retail writes it.
_CREDIT_NOTE = r"^C\d{4,}$"
#: Words of events that take back, at their beginning; scripts without blanks anywhere.
_WORDS = (
    r"(?i)(^|[\W_])(refund|returned|return$|returns$|return_|cancel|cancell|storn|void(ed)?$"
    r"|chargeback|credit.?note|rückgabe|rueckgabe|retoure|gutschrift|widerruf|rembours|annul"
    r"|devol|reembols|reversal|reversed|возврат|отмен)|退货|退貨|退款|取消|返品|返金|キャンセル"
    r"|반품|환불|취소"
)
#: Where more of the rows say so, it is what the table is about: loans and returns, debits.
_MOST = 0.4
N_LOOKED = 5_000


def returned(raw: pl.DataFrame, mapping: Mapping) -> pl.Series:
    """Return which rows give back or cancel, bool, shape ``(n_rows,)``.

    Examples
    --------
    >>> raw = pl.DataFrame({"Quantity": ["2", "-1"], "what": ["a", "a"]})
    >>> returned(raw, Mapping(item_id="what")).to_list()
    [False, True]
    """
    flags = pl.repeat(False, len(raw), eager=True)
    for column in _telling(raw.columns, mapping):
        flags = flags | _says_so(raw[column], column, mapping)
    return flags


def ask_returns(table: Table, done: Recognised) -> None:
    """Ask whether rows that give back count as purchases; until answered they do not."""
    if done.mapping.returns is not None:
        return
    sample = table.sample.head(N_LOOKED)
    flags = returned(sample, done.mapping)
    n = int(flags.sum())
    if not is_exception(n, len(sample)):
        return
    examples = []
    for column in _telling(sample.columns, done.mapping):
        own = _says_so(sample[column], column, done.mapping)
        if own.any():
            examples.append(f"{column} {str(sample[column].filter(own)[0])[:40]}")
    such = ", ".join(examples[:3])
    _ask(done, f"{n:,} of the {len(sample):,} rows looked at give something back or cancel it "
         f"(such as {such}).")  # fmt: skip


def is_exception(n: int, n_rows: int) -> bool:
    """Tell whether some rows give back, and not so many that the table is about it."""
    return 0 < n <= _MOST * n_rows


def ask_late_returns(done: Recognised, n: int, n_rows: int) -> None:
    """Ask of rows that first showed after those looked at, and that have been set aside."""
    _ask(done, f"{n:,} of {n_rows:,} rows give something back or cancel it.")


def _ask(done: Recognised, found: str) -> None:
    done.ask(
        "returns",
        f"{found} Do they count like purchases?",
        Option("no: they are set aside, with the reason", "", {"returns": "aside"}),
        Option("yes: each row counts", "", {"returns": "count"}),
        default=0,
    )


def _telling(columns: list[str], mapping: Mapping) -> list[str]:
    """Return the columns that may say that something was given back."""
    free = {mapping.event, mapping.value, mapping.category}
    used = set(mapping.columns().values()) - free
    return [each for each in columns if each not in used and each != ROW and _kind(each, mapping)]


def _kind(column: str, mapping: Mapping) -> str:
    name = plain(column)
    if column == mapping.event:
        return "status"
    for kind, words in _NAMES.items():
        # A short word may be a part of any other.
        for word in words.split():
            if word in name if len(word) > 3 or not word.isascii() else word == name:
                return kind
    return ""


def _says_so(values: pl.Series, column: str, mapping: Mapping) -> pl.Series:
    kind = _kind(column, mapping)
    if kind == "counted":
        numbers = numbers_of(values, mapping.decimal if column == mapping.value else None)
        return (numbers < 0).fill_null(False)
    if values.dtype != pl.String:
        return pl.repeat(False, len(values), eager=True)
    pattern = _CREDIT_NOTE if kind == "receipt" else _WORDS
    return values.str.strip_chars().str.contains(pattern).fill_null(False)
