"""The rows of a batch, image by image."""

import torch
from torch import nn

from seedlab.pipelines.exact.layout import BatchLayout, call_alone, run_alone
from seedlab.pipelines.patching import replace_attribute

PAIRS = BatchLayout(count=3, group=2)
STACKED = torch.tensor([[10.0], [11.0], [12.0], [20.0], [21.0], [22.0]])
"""As pipelines stack them: three negative prompts, then three prompts."""


class Shape(nn.Module):
    """Tells every row how many rows it came with."""

    def forward(self, rows, scale=1.0):
        return rows * 0 + len(rows) * scale


def test_an_images_rows_are_put_together_and_back():
    gathered = PAIRS.gather(STACKED)
    assert gathered.flatten().tolist() == [10, 20, 11, 21, 12, 22]
    assert PAIRS.take(gathered, 1).flatten().tolist() == [11, 21]
    assert torch.equal(PAIRS.scatter(gathered), STACKED)


def test_nested_values_are_reordered_and_what_is_no_batch_stays_as_it_is():
    timestep, other = torch.tensor(500), torch.zeros(5, 1)
    gathered = PAIRS.gather({"cond": {"ids": STACKED}, "t": timestep, "other": other, "flag": True})
    assert gathered["cond"]["ids"].flatten().tolist() == [10, 20, 11, 21, 12, 22]
    assert gathered["t"] is timestep
    assert gathered["other"] is other
    assert gathered["flag"] is True


def test_without_guidance_there_is_nothing_to_reorder():
    rows = torch.arange(3.0)
    assert BatchLayout(count=3, group=1).gather(rows) is rows


def test_rolling_moves_every_image_one_slot_on():
    assert PAIRS.roll(PAIRS.gather(STACKED)).flatten().tolist() == [12, 22, 10, 20, 11, 21]


def test_an_images_rows_lie_in_memory_as_they_do_alone():
    """Or kernels could be chosen by that, and the bits differ."""
    pictures = torch.zeros(6, 4, 8, 8).contiguous(memory_format=torch.channels_last)
    alone = torch.zeros(2, 4, 8, 8).contiguous(memory_format=torch.channels_last)
    assert PAIRS.take(pictures, 1).stride() == alone.stride()


def test_a_function_is_called_for_each_image():
    assert call_alone(Shape().forward, PAIRS)(STACKED).flatten().tolist() == [2] * 6
    assert call_alone(Shape().forward, PAIRS)(rows=STACKED, scale=2.0).flatten().tolist() == [4] * 6
    assert call_alone(Shape().forward, PAIRS)(torch.zeros(5, 1)).flatten().tolist() == [5] * 5, "no batch"


def test_a_function_with_several_results_gives_each_of_them_whole():
    first, rest = call_alone(lambda rows: (rows + 1, {"rows": rows, "none": None}), PAIRS)(STACKED)
    assert torch.equal(first, STACKED + 1)
    assert torch.equal(rest["rows"], STACKED)
    assert rest["none"] is None


def test_modules_run_alone_as_long_as_it_lasts():
    whole = nn.Sequential(Shape(), nn.Identity())
    with run_alone(whole, ["0"], PAIRS):
        assert whole(STACKED).flatten().tolist() == [2] * 6
    assert whole(STACKED).flatten().tolist() == [6] * 6
    assert "forward" not in vars(whole[0])


def test_a_method_that_was_replaced_before_comes_back():
    """As accelerate replaces `forward` where a model is offloaded."""
    module = Shape()
    theirs = module.forward = lambda rows: rows
    with replace_attribute(module, "forward", lambda rows: -rows):
        assert module(STACKED)[0] == -10
    assert module.forward is theirs
