"""What the tests of the Recommend page share."""

from streamlit.testing.v1 import AppTest

from strec.store import Store
from tests.pages.alone import alone


def open_page(store: Store, **url: str) -> AppTest:
    app = alone("recommend")
    app.session_state["store"] = store
    for key, value in url.items():
        app.query_params[key] = value
    return app.run()


def text_of(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.error, *app.subheader, *app.warning]
    return "\n".join(str(part.value).replace("\u00a0", " ") for part in parts)


def cards(app: AppTest) -> list[str]:
    """Return rank and name of each suggestion, without how far it moved."""
    labels = [each.label for each in app.button if str(each.key).startswith("rec_card_")]
    return [label.rpartition("**")[0] for label in labels]


def healthy(app: AppTest) -> bool:
    return not app.exception and not app.error


class Likeness:
    """Stands in for the encoder: fits where the wish's first word is in the name."""

    def __call__(self, words, vocabulary, train=None, **_):
        import numpy as np

        from strec.llm.wish import Wish

        first = words.split()[0].lower()
        hits = np.array([first in str(name).lower() for name in vocabulary.item_name], dtype=float)
        return Wish(words, hits, ["A note about the wish."])
