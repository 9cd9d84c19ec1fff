"""Several protections in their order, as one setting with its words."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from strec.dataset import Dataset
from strec.errors import AnalysisError
from strec.privacy.noise import noise, noise_words
from strec.privacy.steps import coarsen, hide_items, new_key, pseudonyms, suppress

if TYPE_CHECKING:
    from strec.dataset import DatasetLike

#: Cells in which people are counted for suppression where places are not coarsened.
DEFAULT_RESOLUTION = 9
#: What can be done to items.
ITEMS = ("keep", "pseudonyms", "kind")
_ITEM_WORDS = {
    "pseudonyms": "Item ids are replaced by keyed hashes, and names, texts and pictures of items "
    "are left out. How often each is visited stays, and can give a well-known one away.",
    "kind": "Items are left out, with their names, texts and pictures: in place of an item stands "
    "its category.",
}


@dataclass(frozen=True)
class Protection:
    """What is done to check-ins before they are given away; nothing by default.

    Parameters
    ----------
    noise_m : float, optional
        Planar Laplace noise: with 95 % the shown place is within so many metres.
    resolution : int, optional
        Places move to the centre of their H3 cell of this resolution.
    hours : int, optional
        Times move to the start of a bin of so many local hours.
    k : int, optional
        Check-ins in cells with fewer users are left out.
    pseudonymous : bool
        User ids are replaced by a keyed hash.
    items : str
        ``"keep"``: as they are; ``"pseudonyms"``: ids are replaced by a keyed hash;
        ``"kind"``: an item's category takes its place. Names, texts and pictures of items go
        with both.

    Raises
    ------
    AnalysisError
        If `items` is none of the three.

    Examples
    --------
    >>> from strec import schema
    >>> setting = Protection(resolution=7, hours=6, k=2)
    >>> len(setting.apply(schema.example())) <= len(schema.example())
    True
    """

    noise_m: float | None = None
    resolution: int | None = None
    hours: int | None = None
    k: int | None = None
    pseudonymous: bool = False
    items: str = "keep"

    def __post_init__(self):
        if self.items not in ITEMS:
            raise AnalysisError(
                f"What is done to items is one of {', '.join(ITEMS)}.",
                f"{self.items!r}.",
                "Choose one of them.",
            )

    def apply(
        self, checkins: pl.DataFrame, *, key: str | None = None, seed: int | None = None
    ) -> pl.DataFrame:
        """Return protected check-ins; the input stays as it is.

        Noise comes first, so that all later steps see noisy places only; pseudonyms come last.

        Parameters
        ----------
        checkins : polars.DataFrame
            Canonical check-ins.
        key : str, optional
            Secret of the pseudonyms; a new one that nobody keeps when not given.
        seed : int, optional
            Of the noise, for repeatable measurements; never give away what was made with a seed
            that others may know.

        Examples
        --------
        >>> from strec import schema
        >>> protected = Protection(hours=24).apply(schema.example())
        >>> protected["timestamp"].dt.hour().unique().to_list()
        [4]
        """
        given = checkins
        if self.noise_m:
            given = noise(given, self.noise_m, seed=seed)
        if self.resolution is not None or self.hours is not None:
            given = coarsen(given, self.resolution, self.hours)
        if self.k is not None and self.k > 1:
            given = suppress(given, self.k, self.cells)
        key = key or new_key()
        if self.pseudonymous:
            given = pseudonyms(given, key)
        if self.items != "keep":
            given = hide_items(given, key if self.items == "pseudonyms" else None)
        return given

    @property
    def cells(self) -> int:
        """Return the H3 resolution in which people are counted for suppression."""
        return DEFAULT_RESOLUTION if self.resolution is None else self.resolution

    @property
    def does_nothing(self) -> bool:
        """Return whether places, times and rows all stay as they are."""
        return self.without_pseudonyms() == Protection() or (
            replace(self.without_pseudonyms(), k=None) == Protection() and (self.k or 0) <= 1
        )

    @property
    def tells_items_apart(self) -> bool:
        """Return whether places carry noise that a recognised item takes off."""
        return bool(self.noise_m) and self.items != "kind"

    def without_pseudonyms(self) -> "Protection":
        """Return the same setting with ids of users and items as they are.

        Examples
        --------
        >>> Protection(hours=6, pseudonymous=True).without_pseudonyms() == Protection(hours=6)
        True
        """
        return replace(self, pseudonymous=False, items="keep")

    def only_coarse(self) -> "Protection":
        """Return what anybody can do to a point they know: the coarsening alone.

        Examples
        --------
        >>> Protection(hours=6, noise_m=200).only_coarse() == Protection(hours=6)
        True
        """
        return Protection(resolution=self.resolution, hours=self.hours)

    def words(self) -> list[str]:
        """Say what was done, a sentence for each step.

        Examples
        --------
        >>> Protection(hours=6).words()
        ['Times are moved to the start of their 6-hour bin (local time).']
        """
        from strec.privacy.sentences import width_words

        said = []
        if self.noise_m:
            said.append("Places carry planar Laplace noise. " + noise_words(self.noise_m))
        if self.resolution is not None:
            said.append(
                f"Places are moved to the centre of their hexagon ({width_words(self.resolution)} "
                "across)."
            )
        if self.hours is not None:
            said.append(
                f"Times are moved to the start of their {self.hours}-hour bin (local time)."
            )
        if self.k is not None and self.k > 1:
            said.append(
                f"Check-ins in hexagons ({width_words(self.cells)} across) with fewer than "
                f"{self.k} users are left out."
            )
        if self.pseudonymous:
            said.append("User ids are replaced by keyed hashes; the key is not in the file.")
        is_blurred = bool(self.noise_m) or self.resolution is not None
        if self.items != "keep":
            said.append(_ITEM_WORDS[self.items])
            if not is_blurred:
                said.append("Places are as they were: where an item is a place, they tell which.")
        elif is_blurred:
            said.append("Items are as they were: where an item is a place, it still tells where.")
        if self.tells_items_apart:
            said.append(
                "Items can be told apart: whoever recognises one, or knows its true place, knows "
                "how all that happened beside it was moved. Only their kind hides that."
            )
        return said or ["Nothing was done: the check-ins are as they were."]


def protect(
    data: "DatasetLike", protection: Protection, *, key: str | None = None, seed: int | None = None
) -> Dataset:
    """Return a protected data set; what is given stays as it is.

    Parameters
    ----------
    data : Dataset
        Or what `strec.Dataset.of` makes one of.
    protection : Protection
        What is done.
    key, seed : optional
        As in `Protection.apply`.

    Raises
    ------
    AnalysisError
        If there is no such protection, or nothing is left.

    Examples
    --------
    >>> from strec import schema
    >>> protect(schema.example(), Protection(hours=24)).checkins["timestamp"].dt.hour().to_list()
    [4, 4, 4, 4]
    """
    dataset = Dataset.of(data)
    if not isinstance(protection, Protection):
        raise AnalysisError(
            "A protection is a strec.privacy.Protection.",
            f"a {type(protection).__name__}.",
            "Use Protection(resolution=7, hours=24), say.",
        )
    checkins = protection.apply(dataset.checkins, key=key, seed=seed)
    return Dataset(checkins, name=f"{dataset.name}, protected", time_zone=dataset.time_zone)
