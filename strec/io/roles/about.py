"""The shop, and what is said about items: names, kinds, events, values, pictures, texts."""

from collections.abc import Callable, Iterable

import polars as pl

from strec.io.column_facts import SHARE, Facts
from strec.io.column_names import NOUNS, meaning, named, words_of
from strec.io.quantities import offset_minutes, share
from strec.io.roles.draft import ENOUGH, TAKEN, Draft, is_product, why_not

#: How the name of a picture ends, and how a web address begins.
PICTURE = r"(?i)\.(png|jpe?g|webp|gif|bmp|avif)([?#].*)?$"
WEB = r"(?i)^https?://"


def shop(draft: Draft) -> None:
    """Take the shop of a product, and its name."""
    item = draft.item()
    if draft.is_trip or not item or not is_product(item) or draft.decided & {"item_id"}:
        return
    ids: dict[str, float] = {}
    names: dict[str, float] = {}
    for column in draft.free:
        facts = draft.table[column]
        if meaning(column).noun != "place" or not draft.may_be_id(facts) or facts.is_unique():
            continue
        score = named("place_id", column)
        (names if meaning(column).head == "name" else ids)[column] = score
    found = draft.best("place_id", ids or names, draft.same_partition)
    if not found or found.confidence < TAKEN:
        return
    draft.take("place_id", found.column, found.confidence, found.runner_up, found.why)
    # Of two that name the same shops the words are the name.
    names |= {
        column: 0.8
        for column in ids
        if column in draft.free
        and draft.table[column].is_readable
        and not draft.table[found.column].is_readable
    }
    name = draft.best("place_name", names) if ids else None
    if name and draft.table.dependence(found.column, name.column).holds:
        draft.take("place_name", name.column, name.confidence)


def about(draft: Draft) -> None:
    """Take what is said about items and check-ins."""
    _optional(draft, "item_name", _name_score)
    _optional(draft, "category", _category_score)
    _optional(draft, "event", _event_score)
    _optional(draft, "utc_offset_min", _offset_score)
    _optional(draft, "value", _value_score)
    _optional(draft, "image", _image_score)
    _optional(draft, "text", _text_score)


def _optional(draft: Draft, name: str, score: Callable[[Draft, Facts], float]) -> None:
    scores = {column: score(draft, draft.table[column]) for column in draft.free}
    best = draft.best(name, scores)
    if best and scores[best.column] >= TAKEN:
        draft.take(name, best.column, best.confidence, best.runner_up, best.why)


def _of_item(draft: Draft, facts: Facts, least_kinds: int) -> str:
    """Return why a column says nothing of the item, "" where it does."""
    item, user = draft.item(), draft.user()
    if item is None:
        return ""
    known = draft.table.dependence(item, facts.column)
    if not known.holds:
        return f"it is not one per item ({100 * known.share:.0f} % of the rows agree)"
    many = draft.table[item].n_distinct > 1 and facts.n >= 20
    if many and facts.n_distinct < least_kinds:
        return "it has one value only"
    if user and user != item and known.is_known and many:
        of_user = draft.table.dependence(user, facts.column)
        if of_user.is_shown and facts.n_distinct > 1 and known.share <= of_user.share:
            return "it belongs to the user"
    return ""


def _name_score(draft: Draft, facts: Facts) -> float:
    name, item = named("item_name", facts.column), draft.item()
    if not name and item and facts.is_readable and not draft.table[item].is_readable:
        # Words that stand for the same products as a number, and are called after them.
        is_of_product = bool({*NOUNS["product"]} & {*words_of(facts.column)})
        name = 0.75 if is_of_product and draft.same_partition(item, facts.column) else 0
    if not name or meaning(facts.column).end == 0:
        return 0.0
    if item is None:
        return draft.refuse(facts.column, "there is no item that it could be the name of")
    if is_product(item) and meaning(facts.column).noun == "place":
        return 0.0
    if facts.is_written_time or facts.has_fractions or facts.is_flag:
        return draft.refuse(facts.column, why_not(facts))
    why = _of_item(draft, facts, 2)
    if why:
        return draft.refuse(facts.column, why)
    if facts.is_long_text:
        return name * 0.6
    shown = draft.table.dependence(item, facts.column).is_shown
    name = max(name, 0.8) if shown else name
    # A name tells items apart; an artist's is none of a track.
    tells = facts.n_distinct >= 0.8 * draft.table[item].n_distinct
    return name if tells else name - 0.3


def _category_score(draft: Draft, facts: Facts) -> float:
    name = named("category", facts.column)
    if not name or not facts.n:
        return 0.0
    if facts.is_written_time or facts.has_fractions or facts.is_long_text:
        return draft.refuse(facts.column, why_not(facts))
    item = draft.item()
    why = _of_item(draft, facts, 1)
    if item and facts.n >= ENOUGH and facts.n_distinct >= draft.table[item].n_distinct:
        why = why or "it has as many values as there are items"
    if not item and facts.is_unique(0.9):
        why = "nearly each row has another one"
    if why:
        return draft.refuse(facts.column, why)
    if facts.n >= ENOUGH and facts.n_distinct == 1 and name < 0.9:
        return draft.refuse(facts.column, "it has one value only")
    if not facts.is_readable:
        name -= 0.2
    if facts.n >= ENOUGH and facts.n_distinct == 2:
        name -= 0.15
    if not meaning(facts.column).noun and meaning(facts.column).n_unknown:
        shown = item is not None and draft.table.dependence(item, facts.column).is_shown
        name = name if shown and facts.n_distinct > 2 else name - 0.3
    return max(name, 0.05)


def _event_score(draft: Draft, facts: Facts) -> float:
    name = named("event", facts.column)
    kind = named("category", facts.column) if facts.is_event else 0
    if not (name or kind):
        return 0.0
    few = facts.n_distinct <= max(2, min(30, facts.n // 3))
    if facts.is_written_time or facts.has_fractions or not few:
        return draft.refuse(facts.column, "it is not one of a few actions")
    return max(name, 0.75) if facts.is_event else name * (0.9 if name > 0.8 else 0.7)


def _offset_score(draft: Draft, facts: Facts) -> float:
    name = named("utc_offset_min", facts.column)
    if not name or facts.n == 0:
        return 0.0
    if share(offset_minutes(facts.looked, "minutes").is_not_null()) < SHARE:
        return draft.refuse(facts.column, "it does not read as an offset from UTC")
    return name


def _value_score(draft: Draft, facts: Facts) -> float:
    name = named("value", facts.column)
    if not name or facts.n == 0:
        return 0.0
    if facts.is_number and not facts.is_flag:
        return name
    return draft.refuse(facts.column, "it holds no numbers")


def _image_score(draft: Draft, facts: Facts) -> float:
    if facts.values.dtype != pl.String or facts.n == 0:
        return 0.0
    name = named("image", facts.column)
    if share(facts.looked.str.contains(PICTURE)) >= SHARE:
        return 0.75 + name / 4
    # A usual name is believed of web addresses too.
    return name if share(facts.looked.str.contains(WEB)) >= SHARE else 0.0


def _text_score(draft: Draft, facts: Facts) -> float:
    name = named("text", facts.column)
    if not name or facts.values.dtype != pl.String:
        return 0.0
    return name if not (facts.is_number or facts.is_written_time) else 0.0


def notes(draft: Draft) -> list[str]:
    """Say what is called like a field and is not used, and why."""
    used = {role.column for role in [*draft.roles.values(), *draft.doubts.values()]}
    used |= {column for role in draft.doubts.values() for column in draft.ranked[role.field][:2]}
    left = [column for column in draft.table.columns if column not in used]
    said = [
        f"{column!r}: {draft.refused[column]}"
        for column in left
        if column in draft.refused and _is_called(column)
    ]
    said += [repr(column) for column in left if column not in draft.refused and _is_called(column)]
    return [f"Called like a part of a check-in but not used: {'; '.join(said)}."] if said else []


def _is_called(column: str) -> bool:
    fields: Iterable[str] = ("user_id", "item_id", "lat", "lon", "category", "item_name", "event")
    return any(named(each, column) >= 0.6 for each in fields) and meaning(column).head != "kind"
