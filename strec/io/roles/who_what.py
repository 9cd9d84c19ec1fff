"""Who, and what: the columns that name people, and what they took."""

from functools import partial

import polars as pl

from strec.io.column_facts import Facts, TableFacts
from strec.io.column_names import meaning, named, words_of
from strec.io.places import degrees
from strec.io.roles.draft import ENOUGH, OF_ROWS, SURE, TAKEN, Draft, is_place, is_product, why_not

#: Why what is called so is a weak user.
_WEAK = {
    "group": "it may be one visit or purchase rather than one person",
    "staff": "it may be who sells or serves rather than who comes",
}


def who(draft: Draft) -> None:
    """Take or doubt the column that says who."""
    scores = {column: _user_score(draft, draft.table[column]) for column in draft.free}
    best = draft.best("user_id", scores, draft.same_partition)
    _add_unnamed(draft, "user_id", scores)
    if not best:
        return
    tier = meaning(best.column).noun
    only = scores[best.column]
    if best.confidence >= SURE:
        draft.take("user_id", best.column, best.confidence, best.runner_up)
    elif tier == "mover" and only - best.confidence < 0.01 and only > TAKEN:
        # Who moves is known, who moves it is not.
        why = "a vehicle, a card or a device, which several people may use"
        draft.take("user_id", best.column, only, best.runner_up, why)
    elif best.column in draft.soft and only - best.confidence < 0.01:
        why = draft.refused.pop(best.column)
        draft.take("user_id", best.column, only, best.runner_up, why)
    else:
        why = best.why or draft.refused.pop(best.column, "") or _WEAK.get(tier, "")
        draft.doubt("user_id", best.column, best.confidence, best.runner_up, why)


def _user_score(draft: Draft, facts: Facts) -> float:
    name = named("user_id", facts.column)
    if not name:
        return 0.0
    if not draft.may_be_id(facts):
        return draft.refuse(facts.column, why_not(facts))
    said = meaning(facts.column.rpartition(".")[2])
    if said.n_unknown and not said.head:
        # "premium_user" may be anything about a user.
        name *= 0.7
    if facts.is_small_count and name < 0.95 and facts.n >= ENOUGH:
        return draft.refuse(facts.column, "it holds small numbers, as a count does")
    if facts.n >= ENOUGH and facts.n_distinct < 5:
        why = f"it has few different values: {facts.n_distinct}"
        if name < 0.95:
            return draft.refuse(facts.column, why)
        return draft.soften(facts.column, why)
    if facts.n >= ENOUGH and facts.n_distinct == facts.n:
        draft.refuse(facts.column, OF_ROWS)
        return name * 0.6
    return name


def _like_id(draft: Draft, facts: Facts) -> bool:
    """Tell whether a column without a telling name repeats many values, as ids do."""
    if not draft.may_be_id(facts) or facts.is_small_count or facts.is_number_time:
        return False
    if meaning(facts.column).head in ("measure", "time", "other", "where", "state", "kind"):
        return False
    if facts.is_number and facts.looked.cast(pl.String).str.len_chars().mean() < 3:  # type: ignore[operator]
        return False
    few = 5 if facts.n >= ENOUGH else 2
    return facts.n_distinct >= few and not facts.is_unique()


def _add_unnamed(draft: Draft, name: str, scores: dict[str, float]) -> None:
    # What follows from who or what is known is neither.
    asked = [draft.user()] if name == "item_id" else [draft.item(), draft.column("origin_id")]
    known = [column for column in asked if column]

    def fits(column: str) -> bool:
        facts = draft.table[column]
        if scores.get(column) or column in draft.refused or not _like_id(draft, facts):
            return False
        return not any(draft.table.dependence(each, column).is_shown for each in known)

    others = [column for column in draft.free if fits(column)]
    others.sort(key=lambda column: draft.table[column].distinct_share)
    draft.ranked[name] = [*draft.ranked[name], *others]


def what(draft: Draft) -> None:
    """Take or doubt the column that says what."""
    if "item_id" in draft.roles:
        draft.ranked["item_id"] = [draft.roles["item_id"].column]
        return
    scores = {column: _item_score(draft, draft.table[column]) for column in draft.free}
    things = {c: s for c, s in scores.items() if s >= 0.6 and is_product(c)}
    if things:
        # A product sold in a shop: the shop is a place, and no rival.
        scores = {c: s for c, s in scores.items() if not is_place(c)} | things
    if sum(score >= 0.6 for score in scores.values()) > 1:
        for column in [column for column in scores if _merges_places(draft, column)]:
            draft.refuse(column, "one of its values stands for several places")
            scores[column] *= 0.7
    best = draft.best("item_id", scores, partial(_no_rival, draft))
    _add_unnamed(draft, "item_id", scores)
    if not best:
        return
    if best.confidence >= SURE:
        draft.take("item_id", best.column, best.confidence, best.runner_up)
    elif best.column in draft.soft and scores[best.column] - best.confidence < 0.01:
        why = draft.refused.pop(best.column)
        draft.take("item_id", best.column, best.confidence, best.runner_up, why)
    else:
        why = best.why or draft.refused.pop(best.column, "")
        draft.doubt("item_id", best.column, best.confidence, best.runner_up, why)


def _item_score(draft: Draft, facts: Facts) -> float:
    column, user = facts.column, draft.user()
    name = named("item_id", column)
    if not name and named("item_name", column) >= 0.6:
        # Where nothing else says what, a title does.
        name = 0.6 if not facts.is_long_text else 0
    if not name:
        return 0.0
    if meaning(column).end == 0:
        name -= 0.1
    if not draft.may_be_id(facts):
        return draft.refuse(column, why_not(facts))
    if facts.is_small_count and name < 0.95 and facts.n >= ENOUGH:
        return draft.refuse(column, "it holds small numbers, as a count does")
    if facts.n >= ENOUGH and facts.n_distinct == 1:
        return draft.soften(column, "it has one value only")
    if facts.n >= ENOUGH and facts.n_distinct < 4:
        return draft.soften(column, f"it has few different values: {facts.n_distinct}")
    if facts.is_unique():
        draft.refuse(column, "nearly each row has another one")
        return name * 0.5
    if user and draft.table[user].n_distinct > 1:
        if facts.n_distinct > 1 and draft.table.dependence(user, column).is_shown:
            return draft.refuse(column, "each user has exactly one")
        back = draft.table.dependence(column, user)
        if back.is_shown and back.n_rows >= 30 and facts.n >= ENOUGH:
            draft.refuse(column, "no two users share one")
            return name * 0.5
    return name


def _no_rival(draft: Draft, one: str, other: str) -> bool:
    """Tell whether a column names what another one counts, or numbers the same things.

    Two ids with the same last word, as asin and parent_asin, are rivals though: which of them
    groups what the other tells apart may show in no sample.
    """
    if meaning(other).head == "name" and meaning(one).head != "name":
        return draft.table.dependence(one, other).holds
    ends = [words_of(column)[-1] for column in (one, other)]
    return ends[0] != ends[1] and draft.same_partition(one, other)


def _merges_places(draft: Draft, column: str) -> bool:
    """Tell whether one id of a place stands at several places, each of which repeats."""
    lat, lon = draft.column("lat"), draft.column("lon")
    if not lat or not lon or draft.is_trip or meaning(column).noun != "place":
        return False
    there = pl.DataFrame(
        {
            "id": draft.table.sample[column].cast(pl.String),
            "at": degrees(draft.table.sample[lat])[0].round(3).cast(pl.String)
            + degrees(draft.table.sample[lon])[0].round(3).cast(pl.String),
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
