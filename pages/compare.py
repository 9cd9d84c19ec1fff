"""How do two groups differ, by how much, and is that more than chance?"""

from pages.parts.compare import view
from pages.shared.page import Page

PAGE = Page(
    title="Compare",
    icon="compare_arrows",
    order=4,
    content=view.show,
    url="compare",
    heading="Compare",
    question="How do two groups differ: weekends and workdays, before and after, visitors and "
    "residents? By how much, and is that more than chance?",
    method="compare",
    tour="Two groups side by side. The sentence on top is the surest difference, with its "
    "interval; where nothing is more than chance, it says so. Choose another pair.",
    has_filters=True,
    needs_rows=True,
)
