"""Work kept as one file: data or what identifies them, recipe, selections, pictures with notes.

The file is a zip of JSON, of pictures and, if wished, of the check-ins as Parquet. Nothing in it is
run, no member is written under its own name, and each has a bound.
"""

import dataclasses
import io
import json
import re
import zipfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl

import strec
from strec import schema
from strec.cleaning import Recipe
from strec.dataset import Dataset
from strec.errors import ProjectError, StrecError, as_path, check_is
from strec.io.limits import size_text
from strec.io.samples import samples
from strec.store import Filters, Store

if TYPE_CHECKING:
    from strec.dataset import DatasetLike

__all__ = [
    "ENDING", "MOST_DATA", "MOST_PINS", "VERSION", "Pin", "Project", "Run", "Source", "View",
]  # fmt: skip

#: Counts up when a project of today could no longer be read.
VERSION = 1
ENDING = ".strec"
HEAD, CHECKINS, CATALOGUE = "project.json", "checkins.parquet", "catalogue.parquet"
#: Bounds in bytes, unpacked, and in pieces.
MOST_HEAD, MOST_PICTURE, MOST_DATA = 4 * 2**20, 6 * 2**20, 2 * 2**30
MOST_CATALOGUE = 200 * 2**20
_TABLES = (HEAD, CHECKINS, CATALOGUE)
MOST_PINS, MOST_TEXT = 60, 4_000
_PICTURE = re.compile(r"pictures/\d{1,3}\.(json|svg)")
_MEND = "Give a file that strec has saved as a project."


@dataclass(frozen=True)
class Source:
    """Which data a project is about.

    Parameters
    ----------
    name : str
        How the data set is called.
    fingerprint : str
        The hash of its content (`strec.Store.fingerprint`).
    sample : str
        The sample that it is, or nothing.
    source, time_zone : str
        Where it comes from, and its local time; may be empty.
    n_checkins : int
        How many check-ins it has.
    n_untaken : int
        How many items it is told of that nobody need have taken.
    """

    name: str
    fingerprint: str
    sample: str = ""
    source: str = ""
    time_zone: str = ""
    n_checkins: int = 0
    n_untaken: int = 0


@dataclass(frozen=True)
class Pin:
    """A picture kept, with what it says and what was noted.

    Parameters
    ----------
    title : str
        What stands above it.
    words : str
        Its caption.
    address : str
        The page that shows it, with what the page was asked: ``space?part=map``.
    selection : Filters
        What it counts.
    note : str
        What a person says of it.
    picture : str
        A figure of plotly as JSON, or a map as SVG.

    Examples
    --------
    >>> Pin("Map", picture="<svg/>").is_map
    True
    """

    title: str
    words: str = ""
    address: str = ""
    selection: Filters = Filters()
    note: str = ""
    picture: str = ""

    @property
    def is_map(self) -> bool:
        """Whether the picture is SVG."""
        return self.picture.lstrip().startswith("<")


@dataclass(frozen=True)
class View:
    """How a page was set.

    Parameters
    ----------
    asked : dict of str to tuple of str
        What its address asks.
    widgets : dict
        Its choices by their key: texts, numbers, yes or no, days, and lists of them.

    Examples
    --------
    >>> View({"part": ("flows",)}, {"flows_most": 50}).asked["part"]
    ('flows',)
    """

    asked: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    widgets: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A training that the project refers to; the model itself stays where it was trained.

    Parameters
    ----------
    name, kind, label : str
        The name of its folder, the kind of model, and what the model is called.
    """

    name: str
    kind: str
    label: str


@dataclass(frozen=True, repr=False)
class Project:
    """Work on a data set, to be kept as one file and opened again.

    Parameters
    ----------
    name : str
        What the project is called.
    source : Source
        The data.
    recipe : dict, optional
        How columns were read and rows cleaned (`strec.Recipe.to_dict`).
    selection, sidebar : Filters
        What was chosen in pictures, and what the sidebar says.
    kept : dict
        Selections kept under a name.
    pins : tuple of Pin
        Pictures with notes.
    runs : tuple of Run
        Trainings.
    address : str
        The page that was looked at when it was saved.
    views : dict of str to View
        How each page was set, by its name in the address.
    note : str
        What a person says of it all.
    saved, made_by : str
        When it was saved, and by which version of strec.
    checkins : polars.DataFrame or Path, optional
        The data, if wished; a path is that of a Parquet file.
    catalogue : polars.DataFrame, optional
        With the data: items that nobody took yet.

    Examples
    --------
    >>> project = Project.of("travel", name="Mondays", selection=Filters(weekdays=(0,)))
    >>> again = Project.open(project.to_bytes())
    >>> again.selection, again.source.sample, again.dataset().name
    (Filters(weekdays=(0,)), 'travel', 'travel')
    """

    name: str
    source: Source
    recipe: dict[str, Any] | None = None
    selection: Filters = Filters()
    sidebar: Filters = Filters()
    kept: dict[str, Filters] | None = None
    pins: tuple[Pin, ...] = ()
    runs: tuple[Run, ...] = ()
    address: str = ""
    views: dict[str, View] = dataclasses.field(default_factory=dict)
    note: str = ""
    saved: str = ""
    made_by: str = strec.__version__
    checkins: pl.DataFrame | Path | None = None
    catalogue: pl.DataFrame | None = None

    @classmethod
    def of(
        cls, data: "DatasetLike", *, with_data: bool = False, sample: str | None = None, **more: Any
    ) -> "Project":
        """Begin a project on a data set.

        Parameters
        ----------
        data : Dataset
            Or what `strec.Dataset.of` makes one of.
        with_data : bool
            Whether the check-ins, ids of people included, go into the file.
        sample : str, optional
            The sample that it is; found by the data set's name when not given.
        **more
            Other fields of a project: ``name``, ``note``, ``selection``, ``pins``…

        Raises
        ------
        ProjectError
            If a field is unknown.

        Examples
        --------
        >>> Project.of("travel").name
        'travel'
        """
        dataset = Dataset.of(data)
        store = dataset.store
        if sample is None:
            sample = dataset.name if dataset.name in {each.name for each in samples()} else ""
        source = Source(
            dataset.name, store.fingerprint, sample, store.meta.get("source") or "",
            store.time_zone or "", store.meta["n_checkins"],
            0 if store.catalogue is None else len(store.catalogue),
        )  # fmt: skip
        given: dict[str, Any] = {"name": dataset.name, "recipe": store.meta.get("recipe")}
        if with_data:
            given |= {"checkins": dataset.checkins, "catalogue": store.catalogue}
        given |= more
        try:
            project = cls(source=source, **given)
        except TypeError as error:
            raise ProjectError(
                "A project has the fields of strec.Project.", f"{error}.", "Check their names."
            ) from error
        return project if with_data else project.without_people()

    def without_people(self) -> "Project":
        """Return the project without the ids of people in its selections.

        Examples
        --------
        >>> Project.of("travel", selection=Filters(users=("ann",), hours=(8,))).selection
        Filters(hours=(8,))
        """
        kept = {name: _nobody(each) for name, each in (self.kept or {}).items()}
        pins = tuple(replace(pin, selection=_nobody(pin.selection)) for pin in self.pins)
        return replace(self, selection=_nobody(self.selection), sidebar=_nobody(self.sidebar),
                       kept=kept, pins=pins)  # fmt: skip

    def __repr__(self) -> str:
        data = "with its data" if self.checkins is not None else "without data"
        return f"Project({self.name!r} on {self.source.name!r}, {len(self.pins)} pictures, {data})"

    # ------------------------------------------------------------ writing

    def save(self, path: str | Path) -> Path:
        """Write the project and return its path.

        Parameters
        ----------
        path : path
            The file; a name without an ending gets ``.strec``.

        Raises
        ------
        ProjectError
            If it cannot be written, or holds more than can be opened again.

        Examples
        --------
        >>> import tempfile
        >>> Project.of("travel").save(Path(tempfile.mkdtemp()) / "mine").name
        'mine.strec'
        """
        path = as_path(path)
        try:
            path = path if path.suffix else path.with_suffix(ENDING)
            path.write_bytes(self.to_bytes())
        except (OSError, ValueError) as error:
            raise ProjectError(
                "A file that can be written.", f"{error}.", "Check the path."
            ) from error
        return path

    def to_bytes(self) -> bytes:
        """Return the file's content.

        Raises
        ------
        ProjectError
            If it holds more than can be opened again.

        Examples
        --------
        >>> Project.of("travel").to_bytes()[:2]
        b'PK'
        """
        head: dict[str, Any] = {
            "strec_project": VERSION,
            "made_by": self.made_by,
            "saved": self.saved or datetime.now(UTC).isoformat(timespec="seconds"),
            "name": self.name[:MOST_TEXT],
            "note": self.note[:MOST_TEXT],
            "address": self.address,
            "views": {
                page: {
                    "asked": view.asked,
                    "widgets": _plain(view.widgets),
                }
                for page, view in self.views.items()
            },
            "source": asdict(self.source),
            "recipe": self.recipe,
            "selection": self.selection.to_dict(),
            "sidebar": self.sidebar.to_dict(),
            "kept": {name: each.to_dict() for name, each in (self.kept or {}).items()},
            "runs": [asdict(run) for run in self.runs],
            "pins": [],
        }
        members: dict[str, bytes] = {}
        for number, pin in enumerate(self.pins):
            member = f"pictures/{number}.{'svg' if pin.is_map else 'json'}"
            members[member] = pin.picture.encode()
            head["pins"].append(
                asdict(pin) | {"selection": pin.selection.to_dict(), "picture": member}
            )
        members[HEAD] = json.dumps(head, indent=1, ensure_ascii=False).encode()
        if isinstance(self.checkins, Path):
            members[CHECKINS] = self.checkins.read_bytes()
        elif self.checkins is not None:
            table = io.BytesIO()
            self.checkins.write_parquet(table)
            members[CHECKINS] = table.getvalue()
        if self.checkins is not None and self.catalogue is not None:
            table = io.BytesIO()
            self.catalogue.write_parquet(table)
            members[CATALOGUE] = table.getvalue()
        _check_bounds({name: len(content) for name, content in members.items()})
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                # Parquet is compressed already.
                kind = zipfile.ZIP_STORED if name == CHECKINS else zipfile.ZIP_DEFLATED
                archive.writestr(name, content, kind)
        return file.getvalue()

    # ------------------------------------------------------------ reading

    @classmethod
    def open(cls, file: "str | Path | bytes | IO[bytes]", folder: Path | None = None) -> "Project":
        """Read a project; nothing in it is run.

        Parameters
        ----------
        file : path, bytes or file
            What `save` wrote, or what somebody says that it is.
        folder : path, optional
            Where the check-ins are put, as ``checkins.parquet``, unread; without it they are read.

        Raises
        ------
        ProjectError
            If it is no project, of a later version, damaged, or larger than a project can be.

        Examples
        --------
        >>> Project.open(b"PK, but no zip")
        Traceback (most recent call last):
        ...
        strec.errors.ProjectError: A project is a file that strec has saved. Found: no zip file. ...
        """
        source = io.BytesIO(file) if isinstance(file, bytes) else file
        if isinstance(source, str | Path):
            source = as_path(source)
        elif not hasattr(source, "read"):
            raise _none(f"a {type(file).__name__}")
        try:
            with zipfile.ZipFile(source) as archive:
                return cls._read(archive, folder)
        except (StrecError, KeyboardInterrupt):
            raise
        except FileNotFoundError as error:
            raise _none(f"no file {str(file)[:200]!r}") from error
        except zipfile.BadZipFile as error:
            raise _none("no zip file") from error
        # What is wrong inside may be told by any part of what reads zip, JSON and Parquet.
        except Exception as error:
            raise _none(f"a damaged one ({type(error).__name__})") from error

    @classmethod
    def _read(cls, archive: zipfile.ZipFile, folder: Path | None) -> "Project":
        infos = archive.infolist()
        names = [info.filename for info in infos]
        if HEAD not in names:
            raise _none("a zip file without project.json")
        strange = [name for name in names
                   if name not in _TABLES and not _PICTURE.fullmatch(name)]  # fmt: skip
        if strange or len(set(names)) < len(names):
            raise _none(f"a zip file with {(strange or ['the same member twice'])[0]!r:.80}")
        if any(info.flag_bits & 1 for info in infos):
            raise _none("an encrypted file")
        _check_bounds({info.filename: info.file_size for info in infos})
        head = json.loads(_content(archive, HEAD, MOST_HEAD))
        if not isinstance(head, dict) or not isinstance(head.get("strec_project"), int):
            raise _none("a project.json that is none of strec's")
        if head["strec_project"] > VERSION:
            raise ProjectError(
                f"This strec {strec.__version__} opens projects of version {VERSION}.",
                f"version {head['strec_project']}, saved by strec {_text(head.get('made_by'))}.",
                "Install a newer strec, or save it again with an older one.",
            )
        pins = []
        for each in _listed(head.get("pins"), MOST_PINS):
            chosen = Filters.from_dict(each.get("selection") or {})
            pin = _made(Pin, each, selection=chosen, picture="")
            member = each.get("picture")
            if member in names and _PICTURE.fullmatch(str(member)):
                text = _content(archive, str(member), MOST_PICTURE).decode()
                pin = replace(pin, picture=text)
            pins.append(pin)
        recipe = head.get("recipe")
        if recipe is not None:
            Recipe.from_dict(recipe)
        kept = head.get("kept") or {}
        return cls(
            name=_text(head.get("name")) or "Project",
            source=_made(Source, head.get("source")),
            recipe=recipe,
            selection=Filters.from_dict(head.get("selection") or {}),
            sidebar=Filters.from_dict(head.get("sidebar") or {}),
            kept={_text(name): Filters.from_dict(each) for name, each in list(kept.items())[:20]},
            pins=tuple(pins),
            runs=tuple(_made(Run, each) for each in _listed(head.get("runs"), 200)),
            address=_text(head.get("address")),
            views={_text(page): _view(each) for page, each in _some(head.get("views"), 40).items()},
            note=_text(head.get("note")),
            saved=_text(head.get("saved")),
            made_by=_text(head.get("made_by")),
            checkins=_checkins(archive, folder) if CHECKINS in names else None,
            catalogue=_catalogue(archive) if CATALOGUE in names else None,
        )

    def fits(self, store: Store) -> bool:
        """Whether a data set is the one that the project is about.

        Parameters
        ----------
        store : Store
            The data set.

        Examples
        --------
        >>> project = Project.of("travel")
        >>> project.fits(Dataset.sample("travel").store)
        True
        """
        check_is(store, Store, "A project fits a store or not.", ProjectError)
        return store.fingerprint == self.source.fingerprint

    def dataset(self) -> Dataset:
        """Return the data set: the one in the file, or the sample.

        Raises
        ------
        ProjectError
            If the data are not in the file and no sample.

        Examples
        --------
        >>> len(Project.of("travel", with_data=True).dataset()) > 1000
        True
        """
        if self.checkins is not None:
            table = self.checkins
            table = pl.read_parquet(table) if isinstance(table, Path) else table
            columns = [*schema.REQUIRED, *(c for c in schema.OPTIONAL if c in table.columns)]
            return Dataset(
                table.select(columns), name=self.source.name,
                time_zone=self.source.time_zone or None, catalogue=self.catalogue,
            )  # fmt: skip
        if self.source.sample in {each.name for each in samples()}:
            return Dataset.sample(self.source.sample)
        raise self.lacks_data()

    def lacks_data(self) -> ProjectError:
        """Return the error that says which data to bring.

        Examples
        --------
        >>> project = Project("Mine", Source("Visits", "a1", source="visits.csv", n_checkins=9))
        >>> project.lacks_data().found
        'no data in the file; it was “Visits” with 9 check-ins, from visits.csv.'
        """
        said = self.source
        where = f", from {said.source}" if said.source else ""
        if said.n_untaken:
            where += f", told of {said.n_untaken:,} items that nobody took yet"
        return ProjectError(
            "The data of the project are needed: they were left out when it was saved.",
            f"no data in the file; it was “{said.name}” with {said.n_checkins:,} check-ins{where}.",
            "Bring the same file again: it is read and cleaned as the project says."
            + " Then the list of items again." * (said.n_untaken > 0),
        )


# ---------------------------------------------------------------- what may be in a file


def _none(found: str) -> ProjectError:
    return ProjectError("A project is a file that strec has saved.", f"{found}.", _MEND)


def _check_bounds(sizes: dict[str, int]) -> None:
    n_pictures = sum(name.startswith("pictures/") for name in sizes)
    if n_pictures > MOST_PINS:
        raise ProjectError(
            f"A project has at most {MOST_PINS} pictures.", f"{n_pictures:,}.", "Keep fewer."
        )
    for name, n_bytes in sizes.items():
        of_tables = {HEAD: MOST_HEAD, CHECKINS: MOST_DATA, CATALOGUE: MOST_CATALOGUE}
        most = of_tables.get(name, MOST_PICTURE)
        if n_bytes > most:
            raise _too_large(name, most, size_text(n_bytes))


def _too_large(name: str, most: int, found: str) -> ProjectError:
    return ProjectError(
        f"In a project {name} has at most {size_text(most)}.", f"{found}.",
        "Keep fewer pictures, or leave the data out.",
    )  # fmt: skip


def _content(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return a member; what a zip says of its sizes may be wrong, so the bytes are counted."""
    with archive.open(name) as member:
        content = member.read(most + 1)
    if len(content) > most:
        raise _too_large(name, most, "more")
    return content


def _checkins(archive: zipfile.ZipFile, folder: Path | None) -> pl.DataFrame | Path:
    if folder is None:
        return schema.validate(pl.read_parquet(_content(archive, CHECKINS, MOST_DATA)))
    path, left = Path(folder) / CHECKINS, MOST_DATA
    with archive.open(CHECKINS) as member, path.open("wb") as file:
        while part := member.read(2**20):
            left -= len(part)
            if left < 0:
                raise _too_large(CHECKINS, MOST_DATA, "more")
            file.write(part)
    return path


def _catalogue(archive: zipfile.ZipFile) -> pl.DataFrame:
    return schema.catalogue(pl.read_parquet(_content(archive, CATALOGUE, MOST_CATALOGUE)))


def _view(said: Any) -> View:
    """Return how a page was set, from JSON."""
    said = _some(said, 2)
    asked = {
        _text(name): tuple(_text(each) for each in values[:60])
        for name, values in _some(said.get("asked"), 100).items()
        if isinstance(values, list)
    }
    widgets = _some(said.get("widgets"), 400)
    return View(asked, {_text(name): _unplain(value) for name, value in widgets.items()})


def _some(said: Any, most: int) -> dict[str, Any]:
    if said is None:
        return {}
    if not isinstance(said, dict) or len(said) > most:
        raise _none("views that are none")
    return said


def _plain(value: Any) -> Any:
    """Return a choice as JSON has it: a day is a record of its own."""
    if isinstance(value, date):
        return {"day": f"{value:%Y-%m-%d}"}
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _unplain(said: Any) -> Any:
    if isinstance(said, dict):
        return date.fromisoformat(str(said.get("day")))
    if isinstance(said, list):
        return tuple(_unplain(each) for each in said[:60])
    return said[:MOST_TEXT] if isinstance(said, str) else said


def _nobody(filters: Filters) -> Filters:
    return replace(filters, users=None)


def _made(kind: Any, said: Any, **known: Any) -> Any:
    """Return a record of texts and whole numbers from JSON."""
    if not isinstance(said, dict):
        raise _none(f"a {kind.__name__.lower()} that is none")
    values = {}
    for name, field in kind.__dataclass_fields__.items():
        if name in known or name not in said:
            continue
        if not isinstance(said[name], field.type):
            raise _none(f"a {kind.__name__.lower()} whose {name} is of another kind")
        values[name] = _text(said[name]) if field.type is str else said[name]
    return kind(**values, **known)


def _listed(said: Any, most: int) -> list[dict]:
    found = [] if said is None else said
    if not isinstance(found, list) or len(found) > most:
        raise _none(f"a list of over {most} entries" if isinstance(found, list) else "no list")
    return found


def _text(said: Any) -> str:
    return said[:MOST_TEXT] if isinstance(said, str) else ""
