"""A data set: check-ins that every part of strec takes, from a frame, from files, or a sample."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

import polars as pl

from strec import schema
from strec.errors import MappingError, ReadError, SchemaError, SplitError
from strec.progress import Progress
from strec.split import TRAIN, Log, Split, Vocabulary, encode, split
from strec.split.log import SUBJECT, in_order
from strec.stays import is_raw_track, raw_fixes

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from strec.demand import Calendar, Demand, DemandModel
    from strec.groups import Comparison
    from strec.io import Limits, Mapping
    from strec.io.files import Paths
    from strec.store import Filters, Store

    Frame: TypeAlias = pl.DataFrame | pl.LazyFrame | pd.DataFrame | geopandas.GeoDataFrame
    #: What `Dataset.of` takes.
    DatasetLike: TypeAlias = "Dataset | Frame | Store | str | Path"

#: Check-ins that are encoded at once; of a larger store whole users are drawn.
MOST_CHECKINS = 1_000_000
#: The arguments of `Dataset.from_frame` that name columns, and the canonical column of each.
COLUMNS = {
    "user": schema.USER,
    "item": schema.ITEM,
    "time": schema.TIME,
    "lat": schema.LAT,
    "lon": schema.LON,
    "utc_offset": schema.OFFSET,
    "category": schema.CATEGORY,
    "item_name": schema.ITEM_NAME,
    "event": schema.EVENT,
    "value": schema.VALUE,
    "text": schema.TEXT,
    "image": schema.IMAGE,
    "place": schema.PLACE_ID,
    "place_name": schema.PLACE_NAME,
    "origin": schema.ORIGIN_ID,
    "origin_name": schema.ORIGIN_NAME,
    "origin_lat": schema.ORIGIN_LAT,
    "origin_lon": schema.ORIGIN_LON,
    "end_time": schema.END_TIME,
}


class Dataset:
    """Check-ins, validated once, with what is made of them: split, vocabulary, log, store.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table (see `strec.schema.validate`). `from_frame` takes any other.
    name : str
        How the data set is called.
    time_zone : str, optional
        IANA name of the local times, for display.
    notes : sequence of str
        What was guessed or noticed while reading.
    reasons : mapping of str to int, optional
        Rows set aside while reading, counted by reason.
    rejected : polars.DataFrame, optional
        Those rows: ``row, reason`` and the raw columns.
    parts : Split, optional
        Where training ends; without it the check-ins are cut 80/10/10 by time.
    folder : path, optional
        Where the store is made at its first use; without it in a temporary folder that goes
        with the data set.
    catalogue : polars.DataFrame, optional
        Items that may have no check-in yet, see `strec.schema.catalogue`: counter mix, trees and
        ST-LLM suggest them too. `with_catalogue` reads them of a file or of any frame.

    Raises
    ------
    SchemaError
        If the table is not canonical, or has no row.

    Examples
    --------
    >>> dataset = Dataset(schema.example(), name="Example")
    >>> dataset
    Dataset('Example': 4 check-ins, 2 users, 3 items, 2024-06-03 to 2024-06-04, with places)
    >>> len(dataset), dataset.has_places
    (4, True)
    """

    def __init__(
        self,
        checkins: pl.DataFrame,
        *,
        name: str = "data",
        time_zone: str | None = None,
        notes: Sequence[str] = (),
        reasons: Dictionary[str, int] | None = None,
        rejected: pl.DataFrame | None = None,
        parts: Split | None = None,
        folder: str | Path | None = None,
        catalogue: pl.DataFrame | None = None,
    ):
        if not isinstance(checkins, pl.DataFrame):
            raise SchemaError(
                "Dataset(…) takes a canonical table, a polars frame.",
                f"{_described(checkins)}.",
                "Use Dataset.from_frame, from_files or sample.",
            )
        valid = schema.validate(checkins)
        if valid.is_empty():
            raise SchemaError(
                "A data set needs at least one check-in.", "an empty table.", "Check the data."
            )
        self._begin(name, time_zone, notes, folder)
        self.checkins = valid
        self.reasons = dict(reasons or {})
        self.rejected = rejected
        self.catalogue = catalogue
        self._has_parts = parts is not None
        if parts is not None:
            self.split = parts

    def _begin(
        self, name: str, time_zone: str | None, notes: Sequence[str], folder: str | Path | None
    ) -> None:
        self.name, self.time_zone = name, time_zone
        self.notes = list(notes)
        self.reasons: dict[str, int] = {}
        self.rejected: pl.DataFrame | None = None
        self.catalogue: pl.DataFrame | None = None
        self._has_parts = False
        self._folder = folder

    @classmethod
    def from_frame(
        cls,
        frame: "Frame",
        *,
        user: str | None = None,
        item: str | None = None,
        time: str | None = None,
        lat: str | None = None,
        lon: str | None = None,
        utc_offset: str | None = None,
        category: str | None = None,
        item_name: str | None = None,
        event: str | None = None,
        value: str | None = None,
        text: str | None = None,
        image: str | None = None,
        place: str | None = None,
        place_name: str | None = None,
        origin: str | None = None,
        origin_name: str | None = None,
        origin_lat: str | None = None,
        origin_lon: str | None = None,
        end_time: str | None = None,
        time_zone: str | None = None,
        day_first: bool | None = None,
        name: str = "data",
        folder: str | Path | None = None,
        **settings: Any,
    ) -> "Dataset":
        """Make a data set of a pandas, polars or geopandas frame.

        Columns that are not named are guessed from names and contents, as for files; `notes`
        say what was taken for what, and `reasons` count the rows that are no check-ins.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame or geopandas.GeoDataFrame
            One row per event. Points of a geopandas frame give the place, whatever their
            coordinate system; an index that is not a plain count becomes a column.
        user, item, time, lat, lon, utc_offset, category, item_name, event, value, text, image
            Names of columns.
        place, place_name
            Names of columns: the shop in which an item was had that is not itself a place.
        origin, origin_name, origin_lat, origin_lon, end_time
            Names of columns of trips: where each began, and when it ended; the item is its end.
        time_zone : str, optional
            IANA zone of times without one, or ``place``.
        day_first : bool, optional
            Whether 03/04 is the 3rd of April, where times are text written so.
        name : str
            How to call the data set.
        folder : path, optional
            Where its store is made; see `Dataset`.
        **settings
            Other entries of `strec.Mapping`, such as ``time_format`` or ``user_from``.

        Raises
        ------
        MappingError
            If the frame does not say which column is what; the message says what to add.
        ReadError
            If it is no frame, or no row is a check-in.

        Examples
        --------
        >>> import pandas as pd
        >>> visits = pd.DataFrame({"who": ["ann", "bob"], "shop": ["cafe", "cafe"],
        ...                        "at": pd.to_datetime(["2024-06-03 12:00", "2024-06-04 9:00"])})
        >>> dataset = Dataset.from_frame(visits, user="who", item="shop", time="at")
        >>> dataset.checkins["user_id"].to_list()
        ['ann', 'bob']
        """
        from strec.io import Mapping, read_frame

        named = (user, item, time, lat, lon, utc_offset)
        described = (category, item_name, event, value, text, image, place, place_name)
        trip = (origin, origin_name, origin_lat, origin_lon, end_time)
        given: dict[str, Any] = {
            column: wanted if isinstance(wanted, str) else f"{wanted!r:.60}"
            for column, wanted in zip(COLUMNS.values(), (*named, *described, *trip), strict=True)
            if wanted is not None
        }
        given |= settings | ({"time_zone": time_zone} if time_zone is not None else {})
        table, notes = _as_polars(frame)
        if not given and _is_canonical(table):
            return cls(table, name=name, notes=notes, folder=folder)
        try:
            found = read_frame(
                table, Mapping.from_dict(given), time_zone=time_zone, day_first=day_first
            )
        except MappingError as error:
            found = error.found.replace("the file", "the frame")
            raise MappingError(error.needed, found, _in_arguments(error.mend)) from error
        taken = found.mapping.columns()
        guessed = [
            f"{argument}={taken[column]!r}"
            for argument, column in COLUMNS.items()
            if column in taken and column not in given
        ]
        notes += [f"Guessed: {', '.join(guessed)}."] if guessed else []
        return cls(
            found.checkins,
            name=name,
            time_zone=_one_zone(found.mapping),
            notes=[*notes, *found.notes],
            reasons=found.reasons,
            rejected=found.rejected,
            folder=folder,
        )

    @classmethod
    def from_files(
        cls,
        paths: str | Path | Sequence[str | Path],
        mapping: "Mapping | None" = None,
        *,
        time_zone: str | None = None,
        day_first: bool | None = None,
        names: Sequence[str] | None = None,
        limits: "Limits | None" = None,
        progress: Progress | None = None,
        name: str | None = None,
        folder: str | Path | None = None,
        catalogue: "Frame | Paths | None" = None,
    ) -> "Dataset":
        """Read a data set from files that belong together.

        Parameters
        ----------
        paths, mapping, time_zone, day_first, names, limits, progress
            As in `strec.read`.
        name : str, optional
            How to call the data set; the name of the first file when not given.
        folder : path, optional
            Where its store is made; see `Dataset`.
        catalogue : path or frame, optional
            Items that nobody took yet, as `with_catalogue` takes them.

        Raises
        ------
        MappingError, ReadError, LimitError
            As from `strec.read`.

        Examples
        --------
        >>> path = Path(tempfile.mkdtemp()) / "visits.csv"
        >>> _ = path.write_text("customer;shop;visited_at\\n007;bakery;2024-05-01T08:00:00Z\\n")
        >>> Dataset.from_files(path, time_zone="Europe/Berlin").name
        'visits'
        """
        from strec.io import read

        found = read(
            paths,
            mapping,
            time_zone=time_zone,
            day_first=day_first,
            names=names,
            limits=limits,
            progress=progress,
        )
        first = paths if isinstance(paths, str | Path) else paths[0]
        dataset = cls(
            found.checkins,
            name=name or Path(first).name.split(".")[0],
            time_zone=_one_zone(found.mapping),
            notes=found.notes,
            reasons=found.reasons,
            rejected=found.rejected,
            folder=folder,
        )
        return dataset if catalogue is None else dataset.with_catalogue(catalogue)

    @classmethod
    def from_parts(
        cls, train: "DatasetLike", validation: "DatasetLike", test: "DatasetLike | None" = None
    ) -> "Dataset":
        """Make a data set of parts that are given, in place of a cut by shares.

        Parameters
        ----------
        train, validation, test
            Anything that `of` takes; each begins when the one before it has ended. Items that
            nobody took yet are those that the training part is told of.

        Raises
        ------
        SplitError
            If they overlap in time.

        Examples
        --------
        >>> table = schema.example().sort("timestamp")
        >>> Dataset.from_parts(table[:3], table[3:]).split.part.tolist()
        [0, 0, 0, 1]
        """
        whole = [cls.of(part) for part in (train, validation, *([] if test is None else [test]))]
        first = whole[0]
        parts = split(*(part.checkins for part in whole), catalogue=first.catalogue)
        checkins = pl.concat([part.checkins for part in whole], how="diagonal")
        return cls(
            checkins,
            name=first.name,
            time_zone=first.time_zone,
            parts=parts,
            catalogue=first.catalogue,
        )

    @classmethod
    def sample(cls, name: str = "social") -> "Dataset":
        """Return a sample that comes with strec; `strec.samples` lists them.

        Parameters
        ----------
        name : str
            A name from `strec.samples`.

        Raises
        ------
        ReadError
            If there is no such sample.

        Examples
        --------
        >>> Dataset.sample("travel").name
        'travel'
        """
        from strec.io import read_sample, samples

        checkins = read_sample(name)
        zones = {each.name: each.time_zone for each in samples()}
        return cls(checkins, name=name, time_zone=zones[name])

    @classmethod
    def from_store(cls, store: "Store | str | Path") -> "Dataset":
        """Return the data set of a store, or of its folder; rows are read at their first use.

        Of a store with more than a million check-ins, `split` takes whole users, drawn by
        chance, and says so in `notes`.

        Parameters
        ----------
        store : Store or path
            A store, or its folder.

        Raises
        ------
        StoreError
            If the folder holds no store.

        Examples
        --------
        >>> from strec.store import Store
        >>> store = Store.create(schema.example(), tempfile.mkdtemp() + "/store", name="Example")
        >>> Dataset.from_store(store)
        Dataset('Example': 4 check-ins, 2 users, 3 items, 2024-06-03 to 2024-06-04, with places)
        """
        from strec.store import Store

        opened = store if isinstance(store, Store) else Store(store)
        dataset = cls.__new__(cls)
        dataset._begin(opened.name, opened.time_zone, (), None)
        dataset.store, dataset.catalogue = opened, opened.catalogue
        return dataset

    @classmethod
    def of(cls, data: "DatasetLike") -> "Dataset":
        """Return what was given as a data set: the door of every public function.

        Parameters
        ----------
        data : Dataset, frame, Store, path or str
            A data set, a frame whose columns are guessed (`from_frame`), a store, the folder of
            one, a file, or the name of a sample.

        Raises
        ------
        StrecError
            If it is none of these.

        Examples
        --------
        >>> Dataset.of("travel").name, len(Dataset.of(schema.example()))
        ('travel', 4)
        """
        if isinstance(data, cls):
            return data
        if isinstance(data, str | Path):
            return cls._of_path(data)
        from strec.store import Store

        if isinstance(data, Store):
            return cls.from_store(data)
        if _is_frame(data):
            return cls.from_frame(data)
        raise ReadError(
            "A data set is a strec.Dataset, a pandas, polars or geopandas frame, a store, a file "
            "or the name of a sample.",
            f"{_described(data)}.",
            "Make one with strec.Dataset.from_frame(df, user=…, item=…, time=…).",
        )

    @classmethod
    def _of_path(cls, path: str | Path) -> "Dataset":
        from strec.io import samples
        from strec.io.files import there_is

        names = [sample.name for sample in samples()]
        if path in names:
            return cls.sample(str(path))
        if not there_is(Path(path)):
            raise ReadError(
                f"A data set is a file, the folder of a store, or a sample ({', '.join(names)}).",
                f"no {str(path)[:200]!r}.",
                "Check the spelling of the path.",
            )
        is_store = (Path(path) / "meta.json").exists()
        return cls.from_store(path) if is_store else cls.from_files(path)

    def with_catalogue(self, items: "Frame | Paths") -> "Dataset":
        """Return the data set told of items that nobody took yet: models suggest them too.

        Parameters
        ----------
        items : path, sequence of paths, or frame
            A row per item: which it is and, where known, what it is called, its kind, its place, a
            text. Columns are guessed from their names; what was left out is among `notes`.

        Raises
        ------
        MappingError, ReadError, LimitError
            If it does not say which item each row is, has no row, or is too large.
        SplitError
            If the parts of this data set were given: training learned of its items already.

        Examples
        --------
        >>> shops = pl.DataFrame({"shop": ["cafe", "pool"], "kind": ["Coffee Shop", "Pool"]})
        >>> dataset = Dataset(schema.example()).with_catalogue(shops)
        >>> dataset.everything.vocabulary.items.tolist()
        ['cafe', 'office', 'park', 'pool']
        >>> dataset.notes
        ['2 items without a place: what is not known tells nothing of them.', \
'1 of the 2 items has check-ins already: what these say of it counts.']
        """
        from strec.io.catalogue import read_catalogue

        if self._has_parts:
            raise SplitError(
                "Items that nobody took yet are told before the parts are put together.",
                "a data set whose parts were given.",
                "Give them to the training part: from_parts(train.with_catalogue(…), …).",
            )
        given: Any = _as_polars(items)[0] if _is_frame(items) else items
        found = read_catalogue(given)
        is_here = "checkins" in vars(self)
        notes = [*self.notes, *found.notes, *found.taken(self.checkins if is_here else self.items)]
        if is_here:
            told = Dataset(
                self.checkins,
                name=self.name,
                time_zone=self.time_zone,
                notes=notes,
                reasons=self.reasons,
                rejected=self.rejected,
                folder=self._folder,
                catalogue=found.items,
            )
        else:
            folder = _temporary()
            store = self.store.with_catalogue(found.items, Path(folder) / "store")
            told = Dataset.from_store(_goes_with(store, folder))
            told.notes = notes
        told.is_raw_track = self.is_raw_track
        return told

    def __len__(self) -> int:
        if "checkins" in vars(self):
            return len(self.checkins)
        return self.store.meta["n_checkins"]

    def __repr__(self) -> str:
        if "checkins" in vars(self):
            local = self.checkins.select(schema.local_time().dt.date().alias("day"))["day"]
            first, last = local.min(), local.max()
            users, items = (self.checkins[name].n_unique() for name in (schema.USER, schema.ITEM))
        else:
            meta = self.store.meta
            first, last = meta["first_date"], meta["last_date"]
            users, items = meta["n_users"], meta["n_items"]
        who = "nobody named" if self.is_anonymous else f"{users:,} users"
        said = [f"{len(self):,} check-ins", who, f"{items:,} items"]
        said += [f"{first} to {last}", "with places" if self.has_places else "without places"]
        said += [f"{sum(self.reasons.values()):,} rows set aside"] if self.reasons else []
        return f"Dataset({self.name!r}: {', '.join(said)})"

    @cached_property
    def checkins(self) -> pl.DataFrame:
        """The canonical table, shape ``(n_checkins, 6 to 19)``; do not change it."""
        columns = [*schema.REQUIRED, *(c for c in schema.OPTIONAL if self.store.has(c))]
        return self.store.checkins(columns=columns)

    @cached_property
    def split(self) -> Split:
        """The check-ins cut by time, 80/10/10 unless parts were given.

        Raises
        ------
        SplitError
            If there are too few check-ins.
        """
        return split(self._split_rows, catalogue=self.catalogue)

    @cached_property
    def _split_rows(self) -> pl.DataFrame:
        rows, note = self.some_users(MOST_CHECKINS)
        self.notes += [note] if note else []
        return rows

    def some_users(
        self, at_most: int, columns: Sequence[str] | None = None
    ) -> tuple[pl.DataFrame, str]:
        """Return the check-ins of some users of a large store, drawn by chance, and how many.

        Of what is in memory anyway, and of a store with no more, all are returned.

        Parameters
        ----------
        at_most : int
            As in `Store.some_users`.
        columns : sequence of str, optional
            Canonical columns; all that there are without it.

        Examples
        --------
        >>> rows, note = Dataset.from_store(Dataset.sample("travel").store).some_users(1_000)
        >>> len(rows) <= 1_000, note.endswith("drawn by chance, with all they did.")
        (True, True)
        """
        if "checkins" in vars(self) or len(self) <= at_most and columns is None:
            return (self.checkins if columns is None else self.checkins.select(columns)), ""
        usual = [*schema.REQUIRED, *(c for c in schema.OPTIONAL if self.store.has(c))]
        return self.store.some_users(at_most, list(columns or usual))

    @cached_property
    def training(self) -> pl.DataFrame:
        """The rows of the training part: all that a test or a model may see before the end."""
        ordered = in_order(self._split_rows, self.split.vocabulary).drop(SUBJECT)
        return ordered.filter(pl.Series(self.split.part == TRAIN))

    @property
    def log(self) -> Log:
        """All check-ins as sorted arrays, encoded with what the training part knows."""
        return self.split.log

    @property
    def train(self) -> Log:
        """The training part alone: what ``model.fit(dataset)`` learns from."""
        return self.split.train

    @property
    def vocabulary(self) -> Vocabulary:
        """Users, items and categories of the training part."""
        return self.split.vocabulary

    @cached_property
    def everything(self) -> Log:
        """All check-ins, encoded with the vocabulary of all: to recommend from, not to evaluate."""
        return encode(self.checkins, Vocabulary.of(self.checkins, self.catalogue))

    def encoded(self, vocabulary: Vocabulary) -> Log:
        """Return all check-ins as sorted arrays, encoded with a vocabulary of elsewhere.

        Parameters
        ----------
        vocabulary : Vocabulary
            For instance that of a model.

        Examples
        --------
        >>> dataset = Dataset(schema.example())
        >>> dataset.encoded(Vocabulary.of(schema.example())).item.tolist()
        [0, 1, 0, 2]
        """
        made = vars(self)
        known = [made["split"].log] if "split" in made else []
        known += [made["everything"]] if "everything" in made else []
        for log in known:
            if log.vocabulary.digest == vocabulary.digest:
                return log
        return encode(self.checkins, vocabulary)

    @cached_property
    def store(self) -> "Store":
        """The check-ins as Parquet behind an engine, made at the first use."""
        from strec.store import Store

        temporary = None if self._folder else _temporary()
        folder = self._folder or Path(str(temporary)) / "store"
        store = Store.create(
            self.checkins,
            folder,
            name=self.name,
            time_zone=self.time_zone,
            catalogue=self.catalogue,
        )
        return store if temporary is None else _goes_with(store, temporary)

    @property
    def fingerprint(self) -> str:
        """A hash of the content: equal for equal check-ins and catalogues."""
        return self.store.fingerprint

    @property
    def has_places(self) -> bool:
        """Whether any check-in has a place."""
        if "checkins" in vars(self):
            return self.checkins[schema.LAT].null_count() < len(self)
        return self.store.has_places

    @cached_property
    def has_clock(self) -> bool:
        """Whether the times say more than the day; where not, nothing can be said of hours."""
        made = "checkins" in vars(self)
        return schema.has_clock(self.checkins) if made else self.store.has_clock

    @cached_property
    def is_raw_track(self) -> bool:
        """Whether the rows are fixes of tracks rather than events (`strec.stays`)."""
        made = "checkins" in vars(self)
        return is_raw_track(self.checkins) if made else self.store.is_raw_track

    def as_events(self) -> "Dataset":
        """Return the data set, its rows taken for events even where they look like raw fixes.

        Examples
        --------
        >>> Dataset(schema.example()).as_events().is_raw_track
        False
        """
        self.is_raw_track = False
        return self

    def need_events(self) -> "Dataset":
        """Return the data set, or refuse what scores events where there are only raw fixes.

        Raises
        ------
        AnalysisError
            If it is a raw track that nobody has taken for events (see `as_events`).

        Examples
        --------
        >>> len(Dataset(schema.example()).need_events())
        4
        """
        if self.is_raw_track:
            raise raw_fixes()
        return self

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is named: every user is `strec.schema.NOBODY`.

        Then models see, in the place of a user, the check-ins that begin at one place, or all.
        """
        if "checkins" in vars(self):
            return schema.is_anonymous(self.checkins)
        return self.store.is_anonymous

    @property
    def has_trips(self) -> bool:
        """Whether the check-ins are trips: where each began is known."""
        if "checkins" in vars(self):
            return schema.has_origins(self.checkins.columns)
        return self.store.has_trips

    def demand(
        self,
        what: str = "checkins",
        where: str | None = None,
        *,
        horizon: int = 168,
        calendar: "Calendar | None" = None,
        models: "Dictionary[str, DemandModel] | None" = None,
        progress: Progress | None = None,
        **counted: Any,
    ) -> "Demand":
        """Forecast how much happens at each place in each coming hour.

        Parameters
        ----------
        what, where : str
            What is counted, and where: see `strec.demand.panel`.
        horizon : int
            Hours, 1 to 168.
        calendar : strec.demand.Calendar, optional
            Holidays and columns of your own; by default the holidays of the time zone's country.
        models : mapping of str to strec.demand.DemandModel, optional
            Name to unfitted model; `strec.demand.standard_models` by default.
        progress : callable, optional
            Called with what is done next, and the share done.
        **counted
            `resolution`, `areas`, `filters`, `weeks`, `most`: see `strec.demand.panel`.

        Raises
        ------
        AnalysisError
            If the data are too short, or cannot be counted so.

        Examples
        --------
        >>> ahead = Dataset.sample("travel").demand(where="all", horizon=24)
        >>> ahead.expected.shape
        (24, 1)
        """
        from strec.demand import Calendar, country_of, demand, panel

        found = panel(self.store, what, where, **counted)
        if calendar is None:
            calendar = Calendar(country_of(found.time_zone))
        return demand(found, horizon=horizon, calendar=calendar, models=models, progress=progress)

    def compare_groups(
        self,
        a: "Filters",
        b: "Filters | None" = None,
        **settings: Any,
    ) -> "Comparison":
        """Compare two groups of check-ins: where they differ, by how much, and how sure.

        Parameters
        ----------
        a, b : Filters
            The groups; without `b`, all that are not in `a`.
        **settings
            `within`, `names`, `measure`, `resolution`, `alpha`: see `strec.groups.compare_groups`.

        Raises
        ------
        AnalysisError
            If the groups overlap, or have too few users or days.

        Examples
        --------
        >>> from strec.store import Filters
        >>> found = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
        >>> found.names
        ('weekends', 'all others')
        """
        from strec.groups import compare_groups

        return compare_groups(self.store, a, b, **settings)

    @property
    def users(self) -> pl.DataFrame:
        """One row per user: ``user_id, n_checkins, n_items, first, last`` (UTC)."""
        return self.store.users()

    @property
    def items(self) -> pl.DataFrame:
        """One row per item: name, category, median place, counts; see `Store.items`."""
        return self.store.items()


def _temporary() -> str:
    return tempfile.mkdtemp(prefix=f"strec-p{os.getpid()}-")


def _goes_with(store: "Store", folder: str) -> "Store":
    """Delete a folder with the store in it, which may outlive the data set, or the process."""
    weakref.finalize(store, shutil.rmtree, folder, ignore_errors=True)
    return store


def _one_zone(mapping: "Mapping") -> str | None:
    """Return the zone of all local times, or None where each place has its own."""
    from strec.io.mapping import ZONE_OF_PLACE

    return None if mapping.time_zone == ZONE_OF_PLACE else mapping.time_zone


def _in_arguments(text: str) -> str:
    """Return the advice of an error of `strec.io`, in the arguments of `Dataset.from_frame`."""
    before, found, options = text.partition("): ")
    if not found or not before.startswith("Set in the mapping"):
        return text
    for argument, column in COLUMNS.items():
        options = options.replace(f"{column}=", f"{argument}=")
    return f"Add to Dataset.from_frame one of: {options}"


def _is_canonical(table: pl.DataFrame) -> bool:
    return all(table.schema.get(name) == dtype for name, dtype in schema.REQUIRED.items())


def _is_frame(data: Any) -> "TypeGuard[Frame]":
    import pandas as pd

    return isinstance(data, pl.DataFrame | pl.LazyFrame | pd.DataFrame)


def _as_polars(frame: Any) -> tuple[pl.DataFrame, list[str]]:
    """Return any frame as a polars one, and notes."""
    import pandas as pd

    if isinstance(frame, pl.LazyFrame):
        try:
            frame = frame.collect()
        except pl.exceptions.PolarsError as error:
            raise ReadError(
                "A lazy frame that can be collected is needed.",
                f"{str(error).splitlines()[0][:200]}.",
                "Mend its query.",
            ) from error
    if isinstance(frame, pl.DataFrame):
        plain = [name for name, dtype in frame.schema.items() if dtype != pl.Object]
        return frame.select(plain), []
    if not isinstance(frame, pd.DataFrame):
        raise ReadError(
            "Dataset.from_frame takes a pandas, polars or geopandas frame.",
            f"{_described(frame)}.",
            "Use Dataset.from_files for files, Dataset.sample for samples.",
        )
    if any(frame.index.names) or isinstance(frame.index, pd.DatetimeIndex):
        frame = frame.reset_index(allow_duplicates=True)
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].unique()
        raise ReadError(
            "Each column of a frame needs a name of its own.",
            f"{', '.join(map(repr, twice[:5]))} more than once.",
            "Rename or drop columns.",
        )
    if hasattr(frame, "geometry") and "geopandas" in type(frame).__module__:
        from strec.io.geofiles import table_of_points

        return table_of_points(cast("geopandas.GeoDataFrame", frame), "the frame")
    return pl.DataFrame({name: _column(frame[name]) for name in frame.columns}), []


def _column(values: "pd.Series") -> pl.Series:
    """Return a column of pandas; values of several types, such as 7 and "x7", become text."""
    import pandas as pd

    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    try:
        return pl.from_pandas(values)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        return pl.Series(
            str(values.name), [None if v is None or v != v else str(v) for v in values]
        )


def _described(data: Any) -> str:
    """Return what something is, for a message."""
    if data is None:
        return "nothing (None)"
    return f"a {type(data).__name__}" + (f", {data!r:.60}" if isinstance(data, str | int) else "")
