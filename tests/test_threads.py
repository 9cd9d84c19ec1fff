import pytest
import torch

from strec.threads import WORKERS, one_thread, side_by_side


def test_what_was_set_comes_back():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(ValueError, match="on its way"), one_thread():
            assert torch.get_num_threads() == 1
            raise ValueError("on its way")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_results_come_in_order_and_what_nobody_asks_for_is_left():
    begun = []

    def work(k: int) -> int:
        begun.append(k)
        return -k

    found = side_by_side(work, 100)
    assert [next(found) for _ in range(3)] == [0, -1, -2]
    found.close()
    assert len(begun) <= 2 * WORKERS and list(side_by_side(work, 0)) == []
