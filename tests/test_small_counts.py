"""No command, file, answer of the API or explanation counts what one person alone did.

The pages are in `tests/pages/test_small_counts.py`.
"""

import json
import re
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from strec import cli, export
from strec.explanation import explain
from strec.io import write
from strec.recommend import Recommender
from strec.serve import routes
from strec.store import Filters, Store
from tests.hermit import LONELY, town

#: Commands and what they write; {data} and {out} stand for files.
COMMANDS = {
    "compare": "compare {data} --a weekends --csv {out}/a.csv --html {out}/a.html --json",
    "compare kinds": "compare {data} --a weekends",
    "evaluate": "evaluate {data} --model user_counts --by category --csv {out}/a.csv "
    "--html {out}/a.html --json",
    "evaluate in words": "evaluate {data} --model user_counts --by category",
}
SLOW = {
    "forecast": "forecast {data} --where items --csv {out}/a.csv --geojson {out}/a.json --json",
    "privacy": "privacy {data} --json",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write(town(14, 900), tmp_path_factory.mktemp("town") / "town.parquet")


@pytest.fixture(scope="module")
def store(data) -> Store:
    return Store.create(town(), data.parent / "store", name="A town", time_zone="Europe/Madrid")


@pytest.mark.parametrize(
    "command",
    [*COMMANDS, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)],
)
def test_no_command_says_what_one_person_did(data, tmp_path, capsys, command):
    asked = (COMMANDS | SLOW)[command].format(data=data, out=tmp_path)
    with pytest.raises(SystemExit) as left:
        cli.main(asked.split())
    said = capsys.readouterr().out
    assert not left.value.code, said
    for text in [said, *(path.read_text() for path in tmp_path.iterdir())]:
        assert text and LONELY not in text
        assert not re.search(r"[\"\s>,]hut[\"\s<,.]", text)
    for path in tmp_path.glob("*.csv"):
        nobody_alone(pd.read_csv(path).to_dict("records"))
    if "--json" in asked:
        nobody_alone(json.loads(said))


def nobody_alone(value: object) -> None:
    """Fail where a group that is named has one to four users."""
    if isinstance(value, dict):
        if export._TELLING & value.keys():
            users = {
                key: n for key, n in value.items() if str(key).startswith(("n_users", "users"))
            }
            assert not any(isinstance(n, int | float) and 1 <= n < 5 for n in users.values()), value
        value = list(value.values())
    for each in value if isinstance(value, list) else []:
        nobody_alone(each)


@pytest.mark.slow
def test_the_api_tells_others_nothing_of_what_one_person_did(store, tmp_path, monkeypatch):
    monkeypatch.setenv("STREC_STORE", str(store.folder))
    monkeypatch.setenv(routes.EVENTS, str(tmp_path / "events"))
    monkeypatch.setenv(routes.TOKEN, "secret")
    routes.forget()
    client = TestClient(
        Starlette(routes=routes.routes()), headers={"Authorization": "Bearer secret"}
    )
    other = town()["user_id"][0]
    for user in (other, None):
        asked = {"user_id": user, "time": "2024-09-02T18:00", "k": 100}
        found = client.post("/api/recommend", json=asked).json()
        nobody_alone(found)
        (hut,) = [row for row in found["suggestions"] if row["item_id"] == "hut"]
        # The catalogue is everybody's; who was there how often is not.
        assert not hut["n_visits"] and hut["last_visit"] is None and not hut["is_return"]
        assert not {key for key in hut if key.startswith("n_")} - {"n_visits"}
    assert LONELY not in json.dumps(found["notes"])
    routes.forget()


def test_an_explanation_counts_no_single_other(store):
    recommender = Recommender(store.checkins())
    n_items = len(recommender.model.vocabulary_.items)
    for user in (town()["user_id"][0], None):
        answer = recommender.answer(user, "2024-09-02 18:00", k=n_items)
        place = answer.frame["item_id"].to_list().index("hut") + 1
        assert not re.search(r"others ch[o]+se", " ".join(explain(answer, place).sentences))


def test_whatever_leaves_passes_one_door():
    """A room that forgot to hide small counts does not give them away in a file."""
    frame = pl.DataFrame(
        {
            "category": ["Bar", LONELY],
            "n_checkins": [90, 70],
            "n_users": [12, 1],
            "share": [0.6, 0.4],
        }
    )
    for given in (frame, frame.to_pandas()):
        assert export.to_csv(given).splitlines()[2] == f"{LONELY},,,0.4"
        assert export.to_csv(given, 1).splitlines()[2] == f"{LONELY},70,1,0.4"
    told = json.loads(export.json_text({"rows": frame.to_dicts()}))["rows"]
    assert told[0]["n_users"] == 12 and told[1] == {
        "category": LONELY, "n_checkins": None, "n_users": None, "share": 0.4
    }  # fmt: skip
    # A time of the whole data, or the whole, points at nobody.
    hours = pl.DataFrame({"hour": [3], "n_checkins": [4], "n_users": [2]})
    assert export.to_csv(hours).splitlines()[1] == "3,4,2"


def test_every_file_is_written_by_the_module_that_hides():
    """CSV and JSON of pages, commands and reports come from `strec.export` alone."""
    root = Path(cli.__file__).parents[2]
    allowed = {
        "strec/export.py",
        "strec/io/writing.py",  # check-ins themselves, which belong to who gave them
        "pages/shared/gate.py",  # a fingerprint
    }
    for path in [*(root / "strec").rglob("*.py"), *(root / "pages").rglob("*.py")]:
        name = path.relative_to(root).as_posix()
        if name not in allowed:
            text = path.read_text().replace("export.to_csv(", "")
            assert not re.search(r"\.(write_csv|write_json|write_excel|to_csv)\(", text), name


def test_filters_offer_no_kind_of_one_person(store):
    assert LONELY not in store.by_category()["category"].to_list()
    assert store.hour_weekday(Filters(categories=(LONELY,)))["n_users"].fillna(0).eq(0).all()
