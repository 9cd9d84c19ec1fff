"""From a check-in table to what a model sees: a split by time, encoded logs, and queries.

The protocol (docs/protocol.md) cuts the whole table at two moments, so that nothing a model
learns lies after anything it is asked. A `Log` is the table as sorted arrays; a `Queries` asks,
at each of n moments, "where next?", and names the rows of the log that may be looked at.
"""

from strec.split.asking import Asked, Question, Questions, notes_on, questions_of
from strec.split.cut import PARTS, TRAIN, VALIDATION, Split, split
from strec.split.log import EVENTS, Log, encode, local_hour, local_us, local_weekday
from strec.split.queries import Queries, ask, queries_of_rows, ranges
from strec.split.vocabulary import Vocabulary

__all__ = [
    "EVENTS",
    "PARTS",
    "TRAIN",
    "VALIDATION",
    "Asked",
    "Log",
    "Queries",
    "Question",
    "Questions",
    "Split",
    "Vocabulary",
    "ask",
    "encode",
    "local_hour",
    "local_us",
    "local_weekday",
    "notes_on",
    "queries_of_rows",
    "questions_of",
    "ranges",
    "split",
]
