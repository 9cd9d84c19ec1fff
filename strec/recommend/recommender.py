"""Answers to "where next?": one for a person, or many at once for a file of queries."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from strec import schema
from strec.dataset import Dataset
from strec.errors import ModelError
from strec.models import CounterMix, Model
from strec.models.listing import columns, framed, records
from strec.progress import Progress
from strec.recommend import kept
from strec.recommend.ranking import Ranked, Ranker, RankingOptions, ranked
from strec.split import Log, Queries, Questions, Vocabulary, notes_on, questions_of
from strec.split.vocabulary import most_frequent
from strec.store import HasStore, Store, need_store
from strec.wording import plural

if TYPE_CHECKING:
    from strec.dataset import DatasetLike


#: What recommending reads of check-ins.
_COLUMNS = (
    *schema.REQUIRED, schema.CATEGORY, schema.ITEM_NAME, schema.TEXT, schema.IMAGE,
    schema.PLACE_ID, schema.PLACE_NAME, *schema.ORIGINS,
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A ranked list with what is needed to explain it.

    Attributes
    ----------
    listed : dict of str to numpy.ndarray
        The columns of `frame`.
    notes : list of str
        What the person should know about the answer.
    query : Queries
        The question as the model saw it, one row.
    codes : numpy.ndarray
        Item codes of the rows of `frame`.
    ranker : Ranker
        What answered: the model, and popularity.
    how : RankingOptions
        How the list was made.
    new_share : float
        The probability that the next check-in is with an item new to the user; NaN where the
        model's scores are no probabilities.
    hit_chance, best_chance : float
        The probability that the next check-in is in the list, and in the list that is made of
        the most probable items that pass the same filters: their difference is the price of
        strategy, diversity, novelty and wish.
    shop : Shop, optional
        The shop that was asked for.
    """

    listed: dict[str, np.ndarray]
    notes: list[str]
    query: Queries
    codes: np.ndarray
    ranker: Ranker
    how: RankingOptions
    new_share: float
    hit_chance: float
    best_chance: float
    shop: "Shop | None" = None

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row per suggestion, and null where nothing is known.

        ``rank, item_id, item_name, category, lat, lon, distance_km, score, probability,
        is_return, n_visits, last_visit``, and ``image`` where the data names pictures (see
        `strec.io.pictures`). `score` is what the strategy ranks by, `probability` what the model
        gives to the item among all items, null where its scores are no probabilities.
        `last_visit` is local time.
        """
        return framed(self.listed)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of `frame` as plain values, without making a table.

        Examples
        --------
        >>> from strec.io.samples import read_sample
        >>> answer = Recommender(read_sample("travel")).answer(None, "2024-06-05 10:00", k=2)
        >>> answer.rows() == answer.frame.to_dicts()
        True
        """
        return records(self.listed)

    @property
    def model(self) -> Model:
        """The model that answered."""
        return self.ranker.model


@dataclass(frozen=True)
class Shop:
    """A place where items are had that are no places themselves.

    Attributes
    ----------
    place_id, name : str
        Its id, and what it is called.
    lat, lon : float or None
        The median of its check-ins; None where unknown.
    counts : numpy.ndarray
        Shape ``(n_items,)``: how often each item was had there.
    """

    place_id: str
    name: str
    lat: float | None
    lon: float | None
    counts: np.ndarray

    def sentence(self, code: int) -> str:
        """Return how often an item was had there.

        Parameters
        ----------
        code : int
            The item.

        Examples
        --------
        >>> Shop("1", "Mitte", None, None, np.array([3, 9])).sentence(0)
        'In “Mitte” it came 3 times in 12 check-ins.'
        """
        n, total = int(self.counts[code]), int(self.counts.sum())
        name = self.name.replace("“", '"').replace("”", '"')
        return f"In “{name}” it came {plural(n, 'time')} in {plural(total, 'check-in')}."


class Recommender:
    """Answers "where next?" over a table of check-ins.

    Parameters
    ----------
    checkins : Dataset
        The history of the users; or what `strec.Dataset.of` makes a data set of.
    model : Model, optional
        A fitted model; without one a `CounterMix` is fitted on all check-ins.
    progress : callable, optional
        Called with a text and the share done while fitting.

    Raises
    ------
    ModelError
        If there is no check-in, the model cannot be fitted, or it was trained on other items.

    Examples
    --------
    >>> from strec.io.samples import read_sample
    >>> recommender = Recommender(read_sample("travel"))
    >>> ranked = recommender.recommend(None, datetime(2024, 6, 5, 10), k=3)
    >>> ranked["rank"].to_list(), ranked["is_return"].any()
    ([1, 2, 3], False)
    """

    def __init__(
        self,
        checkins: "DatasetLike",
        model: Model | None = None,
        *,
        progress: Progress | None = None,
    ):
        dataset = Dataset.of(checkins)
        if model is None:
            log = dataset.everything
            model = CounterMix().fit(log, progress=progress)
        elif isinstance(model, Model):
            log = model.log_of(dataset)
        else:
            raise ModelError(
                "A model of strec is needed.", f"a {type(model).__name__}.", "Use CounterMix()."
            )
        self._begin(model, log, dataset.checkins)

    def _begin(self, model: Model, log: Log, checkins: pl.DataFrame) -> None:
        self.log = log
        self.ranker = Ranker.of(model, log)
        self._shops = _shops(checkins, log.vocabulary)
        self._images = _images(checkins, log.vocabulary)
        self._questions = Questions(log)

    @classmethod
    def of_store(
        cls,
        store: "HasStore | Store",
        *,
        at_most: int = 1_000_000,
        progress: Progress | None = None,
    ) -> "Recommender":
        """Return what answers from a store; of a large one from some users, drawn by chance.

        What was fitted of a large store is kept with it, and found again by any process.

        Parameters
        ----------
        store : Dataset or Store
            The history of the users.
        at_most : int
            How many check-ins are known together; see `Store.some_users`.
        progress : callable, optional
            Called with a text and the share done while fitting.

        Raises
        ------
        AnalysisError, ModelError
            If this is no store, or there is no check-in.

        Examples
        --------
        >>> recommender = Recommender.of_store(Dataset.sample("travel"))
        >>> recommender.recommend(None, "2024-06-05 10:00", k=2)["rank"].to_list()
        [1, 2]
        """
        store = need_store(store)
        found = kept.load(store, at_most)
        if found is None:
            checkins = Dataset(drawn(store, at_most), catalogue=store.catalogue)
            recommender = cls(checkins, progress=progress)
            kept.keep(store, at_most, recommender.model, recommender.log)
            return recommender
        recommender = cls.__new__(cls)
        about = [name for name in (schema.PLACE_ID, schema.IMAGE) if store.has(name)]
        checkins = drawn(store, at_most) if about else schema.example().clear()
        recommender._begin(*found, checkins)
        return recommender

    @property
    def model(self) -> Model:
        """The model that answers."""
        return self.ranker.model

    @property
    def shops(self) -> list[Shop]:
        """The shops of the data set, the largest first; none where items are places."""
        return list(self._shops.values())

    def recommend(self, user: str | pl.DataFrame | None = None, *args, **kwargs) -> pl.DataFrame:
        """Return the ranked list alone: the `frame` of `answer`, which takes the same words.

        Parameters
        ----------
        user, *args, **kwargs
            As in `answer`.

        Examples
        --------
        >>> from strec.io.samples import read_sample
        >>> recommender = Recommender(read_sample("travel"))
        >>> recommender.recommend(None, "2024-06-05 10:00", k=2)["rank"].to_list()
        [1, 2]
        """
        return self.answer(user, *args, **kwargs).frame

    def answer(
        self,
        user: str | pl.DataFrame | Log | None = None,
        when: datetime | str | None = None,
        lat: float | None = None,
        lon: float | None = None,
        *,
        k: int = 10,
        shop: str | None = None,
        **how,
    ) -> Answer:
        """Rank items for somebody, at a time and a place.

        Parameters
        ----------
        user : str, polars.DataFrame or Log, optional
            A user id, or the check-ins of somebody else as a canonical table, or None for
            somebody without a past. Where the data name nobody, the id of the place where the
            trip begins, or None.
        when : datetime, optional
            Local time, or with a time zone. Only earlier check-ins are seen. Without it the
            moment is that of the last check-in.
        lat, lon : float, optional
            The place, in degrees; that of the last check-in when not given.
        k : int
            Length of the list.
        shop : str, optional
            The id of a shop: where the question is asked, and whose items alone are listed.
        **how
            Strategy, filters, diversity, novelty, wish: the fields of `RankingOptions`.

        Raises
        ------
        ModelError
            If the user is unknown, or the place, a category or another wish cannot be.

        Examples
        --------
        >>> from strec.io.samples import read_sample
        >>> answer = Recommender(read_sample("travel")).answer(None, "2024-06-05 10:00", k=2)
        >>> answer.frame["rank"].to_list()
        [1, 2]
        """
        bought_in = self._shop(shop)
        if bought_in is not None:
            if lat is None and lon is None:
                lat, lon = bought_in.lat, bought_in.lon
            sold = bought_in.counts > 0
            how["only"] = sold if how.get("only") is None else sold & how["only"]
        asked, options = self._questions.one(user, when, lat, lon), RankingOptions(**how)
        found = ranked(self.ranker, asked.queries, options, k)
        notes = notes_on(asked, self.log) + found.notes
        if not len(found.codes[0]):
            notes.append("Nothing fits these filters: allow more distance, categories, or returns.")
        listed = self._listing(found)
        del listed["query"]
        chances = found.probability
        return Answer(
            listed=listed,
            notes=notes,
            query=asked.queries,
            codes=found.codes[0],
            ranker=self.ranker,
            how=options,
            new_share=float(found.new_share[0]),
            hit_chance=float("nan" if chances is None else chances.sum()),
            best_chance=float(found.best_chance[0]),
            shop=bought_in,
        )

    def _shop(self, shop: str | None) -> Shop | None:
        if shop is None or shop in self._shops:
            return None if shop is None else self._shops[shop]
        some = ", ".join(list(self._shops)[:8]) or "none: items here are had in no shops"
        raise ModelError("A shop of the data set.", f"{shop!r:.60}.", f"Choose among: {some}.")

    def query(
        self,
        user: str | pl.DataFrame | None = None,
        when: datetime | str | None = None,
        lat: float | None = None,
        lon: float | None = None,
    ) -> tuple[Queries, list[str]]:
        """Return the question as the model sees it, and notes about it.

        Parameters
        ----------
        user, when, lat, lon
            As in `answer`.

        Examples
        --------
        >>> from strec.io.samples import read_sample
        >>> query, notes = Recommender(read_sample("travel")).query(None, "2024-06-05 10:00")
        >>> query.hour.tolist()
        [10.0]
        """
        asked = self._questions.one(user, when, lat, lon)
        return asked.queries, notes_on(asked, self.log)

    def answer_many(self, questions: pl.DataFrame, *, k: int = 10, **how) -> pl.DataFrame:
        """Answer a table of questions at once.

        Parameters
        ----------
        questions : polars.DataFrame
            One row per question: ``user_id`` (null or empty for somebody new) and, where they
            are known, ``time`` (local, datetime or text), ``lat``, ``lon``.
        k : int
            Length of each list.
        **how
            The fields of `RankingOptions`, the same for all questions.

        Returns
        -------
        polars.DataFrame
            The rows of `Answer.frame`, with ``query`` (the number of the question, from 0) in
            front.

        Raises
        ------
        ModelError
            If a question cannot be answered; the message names its row.

        Examples
        --------
        >>> from strec.io.samples import read_sample
        >>> recommender = Recommender(read_sample("travel"))
        >>> questions = pl.DataFrame({"user_id": ["tourist_0001", None], "time": "2024-06-05"})
        >>> recommender.answer_many(questions, k=2)["query"].to_list()
        [0, 0, 1, 1]
        """
        options, frames = RankingOptions(**how), []
        asked = self._questions.many(questions_of(questions).iter_rows())
        for number, queries in asked:
            found = ranked(self.ranker, queries, options, k)
            frames.append(framed(self._listing(found, number)))
        if not frames:
            nobody = self.answer(k=k, **how).frame.clear()
            return nobody.insert_column(0, pl.Series("query", [], dtype=pl.Int64))
        return pl.concat(frames).sort("query", "rank")

    def _listing(self, found: Ranked, number: np.ndarray | None = None) -> dict[str, np.ndarray]:
        listed = columns(found.queries, found.codes, found.score, found.probability, number)
        if self._images is not None:
            listed["image"] = self._images[np.concatenate(found.codes).astype(np.int64)]
        return listed


def drawn(store: Store, at_most: int) -> pl.DataFrame:
    """Return the columns of the check-ins that recommending reads; of a large store some users."""
    columns = [name for name in _COLUMNS if name in schema.REQUIRED or store.has(name)]
    return store.some_users(at_most, columns)[0]


def _shops(checkins: pl.DataFrame, vocabulary: Vocabulary) -> dict[str, Shop]:
    """Return the shops by id, the largest first."""
    if schema.PLACE_ID not in checkins.columns:
        return {}
    named = schema.PLACE_NAME if schema.PLACE_NAME in checkins.columns else schema.PLACE_ID
    known = checkins.filter(pl.col(schema.PLACE_ID).is_not_null())
    found = (
        known.group_by(schema.PLACE_ID)
        .agg(
            name=pl.col(named).drop_nulls().mode().sort().first(),
            lat=pl.median(schema.LAT),
            lon=pl.median(schema.LON),
            items=schema.ITEM,
        )
        .sort(pl.col("items").list.len(), schema.PLACE_ID, descending=[True, False])
    )
    shops = {}
    for place_id, name, lat, lon, items in found.iter_rows():
        code = vocabulary.item_codes(pl.Series(items, dtype=pl.String))
        counts = np.bincount(code[code >= 0], minlength=len(vocabulary.items))
        shops[place_id] = Shop(place_id, name or place_id, lat, lon, counts)
    return shops


def _images(checkins: pl.DataFrame, vocabulary: Vocabulary) -> np.ndarray | None:
    """Return what names the picture of each item, shape ``(n_items,)``; None where nothing does."""
    if schema.IMAGE not in checkins.columns or not checkins[schema.IMAGE].count():
        return None
    named = most_frequent(checkins.select(schema.ITEM, schema.IMAGE), schema.IMAGE)
    items = pl.DataFrame({schema.ITEM: pl.Series(vocabulary.items, dtype=pl.String)})
    found = items.join(named, on=schema.ITEM, how="left", maintain_order="left")[schema.IMAGE]
    return np.array(found.to_list(), dtype=object)
