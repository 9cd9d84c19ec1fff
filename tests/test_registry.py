"""What another package adds is there as if it were strec's own; what cannot be used is named."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULE = '''
import numpy as np
from strec.metrics import Metric
from strec.models import Model

RANK = Metric(name="mean rank", title="Mean rank", sentence="The mean rank of what came.",
              of_all=lambda scored: scored.queries["rank"].mean())

class Flat(Model):
    """The same score for everything."""

    kind = "flat"
    label = "Flat"
    sentence = "Everything alike."
    reads_order = False

    def _fit(self, train, watch):
        self.n_ = np.array(len(train.vocabulary.items))

    def _score(self, queries):
        return np.zeros((len(queries), int(self.n_)))
'''


def run(folder: Path, code: str, metric: str = "RANK") -> subprocess.CompletedProcess:
    """Run code where a package with two entry points is installed beside strec."""
    info = folder / "another-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[strec.metrics]\nrank = another:{metric}\n[strec.models]\nflat = another:Flat\n"
    )
    (folder / "another.py").write_text(MODULE)
    command = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": f"{folder}:{ROOT}", "PATH": ""}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.slow
def test_a_metric_and_a_model_of_another_package_are_in_the_leaderboard(tmp_path):
    done = run(
        tmp_path,
        "import strec\n"
        "found = strec.evaluate(['flat', 'popularity'], 'flights', strec.Regime(at_most=20))\n"
        "print(found.leaderboard.sort('mean rank')['model'].to_list())\n",
    )
    assert done.stdout.strip() == "['Popularity', 'Flat']", done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "said"), [("GONE", "'another:GONE'"), ("Flat", "of that kind")])
def test_what_another_package_names_wrongly_is_said(metric, said, tmp_path):
    done = run(tmp_path, "import strec; list(strec.METRICS)", metric)
    assert "RegistryError" in done.stderr and said in done.stderr


@pytest.mark.slow
def test_a_name_belongs_to_one_object(tmp_path):
    code = "import another, strec; another.RANK.__dict__['name'] = 'mrr'; list(strec.METRICS)"
    done = run(tmp_path, code)
    assert "RegistryError" in done.stderr and "'mrr' a second time" in done.stderr
