"""Where: pairs of coordinates, by name, then by content; and both ends of a trip."""

import polars as pl

from strec.io.column_facts import Facts
from strec.io.column_names import ENDS, NOUNS, SYNONYMS, coordinate, meaning, named, plain, words_of
from strec.io.places import degrees
from strec.io.quantities import share
from strec.io.roles.draft import ENOUGH, GAP, Draft, is_place
from strec.io.zones import inhabited_share

_ENDS = {word for words in ENDS.values() for word in words}


def where(draft: Draft) -> None:
    """Find the coordinates: pairs of one end and of one thing, by name, then by content."""
    pairs = _named_pairs(draft)
    for lat, lon, _ in pairs:
        draft.coordinates |= {lat, lon}
    for column in draft.coordinates:
        if column in draft.free:
            draft.free.remove(column)
    by_end = {end: [pair for pair in pairs if meaning(pair[0]).end == end] for end in (0, 1)}
    if by_end[0] and by_end[1] and not draft.given.lat:
        (lat, lon, sure), (from_lat, from_lon, _) = by_end[1][0], by_end[0][0]
        _take_pair(draft, lat, lon, sure)
        draft.take("origin_lat", from_lat, sure)
        draft.take("origin_lon", from_lon, sure)
        draft.is_trip = True
    elif pairs and not {"lat", "lon"} & draft.decided:
        best, *rest = sorted(pairs, key=lambda pair: -pair[2])
        near = bool(rest) and best[2] - rest[0][2] < GAP / 2
        why = f"{rest[0][0]!r} and {rest[0][1]!r} fit nearly as well" if near else ""
        sure = best[2] - (GAP if near else 0)
        _take_pair(draft, best[0], best[1], sure, rest[0] if rest else None, why)
    elif not {"lat", "lon"} & draft.decided:
        _places_by_content(draft)
    for half, other in (("lat", "lon"), ("lon", "lat")):
        if half in draft.decided and other not in draft.decided:
            called = (c for c in draft.table.columns if coordinate(c) == other)
            if column := next(called, None):
                draft.refused.pop(column, None)
                draft.take(other, column, 0.9)


def _take_pair(
    draft: Draft, lat: str, lon: str, sure: float, runner_up=None, why: str = ""
) -> None:
    second = runner_up or (None, None)
    draft.take("lat", lat, sure, second[0], why)
    draft.take("lon", lon, sure, second[1], why)


def _named_pairs(draft: Draft) -> list[tuple[str, str, float]]:
    halves: dict[str, dict[tuple, str]] = {"lat": {}, "lon": {}}
    pairs: list[tuple[str, str, float]] = []
    for column in draft.free:
        facts, half = draft.table[column], coordinate(column)
        if facts.is_pair:
            sure = 0.95 if named("lat", column) or _is_place_word(column) else 0.85
            pairs.append((column, column, _pair_score(column, sure)))
        elif half and facts.is_degrees and (len(plain(column)) > 1 or _is_coordinate(facts)):
            key = tuple(w for w in words_of(column) if w not in SYNONYMS[half])
            halves[half].setdefault(key, column)
        elif half and facts.n:
            example = facts.examples[0] if facts.examples else ""
            draft.refuse(column, f"it does not read as degrees ({example[:30]})")
    for key in list(halves["lat"]):
        if key in halves["lon"]:
            lat, lon = halves["lat"].pop(key), halves["lon"].pop(key)
            pairs.append((lat, lon, _pair_score(lat, 0.9 if key else 1.0)))
    left = [list(halves[half].values()) for half in ("lat", "lon")]
    if len(left[0]) == len(left[1]) == 1 and len({meaning(c[0]).end for c in left}) == 1:
        pairs.append((left[0][0], left[1][0], _pair_score(left[0][0], 0.75)))
        left = [[], []]
    for column in [*left[0], *left[1]]:
        draft.refuse(column, "the other half of the place is missing")
        draft.coordinates.add(column)
    return pairs


def _is_coordinate(facts: Facts) -> bool:
    """Tell whether numbers may be coordinates though only a letter, x or y, says so."""
    return facts.is_fine or (facts.is_number and not facts.is_small_count)


def _pair_score(lat: str, sure: float) -> float:
    words, end = set(words_of(lat)), meaning(lat).end
    if words & {*NOUNS["person"], "home", "billing", "shipping"}:
        # Where somebody lives is not where something happened.
        sure -= 0.3
    return sure - (0.05 if end == 0 else 0)


def _places_by_content(draft: Draft) -> None:
    fine = [
        column
        for column in draft.free
        if draft.table[column].is_fine
        and not draft.table[column].is_number_time
        and meaning(column).head not in ("measure", "time")
        and not named("value", column)
    ]
    if len(fine) != 2:
        return
    lat, lon = (degrees(draft.table.sample[column])[0] for column in fine)
    places = pl.DataFrame({"a": lat, "b": lon}).drop_nulls().head(200).to_numpy()
    here = max(
        inhabited_share(places[:, 0], places[:, 1]), inhabited_share(places[:, 1], places[:, 0])
    )
    if here > 0.5:
        _take_pair(
            draft, fine[0], fine[1], 0.4, why="no name says so: two numbers that lie on land"
        )
        draft.coordinates |= set(fine)


def trip(draft: Draft) -> None:
    """Find start and end of trips: two columns that are called alike but for their end."""
    sides: dict[tuple, dict[int, str]] = {}
    for column in draft.free:
        end = meaning(column).end
        facts = draft.table[column]
        if end is None or facts.is_written_time or not draft.may_be_id(facts):
            continue
        if facts.n >= ENOUGH and facts.n_distinct == 1:
            continue
        key = tuple(word for word in words_of(column) if word not in _ENDS)
        if meaning(column).head not in ("measure", "time", "part", "other", "state", "kind"):
            sides.setdefault(key, {}).setdefault(end, column)
    pairs = [(side[0], side[1]) for side in sides.values() if len(side) == 2]
    plainly = (sides.get(()) or {}).get(1)
    if not pairs:
        _one_sided(draft)
        return
    draft.is_trip = True

    def rank(pair: tuple[str, str]) -> tuple:
        said, facts = meaning(pair[1]), draft.table[pair[1]]
        # "origin" and "dest" alone say more than two columns of something unknown.
        says = said.noun == "place", pair[1] == plainly or not said.n_unknown
        return *says, said.head != "name", not facts.is_readable, facts.n

    item, *rest = sorted(pairs, key=rank, reverse=True)
    sure = 0.95 if meaning(item[1]).noun == "place" or _overlap(draft, *item) else 0.75
    draft.take("item_id", item[1], sure)
    draft.take("origin_id", item[0], sure)
    names = [pair for pair in rest if draft.table[pair[1]].is_readable]
    names.sort(key=lambda pair: -draft.table[pair[1]].n_distinct)
    for start, end in names[:1]:
        if draft.table.dependence(item[1], end).holds:
            draft.take("item_name", end, sure)
            draft.take("origin_name", start, sure)
    _one_sided(draft)


def _one_sided(draft: Draft) -> None:
    """Of a trip, `lat` and `lon` are where it ends: those of the start alone are its origin."""
    lat = draft.roles.get("lat")
    if draft.is_trip and lat and meaning(lat.column).end == 0 and "origin_lat" not in draft.roles:
        lon = draft.roles["lon"]
        del draft.roles["lat"], draft.roles["lon"]
        draft.take("origin_lat", lat.column, lat.confidence)
        draft.take("origin_lon", lon.column, lon.confidence)


def _overlap(draft: Draft, start: str, end: str) -> bool:
    """Tell whether two columns hold the same places."""
    values = [draft.table[column].values.cast(pl.String).unique() for column in (start, end)]
    return share(values[1].is_in(values[0].implode())) > 0.3


def _is_place_word(column: str) -> bool:
    words = {"coordinates", "coordinate", "coords", "geo", "latlng", "latlon", "position", "point"}
    return bool(words & set(words_of(column))) or is_place(column)
