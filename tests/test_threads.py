import pytest
import torch

from strec.threads import one_thread


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
