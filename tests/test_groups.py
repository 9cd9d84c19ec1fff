"""Two groups of check-ins, by hand: rates, errors over users and days, what is hidden."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import strec
from strec.cli.compare import group
from strec.errors import AnalysisError
from strec.groups import compare_groups, in_words, user_groups
from strec.groups.counts import picture, sides
from strec.groups.inference import ratios
from strec.store import Filters

WEEKENDS, WORKDAYS = Filters(weekdays=(5, 6)), Filters(weekdays=(0, 1, 2, 3, 4))
#: A Monday.
FIRST = datetime(2024, 1, 1)


def checkins(n_days: int = 28, n_users: int = 12, bars: int = 3) -> pl.DataFrame:
    """Everybody has a coffee each day at 8, and on weekends as many bars at 20."""
    rows = [
        (f"u{user:02d}", item, FIRST + timedelta(days=day, hours=hour), item)
        for day in range(n_days)
        for user in range(n_users)
        for item, hour, n in (("coffee", 8, 1), ("bar", 20, bars if day % 7 >= 5 else 1))
        for _ in range(n)
    ]
    return pl.DataFrame(rows, ["user", "item", "time", "kind"], orient="row")


@pytest.fixture(scope="module")
def regular():
    return strec.Dataset.from_frame(checkins(), category="kind", time_zone="UTC")


@pytest.fixture(scope="module")
def uneven():
    """Users and days that differ, with places."""
    rng = np.random.default_rng(3)
    count = rng.poisson(rng.gamma(2, 0.5, (15, 1, 1)) * rng.gamma(4, 0.25, (1, 30, 1)), (15, 30, 3))
    rows = [
        (f"u{u:02d}", f"i{k}", FIRST + timedelta(days=int(d), hours=int(rng.integers(24))), f"k{k}",
         52.5 + 0.05 * k, 13.4)
        for u, d, k in np.ndindex(count.shape) for _ in range(count[u, d, k])
    ]  # fmt: skip
    names = ["user", "item", "time", "kind", "lat", "lon"]
    return strec.Dataset.from_frame(
        pl.DataFrame(rows, names, orient="row"), category="kind", time_zone="UTC"
    )


def test_rates_are_check_ins_per_person_and_day(regular):
    found = compare_groups(regular, WEEKENDS, WORKDAYS)
    kinds = found.of("kind").set_index("key")
    assert kinds.loc["bar", "rate_a"] == 3 and kinds.loc["bar", "rate_b"] == 1
    assert kinds.loc["bar", "ratio"] == pytest.approx(3)
    assert kinds.loc["coffee", "ratio"] == pytest.approx(1)
    assert kinds.loc["bar", "differs"] and not kinds.loc["coffee", "differs"]
    assert (found.measure, found.per) == ("rate", "per person and day")
    assert found.n_checkins == (12 * 8 * 4, 12 * 20 * 2) and found.n_users == (12, 12)
    assert "Weekends have 3.0 times as many visits of the kind bar per person and day" in (
        " ".join(found.sentences())
    )


def test_shares_are_of_the_check_ins_of_the_group(regular):
    kinds = compare_groups(regular, WEEKENDS, WORKDAYS, measure="share").of("kind").set_index("key")
    assert kinds.loc["bar", "rate_a"] == pytest.approx(3 / 4)
    assert kinds.loc["coffee", "ratio"] == pytest.approx((1 / 4) / (1 / 2))


@pytest.mark.parametrize("measure", ["rate", "share"])
def test_the_error_is_the_sum_over_users_and_days(uneven, measure):
    """Written out cluster by cluster."""
    found = sides(uneven.store, WEEKENDS, WORKDAYS, Filters())
    seen = picture(found, "kind", measure, 0, 1)
    result = ratios(seen.counts, seen.exposure, seen.ways, seen.both, measure == "share")
    rows = found.rows.to_pandas()
    days = found.hours[0].index
    in_a = np.array([found.hours[0][day] > 0 for day in days])
    y = np.zeros((2, 15, 30, 3))
    at = [day.date() for day in days]
    for row in rows.itertuples():
        y[row.group, row.user, at.index(row.date.date()), int(row.category[1])] += row.n
    scope = np.stack([np.tile(in_a, (15, 1)), np.tile(~in_a, (15, 1))]).astype(float)
    x = scope if measure == "rate" else y.sum(axis=3)
    for place, key in enumerate(seen.keys):
        k = int(key[1])
        s = sum(
            sign * (y[g, :, :, k] / y[g, :, :, k].sum() - x[g] / x[g].sum())
            for g, sign in ((0, 1), (1, -1))
        )
        own = [np.maximum(*(x[g].sum(axis=axis) / x[g].sum() for g in (0, 1))) for axis in (1, 0)]
        users = (s.sum(axis=1) ** 2 / (1 - own[0])).sum()
        by_day = (s.sum(axis=0) ** 2 / (1 - own[1])).sum()
        rest = [1 - y[g, :, :, k].sum() / x[g].sum() if measure == "share" else 1 for g in (0, 1)]
        least = sum(rest[g] / y[g, :, :, k].sum() for g in (0, 1))
        expected = max(users + by_day - (s**2).sum(), users, by_day, least)
        assert result.error[place] ** 2 == pytest.approx(expected)


@pytest.mark.slow
def test_all_others_are_what_is_left(uneven):
    rest = compare_groups(uneven, WEEKENDS).frame
    told = compare_groups(uneven, WEEKENDS, WORKDAYS).frame
    # The hours of the week stand apart: all others have none of the weekend's either.
    assert rest["ratio"].to_numpy() == pytest.approx(told["ratio"].to_numpy())
    assert rest["p"].to_numpy() == pytest.approx(told["p"].to_numpy())
    some = Filters(users=tuple(f"u{user:02d}" for user in range(11)))
    with pytest.raises(AnalysisError, match="each group needs 10"):
        compare_groups(uneven, some)
    corner = Filters(users=some.users[:10], weekdays=(5, 6))
    with pytest.raises(AnalysisError, match="one answer to how many people"):
        compare_groups(uneven, corner, measure="rate")
    assert compare_groups(uneven, corner).measure == "share"


@pytest.mark.slow
def test_pictures_in_which_groups_cannot_differ_are_left_out(uneven):
    facets = set(compare_groups(uneven, WEEKENDS, WORKDAYS).frame["facet"])
    assert facets == {"all", "kind", "hour", "cell", "item"}
    of_kinds = compare_groups(uneven, Filters(categories=("k0",)), Filters(categories=("k1",)))
    assert "kind" not in set(of_kinds.frame["facet"]) and of_kinds.measure == "share"


@pytest.mark.slow
def test_what_few_people_do_is_hidden():
    table = pl.concat([checkins(), *[checkins(n_users=3).with_columns(
        item=pl.lit("secret"), kind=pl.lit("secret"))]])  # fmt: skip
    dataset = strec.Dataset.from_frame(table, category="kind", time_zone="UTC")
    found = compare_groups(dataset.store, WEEKENDS, WORKDAYS)
    assert found.hidden == 2 and "2 with fewer than 5 users in a group are hidden" in found.basis
    assert "secret" not in found.csv() + found.html() + found.sentence
    bars = Filters(categories=("bar", "secret"))
    told = compare_groups(dataset.store, WEEKENDS, WORKDAYS, within=bars)
    assert set(told.of("kind")["key"]) == {"bar"}


def test_where_nobody_is_named_check_ins_are_what_is_hidden():
    one = checkins(n_users=1).with_columns(item=pl.lit("rare"), kind=pl.lit("rare"))
    is_weekend = pl.col("time").dt.weekday() > 5
    rare = pl.concat([one.filter(~is_weekend).head(12), one.filter(is_weekend).head(2)])
    table = pl.concat([checkins(), rare]).drop("user")
    dataset = strec.Dataset.from_frame(table, category="kind", time_zone="UTC", user_from="nobody")
    found = compare_groups(dataset.store, WEEKENDS, WORKDAYS)
    assert found.hidden and "with fewer than 5 check-ins in a group are hidden" in found.basis
    assert "users" not in found.basis


def test_where_nobody_is_named_days_are_what_varies():
    table = checkins().drop("user")
    dataset = strec.Dataset.from_frame(table, category="kind", time_zone="UTC", user_from="nobody")
    found = compare_groups(dataset.store, WEEKENDS, WORKDAYS)
    bar = found.of("kind").set_index("key").loc["bar"]
    assert bar["rate_a"] == 36 and bar["differs"] and found.per == "per day"
    assert "more than days differ anyway" in found.basis


def test_what_cannot_be_compared_is_said(regular):
    with pytest.raises(AnalysisError, match="no check-in in common"):
        compare_groups(regular, WEEKENDS, Filters(hours=(8,)))
    with pytest.raises(AnalysisError, match="each group needs 6"):
        compare_groups(regular, Filters(date_to=date(2024, 1, 3)))
    with pytest.raises(AnalysisError, match="none of hours|none of the hours"):
        compare_groups(regular, Filters(hours=(3,)), Filters(hours=(8,)))
    for wrong in ({"names": "A"}, {"measure": "sum"}, {"alpha": 5}, {"within": 7}, {"b": "x"}):
        with pytest.raises(AnalysisError):
            compare_groups(regular, WEEKENDS, **wrong)


def test_names_come_from_the_filters():
    assert in_words(WEEKENDS) == "weekends"
    assert in_words(Filters(hours=(6, 7, 20))) == "the hours 6:00–8:00 and 20:00–21:00"
    assert in_words(Filters(date_to=date(2024, 5, 1))) == "the days until 1 May 2024"
    assert in_words(Filters(categories=("Bar",), weekdays=(4,))) == "Friday, Bar"
    assert in_words(Filters()) == "everything"


def test_filters_are_narrowed():
    wide, fine = 0x8928308280FFFFF, 0x8A28308280C7FFF
    assert Filters(cells=(wide,)).narrowed(Filters(cells=(fine,))).cells == (fine,)
    assert Filters(cells=(wide,)).narrowed(Filters(cells=(wide + (1 << 33),))).keeps_nothing
    spans = Filters(date_to=date(2024, 1, 3)).narrowed(Filters(date_from=date(2024, 1, 4)))
    assert spans.keeps_nothing
    with pytest.raises(AnalysisError):
        Filters(side="departures").narrowed(Filters(side="arrivals"))


def test_groups_of_users_have_five_people_each():
    made = user_groups(strec.Dataset.sample("travel").store)
    assert {"The most active users and the others", "Newcomers and old hands"} <= set(made)
    for pair in made.values():
        one, other = (set(filters.users) for filters in pair.values())
        assert not one & other and len(one | other) == 2200


def test_groups_are_said_in_the_shell():
    assert group("weekends") == WEEKENDS
    assert group("from=2024-05-01 hours=6-8 kind=Coffee Shop") == Filters(
        date_from=date(2024, 5, 1), hours=(6, 7), categories=("Coffee Shop",)
    )
    for wrong in ("", "nonsense", "from=yesterday", "colour=red"):
        with pytest.raises(AnalysisError):
            group(wrong)
