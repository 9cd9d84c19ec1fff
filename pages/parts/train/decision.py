"""What to train for the data in use, and why: from the test of dependence, the size, the names."""

from dataclasses import dataclass

from strec import schema
from strec.gate import DependenceResult
from strec.gate.sentences import uses_of
from strec.models import MODELS
from strec.store import Store
from strec.wording import plural

#: The bar that every other model must clear: it only counts.
COUNTING = "counter_mix"
#: From so many check-ins on trees have enough to learn from; below, they mostly stay the counts.
ENOUGH_FOR_TREES = 10_000
#: Verdicts, with the colour of their badge.
TAKE, COMPARE, TRY, HARDLY = "take this", "to compare with", "worth a try", "hardly here"
COLOURS = {TAKE: "green", COMPARE: "blue", TRY: "gray", HARDLY: "orange"}


@dataclass(frozen=True)
class Choice:
    """A row of the table: a kind of model, whether to train it here, and why."""

    kind: str
    verdict: str
    why: str


def choices(store: Store, found: DependenceResult | None, proposed: str | None) -> list[Choice]:
    """Return the few models to decide among, what the test of dependence proposes first.

    `found` is what the test said, None while it has not been run; `proposed` the kind of model
    that follows from it.
    """
    rows = [_counting(proposed), _with_words(store, found), _trees(store), _alike(found)]
    if proposed is not None:
        own = next((row for row in rows if row.kind == proposed), None)
        why = own.why if own else "What the test of dependence proposes here."
        rows = [Choice(proposed, TAKE, why), *(row for row in rows if row.kind != proposed)]
    return [row for row in rows if row.kind in MODELS]


def _counting(proposed: str | None) -> Choice:
    why = "The bar to clear: it only counts, in seconds."
    if proposed == COUNTING:
        why = "As far as the test sees, counting is enough here; it takes seconds."
    return Choice(COUNTING, COMPARE, why)


def _with_words(store: Store, found: DependenceResult | None) -> Choice:
    reads = (
        f"It reads what the {plural(store.meta['n_items'], 'item')} are called."
        if store.has(schema.ITEM_NAME) or store.has(schema.CATEGORY)
        else "The items have no names that it could read."
    )
    if found is None:
        return Choice("stllm", TRY, f"Where hours, places and words matter. {reads}")
    if uses := uses_of(found.ingredients):
        return Choice("stllm", TRY, f"It uses what was found to help here: {uses}. {reads}")
    return Choice("stllm", HARDLY, "Nothing that it could use was found to help here.")


def _trees(store: Store) -> Choice:
    n = store.meta["n_checkins"]
    if n >= ENOUGH_FOR_TREES:
        return Choice("trees", TRY, f"The rival a data scientist would write: {n:,} check-ins are "
                      "enough for it.")  # fmt: skip
    return Choice("trees", HARDLY, f"{n:,} check-ins are few for it: mostly the counts stay as "
                  "they are.")  # fmt: skip


def _alike(found: DependenceResult | None) -> Choice:
    if found is None:
        return Choice("item_knn", TRY, "Where neither hour nor place matters: who likes this, "
                      "likes that.")  # fmt: skip
    if uses := uses_of(found.ingredients):
        return Choice("item_knn", HARDLY, f"It leaves out what was found to help here: {uses}.")
    return Choice(
        "item_knn", TRY, "Neither hour nor place was found to help: who likes this, likes that."
    )
