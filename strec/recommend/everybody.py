"""Where everybody of a store goes next: here, or on the workers of a cluster."""

import hashlib
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from strec import schema
from strec.errors import ModelError, as_path, check_is
from strec.models import Model, load_model
from strec.models.listing import columns, framed
from strec.progress import Progress, part_of, silent
from strec.recommend.ranking import Ranker, RankingOptions, ranked
from strec.recommend.recommender import Recommender
from strec.split import Questions, encode
from strec.split.asking import moment_of
from strec.store import Filters, HasStore, Store, need_store
from strec.store.by_users import write_by_users


def recommend_everybody(
    store: "HasStore | Store",
    out: Path | str,
    model: Model | None = None,
    *,
    when: datetime | str | None = None,
    k: int = 10,
    progress: Progress | None = None,
    **how,
) -> int:
    """Write a list for each user of a store.

    Users are answered some at a time, so that neither they nor their check-ins need fit into
    memory; where a Spark cluster answers for the store (see docs/scale.md), its workers do it.

    Parameters
    ----------
    store : Dataset or Store
        The history of the users.
    out : path
        A Parquet file; of a cluster a folder of Parquet files, which its workers must see.
    model : Model, optional
        A fitted model; without one the counter mix of `Recommender.of_store`.
    when : datetime or str, optional
        Local time of all questions; just after the last check-in of each user without it.
    k : int
        Length of each list.
    progress : callable, optional
        Called with a text and the share done.
    **how
        Strategy, filters, diversity, novelty: the fields of `RankingOptions`.

    Returns
    -------
    int
        How many suggestions were written: ``user_id``, and the columns of `Answer.frame`, by user
        and rank; of a cluster, each file so.

    Raises
    ------
    AnalysisError
        If nobody is named.
    ModelError
        If the model is not fitted.
    StoreError
        If the cluster stops, or something else is at `out`.

    Examples
    --------
    >>> from strec import Dataset
    >>> out = Path(tempfile.mkdtemp()) / "next.parquet"
    >>> recommend_everybody(Dataset.sample("travel"), out, k=3)
    6600
    >>> pl.read_parquet(out, columns=["user_id", "rank"]).row(0)
    ('tourist_0001', 1)
    """
    store, out, options = need_store(store), as_path(out), RankingOptions(**how)
    store.need_people()
    tell = progress or silent
    if when is not None:
        when = moment_of(when)
    if model is None:
        model = Recommender.of_store(store, progress=part_of(tell, 0.0, 0.1)).model
    check_is(model, Model, "A model of strec is needed.", ModelError)
    with tempfile.TemporaryDirectory(prefix="strec-") as folder:
        files = {path.name: path.read_bytes() for path in model.save(folder).iterdir()}
    work = _Everybody(files, store.items().select(schema.ITEM, "n_checkins"), options, k, when)
    names = [name for name in (*schema.REQUIRED, schema.CATEGORY, *schema.ORIGINS)
             if name in store.meta["columns"]]  # fmt: skip
    first = store.checkins(Filters(users=(store.users()[schema.USER][0],)), names)
    return write_by_users(
        store, work, work(first).clear(), out, columns=names, progress=part_of(tell, 0.1, 1.0)
    )


@dataclass(frozen=True)
class _Everybody:
    """Answers for the check-ins of some users; goes to workers as plain bytes and numbers."""

    files: dict[str, bytes]
    counts: pl.DataFrame
    options: RankingOptions
    k: int
    when: datetime | None

    def __call__(self, checkins: pl.DataFrame) -> pl.DataFrame:
        model = _model(self.files)
        vocabulary = model.vocabulary_
        assert vocabulary is not None
        log = encode(checkins, vocabulary)
        items = pl.DataFrame({schema.ITEM: vocabulary.items}, schema={schema.ITEM: pl.String})
        counts = items.join(self.counts, on=schema.ITEM, how="left", maintain_order="left")
        count = counts["n_checkins"].fill_null(0).to_numpy() + 0.5
        ranker = Ranker(model, count / count.sum())
        asked = Questions(log).many((user, self.when, None, None) for user in log.owner_ids)
        frames = []
        for number, queries in asked:
            found = ranked(ranker, queries, self.options, self.k)
            listed = columns(queries, found.codes, found.score, found.probability, number)
            frames.append(framed(listed))
        found = pl.concat(frames).sort("query", "rank")
        users = pl.Series(schema.USER, log.owner_ids[found["query"].to_numpy()], dtype=pl.String)
        return found.drop("query").insert_column(0, users)


#: The model that this process answers with; every piece brings its files.
_loaded: dict[str, Model] = {}


def _model(files: dict[str, bytes]) -> Model:
    digest = hashlib.blake2b(b"".join(files[name] for name in sorted(files))).hexdigest()
    if digest not in _loaded:
        with tempfile.TemporaryDirectory(prefix="strec-") as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            model = load_model(folder)
        _loaded.clear()
        _loaded[digest] = model
    return _loaded[digest]
