"""A saved project: what comes back, what is refused, and that nothing in it is run or unpacked."""

import io
import json
import zipfile
from datetime import date
from functools import cache

import pytest

import strec
from strec import project as room
from strec import schema
from strec.errors import ProjectError, StrecError
from strec.project import HEAD, Pin, Project, Run
from strec.store import Filters

FULL = Filters(
    date_from=date(2024, 5, 1), hours=(7, 8), weekdays=(0,), categories=("Bär & Co",),
    cells=(0x8A2A1072B59FFFF,), side="arrivals",
)  # fmt: skip
MAP = Pin("Map", picture="<svg/>")
FIGURE = '{"data": [{"type": "bar", "x": [1], "y": [2]}], "layout": {}}'


def a_project(**more) -> Project:
    pins = (Pin("Week", "Busiest: 8", "time?part=x", FULL, "look", FIGURE), MAP)
    return Project.of(
        "travel", name="Mine", note="Why?", selection=FULL, kept={"A": FULL}, pins=pins,
        runs=(Run("r1", "stllm", "ST-LLM"),), address="time", **more,
    )  # fmt: skip


def a_file(head: object = None, **members: bytes) -> bytes:
    """A zip like a project, with other members or another head."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if head is not None:
            archive.writestr(HEAD, head if isinstance(head, str | bytes) else json.dumps(head))
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@cache
def a_head() -> bytes:
    with zipfile.ZipFile(io.BytesIO(a_project().to_bytes())) as archive:
        return archive.read(HEAD)


def head(**other) -> dict:
    return json.loads(a_head()) | other


@pytest.mark.slow
def test_everything_comes_back():
    project = a_project()
    again = Project.open(project.to_bytes())
    for name in ("name", "note", "selection", "kept", "pins", "runs", "source", "address"):
        assert getattr(again, name) == getattr(project, name), name
    assert again.made_by == strec.__version__ and again.saved.startswith("20")
    assert again.checkins is None and again.fits(again.dataset().store)
    assert [pin.is_map for pin in again.pins] == [False, True]


def test_the_data_come_along_only_if_wished(tmp_path):
    dataset = strec.Dataset(schema.example(), name="Own", time_zone="UTC")
    without = Project.of(dataset, selection=Filters(users=("ann",), hours=(8,)))
    content = without.to_bytes()
    assert b"ann" not in content and without.selection == Filters(hours=(8,))
    with pytest.raises(ProjectError, match="Bring the same file again"):
        Project.open(content).dataset()
    kept = Project.of(dataset, with_data=True, selection=Filters(users=("ann",)))
    again = Project.open(kept.save(tmp_path / "own"))
    assert again.selection.users == ("ann",)
    assert again.fits(again.dataset().store) and again.dataset().time_zone == "UTC"
    # Put aside unread, the table goes to the folder under our own name.
    aside = Project.open(kept.to_bytes(), tmp_path)
    assert aside.checkins == tmp_path / "checkins.parquet"
    assert aside.fits(aside.dataset().store)


HOSTILE = {
    "no zip": b"PK\x03\x04 no zip",
    "no head": a_file(),
    "a way out": a_file({"strec_project": 1}, **{"../../evil": b"x"}),
    "an absolute path": a_file({"strec_project": 1}, **{"/etc/passwd": b"x"}),
    "a picture's way out": a_file({"strec_project": 1}, **{"pictures/../1.svg": b"x"}),
    "a pickle": a_file({"strec_project": 1}, **{"model.pkl": b"x"}),
    "no JSON": a_file("{"),
    "a list": a_file([1]),
    "nothing": a_file("null"),
    "no version": a_file({"name": "x"}),
    "deep JSON": a_file("[" * 200_000),
    "a number too long": a_file('{"strec_project": ' + "1" * 6000 + "}"),
    "a later version": a_file(head(strec_project=99)),
    "no source": a_file(head(source=None)),
    "another kind of name": a_file(head(source={"name": 7, "fingerprint": "a"})),
    "an unknown selection": a_file(head(selection={"evil": [1]})),
    "hours beyond the day": a_file(head(selection={"hours": [99]})),
    "no cells": a_file(head(selection={"cells": [2**70]})),
    "no date": a_file(head(selection={"date_from": "soon"})),
    "no recipe": a_file(head(recipe={"steps": [{"step": "rm -rf"}]})),
    "too many pins": a_file(head(pins=[{"title": "x"}] * 200)),
    "no pins": a_file(head(pins=7)),
    "kept is no table": a_file(head(kept=[1])),
    "no Parquet": a_file(head(), **{"checkins.parquet": b"PAR1 no"}),
    "another Parquet": a_file(head(), **{"checkins.parquet": b""}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_project_is_refused_in_words(name):
    with pytest.raises(StrecError) as refused:
        Project.open(HOSTILE[name])
    assert refused.value.needed and refused.value.found and refused.value.mend
    if name == "a later version":
        assert "Install a newer strec" in str(refused.value)


def test_a_bomb_is_not_unpacked(monkeypatch):
    """What a zip says of its sizes is checked, and what comes out is counted besides."""
    monkeypatch.setattr(room, "MOST_PICTURE", 1000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(HEAD, json.dumps(head()))
        archive.writestr("pictures/0.json", b" " * 1_000_000)
    with pytest.raises(ProjectError, match="at most 1000 bytes"):
        Project.open(bomb.getvalue())
    # The directory says 10 bytes; a million would come out.
    lying = bytearray(bomb.getvalue())
    for start in (lying.find(b"PK\x03\x04", 10), lying.rfind(b"PK\x01\x02")):
        at = start + (22 if lying[start + 2] == 3 else 24)
        lying[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(ProjectError):
        Project.open(bytes(lying))


@pytest.mark.slow
def test_more_than_can_be_opened_is_not_saved(monkeypatch):
    with pytest.raises(ProjectError, match="at most 60 pictures"):
        Project.of("travel", pins=(Pin("x", picture=FIGURE),) * 61).to_bytes()
    monkeypatch.setattr(room, "MOST_DATA", 100)
    with pytest.raises(ProjectError, match="leave the data out"):
        Project.of("travel", with_data=True).to_bytes()
