"""Questions of a store about single users: how far they roam, and their habits."""

from collections.abc import Callable
from typing import Any, cast

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import polars as pl

from strec import schema
from strec.errors import AnalysisError
from strec.store import aggregates
from strec.store.aggregates import USER_CODE
from strec.store.base import OpenStore
from strec.store.filters import Filters

#: Habits of at most this many users are compared; a seeded sample stands for more.
MAX_USERS = 5_000
#: Users are drawn by the rest of their code times this odd number (Knuth's multiplicative hash):
#: every engine reckons it alike, and no two codes meet.
_SCATTER, _HASHES, _CODES = 2_654_435_761, 2**32, 2**31


class PeopleQuestions(OpenStore):
    """What `Store` answers about users."""

    def gyration(self, filters: Filters | None = None) -> pd.DataFrame:
        """Return the radius of gyration of each user: the typical distance from their centre.

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it.

        Returns
        -------
        pandas.DataFrame
            `user` (row of `users()`), `n_checkins` with a place, `lat`, `lon` (centre of the
            user's check-ins), `gyration_km` (root of the mean squared distance to it).
        """
        self.need_people()
        self._need_places()
        rows = self._kept(filters)
        # Of a large store some users at a time: the engine holds all whose centre it looks for.
        pieces = [self._run(aggregates.gyration(each)) for each in self._by_users(rows)]
        found = pd.concat(pieces, ignore_index=True)
        found["lat"] = np.degrees(np.arctan2(found["z"], np.hypot(found["x"], found["y"])))
        found["lon"] = np.degrees(np.arctan2(found["y"], found["x"]))
        columns = ["user", "n_checkins", "lat", "lon", "gyration_km"]
        return found.sort_values("user", ignore_index=True)[columns]

    def user_weeks(
        self,
        filters: Filters | None = None,
        min_checkins: int = 1,
        most: int = MAX_USERS,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return check-ins per user and hour of the week (0 is Monday 00:00).

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it.
        min_checkins : int
            Leave out users with fewer check-ins.
        most, seed : int
            A random sample of so many users where there are more.

        Returns
        -------
        pandas.DataFrame
            `user` (row of `users()`), `hour_of_week`, `n_checkins`; `attrs`: `n_users` (with
            enough check-ins) and `sampled`.
        """
        return self._habits(_hour_of_week, filters, min_checkins, most, seed)

    def user_cells(
        self,
        resolution: int,
        filters: Filters | None = None,
        min_checkins: int = 1,
        most: int = MAX_USERS,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return check-ins per user and H3 cell.

        Parameters
        ----------
        resolution : int
            Of the H3 cells, 0 (coarse) to 10 (fine).
        filters, min_checkins, most, seed
            As in `user_weeks`.
        """
        self._need_places(resolution)

        def cell(table: ir.Table) -> dict[str, ir.Value]:
            return {"cell": aggregates.cell(table, resolution)}

        found = self._habits(cell, filters, min_checkins, most, seed, schema.CELL)
        found["cell"] = found["cell"].astype("uint64")
        return found

    def sequences(
        self, filters: Filters | None = None, most: int = 500, longest: int = 500, seed: int = 0
    ) -> pl.DataFrame:
        """Return where users were, one after the other, for a random sample of users.

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it.
        most, longest, seed : int
            The most users, the most check-ins of each, and what fixes the sample.

        Returns
        -------
        polars.DataFrame
            `user`, `item` (codes), `cell`, `time` and `hour` (of the local day), by user and time:
            the latest `longest` check-ins of each. Those of one moment have no order of their own.
        """
        sample, limit = self._sample(2, most, seed)
        kept = _drawn(self._kept(filters), limit, seed)
        rows = self._polars(
            kept.select(
                user=kept[USER_CODE].cast("int64"),
                item=kept[aggregates.ITEM_CODE].cast("int64"),
                cell=kept[schema.CELL],
                time=kept[schema.TIME],
                hour=aggregates.whole(kept, schema.HOUR_OF_WEEK) % 24,
            )
        )
        rows = rows.filter(pl.col("user").is_in(sample)).sort("user", "time", "item")
        return rows.group_by("user", maintain_order=True).tail(longest)

    def some_users(
        self, at_most: int, columns: list[str] | None = None, filters: Filters | None = None
    ) -> tuple[pl.DataFrame, str]:
        """Return the check-ins of some users with all they did, drawn by chance, and how many.

        The engine draws: of a large store no more is read than what is returned. The same
        store gives the same users. Where nobody is named, moments are drawn.

        Parameters
        ----------
        at_most : int
            How many check-ins the users drawn may have together; at least one user is drawn.
        columns : list of str, optional
            As in `checkins`.
        filters : Filters, optional
            Which of their check-ins are returned; it changes nothing of whom is drawn.

        Returns
        -------
        tuple of polars.DataFrame and str
            The check-ins by user and time, and what was drawn, in words; no words where all are
            returned.
        """
        n = self.meta["n_checkins"]
        if n <= at_most:
            return self.checkins(filters, columns), ""
        if self.is_anonymous:
            time = cast(ir.TimestampColumn, self.table[schema.TIME])
            code, limit = time.epoch_seconds(), int(at_most / n * _HASHES)
        else:
            code, limit = self.table[USER_CODE], self._limit(at_most)
        drawn = self.table.filter(_scattered(cast(Any, code.cast("int64"))) < limit)
        found = self._rows((filters or Filters()).apply(drawn), columns)
        if self.is_anonymous:
            return found, f"{len(found):,} of {n:,} check-ins, drawn by chance."
        some, users = int(self.drawn_users(at_most).sum()), self.meta["n_users"]
        return found, (
            f"{len(found):,} of {n:,} check-ins: {some:,} of {users:,} users, drawn by chance, "
            "with all they did."
        )

    def drawn_users(self, at_most: int) -> np.ndarray:
        """Return which rows of `users()` `some_users` takes: a boolean per user.

        Parameters
        ----------
        at_most : int
            As in `some_users`.
        """
        n_users = self.meta["n_users"]
        if self.meta["n_checkins"] <= at_most:
            return np.ones(n_users, dtype=bool)
        return _scattered(np.arange(n_users)) < self._limit(at_most)

    def _limit(self, at_most: int) -> int:
        """Return below which number users are drawn."""
        scattered = _scattered(np.arange(self.meta["n_users"]))
        order = np.argsort(scattered)
        together = np.cumsum(self.users()["n_checkins"].to_numpy()[order])
        n = max(int(np.searchsorted(together, at_most, side="right")), 1)
        return int(scattered[order[n - 1]]) + 1

    def _habits(
        self,
        habit: Callable[[ir.Table], dict[str, ir.Value]],
        filters: Filters | None,
        min_checkins: int,
        most: int,
        seed: int,
        *needed: str,
    ) -> pd.DataFrame:
        sample, limit = self._sample(min_checkins, most, seed)
        kept = aggregates.placed(self._kept(filters), *needed) if needed else self._kept(filters)
        # Who has too few check-ins goes below.
        kept = _drawn(kept, limit, seed)
        keys = {"user": aggregates.whole(kept, USER_CODE)} | habit(kept)
        found = self._run(aggregates.checkins_per(kept, **keys))
        found = found.sort_values(list(found.columns[:2]), ignore_index=True)
        total = found.groupby("user")["n_checkins"].transform("sum")
        found = found[total >= min_checkins].reset_index(drop=True)
        enough = int((self.users()["n_checkins"] >= min_checkins).sum())
        found.attrs = {"n_users": enough, "sampled": enough > len(sample)}
        return found

    def _sample(self, min_checkins: int, most: int, seed: int) -> tuple[np.ndarray, int]:
        """Codes of users with enough check-ins, or a sample, and below which number it is drawn."""
        self.need_people()
        codes = np.flatnonzero(self.users()["n_checkins"].to_numpy() >= min_checkins)
        if not len(codes):
            raise AnalysisError(
                f"Habits need users with at least {min_checkins} check-ins.",
                "nobody has so many.",
                "Ask for fewer check-ins per user, or add data.",
            )
        if len(codes) <= most:
            return codes, _HASHES
        scattered = _scattered(codes, seed)
        limit = int(np.sort(scattered)[most])
        return codes[scattered < limit], limit


def _drawn(rows: ir.Table, limit: int, seed: int) -> ir.Table:
    """Keep the check-ins of users drawn: named one by one, thousands take an engine a second."""
    if limit == _HASHES:
        return rows
    return rows.filter(_scattered(cast(Any, rows[USER_CODE].cast("int64")), seed) < limit)


def _scattered(code: Any, seed: int = 0) -> Any:
    """Return a number below `_HASHES` for each code, all different, without order."""
    return (code + seed if seed else code) % _CODES * _SCATTER % _HASHES


def _hour_of_week(table: ir.Table) -> dict[str, ir.Value]:
    return {"hour_of_week": aggregates.whole(table, schema.HOUR_OF_WEEK)}
