"""The sample worlds that come with strec: four simulated ones and a real one."""

import json
from dataclasses import dataclass

import polars as pl

from strec import schema
from strec.errors import ReadError, check_choice
from strec.parts import DISTRIBUTION, shipped

FOLDER = shipped("sample_data")
INDEX = "samples.json"


@dataclass(frozen=True)
class Sample:
    """What a sample is, in words for people; `samples` lists them, `read_sample` reads one.

    Parameters
    ----------
    name : str
        Short name, also the file's: ``"social"``.
    title, world : str
        A title, and the world it stands for (e-commerce, social, travel, traffic).
    simulated : bool
        True where the check-ins are invented.
    story : str
        Two sentences: what happens in this world, and a question to ask of it.
    item_word, item_word_plural, user_word : str
        What an item and a user are called in this world.
    time_zone : str
        IANA name of the local time.
    source, licence : str
        Where it comes from and under which terms it is passed on.
    default_user : str
        An active and typical user, to begin with.
    n_checkins, n_users, n_items : int
        Its size.
    """

    name: str
    title: str
    world: str
    simulated: bool
    story: str
    item_word: str
    item_word_plural: str
    user_word: str
    time_zone: str
    source: str
    licence: str
    default_user: str
    n_checkins: int
    n_users: int
    n_items: int


def samples() -> list[Sample]:
    """Return the samples that are there, simulated worlds first.

    Raises
    ------
    ReadError
        If the folder of samples is not beside the package, or its index is broken.

    Examples
    --------
    >>> [sample.name for sample in samples()]
    ['social', 'ecommerce', 'travel', 'traffic', 'flights']
    """
    path = FOLDER / INDEX
    mend = f"Install strec again: pip install --force-reinstall --no-deps {DISTRIBUTION}"
    if not path.is_file():
        raise ReadError(
            f"The samples need the file {INDEX} in sample_data/.", "no such file.", mend
        )
    try:
        return [Sample(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise ReadError(f"{INDEX} lists the samples.", f"{error}.", mend) from error


def read_sample(name: str) -> pl.DataFrame:
    """Read a sample as canonical check-ins.

    Parameters
    ----------
    name : str
        A name from `samples`.

    Returns
    -------
    polars.DataFrame
        Canonical check-ins, sorted by user and time.

    Raises
    ------
    ReadError
        If there is no such sample, or its file is missing or broken.

    Examples
    --------
    >>> read_sample("flights")["item_name"][0]
    'Charlotte Douglas Intl'
    """
    known = {sample.name: sample for sample in samples()}
    check_choice(name, known, "A sample", ReadError)
    path = FOLDER / f"{name}.parquet"
    mend = "Bring sample_data/ back with git, or make it anew with sample_data/make.py."
    if not path.is_file():
        raise ReadError(f"The sample {name} needs {path.name}.", "no such file.", mend)
    try:
        return schema.validate(pl.read_parquet(path))
    except pl.exceptions.PolarsError as error:
        raise ReadError(f"{path.name} is a Parquet file.", f"{error}.", mend) from error
