"""Which column is what: what a column holds decides, its name only suggests.

A role is taken for certain only where the column can be what it claims and nothing else fits
nearly as well; what is left in doubt is said with the runner-up, and asked.
"""

from functools import partial

import polars as pl

from strec.io.column_facts import Facts
from strec.io.column_names import meaning
from strec.io.mapping import Mapping
from strec.io.quantities import present
from strec.io.remembered import Remembered
from strec.io.roles.about import about, notes, shop
from strec.io.roles.draft import OF_ROWS, Draft, Guess, Role
from strec.io.roles.when import when
from strec.io.roles.where import trip, where
from strec.io.roles.who_what import what, who

__all__ = ["OF_ROWS", "Guess", "Role", "guess_roles", "may_name"]
_REMEMBERED: Remembered[Guess] = Remembered(100)


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
    given = given or Mapping()
    return _REMEMBERED.of(sample, given, partial(_guessed, sample, given))


def _guessed(sample: pl.DataFrame, given: Mapping) -> Guess:
    draft = Draft(sample, given)
    when(draft)
    where(draft)
    trip(draft)
    who(draft)
    what(draft)
    shop(draft)
    about(draft)
    mapping = Mapping().replace(**{name: role.column for name, role in draft.roles.items()})
    roles = draft.roles | {
        name: Role(name, column, 1.0, draft.table[column].examples)
        for name, column in draft.given.columns().items()
    }
    return Guess(
        mapping.under(draft.given), roles, draft.doubts, draft.ranked, draft.is_trip, notes(draft)
    )


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
