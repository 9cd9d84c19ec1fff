"""Every page and picture that leaves, made of hostile names, opened in a browser: nothing runs."""

import pytest

from strec import maps
from tests.test_export import HOSTILE, a_map, pages

pytestmark = pytest.mark.slow
RUNS = "window.hacked = (window.hacked || 0) + 1"
TYPED = " ".join(
    [
        *HOSTILE,
        f"</script><script>{RUNS}</script>",
        f'"><img src=x onerror="{RUNS}">',
        f"<svg onload='{RUNS}'>",
        f"<a href='javascript:{RUNS}'>here</a>",
        f"</title></style></textarea><iframe srcdoc='<script>parent.{RUNS}</script>'></iframe>",
        f"<!--<script>{RUNS}//",
        "\u2028\u2029]]>",
    ]
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    for make in pages():
        page = make(TYPED, str)
        (folder / f"{make.__name__}.html").write_text(page, encoding="utf-8")
    picture = maps.to_svg(a_map(TYPED), title=TYPED, note=TYPED)
    (folder / "picture.svg").write_text(picture, encoding="utf-8")
    (folder / "picture_within.html").write_text(f"<!doctype html>{picture}", encoding="utf-8")
    return sorted(folder.iterdir())


def test_nothing_that_was_typed_runs_and_nothing_is_fetched(browsers, files):
    page = browsers(maps=True).new_context(viewport={"width": 900, "height": 700}).new_page()
    said, asked = [], []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    for path in files:
        page.goto(path.as_uri())
        page.wait_for_timeout(300)
        # Over what is drawn: what a map says of a place is markup to some libraries.
        page.mouse.move(450, 350)
        page.wait_for_timeout(300)
        assert not said and page.evaluate("window.hacked") is None, path.name
        links = "[...document.querySelectorAll('a')].map(each => each.getAttribute('href') || '')"
        if path.suffix == ".html":
            assert not [each for each in page.evaluate(links) if "javascript:" in each], path.name
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))]
    assert not outside and len(files) == 9
    page.context.close()
