"""What is scored, and what the model may know: stated with every number."""

from dataclasses import dataclass

from strec.errors import SplitError, check_choice
from strec.split.cut import HISTORIES, PARTS, SCORED, History, Scored


@dataclass(frozen=True)
class Regime:
    """What is scored and what the model may know.

    Attributes
    ----------
    part : str
        ``"validation"`` or ``"test"``.
    scored : str
        ``"session_end"`` or ``"every"``; see `Split.queries`.
    history : str
        ``"streaming"`` or ``"train"``.
    time_known : bool
        Whether the time of the target is given.
    at_most : int, optional
        Score a sample of so many queries, where there are more.
    """

    part: str = "validation"
    scored: Scored = "session_end"
    history: History = "streaming"
    time_known: bool = True
    at_most: int | None = None

    def __post_init__(self):
        check_choice(self.part, PARTS, "The part that is scored", SplitError)
        check_choice(self.scored, SCORED, "What is scored", SplitError)
        check_choice(self.history, HISTORIES, "The history that is known", SplitError)

    def words(self) -> str:
        """Return the regime in plain words.

        Examples
        --------
        >>> Regime(history="train", time_known=False).words()
        'Scored: the last check-in of each session in the validation part, of known users and \
items. Known: the training check-ins and the running session, not the time of the target. Place: \
that of the last check-in.'
        """
        scored = {
            "session_end": "the last check-in of each session in the {} part, of known users "
            "and items",
            "every": "every check-in of the {} part, new users and items included",
        }[self.scored].format(self.part)
        if self.at_most is not None:
            scored += f" (a sample of at most {self.at_most:,})"
        history = {
            "streaming": "everything the user did before",
            "train": "the training check-ins and the running session",
        }[self.history]
        time = "and the time of the target" if self.time_known else "not the time of the target"
        return f"Scored: {scored}. Known: {history}, {time}. Place: that of the last check-in."


#: The rules of a first look: enough queries for narrow intervals, within seconds.
FIRST_LOOK = Regime(at_most=3_000)
