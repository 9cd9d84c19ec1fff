"""An answer as one self-contained HTML page: to send, print or keep."""

import polars as pl
from markupsafe import Markup

from strec.explanation.reasons import explain, need_answer, parts_of_list
from strec.explanation.sentences import nobody_yet
from strec.explanation.what_if import counterfactual
from strec.export import html_page
from strec.io.pictures import PLACEHOLDER, Pictures
from strec.recommend import Answer
from strec.split import Log
from strec.wording import percent, times_before


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
    >>> table = schema.example()
    >>> model = CounterMix(slice_share=0).fit(table)
    >>> answer = Recommender(table, model).answer("ann", datetime(2024, 6, 5, 8))
    >>> "<h1>What next for User 1?</h1>" in card(answer, "User 1")
    True
    """
    need_answer(answer)
    explained = answer.model.explains and len(answer.codes) > 0
    parts = parts_of_list(answer) if explained else None
    listed = answer.frame.to_dicts()
    shown = [(pictures or Pictures()).show(row.get("image")) for row in listed]
    # Beside pictures, an item without one keeps its place.
    shown = [each or PLACEHOLDER for each in shown] if any(shown) else shown
    reasons = explain(answer, rank) if explained else None
    return html_page(
        "answer",
        width="44rem",
        who=who,
        rank=rank,
        said=[each for each in (_moment(answer), where, source) if each],
        rows=[
            _row(row, parts, each, times_of(row, answer.query.log, code))
            for row, each, code in zip(listed, shown, answer.codes, strict=True)
        ],
        legend=None if parts is None else _legend(parts),
        reasons=reasons,
        parts=reasons and reasons.parts.select("label", "value", "colour").rows(),
        otherwise=reasons and counterfactual(answer, rank),
        notes=answer.notes,
    )


def times_of(row: dict, log: Log, code: int) -> str:
    """Return how often a suggestion was taken before, as it stands beside its name.

    Parameters
    ----------
    row : dict
        Of the answer's `frame`.
    log : Log
        All check-ins.
    code : int
        The item.

    Examples
    --------
    >>> from strec import Dataset
    >>> times_of({"n_visits": 2}, Dataset.sample("travel").everything, 0)
    '2 times before'
    """
    if not row["n_visits"] and (said := nobody_yet(log, code)):
        return said
    return times_before(row["n_visits"], of_nobody=log.is_anonymous, of_trips=log.has_origins)


def _row(row: dict, parts: pl.DataFrame | None, picture: str | None, times: str) -> dict:
    facts = [row["category"]] if row["category"] else []
    if row["distance_km"] is not None:
        facts.append(f"{row['distance_km']:,.1f} km")
    facts.append(times)
    probability = row["probability"]
    found = row | {
        "facts": facts,
        "chance": f"{row['score']:.3g}" if probability is None else percent(probability),
        "tile": "" if picture is None else tile(picture),
    }
    if parts is not None:
        own = parts.filter((pl.col("rank") == row["rank"]) & (pl.col("value") > 0))
        found["segments"] = own.select("label", "value", "colour").rows()
        found["width"] = min(100 * (probability or 0) / max(_top(parts), 1e-9), 100)
    return found


def tile(picture: str, size_px: int = 64) -> Markup:
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
    return Markup(
        '<div role="img" aria-label="" style="flex:none;width:{0}px;height:{0}px;'
        'border-radius:.4rem;background:{1}"></div>'
    ).format(size_px, images)


def _top(parts: pl.DataFrame) -> float:
    return max(parts.group_by("rank").agg(pl.col("value").sum())["value"].to_list())


def _legend(parts: pl.DataFrame) -> list[tuple]:
    shown = parts.filter(pl.col("value") > 0).unique("part", maintain_order=True)
    return shown.select("label", "colour").rows()


def _moment(answer: Answer) -> str:
    query = answer.query
    if not query.time_known:
        return ""
    local = int(query.time_us[0]) + int(query.offset_min[0]) * 60_000_000
    form = "%A, %-d %B %Y" + (", %H:%M" if query.log.has_clock else "")
    return pl.Series([local]).cast(pl.Datetime("us")).dt.strftime(form)[0]
