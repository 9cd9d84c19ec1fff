"""The report of pinned pictures: what it says, and that nothing in it is run or fetched."""

import json

import pytest

from strec.errors import ProjectError, StrecError
from strec.project import Pin, Project
from strec.reporting import pinned_report
from strec.store import Filters

BARS = json.dumps({"data": [{"type": "bar", "y": [2, 3]}], "layout": {"title": {"text": "<b>"}}})


def report(*pins: Pin, **more) -> str:
    return pinned_report(Project.of("travel", pins=pins, **more))


def test_it_says_data_selection_date_version_and_notes():
    pin = Pin("Week", "Busiest: Monday.", "time", Filters(weekdays=(5, 6)), "Look here", BARS)
    project = Project.of("travel", name="Mine", pins=(pin,), saved="2026-11-29T04:00:00+00:00")
    html = pinned_report(project)
    for said in ("Mine", "30,000 check-ins", "Europe/Prague", "Busiest: Monday.", "Look here",
                 "Shown only: weekends.", "29 November 2026", f"strec {project.made_by}",
                 "fewer than five users", "() => print()", "break-inside: avoid"):  # fmt: skip
        assert said in html, said
    assert "http" not in html.split("</script>")[-1]


def test_what_strangers_wrote_is_neither_run_nor_fetched():
    evil = "<script>alert(1)</script>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'>{evil}<image href='http://evil/x.png'/></svg>"
    figure = {
        "data": [{"type": "bar", "y": [1], "name": evil},
                 {"type": "scattermap", "lat": [1], "lon": [1]}],
        "layout": {"images": [{"source": "http://evil.example/x.png"}], "mapbox": {"style": "x"},
                   "template": {"layout": {"images": [{"source": "http://evil/y.png"}]}}},
    }  # fmt: skip
    html = report(
        Pin(evil, evil, note=evil, picture=svg),
        Pin("b", picture=json.dumps(figure)),
        name=evil,
        note=evil,
    )
    assert evil not in html and "evil.example" not in html and "http://evil" not in html
    assert 'src="data:image/svg+xml;base64,' in html and '"lat":[1]' not in html


@pytest.mark.parametrize("picture", ["", "{", "[]", "{}", '{"data": 7}', '{"data": [{"type": 1}]}'])
def test_a_picture_that_is_none_is_refused_in_words(picture):
    try:
        report(Pin("x", picture=picture))
    except StrecError as error:
        assert isinstance(error, ProjectError) and "Unpin it" in error.mend


def test_a_report_of_nothing_says_so():
    with pytest.raises(StrecError, match="Pin a picture"):
        report()
