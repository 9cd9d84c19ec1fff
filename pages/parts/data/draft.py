"""A draft: files on their way to a data set. Nothing in use changes before `use`."""

import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import polars as pl
import streamlit as st

from pages.parts.data import known
from pages.parts.keep import work
from pages.shared import state, ui
from pages.shared.in_use import adopt
from pages.shared.results import in_turn
from strec import schema
from strec.cleaning import CleanReport, Recipe, Stays, clean, clean_file
from strec.errors import LimitError
from strec.io import (
    FORMATS,
    Inspection,
    Limits,
    Mapping,
    Question,
    ReadResult,
    fetch,
    ingest,
    inspect,
)
from strec.io.apart import apart
from strec.io.limits import disk_full, is_disk_full, size_text
from strec.io.mapping import SOURCE, ZONE_OF_PLACE
from strec.profiling import QualityReport, quality
from strec.store import Store
from strec.store.warehouse import LOOKED_AT

T = TypeVar("T")
#: What an upload may grow to when it is unpacked; a file on this computer may be larger.
UPLOAD_LIMITS = Limits(max_bytes=4 * 2**30)
#: Of more check-ins than this the quality is measured on those of some users.
MOST_IN_MEMORY = 5_000_000
#: Stores of one person that are kept: the one in use, and those other tabs may still show.
KEPT_STORES = 3
#: Tables up to so many check-ins wait in memory for what is decided; larger ones on disk.
KEPT_CHECKINS = 1_000_000
READ, CLEANED = "read.parquet", "cleaned.parquet"


@dataclass
class Draft:
    """Files on their way to a data set, and what is known about them so far.

    `columns` is the mapping that a person chose (None: the guess), `answers` the chosen option
    per question, `late_questions` those that only reading the whole file raised. What follows from
    them is made when it is asked for, and kept: `look`, then `result` (with the check-ins in
    ``tables[READ]``), then `report` (``tables[CLEANED]``).
    """

    paths: list[Path]
    names: list[str]
    folder: Path
    limits: Limits
    name: str = ""
    columns: Mapping | None = None
    answers: dict[str, int] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=Recipe.default)
    version: int = 0
    #: Whether it is read as an opened project says.
    is_as_before: bool = False
    _look: Inspection | None = None
    questions: list[Question] = field(default_factory=list)
    late_questions: list[Question] = field(default_factory=list)
    _mapping: Mapping | None = None
    _result: ReadResult | None = None
    _is_track: bool | None = None
    tables: dict[str, pl.DataFrame | Path] = field(default_factory=dict)
    _report: CleanReport | None = None
    qualities: dict[str, QualityReport] = field(default_factory=dict)
    counts: dict = field(default_factory=dict)
    used: str = ""
    #: The data set that was made of these very files before, while it is offered.
    known: Store | None = None
    #: The table of a database that it is about, as long as that is not copied.
    table: dict[str, str | None] | None = None
    #: Whether what is read is used without being asked.
    is_used_at_once: bool = False
    _digest: str = ""
    _stamps: list = field(default_factory=list)

    @property
    def look(self) -> Inspection:
        """What the files are."""
        return _made(self._look)

    @property
    def mapping(self) -> Mapping:
        """Which column is what, answers included."""
        return self._mapping or Mapping()

    @property
    def result(self) -> ReadResult:
        """What was read."""
        return _made(self._result)

    @property
    def report(self) -> CleanReport:
        """What was cleaned."""
        return _made(self._report)

    @property
    def notes(self) -> list[str]:
        """What was noticed and assumed while reading, as far as it got."""
        read = self._result.notes if self._result else []
        return list(dict.fromkeys([*self.look.notes, *read]))

    # ------------------------------------------------------------ whether they are known

    def look_for_known(self) -> None:
        """Use the data set that was made of these files before, if there is one.

        Where a project waits for its data, only if it is that.
        """
        try:
            self._stamps = known.stamps_of(self.paths)
            self._digest = known.digest_of(self.paths)
        except OSError:
            # What cannot be read is said when it is looked at.
            return
        store, project = known.found(self._digest), state.PROJECT_WAITING.value
        if store is None or (project is not None and not project.fits(store)):
            return
        adopt(store)
        ui.use_store(store)
        work.waits_for(store)
        self.known, self.used = store, store.fingerprint

    def read_anew(self) -> None:
        """Go the long way nevertheless."""
        self.known, self.used = None, ""

    def _note(self, store: Store) -> None:
        """Let these files be found again, unless they were changed while they were read."""
        with suppress(OSError):
            if self._digest and known.stamps_of(self.paths) == self._stamps:
                known.note(self._digest, store)

    # ------------------------------------------------------------ a table of a database

    def fetch_first_rows(self) -> None:
        """Fetch what is looked at of the table: its columns are guessed as those of a file."""
        self._fetch(LOOKED_AT)

    def copy(self) -> None:
        """Fetch the whole table; from then on it is read like a file."""
        with in_turn(), st.spinner("Copying the table…"):
            self._fetch(None)
        self.columns, self.table, self.answers = self.columns or self.mapping, None, {}
        self._forget()

    def _fetch(self, most: int | None) -> None:
        said = dict(self.table or {})
        path = self.folder / ("table.parquet" if most is None else "first.parquet")
        self.paths = [fetch(said.pop("address") or "", path, most=most, **said)]

    # ------------------------------------------------------------ what the files are

    def look_at(self) -> None:
        """Look at the files, as far as answers allow; an answer may raise a further question."""
        if self._look is not None:
            return
        look = self._inspect(self.columns)
        for question in look.questions:
            choice = self.answers.get(question.key)
            if question.key in SOURCE and choice is not None:
                # Another table, or other letters, has other columns and questions.
                chosen = question.options[choice].changes
                again = self._inspect((self.columns or Mapping()).remap(**chosen))
                others = [each for each in again.questions if each.key != question.key]
                look = replace(again, questions=[question, *others])
        questions, mapping = list(look.questions), look.mapping
        questions += [late for late in self.late_questions if late.key in self.answers]
        for _ in range(4):
            mapping = self._answered(questions, mapping)
            if not self.answers:
                break
            further = [
                question
                for question in self._inspect(mapping).questions
                if question.key not in {known.key for known in questions}
            ]
            if not further:
                break
            questions += further
        self._look, self.questions, self._mapping = look, questions, mapping
        if not self.is_as_before and (project := state.PROJECT_WAITING.value) and project.recipe:
            self.is_as_before = True
            self.take_recipe(Recipe.from_dict(project.recipe))
            return self.look_at()
        self.name = self.name or self._default_name()

    @property
    def open_questions(self) -> list[Question]:
        """Questions without an answer, without which the files cannot be read."""
        return [q for q in self.questions if q.must_be_answered and q.key not in self.answers]

    def answer(self, question: Question, choice: int) -> None:
        """Take an option of a question."""
        self.answers = self.answers | {question.key: choice}
        self._forget()

    def map_columns(self, changes: dict) -> None:
        """Map fields to other columns, or set how they are read."""
        old = self.mapping
        new = old.remap(**changes)
        if new == old:
            return
        self.columns = new
        self.answers = {}
        self._forget()

    def take_recipe(self, recipe: Recipe) -> str:
        """Use a saved recipe, its mapping too where the columns are the same; say what was done."""
        self.recipe, said = recipe, "The steps of the recipe are set."
        if recipe.mapping and self._look is not None:
            mapping = Mapping.from_dict(recipe.mapping)
            absent = set(mapping.columns().values()) - set(self._look.columns)
            if absent:
                said += " Its columns were left out: this file has no " + ", ".join(sorted(absent))
            else:
                self.columns, self.answers = mapping, {}
                said += " Columns and times are read as it says."
                self._forget()
        self._forget_cleaning()
        self.version += 1
        return said

    def set_recipe(self, recipe: Recipe) -> None:
        """Clean by another recipe."""
        if recipe != self.recipe:
            self.recipe = recipe
            self._forget_cleaning()

    # ------------------------------------------------------------ work

    def read(self) -> None:
        """Read the files: small ones into memory, others into ``read.parquet``."""
        if self._result is not None:
            return
        with in_turn(), ui.progress("Reading") as progress:
            file = self.folder / READ
            found = apart(
                ingest,
                self.paths,
                file,
                mapping=self._mapping,
                names=self.names,
                limits=self.limits,
                progress=progress,
            )
        self.tables[READ] = file
        if found.n_checkins <= KEPT_CHECKINS:
            self.tables[READ] = pl.read_parquet(file, memory_map=False)
            file.unlink()
        self._result = found
        known = {question.key for question in self.questions}
        late = [question for question in found.questions if question.key not in known]
        self.late_questions = late or self.late_questions
        self.questions += late

    @property
    def is_track(self) -> bool:
        """Whether what was read are fixes of tracks."""
        if self._is_track is None:
            self._is_track = Stays().concerns(self.tables[READ])
        return self._is_track

    @property
    def is_empty(self) -> bool:
        """Whether cleaning has removed every check-in."""
        return self._report is not None and not self._report.rows_after

    def clean(self) -> None:
        """Run the recipe."""
        if self._report is not None:
            return
        with in_turn(), ui.progress("Cleaning") as progress:
            before = self.tables[READ]
            if isinstance(before, Path):
                cleaned = self.folder / CLEANED
                report = clean_file(before, cleaned, self.recipe, progress=progress)
                self.tables[CLEANED] = cleaned
            else:
                self.tables[CLEANED], report = clean(before, self.recipe, progress=progress)
        self._report = report

    def prepare(self) -> None:
        """Clean and measure what would be used."""
        self.clean()
        if not self.is_empty:
            self.measure(CLEANED)

    def measure(self, which: str) -> QualityReport:
        """Return the quality of the check-ins as `READ` or as `CLEANED`."""
        if which not in self.qualities:
            with in_turn(), st.spinner("Measuring the quality…"):
                self.qualities[which] = quality(some_users(self.rows(which)))
        return self.qualities[which]

    def count(self) -> dict:
        """Return `n_checkins`, `n_users`, `n_items`, `first` and `last` of what would be used."""
        if not self.counts:
            local = schema.local_time()
            found = self.rows(CLEANED).select(
                pl.len().alias("n_checkins"),
                pl.col(schema.USER)
                .filter(pl.col(schema.USER) != schema.NOBODY)
                .n_unique()
                .alias("n_users"),
                pl.col(schema.ITEM).n_unique().alias("n_items"),
                local.min().alias("first"),
                local.max().alias("last"),
            )
            self.counts = found.collect(engine="streaming").row(0, named=True)
        return self.counts

    def rows(self, which: str) -> pl.LazyFrame:
        """Return the check-ins as `READ` or as `CLEANED`."""
        table = self.tables[which]
        return pl.scan_parquet(table) if isinstance(table, Path) else table.lazy()

    def full_recipe(self) -> Recipe:
        """Return the recipe with how the columns were read."""
        return Recipe(self.recipe.steps, self.result.mapping.to_dict())

    def use(self) -> Store:
        """Make the data set that every page shows; until that succeeded, nothing changes."""
        zone = self.result.mapping.time_zone
        folder = ui.workspace() / f"store-{secrets.token_hex(6)}"
        with in_turn(), st.spinner("Making the data set…"):
            store = Store.create(
                self.tables[CLEANED],
                folder,
                name=self.name.strip() or self._default_name(),
                time_zone=None if zone == ZONE_OF_PLACE else zone,
                source=self.result.cite or ", ".join(self.names),
                recipe=self.full_recipe().to_dict(),
                pictures=self._beside(),
            )
        ui.use_store(store)
        work.waits_for(store)
        self.used = store.fingerprint
        self._note(store)
        keep_latest_stores(folder.parent)
        return store

    def _beside(self) -> Path | None:
        """Return the folder of files on this computer; what was uploaded has none."""
        given = self.paths[0].resolve()
        folder = given if given.is_dir() else given.parent
        return None if folder == self.folder.resolve() else folder

    def _inspect(self, mapping: Mapping | None) -> Inspection:
        with in_turn():
            return apart(inspect, self.paths, names=self.names, mapping=mapping, limits=self.limits)

    def _answered(self, questions: list[Question], mapping: Mapping) -> Mapping:
        for question in questions:
            choice = self.answers.get(question.key)
            if choice is not None:
                mapping = mapping.replace(**question.options[choice].changes)
        return mapping

    def _default_name(self) -> str:
        known = FORMATS.get(self._look.format) if self._look else None
        if known is not None and known.key != "strec":
            return known.label.split(" (")[0]
        stem = self.names[0].split(".")[0].replace("_", " ").strip()
        return stem[:1].upper() + stem[1:] or "My data"

    def _forget(self) -> None:
        self._look = self._result = self._is_track = None
        self._forget_cleaning()
        self.version += 1

    def _forget_cleaning(self) -> None:
        self._report, self.qualities, self.counts, self.used = None, {}, {}, ""


def _made(value: T | None) -> T:
    if value is None:
        raise RuntimeError("a draft was asked for what it has not made yet")
    return value


# ---------------------------------------------------------------- the draft of this visit


def current() -> Draft | None:
    """Return the draft of this visit, if files were given."""
    return state.DRAFT.value


def start(paths: Sequence[Path], names: Sequence[str], limits: Limits | None = None) -> None:
    """Begin a draft with files on this computer."""
    drop()
    folder = _new_folder()
    state.DRAFT.value = Draft(list(paths), list(names), folder, limits or Limits())
    state.DRAFT.value.look_for_known()


def start_with_table(source: dict[str, str | None], name: str) -> Draft:
    """Begin a draft with a table of a database, and return it; nothing is fetched yet."""
    drop()
    draft = Draft([], [name], _new_folder(), Limits(), table=source)
    state.DRAFT.value = draft
    return draft


def start_with_uploads(uploads) -> None:
    """Begin a draft with files from the browser, kept under names of our own."""
    drop()
    folder, paths = _new_folder(), []
    total = sum(upload.size for upload in uploads)
    free = shutil.disk_usage(folder).free
    if total * 3 > free:
        raise LimitError(
            "Room on the disk is needed for the upload and the data set made from it.",
            f"{size_text(total)} were given and {size_text(free)} are free.",
            "Give a smaller file, or make room.",
        )
    try:
        for number, upload in enumerate(uploads):
            paths.append(folder / f"upload{number}")
            with open(paths[-1], "wb") as file:
                shutil.copyfileobj(upload, file)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise disk_full() if is_disk_full(error) else error from error
    names = [upload.name for upload in uploads]
    state.DRAFT.value = Draft(paths, names, folder, UPLOAD_LIMITS)
    state.DRAFT.value.look_for_known()


def drop() -> None:
    """Forget the draft and delete its files; the data set in use stays."""
    draft = state.DRAFT.take()
    if draft is not None:
        shutil.rmtree(draft.folder, ignore_errors=True)


def some_users(lazy: pl.LazyFrame) -> pl.DataFrame:
    """Return the check-ins, or those of a fixed part of the users where there are too many."""
    n = lazy.select(pl.len()).collect().item()
    if n <= MOST_IN_MEMORY:
        return lazy.collect()
    parts = -(-n // MOST_IN_MEMORY)
    return lazy.filter(pl.col(schema.USER).hash(0) % parts == 0).collect(engine="streaming")


def _new_folder() -> Path:
    folder = ui.workspace() / f"draft-{secrets.token_hex(6)}"
    folder.mkdir(mode=0o700)
    return folder


def keep_latest_stores(workspace: Path) -> None:
    """Delete the oldest data sets that a visitor has made, beyond so many."""
    stores = sorted(workspace.glob("store-*"), key=lambda each: each.stat().st_mtime)
    for old in stores[:-KEPT_STORES]:
        shutil.rmtree(old, ignore_errors=True)
