"""An answer as one self-contained HTML page: to send, print or keep."""

from html import escape

import polars as pl

from strec.explanation.reasons import explain, has_parts, parts_of_list
from strec.explanation.what_if import counterfactual, percent
from strec.io.pictures import PLACEHOLDER, Pictures
from strec.recommend import Answer

_STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.45; }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; }
.soft { opacity: .75; } .row { margin: .8rem 0; } .head { display: flex; gap: 1rem; }
.head strong { flex: 1; } .bar { display: flex; height: .6rem; border-radius: .3rem;
overflow: hidden; margin-top: .25rem; } .dot { display: inline-block; width: .75rem;
height: .75rem; border-radius: .2rem; margin-right: .3rem; } .legend span { margin-right: 1rem; }
.pair { display: flex; gap: .8rem; align-items: center; } .pair .row { flex: 1; }
td { padding: .15rem .8rem .15rem 0; } td.n { text-align: right; }
"""


def card(
    answer: Answer,
    who: str,
    rank: int = 1,
    where: str = "",
    source: str = "",
    pictures: Pictures | None = None,
) -> str:
    """Return an answer and the reasons of one suggestion as HTML without any script.

    Parameters
    ----------
    answer : Answer
        From `Recommender.answer`.
    who : str
        How the person is called on the card, for instance a pseudonym.
    rank : int
        The suggestion that is explained.
    where, source : str
        The place in words, and the data set's name.
    pictures : Pictures, optional
        Which pictures that the data names are shown; none when not given. Files become part of
        the page; of web addresses only the address does, and the reader's browser loads them.

    Examples
    --------
    >>> from datetime import datetime
    >>> from strec import schema
    >>> from strec.models import CounterMix
    >>> from strec.recommend import Recommender
    >>> from strec.split import Vocabulary, encode
    >>> table = schema.example()
    >>> model = CounterMix(slice_share=0).fit(encode(table, Vocabulary.of(table)))
    >>> answer = Recommender(table, model).answer("ann", datetime(2024, 6, 5, 8))
    >>> "<h1>What next for User 1?</h1>" in card(answer, "User 1")
    True
    """
    explained = has_parts(answer.model) and len(answer.codes) > 0
    parts = parts_of_list(answer) if explained else None
    listed = answer.frame.to_dicts()
    shown = [(pictures or Pictures()).show(row.get("image")) for row in listed]
    # Beside pictures, an item without one keeps its place.
    shown = [each or PLACEHOLDER for each in shown] if any(shown) else shown
    rows = "".join(_row(row, parts, each) for row, each in zip(listed, shown, strict=True))
    said = [each for each in (_moment(answer), where, source) if each]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>What next for {escape(who)}?</title><style>{_STYLE}</style></head><body>"
        f"<h1>What next for {escape(who)}?</h1>"
        f'<p class="soft">{escape(" · ".join(said))}</p>{rows or "<p>Nothing fits.</p>"}'
        f"{_legend(parts)}{_why(answer, rank) if explained else ''}"
        f"{''.join(f'<p class=soft>{escape(note)}</p>' for note in answer.notes)}"
        '<p class="soft">Made with strec. Percentages: the chance that the next check-in is this '
        "one, among all items.</p></body></html>"
    )


def _row(row: dict, parts: pl.DataFrame | None, picture: str | None) -> str:
    chance = f"{row['score']:.3g}" if row["probability"] is None else percent(row["probability"])
    facts = [row["category"] or ""]
    if row["distance_km"] is not None:
        facts.append(f"{row['distance_km']:,.1f} km")
    facts.append(f"{row['n_visits']:,} times before" if row["n_visits"] else "new")
    bar = ""
    if parts is not None:
        own = parts.filter((pl.col("rank") == row["rank"]) & (pl.col("value") > 0))
        segments = "".join(
            f'<span style="flex:{1e6 * value:.0f};background:{colour}" title="{escape(label)}">'
            "</span>"
            for label, value, colour in own.select("label", "value", "colour").iter_rows()
        )
        width = 100 * (row["probability"] or 0) / max(_top(parts), 1e-9)
        bar = f'<div class="bar" style="width:{min(width, 100):.1f}%">{segments}</div>'
    own = (
        f'<div class="row"><div class="head"><strong>{row["rank"]}. {escape(row["item_name"])}'
        f"</strong><span>{chance}</span></div>"
        f'<div class="soft">{escape(" · ".join(filter(None, facts)))}</div>{bar}</div>'
    )
    return own if picture is None else f'<div class="pair">{tile(picture)}{own}</div>'


def tile(picture: str, size_px: int = 64) -> str:
    """Return a square with a picture in it; what does not load leaves the placeholder.

    Parameters
    ----------
    picture : str
        From `Pictures.show`: its characters cannot end the style they are written into.
    size_px : int
        Its side.
    """
    layers = [picture] if picture.startswith("data:") else [picture, PLACEHOLDER]
    images = ",".join(f"url('{each}') center/cover no-repeat" for each in layers)
    return (
        f'<div role="img" aria-label="" style="flex:none;width:{size_px}px;height:{size_px}px;'
        f'border-radius:.4rem;background:{escape(images)}"></div>'
    )


def _top(parts: pl.DataFrame) -> float:
    return float(parts.group_by("rank").agg(pl.col("value").sum())["value"].max())


def _legend(parts: pl.DataFrame | None) -> str:
    if parts is None:
        return ""
    shown = parts.filter(pl.col("value") > 0).unique("part", maintain_order=True)
    dots = "".join(
        f'<span><i class="dot" style="background:{colour}"></i>{escape(label)}</span>'
        for label, colour in shown.select("label", "colour").iter_rows()
    )
    return f'<p class="legend soft">{dots}</p>'


def _why(answer: Answer, rank: int) -> str:
    reasons = explain(answer, rank)
    rows = "".join(
        f'<tr><td><i class="dot" style="background:{colour}"></i>{escape(label)}</td>'
        f'<td class="n">{100 * value:+.2f} %</td></tr>'
        for label, value, colour in reasons.parts.select("label", "value", "colour").iter_rows()
    )
    return (
        f"<h2>Why {escape(reasons.item_name)} is number {rank}</h2>"
        f"<p>{escape(' '.join(reasons.sentences))} {escape(counterfactual(answer, rank))}</p>"
        f"<table>{rows}<tr><td><strong>Sum</strong></td>"
        f'<td class="n"><strong>{100 * reasons.probability:.2f} %</strong></td></tr></table>'
    )


def _moment(answer: Answer) -> str:
    query = answer.query
    if not query.time_known:
        return ""
    local = int(query.time_us[0]) + int(query.offset_min[0]) * 60_000_000
    return pl.Series([local]).cast(pl.Datetime("us")).dt.strftime("%A, %-d %B %Y, %H:%M")[0]
