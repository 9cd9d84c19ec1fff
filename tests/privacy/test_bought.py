"""What a protection buys is said beside its price: also that it buys nothing."""

from types import SimpleNamespace
from typing import cast

from strec.privacy.sentences import bought_words
from strec.privacy.utility_loss import UtilityLoss


def price(before: float, after: float) -> UtilityLoss:
    reports = [SimpleNamespace(found=[0.1, 0.2, 0.3, each], found_by_items=[each] * 4)
               for each in (before, after)]  # fmt: skip
    return cast(UtilityLoss, SimpleNamespace(before=reports[0], after=reports[1]))


def test_a_protection_that_costs_nothing_and_hides_nobody_is_called_so():
    assert "hides next to nobody, whatever it costs" in bought_words(price(1.0, 0.99))
    assert bought_words(price(0.8, 0.8)).endswith(": it hides nobody.")
    said = bought_words(price(1.0, 0.4))
    assert said == "Four random points find 40 % of the users, 100 % before."
    assert "nothing to hide" in bought_words(price(0.0, 0.0))
