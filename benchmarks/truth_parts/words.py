"""Facts for and against suggestions, counted again from the table by other code.

People of a made-up city go out at hours of their own to places near their home. A fact is wrong
when a number in it is, or when it stands in favour though it is below its base rate (or against,
above it).
"""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from strec import schema
from strec.explanation import explain
from strec.models import CounterMix
from strec.recommend import Recommender
from strec.split import Vocabulary, encode

N_USERS, N_PLACES, N_DAYS, N_QUESTIONS = 60, 80, 60, 150
KINDS = ("home", "work", "food", "bar", "shop")
_SHARE = r"(less than 1|more than 99|\d+) %"


def world(seed: int) -> pl.DataFrame:
    """Return check-ins in UTC, rows in order of user and time."""
    random = np.random.default_rng(seed)
    lat, lon = 48.2 + random.normal(0, 0.03, N_PLACES), 16.4 + random.normal(0, 0.04, N_PLACES)
    kind = random.integers(0, len(KINDS), N_PLACES)
    rows = []
    for user in range(N_USERS):
        own = random.choice(N_PLACES, 12, replace=False)
        usual_hour = random.uniform(6, 24, 12)
        weight = random.dirichlet(np.full(12, 0.5))
        for day in range(N_DAYS):
            for _ in range(random.poisson(2)):
                k = random.choice(12, p=weight)
                if random.random() < 0.2:
                    place, hour = random.integers(N_PLACES), random.uniform(0, 24)
                else:
                    place, hour = own[k], random.normal(usual_hour[k], 1.5) % 24
                when = datetime(2024, 3, 4, tzinfo=UTC) + timedelta(days=day, hours=float(hour))
                rows.append((f"u{user:02d}", f"p{place:02d}", when, place))
    place = np.array([row[3] for row in rows])
    return pl.DataFrame(
        {
            schema.USER: [row[0] for row in rows],
            schema.ITEM: [row[1] for row in rows],
            schema.TIME: pl.Series([row[2] for row in rows]).cast(pl.Datetime("us", "UTC")),
            schema.OFFSET: pl.Series([0] * len(rows), dtype=pl.Int16),
            schema.LAT: lat[place],
            schema.LON: lon[place],
            schema.CATEGORY: [KINDS[kind[each]] for each in place],
        }
    ).sort(schema.USER, schema.TIME)


def table(seeds: tuple[int, ...] = (1, 2)) -> str:
    """Return how many facts of each kind were said, and how many were wrong."""
    said, wrong = Counter(), Counter()
    for seed in seeds:
        checkins = world(seed)
        model = CounterMix(slice_share=0).fit(encode(checkins, Vocabulary.of(checkins)))
        recommender = Recommender(checkins, model)
        random = np.random.default_rng(seed)
        for _ in range(N_QUESTIONS):
            user = f"u{random.integers(N_USERS):02d}"
            when = datetime(2024, 4, 20) + timedelta(hours=random.uniform(0, 240))
            answer = recommender.answer(user, when, k=3)
            for rank, item in enumerate(answer.frame[schema.ITEM], 1):
                for sentence in explain(answer, rank).sentences[1:]:
                    for kind, is_right in _checked(checkins, user, when, item, sentence):
                        said[kind] += 1
                        wrong[kind] += not is_right
    lines = ["| fact | said | wrong |", "|---|---:|---:|"]
    lines += [f"| {kind} | {n:,} | {wrong[kind]:,} |" for kind, n in sorted(said.items())]
    return "\n".join([*lines, f"| all | {said.total():,} | {wrong.total():,} |"])


def _checked(checkins: pl.DataFrame, user: str, when: datetime, item: str, sentence: str):
    """Yield the kind of each fact of a sentence, and whether counting again gives the same."""
    side = {"In its": 1, "Agains": -1}.get(sentence[:6], 0)
    past = checkins.filter(pl.col(schema.TIME) < when.replace(tzinfo=UTC))
    own, others = (past.filter(each) for each in (
        pl.col(schema.USER) == user, pl.col(schema.USER) != user))  # fmt: skip
    hour = pl.col(schema.TIME).dt.epoch("us") / 3.6e9 % 24
    asked = when.hour + when.minute / 60 + when.second / 3600 + when.microsecond / 3.6e9
    near = pl.min_horizontal((hour - asked).abs(), 24 - (hour - asked).abs()) <= 2
    day = pl.col(schema.TIME).dt.weekday() == when.isoweekday()
    last = own[schema.ITEM][-1]
    follows = (pl.col(schema.ITEM).shift() == last) & (
        pl.col(schema.TIME).diff() <= pl.duration(hours=24)
    )
    visits = r"(?:(none|\d+) of the (\d+) visits (?:was|were)|the visit (was|was not))"
    for kind, words, holds in (
        ("hour", r"within two hours of \S+", near),
        ("weekday", r"on a \w+day", day),
        ("what comes before", r"right after “[^”]*”(?: itself)?", follows.fill_null(False)),
    ):
        for found in re.finditer(rf"{visits} {words} \(all check-ins: {_SHARE}\)", sentence):
            marked = own.with_columns(holds=holds)
            here = marked.filter(pl.col(schema.ITEM) == item)["holds"]
            told = {"was": 1, "was not": 0, None: found[1]}[found[3]]
            count = 0 if told == "none" else int(told)
            usual = marked["holds"].mean()
            right = count == here.sum() and int(found[2] or 1) == len(here)
            yield kind, right and _is(found[4], usual) and side * (here.mean() - usual) >= 0
    for found in re.finditer(
        rf"others choose it (?:more |less |)around \S+ \({_SHARE} of their check-ins there, "
        rf"{_SHARE} anywhere\)", sentence
    ):  # fmt: skip
        here = others.filter(pl.col(schema.ITEM) == item).select(near.mean()).item()
        usual = others.select(near.mean()).item()
        right = _is(found[1], here) and _is(found[2], usual)
        yield "others at this hour", right and side * (here - usual) >= 0
    for found in re.finditer(
        r"it is ([\d.,]+ k?m) away \((nearer|farther) than (\d+ %|all) of the steps so far\)",
        sentence,
    ):
        place = checkins.filter(pl.col(schema.ITEM) == item).row(0, named=True)
        rows = own.to_dicts()
        km = _km(rows[-1], place)
        steps = [_km(a, b) for a, b in zip(rows, rows[1:], strict=False)
                 if b[schema.TIME] - a[schema.TIME] <= timedelta(hours=24)]  # fmt: skip
        nearer = np.mean(np.array(steps) > km + 1e-3)
        farther = np.mean(np.array(steps) < km - 1e-3)
        share = nearer if found[2] == "nearer" else farther
        right = found[3] == ("all" if share == 1 else f"{int(100 * share + 1e-9)} %")
        yield "distance", right and side * (nearer - farther) >= 0


def _is(told: str, share: float) -> bool:
    if told.startswith("less"):
        return 0 < share < 0.01
    return share > 0.99 if told.startswith("more") else abs(int(told) - 100 * share) <= 0.51


def _km(a: dict, b: dict) -> float:
    """Return the distance by the law of cosines, not by strec's haversine."""
    lat, other = np.radians(a[schema.LAT]), np.radians(b[schema.LAT])
    turn = np.radians(b[schema.LON] - a[schema.LON])
    cosine = np.sin(lat) * np.sin(other) + np.cos(lat) * np.cos(other) * np.cos(turn)
    return float(6371.0088 * np.arccos(np.clip(cosine, -1, 1)))
