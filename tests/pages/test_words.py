"""Plain words first: every technical term that pages show has its entry in the one glossary."""

import ast
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import glossary, ui
from strec.metrics import METRICS

ROOT = Path(__file__).parents[2]
#: What a person who is no statistician stops at, and the entry that explains it.
TERMS = {
    r"\bnats?\b": "nats", r"\bAcc@": "Acc@1", r"\bMRR\b": "MRR", r"\bNDCG": "NDCG",
    r"Moran": "Moran’s I", r"\bKnox\b": "Knox", r"\bShapley\b": "Shapley", r"k-core": "k-core",
    r"[Hh]eld.out": "held-out", r"\([Ss]eed\)|, seed ": "seed", r"corrected for": "corrected",
    r"[Ss]huffled": "shuffled", r"\(p \{": "p", r"autocorrelation": "autocorrelation",
    r"95 % interval": "95 % interval", r"80 % band": "80 % band", r"\bMAE\b": "MAE",
    r"\bMASE\b": "MASE", r"\bBrier\b": "Brier", r"[Cc]alibration": "calibration",
    r"\bF1\b": "F1", r"[Ff]alse discover": "false discoveries", r"[Ll]og score": "log score",
    r"[Hh]otspot": "hotspot", r"[Cc]ounter mix": "counter mix", r"ST-LLM": "ST-LLM",
}  # fmt: skip


def shown() -> str:
    """Return all texts of pages and figures: strings without docstrings."""
    texts = []
    for path in [*(ROOT / "pages").rglob("*.py"), *(ROOT / "strec" / "plots").rglob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            and id(node) not in said
        ]  # fmt: skip
    texts += [f"{each.title} {each.sentence}" for each in METRICS.values()]
    return "\n".join(texts)


@pytest.mark.slow
def test_every_term_that_pages_show_has_its_entry():
    texts = shown()
    used = {entry for pattern, entry in TERMS.items() if re.search(pattern, texts)}
    assert used <= set(glossary.TERMS)
    # The list is of what is really shown, not of words that have gone.
    assert len(used) >= 20


def test_an_entry_says_it_in_plain_words_first():
    for name, term in glossary.TERMS.items():
        assert term.plain and term.plain[0].islower() and term.meaning.endswith((".", ")")), name
        assert not re.search(r"\b(coefficient|statistic|estimator)\b", term.meaning), name
    assert glossary.help_of("MRR").startswith("**mean of 1 / rank** (MRR): ")


def test_measures_are_called_plainly_with_the_term_behind():
    for name in ("acc@1", "acc@5", "acc@10", "acc@20", "mrr", "ndcg@10"):
        assert re.fullmatch(r"[A-Z][a-z].* \((Acc|MRR|NDCG).*\)", METRICS[name].title)


@pytest.mark.slow
def test_the_glossary_is_one_click_away():
    app = AppTest.from_file(str(ROOT / "pages" / "shared" / "script.py"), default_timeout=60)
    app.run()
    app.button(key="glossary").click().run()
    assert not app.exception
    entries = [each.value for each in app.markdown if " · *" in each.value]
    assert len(entries) == len(glossary.TERMS)


def test_a_number_and_its_per_cent_stay_in_one_line():
    assert ui.plain("31 % of 40 people, 95 % between 1 and 2") == (
        "31\u00a0% of 40 people, 95\u00a0% between 1 and 2"
    )
    assert ui.said_of("**Half** of \\#1: :material/keep: a \\% b") == "Half of #1:  a % b"
