"""What training knows: its users, items and categories, as lists and their codes."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from strec import schema
from strec.geo import distance_km, median_longitude_column

#: Items whose check-ins lie farther apart than this (median, km) are not places themselves.
PLACE_SPREAD_KM = 1.0


@dataclass(frozen=True)
class Vocabulary:
    """Users, items and categories of the training part.

    Attributes
    ----------
    users, categories : numpy.ndarray
        Ids as text, sorted; the code of an id is its position. Where nobody is named, the users
        are groups of check-ins; see `strec.schema.subjects`.
    items : numpy.ndarray
        Ids as text, the commonest first; equally common ones by when, by whom and where they were
        taken. So codes depend on ids only where nothing else tells two items apart, and no model
        can learn from the name of an item by its place in the list.
    item_name : numpy.ndarray
        Shape ``(n_items,)``: a name to show, the id where there is no name.
    item_category : numpy.ndarray
        Shape ``(n_items,)``, int32: the most frequent category, -1 where unknown.
    item_lat, item_lon : numpy.ndarray
        Shape ``(n_items,)``, degrees: the median place of the item's check-ins, NaN where none.
        What is had at places of their own (a product, in shops) has none.
    item_spread_km : numpy.ndarray
        Shape ``(n_items,)``: median distance of its check-ins from that place, NaN where none.
        Large where the item is not itself a place (a product, a film).
    item_text : numpy.ndarray
        Shape ``(n_items,)``: what describes the item in words, empty where nothing does. A text
        counts as a description where most check-ins of the item carry it; reviews, of which each
        check-in has its own, do not.

    Examples
    --------
    >>> from strec import schema
    >>> vocabulary = Vocabulary.of(schema.example())
    >>> vocabulary.users.tolist(), vocabulary.items.tolist()
    (['ann', 'bob'], ['cafe', 'office', 'park'])
    """

    users: np.ndarray
    items: np.ndarray
    categories: np.ndarray
    item_name: np.ndarray
    item_category: np.ndarray
    item_lat: np.ndarray
    item_lon: np.ndarray
    item_spread_km: np.ndarray
    item_text: np.ndarray

    @classmethod
    def of(cls, checkins: pl.DataFrame, catalogue: pl.DataFrame | None = None) -> "Vocabulary":
        """Learn the vocabulary of canonical training check-ins.

        Parameters
        ----------
        checkins : polars.DataFrame
            A canonical table.
        catalogue : polars.DataFrame, optional
            Items that may have no check-in yet, see `strec.schema.catalogue`. What check-ins tell
            of an item is kept; the others come last.

        Raises
        ------
        SchemaError
            If the catalogue does not name its items.

        Examples
        --------
        >>> Vocabulary.of(schema.example()).items.tolist()
        ['cafe', 'office', 'park']
        >>> Vocabulary.of(schema.example(), pl.DataFrame({"item_id": ["pool"]})).items.tolist()
        ['cafe', 'office', 'park', 'pool']
        """
        items = _describe_items(checkins)
        if catalogue is not None:
            items = pl.concat([items, _untaken(catalogue, items)], how="diagonal")
        categories = items["category"].drop_nulls().unique().sort()
        codes = pl.DataFrame({"category": categories}).with_row_index("code")
        coded = items.join(codes, on="category", how="left", maintain_order="left")
        return cls(
            users=_texts(schema.subjects(checkins).unique().sort()),
            items=_texts(items[schema.ITEM]),
            categories=_texts(categories),
            item_name=_texts(items["name"]),
            item_category=coded["code"].cast(pl.Int32).fill_null(-1).to_numpy(),
            **{
                f"item_{name}": items[name].fill_null(float("nan")).to_numpy()
                for name in ("lat", "lon", "spread_km")
            },
            item_text=_texts(items["text"]),
        )

    @cached_property
    def item_is_place(self) -> np.ndarray:
        """Shape ``(n_items,)``, bool: the item is itself a place, unlike a product or a film."""
        return self.item_spread_km <= PLACE_SPREAD_KM

    @cached_property
    def digest(self) -> str:
        """A fingerprint: vocabularies with equal codes have equal digests."""
        texts = [self.users.tolist(), self.items.tolist(), self.categories.tolist()]
        return hashlib.sha256(json.dumps(texts).encode()).hexdigest()

    def differs_in_order(self, other: "Vocabulary") -> bool:
        """Return whether another has the same users, items and categories, with other codes.

        Parameters
        ----------
        other : Vocabulary
            For instance that of a model.

        Examples
        --------
        >>> from strec import schema
        >>> vocabulary = Vocabulary.of(schema.example())
        >>> vocabulary.differs_in_order(vocabulary)
        False
        """
        if self is other or len(self.items) != len(other.items) or self.digest == other.digest:
            return False
        return replace(self, items=np.sort(self.items)).digest == (
            replace(other, items=np.sort(other.items)).digest
        )

    def item_ids(self, codes: np.ndarray) -> pl.Series:
        """Return the id of each item code, null where it is -1.

        Parameters
        ----------
        codes : numpy.ndarray
            Shape ``(n,)``.

        Examples
        --------
        >>> from strec import schema
        >>> Vocabulary.of(schema.example()).item_ids(np.array([1, -1])).to_list()
        ['office', None]
        """
        return _texts_at(self.items, codes)

    def item_categories(self, codes: np.ndarray) -> pl.Series:
        """Return the category of each item code, null where it is unknown, or the code -1.

        Parameters
        ----------
        codes : numpy.ndarray
            Item codes, shape ``(n,)``.

        Examples
        --------
        >>> from strec import schema
        >>> Vocabulary.of(schema.example()).item_categories(np.array([1, -1])).to_list()
        ['Office', None]
        """
        return _texts_at(self.categories, np.append(self.item_category, -1)[codes])

    def user_codes(self, ids: np.ndarray | pl.Series) -> np.ndarray:
        """Return the code of each user id, -1 where unknown; shape ``(n,)``, int32.

        Parameters
        ----------
        ids : numpy.ndarray or polars.Series
            Texts, shape ``(n,)``.

        Examples
        --------
        >>> from strec import schema
        >>> vocabulary = Vocabulary.of(schema.example())
        >>> vocabulary.user_codes(pl.Series(["bob", "nobody we know"])).tolist()
        [1, -1]
        """
        return _codes(self.users, ids)

    def item_codes(self, ids: np.ndarray | pl.Series) -> np.ndarray:
        """Return the code of each item id, -1 where unknown; shape ``(n,)``, int32.

        Parameters
        ----------
        ids : numpy.ndarray or polars.Series
            Texts, shape ``(n,)``.

        Examples
        --------
        >>> from strec import schema
        >>> vocabulary = Vocabulary.of(schema.example())
        >>> vocabulary.item_ids(vocabulary.item_codes(np.array(["cafe", "nowhere"]))).to_list()
        ['cafe', None]
        """
        return _codes(self.items, ids)

    def category_codes(self, ids: np.ndarray | pl.Series) -> np.ndarray:
        """Return the code of each category, -1 where unknown; shape ``(n,)``, int32.

        Parameters
        ----------
        ids : numpy.ndarray or polars.Series
            Names of categories, shape ``(n,)``.

        Examples
        --------
        >>> from strec import schema
        >>> vocabulary = Vocabulary.of(schema.example())
        >>> vocabulary.category_codes(vocabulary.categories).tolist()
        [0, 1, 2]
        """
        return _codes(self.categories, ids)


def _describe_items(checkins: pl.DataFrame) -> pl.DataFrame:
    """Return one row per item: name, category, median place, spread, description."""
    nothing = pl.lit(None, pl.String)
    has = checkins.columns
    name = pl.col(schema.ITEM_NAME) if schema.ITEM_NAME in has else nothing
    category = pl.col(schema.CATEGORY) if schema.CATEGORY in has else nothing
    rows = checkins.select(schema.ITEM, *schema.item_place(has), name=name, category=category)
    place = rows.group_by(schema.ITEM).agg(
        pl.median("lat").alias("mid_lat"), median_longitude_column(pl.col("lon")).alias("mid_lon")
    )
    time = pl.col(schema.TIME).dt.epoch("s")
    taken = checkins.group_by(schema.ITEM).agg(
        pl.len().alias("count"), time.min().alias("first"), time.max().alias("latest"),
        time.sum().alias("sum"), pl.min(schema.USER).alias("user"),
    )  # fmt: skip
    away = rows.join(place, on=schema.ITEM).with_columns(
        km=pl.lit(0.0)
        if rows.is_empty()
        else pl.struct("lat", "lon", "mid_lat", "mid_lon").map_batches(
            lambda s: pl.Series(
                distance_km(
                    *(
                        s.struct.field(f).cast(pl.Float64).to_numpy()
                        for f in ("lat", "lon", "mid_lat", "mid_lon")
                    )
                )
            ),
            return_dtype=pl.Float64,
        )
    )
    spread = away.group_by(schema.ITEM).agg(pl.col("km").drop_nans().median().alias("spread_km"))
    described = place.rename({"mid_lat": "lat", "mid_lon": "lon"}).join(spread, on=schema.ITEM)
    described = described.join(taken, on=schema.ITEM)
    for column in ("name", "category"):
        described = described.join(most_frequent(rows, column), on=schema.ITEM, how="left")
    described = described.join(_descriptions(checkins), on=schema.ITEM, how="left")
    return described.with_columns(
        pl.col("name").fill_null(pl.col(schema.ITEM)), pl.col("text").fill_null("")
    ).sort(
        "count", "first", "latest", "sum", "user", "lat", "lon", "category", "name", schema.ITEM,
        descending=[True] + 9 * [False],
    )  # fmt: skip


def _untaken(catalogue: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Return the items of a catalogue that nobody took, with the columns of those taken."""
    listed = schema.catalogue(catalogue).rename({schema.ITEM_NAME: "name"})
    return listed.join(taken, on=schema.ITEM, how="anti", maintain_order="left").with_columns(
        pl.col("name").fill_null(pl.col(schema.ITEM)),
        pl.col("text").fill_null(""),
        # What a catalogue places is a place.
        spread_km=pl.when(pl.col("lat").is_not_null()).then(0.0),
    )


def _descriptions(checkins: pl.DataFrame) -> pl.DataFrame:
    """Return the text that most check-ins of an item carry, for items that have one."""
    if schema.TEXT not in checkins.columns:
        return pl.DataFrame(schema={schema.ITEM: pl.String, "text": pl.String})
    rows = checkins.select(schema.ITEM, text=pl.col(schema.TEXT)).drop_nulls("text")
    counted = rows.group_by(schema.ITEM, "text").len()
    whole = pl.col("len").sum().over(schema.ITEM)
    return counted.filter(pl.col("len") * 2 > whole).select(schema.ITEM, "text")


def most_frequent(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the most frequent value of a column per item; ties go to the first in order."""
    return (
        rows.drop_nulls(column)
        .group_by(schema.ITEM, column)
        .len()
        .sort(schema.ITEM, "len", column, descending=[False, True, False])
        .unique(schema.ITEM, keep="first")
        .select(schema.ITEM, column)
    )


def _codes(known: np.ndarray, ids: np.ndarray | pl.Series) -> np.ndarray:
    values = ids if isinstance(ids, pl.Series) else pl.Series(ids.astype(str), dtype=pl.String)
    if not len(known):
        return np.full(len(values), -1, dtype=np.int32)
    table = pl.DataFrame({"id": pl.Series(known, dtype=pl.String)}).with_row_index("code")
    asked = pl.DataFrame({"id": values})
    found = asked.join(table, on="id", how="left", maintain_order="left")["code"]
    return found.cast(pl.Int32).fill_null(-1).to_numpy()


def _texts_at(texts: np.ndarray, codes: np.ndarray) -> pl.Series:
    named = texts[codes] if len(texts) else codes
    # As a list: polars takes an array that begins with None for one of objects.
    return pl.Series(np.where(codes >= 0, named, np.array(None)).tolist(), dtype=pl.String)


def _texts(values: pl.Series) -> np.ndarray:
    return np.array(values.to_list(), dtype=object)
