"""Cleaning: switchable steps in a recipe, run with before/after counts.

`clean(checkins, recipe)` returns a cleaned table and a report; it never changes its input.
`clean_file` does the same to a Parquet file of any size.
A `Recipe` is saved as YAML or JSON and does the same to the next file.
"""

from strec.cleaning.base import Step
from strec.cleaning.improbable import ImpossiblePlaces, ImpossibleSpeed, ImpossibleTimes
from strec.cleaning.missing import MissingCategory, MissingPlace, MissingValue
from strec.cleaning.recipe import STEPS, Recipe
from strec.cleaning.report import CleanReport, StepResult
from strec.cleaning.rows import Bots, ExactDuplicates, KCore, NearDuplicates, TidyText
from strec.cleaning.run import clean, clean_file
from strec.cleaning.tracks import Stays

__all__ = [
    "STEPS",
    "Bots",
    "CleanReport",
    "ExactDuplicates",
    "ImpossiblePlaces",
    "ImpossibleSpeed",
    "ImpossibleTimes",
    "KCore",
    "MissingCategory",
    "MissingPlace",
    "MissingValue",
    "NearDuplicates",
    "Recipe",
    "Stays",
    "Step",
    "StepResult",
    "TidyText",
    "clean",
    "clean_file",
]
