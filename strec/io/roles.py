"""Which column is what: what a column holds decides, its name only suggests.

A role is taken for certain only where the column can be what it claims and nothing else fits
nearly as well; what is left in doubt is said with the runner-up, and asked.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl

from strec.io.column_facts import SHARE, Facts, TableFacts
from strec.io.column_names import (
    ENDS,
    EVENT_TIMES,
    NOUNS,
    OTHER_TIMES,
    SYNONYMS,
    meaning,
    named,
    plain,
    words_of,
)
from strec.io.mapping import Mapping
from strec.io.places import degrees
from strec.io.quantities import offset_minutes, present, share
from strec.io.times import WALL, parse_time
from strec.io.zones import inhabited_share

#: A role is certain from here on.
SURE = 0.7
#: A column is taken for a role, though it be asked, from here on.
TAKEN = 0.45
#: A runner-up as close as this makes a role uncertain.
GAP = 0.25
#: From so many rows on a table must show what a column claims; a few lines of an example cannot.
ENOUGH = 100
OF_ROWS = "each row has another one"
#: How the name of a picture ends, and how a web address begins.
PICTURE = r"(?i)\.(png|jpe?g|webp|gif|bmp|avif)([?#].*)?$"
WEB = r"(?i)^https?://"
#: Words of times that end what another time begins, and are no end of a way.
_END_TIMES = {"end", "ended", "closed", "stop", "checkout", "exit", "expire", "departure"}
_ENDS = {word for words in ENDS.values() for word in words}


@dataclass(frozen=True)
class Role:
    """One field of the mapping: the column taken, how sure that is, and what else it might be.

    `confidence` goes from 0 to 1, `examples` are three values, `runner_up` is the next best
    column, `why` says what the doubt is.
    """

    field: str
    column: str
    confidence: float
    examples: tuple[str, ...] = ()
    runner_up: str | None = None
    why: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether nothing needs to be asked."""
        return self.confidence >= SURE


@dataclass
class Guess:
    """What the columns of a table are taken for.

    `mapping` has what may be read without an answer; `roles` all that was taken, `doubts` the best
    columns of the fields that must be asked, `ranked` per field the columns that may be meant,
    likeliest first. `is_trip` tells whether rows go from one place to another, `notes` say what is
    called like a field and is not used.
    """

    mapping: Mapping
    roles: dict[str, Role]
    doubts: dict[str, Role] = field(default_factory=dict)
    ranked: dict[str, list[str]] = field(default_factory=dict)
    is_trip: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def confidence(self) -> dict[str, float]:
        """How sure each field of the mapping is."""
        return {name: role.confidence for name, role in self.roles.items()}


def guess_roles(sample: pl.DataFrame, given: Mapping | None = None) -> Guess:
    """Guess what the columns of a table in no known format are, and how sure that is.

    What is given stands, and its columns are not guessed to be anything else.

    Examples
    --------
    >>> sample = pl.DataFrame({"Kunde": ["1", "1"], "Filiale": ["a", "b"],
    ...                        "Datum": ["2024-05-01", "2024-05-02"]})
    >>> guess_roles(sample).mapping.to_dict()
    {'user_id': 'Kunde', 'item_id': 'Filiale', 'timestamp': 'Datum'}
    """
    return _Guesser(sample, given or Mapping()).guess()


def may_name(values: pl.Series) -> bool:
    """Tell whether a column can say who or what: no time, measure, flag, text, place or number.

    Examples
    --------
    >>> may_name(pl.Series("room", ["a", "b", "a"])), may_name(pl.Series("price", [1.2, 3.4, 1.2]))
    (True, False)
    """
    facts = Facts(values.name, present(values))
    heads = ("measure", "time", "other", "state")
    return (
        facts.n_distinct > 1
        and not facts.is_unique()
        and not (facts.is_flag or facts.is_long_text or facts.is_pair or facts.is_fine)
        and not (facts.is_written_time or facts.has_fractions)
        and meaning(facts.column).head not in heads
    )


class _Guesser:
    """The roles of one table, decided one after the other: each leaves fewer columns free."""

    def __init__(self, sample: pl.DataFrame, given: Mapping):
        self.given = given
        self.decided = set(given.columns())
        self.decided |= {"user_id"} if given.user_from else set()
        self.decided |= {"item_id"} if given.item_from_place else set()
        used = set(given.columns().values())
        self.table = TableFacts.of(sample, [name for name in sample.columns if name not in used])
        self.free = list(self.table.columns)
        self.roles: dict[str, Role] = {}
        self.doubts: dict[str, Role] = {}
        self.ranked: dict[str, list[str]] = {}
        self.refused: dict[str, str] = {}
        #: Columns whose doubt is no reason not to read them so.
        self.soft: set[str] = set()
        self.is_trip = False
        self.coordinates: set[str] = set()

    def guess(self) -> Guess:
        self._when()
        self._where()
        self._trip()
        self._who()
        self._what()
        self._shop()
        self._about()
        mapping = Mapping().replace(**{name: role.column for name, role in self.roles.items()})
        roles = self.roles | {
            name: Role(name, column, 1.0, self.table[column].examples)
            for name, column in self.given.columns().items()
        }
        return Guess(
            mapping.under(self.given), roles, self.doubts, self.ranked, self.is_trip, self._notes()
        )

    # ------------------------------------------------------------ taking

    def _open(self, name: str) -> bool:
        return name not in self.decided and name not in self.roles

    def _column(self, name: str) -> str | None:
        """Return the column of a field that is given or was taken."""
        role = self.roles.get(name)
        return role.column if role else self.given.columns().get(name)

    def _take(self, name: str, column: str, sure: float, runner_up=None, why: str = "") -> None:
        if not self._open(name):
            return
        role = Role(name, column, round(sure, 2), self.table[column].examples, runner_up, why)
        self.roles[name] = role
        if column in self.free:
            self.free.remove(column)

    def _doubt(self, name: str, column: str, sure: float, runner_up=None, why: str = "") -> None:
        examples = self.table[column].examples
        self.doubts[name] = Role(name, column, round(sure, 2), examples, runner_up, why)
        if column in self.free:
            self.free.remove(column)

    def _best(
        self, name: str, scores: dict[str, float], alike: Callable[[str, str], bool] | None = None
    ) -> Role | None:
        """Return the best column of a field; how sure it is falls with the runner-up's score."""
        order = sorted(scores, key=lambda column: -scores[column])
        order = [column for column in order if scores[column] > 0]
        self.ranked[name] = order
        if not order or not self._open(name):
            return None
        best = order[0]
        rivals = [each for each in order[1:] if not (alike and alike(best, each))]
        runner_up = order[1] if len(order) > 1 else None
        gap = scores[best] - scores[rivals[0]] if rivals else GAP
        sure = scores[best] * min(1.0, 0.4 + 0.6 * gap / GAP)
        why = f"{rivals[0]!r} fits nearly as well" if gap < GAP / 2 else ""
        return Role(name, best, sure, (), rivals[0] if rivals else runner_up, why)

    def _refuse(self, column: str, why: str) -> float:
        self.refused.setdefault(column, why)
        return 0.0

    def _soften(self, column: str, why: str) -> float:
        """Doubt a column that has the right name, without refusing it."""
        self.soft.add(column)
        self.refused.setdefault(column, why)
        return SURE - 0.05

    # ------------------------------------------------------------ when

    def _when(self) -> None:
        scores = {column: self._time_score(self.table[column]) for column in self.free}
        best = self._best("timestamp", scores, self._same_time)
        self.ranked["timestamp"] += [
            column
            for column in self.free
            if not scores[column]
            and self.table[column].is_number_time
            and not self._coordinate(column)
        ]
        if best:
            if best.confidence >= SURE or best.runner_up is None:
                self._take("timestamp", best.column, best.confidence, best.runner_up, best.why)
            else:
                self._doubt("timestamp", best.column, best.confidence, best.runner_up, best.why)
        start = self._column("timestamp") or (best.column if best else None)
        if start is None or not self._open("end_timestamp"):
            return
        # A pair of start and end; where both ends are called so, by the same other words.
        for column in self.free:
            is_end = meaning(column).end == 1 or _END_TIMES & set(words_of(column))
            if scores[column] and column != start and is_end and self._ends_later(start, column):
                self._take("end_timestamp", column, 0.9 if meaning(start).end == 0 else 0.75)
                break

    def _time_score(self, facts: Facts) -> float:
        name = named("timestamp", facts.column)
        if not (facts.is_written_time or (facts.is_number_time and name > 0)):
            return 0.0
        words = set(words_of(facts.column))
        score = 0.5 + name / 2 if name else 0.75
        if words & (OTHER_TIMES | _END_TIMES) or meaning(facts.column).end == 1:
            score -= 0.3
        elif words & EVENT_TIMES or meaning(facts.column).end == 0:
            score += 0.1
        if facts.n >= ENOUGH and facts.n_distinct == 1:
            score -= 0.3
        # A day is less than a moment.
        text = facts.looked.cast(pl.String)
        if facts.is_written_time and not share(text.str.contains(r"\d:\d\d|T\d\d|\d{12}")) > 0.5:
            score -= 0.05
        return min(max(score, 0.05), 1.0)

    def _same_time(self, one: str, other: str) -> bool:
        """Tell whether two columns write the same moments, so that either will do."""
        return (
            self.table.dependence(one, other).is_shown
            and self.table.dependence(other, one).is_shown
            and self.table[one].distinct_share < 1
        )

    def _ends_later(self, start: str, end: str) -> bool:
        """Tell whether a time comes after another, both written in one way."""
        formats = [self.table[column].time.time_format for column in (start, end)]
        if formats[0] is None or formats[0] != formats[1]:
            return False
        rows = self.table.sample.head(1000)
        walls = [parse_time(rows[column], formats[0])[WALL] for column in (start, end)]
        return share(walls[1] >= walls[0]) >= 0.95 and share(walls[1] > walls[0]) >= 0.3

    # ------------------------------------------------------------ where

    def _where(self) -> None:
        """Find the coordinates: pairs of one end and of one thing, by name, then by content."""
        pairs = self._named_pairs()
        for lat, lon, _ in pairs:
            self.coordinates |= {lat, lon}
        for column in self.coordinates:
            if column in self.free:
                self.free.remove(column)
        by_end = {end: [pair for pair in pairs if meaning(pair[0]).end == end] for end in (0, 1)}
        if by_end[0] and by_end[1] and not self.given.lat:
            (lat, lon, sure), (from_lat, from_lon, _) = by_end[1][0], by_end[0][0]
            self._take_pair(lat, lon, sure)
            self._take("origin_lat", from_lat, sure)
            self._take("origin_lon", from_lon, sure)
            self.is_trip = True
        elif pairs and not {"lat", "lon"} & self.decided:
            best, *rest = sorted(pairs, key=lambda pair: -pair[2])
            near = bool(rest) and best[2] - rest[0][2] < GAP / 2
            why = f"{rest[0][0]!r} and {rest[0][1]!r} fit nearly as well" if near else ""
            sure = best[2] - (GAP if near else 0)
            self._take_pair(best[0], best[1], sure, rest[0] if rest else None, why)
        elif not {"lat", "lon"} & self.decided:
            self._places_by_content()
        for half, other in (("lat", "lon"), ("lon", "lat")):
            if half in self.decided and other not in self.decided:
                called = (c for c in self.table.columns if self._coordinate(c) == other)
                if column := next(called, None):
                    self.refused.pop(column, None)
                    self._take(other, column, 0.9)

    def _take_pair(self, lat: str, lon: str, sure: float, runner_up=None, why: str = "") -> None:
        second = runner_up or (None, None)
        self._take("lat", lat, sure, second[0], why)
        self._take("lon", lon, sure, second[1], why)

    def _coordinate(self, column: str) -> str:
        """Return which half of a place a column is called, "" for none."""
        words = words_of(column)
        for half in ("lat", "lon"):
            names = SYNONYMS[half]
            if plain(column) in names or any(len(each) > 1 and each in names for each in words):
                return half
        return ""

    def _named_pairs(self) -> list[tuple[str, str, float]]:
        halves: dict[str, dict[tuple, str]] = {"lat": {}, "lon": {}}
        pairs: list[tuple[str, str, float]] = []
        for column in self.free:
            facts, half = self.table[column], self._coordinate(column)
            if facts.is_pair:
                sure = 0.95 if named("lat", column) or _is_place_word(column) else 0.85
                pairs.append((column, column, self._pair_score(column, sure)))
            elif (
                half and facts.is_degrees and (len(plain(column)) > 1 or self._is_coordinate(facts))
            ):
                key = tuple(w for w in words_of(column) if w not in SYNONYMS[half])
                halves[half].setdefault(key, column)
            elif half and facts.n:
                example = facts.examples[0] if facts.examples else ""
                self._refuse(column, f"it does not read as degrees ({example[:30]})")
        for key in list(halves["lat"]):
            if key in halves["lon"]:
                lat, lon = halves["lat"].pop(key), halves["lon"].pop(key)
                pairs.append((lat, lon, self._pair_score(lat, 0.9 if key else 1.0)))
        left = [list(halves[half].values()) for half in ("lat", "lon")]
        if len(left[0]) == len(left[1]) == 1 and len({meaning(c[0]).end for c in left}) == 1:
            pairs.append((left[0][0], left[1][0], self._pair_score(left[0][0], 0.75)))
            left = [[], []]
        for column in [*left[0], *left[1]]:
            self._refuse(column, "the other half of the place is missing")
            self.coordinates.add(column)
        return pairs

    def _is_coordinate(self, facts: Facts) -> bool:
        """Tell whether numbers may be coordinates though only a letter, x or y, says so."""
        return facts.is_fine or (facts.is_number and not facts.is_small_count)

    def _pair_score(self, lat: str, sure: float) -> float:
        words, end = set(words_of(lat)), meaning(lat).end
        if words & {*NOUNS["person"], "home", "billing", "shipping"}:
            # Where somebody lives is not where something happened.
            sure -= 0.3
        return sure - (0.05 if end == 0 else 0)

    def _places_by_content(self) -> None:
        fine = [
            column
            for column in self.free
            if self.table[column].is_fine
            and not self.table[column].is_number_time
            and meaning(column).head not in ("measure", "time")
            and not named("value", column)
        ]
        if len(fine) != 2:
            return
        lat, lon = (degrees(self.table.sample[column])[0] for column in fine)
        places = pl.DataFrame({"a": lat, "b": lon}).drop_nulls().head(200).to_numpy()
        here = max(
            inhabited_share(places[:, 0], places[:, 1]), inhabited_share(places[:, 1], places[:, 0])
        )
        if here > 0.5:
            self._take_pair(
                fine[0], fine[1], 0.4, why="no name says so: two numbers that lie on land"
            )
            self.coordinates |= set(fine)

    # ------------------------------------------------------------ trips

    def _trip(self) -> None:
        """Find start and end of trips: two columns that are called alike but for their end."""
        sides: dict[tuple, dict[int, str]] = {}
        for column in self.free:
            end = meaning(column).end
            facts = self.table[column]
            if end is None or facts.is_written_time or not self._may_be_id(facts):
                continue
            if facts.n >= ENOUGH and facts.n_distinct == 1:
                continue
            key = tuple(word for word in words_of(column) if word not in _ENDS)
            if meaning(column).head not in ("measure", "time", "part", "other", "state", "kind"):
                sides.setdefault(key, {}).setdefault(end, column)
        pairs = [(side[0], side[1]) for side in sides.values() if len(side) == 2]
        plainly = (sides.get(()) or {}).get(1)
        if not pairs:
            self._one_sided()
            return
        self.is_trip = True

        def rank(pair: tuple[str, str]) -> tuple:
            said, facts = meaning(pair[1]), self.table[pair[1]]
            # "origin" and "dest" alone say more than two columns of something unknown.
            says = said.noun == "place", pair[1] == plainly or not said.n_unknown
            return *says, said.head != "name", not facts.is_readable, facts.n

        item, *rest = sorted(pairs, key=rank, reverse=True)
        sure = 0.95 if meaning(item[1]).noun == "place" or self._overlap(*item) else 0.75
        self._take("item_id", item[1], sure)
        self._take("origin_id", item[0], sure)
        names = [pair for pair in rest if self.table[pair[1]].is_readable]
        names.sort(key=lambda pair: -self.table[pair[1]].n_distinct)
        for start, end in names[:1]:
            if self.table.dependence(item[1], end).holds:
                self._take("item_name", end, sure)
                self._take("origin_name", start, sure)
        self._one_sided()

    def _one_sided(self) -> None:
        """Of a trip, `lat` and `lon` are where it ends: those of the start alone are its origin."""
        lat = self.roles.get("lat")
        if self.is_trip and lat and meaning(lat.column).end == 0 and "origin_lat" not in self.roles:
            lon = self.roles["lon"]
            del self.roles["lat"], self.roles["lon"]
            self._take("origin_lat", lat.column, lat.confidence)
            self._take("origin_lon", lon.column, lon.confidence)

    def _overlap(self, start: str, end: str) -> bool:
        """Tell whether two columns hold the same places."""
        values = [self.table[column].values.cast(pl.String).unique() for column in (start, end)]
        return share(values[1].is_in(values[0].implode())) > 0.3

    # ------------------------------------------------------------ who

    def _may_be_id(self, facts: Facts) -> bool:
        """Tell whether values may say who or what: no times, measures, flags, texts, places."""
        return not (
            facts.n == 0
            or facts.is_written_time
            or facts.has_fractions
            or facts.is_flag
            or facts.is_long_text
            or facts.is_pair
            or facts.column in self.coordinates
        )

    def _like_id(self, facts: Facts) -> bool:
        """Tell whether a column without a telling name repeats many values, as ids do."""
        if not self._may_be_id(facts) or facts.is_small_count or facts.is_number_time:
            return False
        if meaning(facts.column).head in ("measure", "time", "other", "where", "state", "kind"):
            return False
        if facts.is_number and facts.looked.cast(pl.String).str.len_chars().mean() < 3:  # type: ignore[operator]
            return False
        few = 5 if facts.n >= ENOUGH else 2
        return facts.n_distinct >= few and not facts.is_unique()

    def _who(self) -> None:
        scores = {column: self._user_score(self.table[column]) for column in self.free}
        best = self._best("user_id", scores, self._same_partition)
        self._add_unnamed("user_id", scores)
        if not best:
            return
        tier = meaning(best.column).noun
        only = scores[best.column]
        if best.confidence >= SURE:
            self._take("user_id", best.column, best.confidence, best.runner_up)
        elif tier == "mover" and only - best.confidence < 0.01 and only > TAKEN:
            # Who moves is known, who moves it is not.
            why = "a vehicle, a card or a device, which several people may use"
            self._take("user_id", best.column, only, best.runner_up, why)
        elif best.column in self.soft and only - best.confidence < 0.01:
            why = self.refused.pop(best.column)
            self._take("user_id", best.column, only, best.runner_up, why)
        else:
            why = best.why or self.refused.pop(best.column, "") or _WEAK.get(tier, "")
            self._doubt("user_id", best.column, best.confidence, best.runner_up, why)

    def _user_score(self, facts: Facts) -> float:
        name = named("user_id", facts.column)
        if not name:
            return 0.0
        if not self._may_be_id(facts):
            return self._refuse(facts.column, _why_not(facts))
        said = meaning(facts.column.rpartition(".")[2])
        if said.n_unknown and not said.head:
            # "premium_user" may be anything about a user.
            name *= 0.7
        if facts.is_small_count and name < 0.95 and facts.n >= ENOUGH:
            return self._refuse(facts.column, "it holds small numbers, as a count does")
        if facts.n >= ENOUGH and facts.n_distinct < 5:
            why = f"it has few different values: {facts.n_distinct}"
            if name < 0.95:
                return self._refuse(facts.column, why)
            return self._soften(facts.column, why)
        if facts.n >= ENOUGH and facts.n_distinct == facts.n:
            self._refuse(facts.column, OF_ROWS)
            return name * 0.6
        return name

    def _same_partition(self, one: str, other: str) -> bool:
        """Tell whether two columns name the same things, such as ids and names of customers."""
        return (
            self.table.dependence(one, other).is_shown
            and self.table.dependence(other, one).is_shown
        )

    def _add_unnamed(self, name: str, scores: dict[str, float]) -> None:
        # What follows from who or what is known is neither.
        known = [self._user()] if name == "item_id" else [self._item(), self._column("origin_id")]
        known = [column for column in known if column]

        def fits(column: str) -> bool:
            facts = self.table[column]
            if scores.get(column) or column in self.refused or not self._like_id(facts):
                return False
            return not any(self.table.dependence(each, column).is_shown for each in known)

        others = [column for column in self.free if fits(column)]
        others.sort(key=lambda column: self.table[column].distinct_share)
        self.ranked[name] = [*self.ranked[name], *others]

    # ------------------------------------------------------------ what

    def _what(self) -> None:
        if "item_id" in self.roles:
            self.ranked["item_id"] = [self.roles["item_id"].column]
            return
        scores = {column: self._item_score(self.table[column]) for column in self.free}
        things = {c: s for c, s in scores.items() if s >= 0.6 and _is_product(c)}
        if things:
            # A product sold in a shop: the shop is a place, and no rival.
            scores = {c: s for c, s in scores.items() if not _is_place(c)} | things
        if sum(score >= 0.6 for score in scores.values()) > 1:
            for column in [column for column in scores if self._merges_places(column)]:
                self._refuse(column, "one of its values stands for several places")
                scores[column] *= 0.7
        best = self._best("item_id", scores, self._no_rival)
        self._add_unnamed("item_id", scores)
        if not best:
            return
        if best.confidence >= SURE:
            self._take("item_id", best.column, best.confidence, best.runner_up)
        elif best.column in self.soft and scores[best.column] - best.confidence < 0.01:
            why = self.refused.pop(best.column)
            self._take("item_id", best.column, best.confidence, best.runner_up, why)
        else:
            why = best.why or self.refused.pop(best.column, "")
            self._doubt("item_id", best.column, best.confidence, best.runner_up, why)

    def _item_score(self, facts: Facts) -> float:
        column, user = facts.column, self._user()
        name = named("item_id", column)
        if not name and named("item_name", column) >= 0.6:
            # Where nothing else says what, a title does.
            name = 0.6 if not facts.is_long_text else 0
        if not name:
            return 0.0
        if meaning(column).end == 0:
            name -= 0.1
        if not self._may_be_id(facts):
            return self._refuse(column, _why_not(facts))
        if facts.is_small_count and name < 0.95 and facts.n >= ENOUGH:
            return self._refuse(column, "it holds small numbers, as a count does")
        if facts.n >= ENOUGH and facts.n_distinct == 1:
            return self._soften(column, "it has one value only")
        if facts.n >= ENOUGH and facts.n_distinct < 4:
            return self._soften(column, f"it has few different values: {facts.n_distinct}")
        if facts.is_unique():
            self._refuse(column, "nearly each row has another one")
            return name * 0.5
        if user and self.table[user].n_distinct > 1:
            if facts.n_distinct > 1 and self.table.dependence(user, column).is_shown:
                return self._refuse(column, "each user has exactly one")
            back = self.table.dependence(column, user)
            if back.is_shown and back.n_rows >= 30 and facts.n >= ENOUGH:
                self._refuse(column, "no two users share one")
                return name * 0.5
        return name

    def _item(self) -> str | None:
        """Return the column that names the item, for certain or the likeliest."""
        doubt = self.doubts.get("item_id")
        return self._column("item_id") or (doubt.column if doubt else None)

    def _user(self) -> str | None:
        """Return the column that names the user, for certain or the likeliest."""
        doubt = self.doubts.get("user_id")
        return self._column("user_id") or (doubt.column if doubt else None)

    def _no_rival(self, one: str, other: str) -> bool:
        """Tell whether a column names what another one counts, or numbers the same things.

        Two ids with the same last word, as asin and parent_asin, are rivals though: which of them
        groups what the other tells apart may show in no sample.
        """
        if meaning(other).head == "name" and meaning(one).head != "name":
            return self.table.dependence(one, other).holds
        ends = [words_of(column)[-1] for column in (one, other)]
        return ends[0] != ends[1] and self._same_partition(one, other)

    def _merges_places(self, column: str) -> bool:
        """Tell whether one id of a place stands at several places, each of which repeats."""
        lat, lon = self._column("lat"), self._column("lon")
        if not lat or not lon or self.is_trip or meaning(column).noun != "place":
            return False
        there = pl.DataFrame(
            {
                "id": self.table.sample[column].cast(pl.String),
                "at": degrees(self.table.sample[lat])[0].round(3).cast(pl.String)
                + degrees(self.table.sample[lon])[0].round(3).cast(pl.String),
            }
        ).drop_nulls()
        facts = TableFacts.of(there, ["id", "at"])
        if facts["at"].distinct_share > 0.5 or not facts.dependence("at", "id").holds:
            return False
        found = facts.dependence("id", "at")
        # A few busy places hide how many ids stand for several.
        again = there.group_by("id", "at").len().filter(pl.col("len") > 1).group_by("id").len()
        n_several = int((again["len"] > 1).sum())
        is_some = n_several >= 3 and n_several > 0.1 * len(again)
        return (found.is_known and not found.holds) or is_some

    # ------------------------------------------------------------ the shop, and the rest

    def _shop(self) -> None:
        item = self._item()
        if self.is_trip or not item or not _is_product(item) or self.decided & {"item_id"}:
            return
        ids: dict[str, float] = {}
        names: dict[str, float] = {}
        for column in self.free:
            facts = self.table[column]
            if meaning(column).noun != "place" or not self._may_be_id(facts) or facts.is_unique():
                continue
            score = named("place_id", column)
            (names if meaning(column).head == "name" else ids)[column] = score
        found = self._best("place_id", ids or names, self._same_partition)
        if not found or found.confidence < TAKEN:
            return
        self._take("place_id", found.column, found.confidence, found.runner_up, found.why)
        # Of two that name the same shops the words are the name.
        names |= {
            column: 0.8
            for column in ids
            if column in self.free
            and self.table[column].is_readable
            and not self.table[found.column].is_readable
        }
        name = self._best("place_name", names) if ids else None
        if name and self.table.dependence(found.column, name.column).holds:
            self._take("place_name", name.column, name.confidence)

    def _about(self) -> None:
        self._optional("item_name", self._name_score)
        self._optional("category", self._category_score)
        self._optional("event", self._event_score)
        self._optional("utc_offset_min", self._offset_score)
        self._optional("value", self._value_score)
        self._optional("image", self._image_score)
        self._optional("text", self._text_score)

    def _optional(self, name: str, score: Callable[[Facts], float]) -> None:
        scores = {column: score(self.table[column]) for column in self.free}
        best = self._best(name, scores)
        if best and scores[best.column] >= TAKEN:
            self._take(name, best.column, best.confidence, best.runner_up, best.why)

    def _of_item(self, facts: Facts, least_kinds: int) -> str:
        """Return why a column says nothing of the item, "" where it does."""
        item, user = self._item(), self._user()
        if item is None:
            return ""
        known = self.table.dependence(item, facts.column)
        if not known.holds:
            return f"it is not one per item ({known.share:.0%} of the rows agree)"
        many = self.table[item].n_distinct > 1 and facts.n >= 20
        if many and facts.n_distinct < least_kinds:
            return "it has one value only"
        if user and user != item and known.is_known and many:
            of_user = self.table.dependence(user, facts.column)
            if of_user.is_shown and facts.n_distinct > 1 and known.share <= of_user.share:
                return "it belongs to the user"
        return ""

    def _name_score(self, facts: Facts) -> float:
        name, item = named("item_name", facts.column), self._item()
        if not name and item and facts.is_readable and not self.table[item].is_readable:
            # Words that stand for the same products as a number, and are called after them.
            is_of_product = bool({*NOUNS["product"]} & {*words_of(facts.column)})
            name = 0.75 if is_of_product and self._same_partition(item, facts.column) else 0
        if not name or meaning(facts.column).end == 0:
            return 0.0
        if item is None:
            return self._refuse(facts.column, "there is no item that it could be the name of")
        if _is_product(item) and meaning(facts.column).noun == "place":
            return 0.0
        if facts.is_written_time or facts.has_fractions or facts.is_flag:
            return self._refuse(facts.column, _why_not(facts))
        why = self._of_item(facts, 2)
        if why:
            return self._refuse(facts.column, why)
        if facts.is_long_text:
            return name * 0.6
        shown = self.table.dependence(item, facts.column).is_shown
        name = max(name, 0.8) if shown else name
        # A name tells items apart; an artist's is none of a track.
        tells = facts.n_distinct >= 0.8 * self.table[item].n_distinct
        return name if tells else name - 0.3

    def _category_score(self, facts: Facts) -> float:
        name = named("category", facts.column)
        if not name or not facts.n:
            return 0.0
        if facts.is_written_time or facts.has_fractions or facts.is_long_text:
            return self._refuse(facts.column, _why_not(facts))
        item = self._item()
        why = self._of_item(facts, 1)
        if item and facts.n >= ENOUGH and facts.n_distinct >= self.table[item].n_distinct:
            why = why or "it has as many values as there are items"
        if not item and facts.is_unique(0.9):
            why = "nearly each row has another one"
        if why:
            return self._refuse(facts.column, why)
        if facts.n >= ENOUGH and facts.n_distinct == 1 and name < 0.9:
            return self._refuse(facts.column, "it has one value only")
        if not facts.is_readable:
            name -= 0.2
        if facts.n >= ENOUGH and facts.n_distinct == 2:
            name -= 0.15
        if not meaning(facts.column).noun and meaning(facts.column).n_unknown:
            shown = item is not None and self.table.dependence(item, facts.column).is_shown
            name = name if shown and facts.n_distinct > 2 else name - 0.3
        return max(name, 0.05)

    def _event_score(self, facts: Facts) -> float:
        name = named("event", facts.column)
        kind = named("category", facts.column) if facts.is_event else 0
        if not (name or kind):
            return 0.0
        few = facts.n_distinct <= max(2, min(30, facts.n // 3))
        if facts.is_written_time or facts.has_fractions or not few:
            return self._refuse(facts.column, "it is not one of a few actions")
        return max(name, 0.75) if facts.is_event else name * (0.9 if name > 0.8 else 0.7)

    def _offset_score(self, facts: Facts) -> float:
        name = named("utc_offset_min", facts.column)
        if not name or facts.n == 0:
            return 0.0
        if share(offset_minutes(facts.looked, "minutes").is_not_null()) < SHARE:
            return self._refuse(facts.column, "it does not read as an offset from UTC")
        return name

    def _value_score(self, facts: Facts) -> float:
        name = named("value", facts.column)
        if not name or facts.n == 0:
            return 0.0
        if facts.is_number and not facts.is_flag:
            return name
        return self._refuse(facts.column, "it holds no numbers")

    def _image_score(self, facts: Facts) -> float:
        if facts.values.dtype != pl.String or facts.n == 0:
            return 0.0
        name = named("image", facts.column)
        if share(facts.looked.str.contains(PICTURE)) >= SHARE:
            return 0.75 + name / 4
        # A usual name is believed of web addresses too.
        return name if share(facts.looked.str.contains(WEB)) >= SHARE else 0.0

    def _text_score(self, facts: Facts) -> float:
        name = named("text", facts.column)
        if not name or facts.values.dtype != pl.String:
            return 0.0
        return name if not (facts.is_number or facts.is_written_time) else 0.0

    def _notes(self) -> list[str]:
        """Say what is called like a field and is not used, and why."""
        used = {role.column for role in [*self.roles.values(), *self.doubts.values()]}
        used |= {column for role in self.doubts.values() for column in self.ranked[role.field][:2]}
        left = [column for column in self.table.columns if column not in used]
        said = [
            f"{column!r}: {self.refused[column]}"
            for column in left
            if column in self.refused and _is_called(column)
        ]
        said += [
            repr(column) for column in left if column not in self.refused and _is_called(column)
        ]
        return (
            [f"Called like a part of a check-in but not used: {'; '.join(said)}."] if said else []
        )


#: Why what is called so is a weak user.
_WEAK = {
    "group": "it may be one visit or purchase rather than one person",
    "staff": "it may be who sells or serves rather than who comes",
}


def _why_not(facts: Facts) -> str:
    if facts.n == 0:
        return "it is empty"
    if facts.is_written_time:
        return "it holds times"
    if facts.is_pair or facts.is_fine:
        return "it holds coordinates"
    if facts.has_fractions:
        return "it holds numbers with decimals"
    return "it holds yes and no" if facts.is_flag else "it holds sentences"


def _is_called(column: str) -> bool:
    fields: Iterable[str] = ("user_id", "item_id", "lat", "lon", "category", "item_name", "event")
    return any(named(each, column) >= 0.6 for each in fields) and meaning(column).head != "kind"


def _is_product(column: str) -> bool:
    return meaning(column).noun == "product"


def _is_place(column: str) -> bool:
    return meaning(column).noun == "place"


def _is_place_word(column: str) -> bool:
    words = {"coordinates", "coordinate", "coords", "geo", "latlng", "latlon", "position", "point"}
    return bool(words & set(words_of(column))) or _is_place(column)
