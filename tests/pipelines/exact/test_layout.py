"""The rows of a batch, grouped by image."""

from dataclasses import replace

import torch
from torch import nn

from seedlab.pipelines.exact.layout import BatchLayout, call_per_image, run_per_image
from seedlab.pipelines.patching import replace_attribute

PAIRS = BatchLayout(images=3, rows_per_image=2)
STACKED = torch.tensor([[10.0], [11.0], [12.0], [20.0], [21.0], [22.0]])
"""In the order of diffusers' pipelines: three negative prompts, then three prompts."""


class Shape(nn.Module):
    """Returns the batch size in every row."""

    def forward(self, rows, scale=1.0):
        return rows * 0 + len(rows) * scale


def test_gather_makes_an_images_rows_adjacent_and_scatter_undoes_it():
    gathered = PAIRS.gather(STACKED)
    assert gathered.flatten().tolist() == [10, 20, 11, 21, 12, 22]
    assert PAIRS.take(gathered, 1).flatten().tolist() == [11, 21]
    assert torch.equal(PAIRS.scatter(gathered), STACKED)


def test_only_tensors_with_the_batch_size_are_reordered():
    timestep, other = torch.tensor(500), torch.zeros(5, 1)
    gathered = PAIRS.gather({"cond": {"ids": STACKED}, "t": timestep, "other": other, "flag": True})
    assert gathered["cond"]["ids"].flatten().tolist() == [10, 20, 11, 21, 12, 22]
    assert gathered["t"] is timestep
    assert gathered["other"] is other
    assert gathered["flag"] is True


def test_without_guidance_nothing_is_reordered():
    rows = torch.arange(3.0)
    assert BatchLayout(images=3, rows_per_image=1).gather(rows) is rows


def test_roll_moves_every_image_to_the_next_position():
    assert PAIRS.roll(PAIRS.gather(STACKED)).flatten().tolist() == [12, 22, 10, 20, 11, 21]


def test_an_images_rows_have_the_strides_of_a_single_image():
    """Other strides could select another kernel, with other bits."""
    images = torch.zeros(6, 4, 8, 8).contiguous(memory_format=torch.channels_last)
    single = torch.zeros(2, 4, 8, 8).contiguous(memory_format=torch.channels_last)
    assert PAIRS.take(images, 1).stride() == single.stride()


def test_a_function_is_called_for_each_image():
    assert call_per_image(Shape().forward, PAIRS)(STACKED).flatten().tolist() == [2] * 6
    assert call_per_image(Shape().forward, PAIRS)(rows=STACKED, scale=2.0).flatten().tolist() == [4] * 6
    assert call_per_image(Shape().forward, PAIRS)(torch.zeros(5, 1)).flatten().tolist() == [5] * 5, "no batch"


def test_a_function_is_called_for_some_images_at_a_time():
    layout = BatchLayout(images=4, rows_per_image=2)
    rows = torch.arange(8.0).reshape(8, 1)
    assert call_per_image(Shape().forward, layout, 2)(rows).flatten().tolist() == [4] * 8
    assert call_per_image(Shape().forward, layout, 2)(rows=rows, scale=2.0).flatten().tolist() == [8] * 8


def test_all_results_of_a_function_are_concatenated():
    first, rest = call_per_image(lambda rows: (rows + 1, {"rows": rows, "none": None}), PAIRS)(STACKED)
    assert torch.equal(first, STACKED + 1)
    assert torch.equal(rest["rows"], STACKED)
    assert rest["none"] is None


def test_modules_run_per_image_inside_the_context_only():
    whole = nn.Sequential(Shape(), nn.Identity())
    with run_per_image(whole, {"0": 1}, PAIRS):
        assert whole(STACKED).flatten().tolist() == [2] * 6
    assert whole(STACKED).flatten().tolist() == [6] * 6
    assert "forward" not in vars(whole[0])


def test_a_method_that_was_replaced_before_is_restored():
    """Accelerate replaces `forward` of an offloaded model."""
    module = Shape()
    theirs = module.forward = lambda rows: rows
    with replace_attribute(module, "forward", lambda rows: -rows):
        assert module(STACKED)[0] == -10
    assert module.forward is theirs


def test_a_list_with_an_item_for_each_row_is_reordered_as_a_whole():
    """Z-Image gets its images and prompts in lists; an image may have as many channels as the batch has rows."""
    images = [torch.full((6, 1), float(index)) for index in range(6)]
    gathered = PAIRS.gather((images, ("text", [1, 2])))
    assert [each[0].item() for each in gathered[0]] == [0, 3, 1, 4, 2, 5]
    assert all(len(each) == 6 for each in gathered[0])
    assert gathered[1] == ("text", [1, 2])
    assert [each[0].item() for each in PAIRS.take(gathered, 1)[0]] == [1, 4]
    assert [each[0].item() for each in PAIRS.roll(gathered)[0]] == [2, 5, 0, 3, 1, 4]
    assert [each[0].item() for each in PAIRS.scatter(gathered)[0]] == list(range(6))
    joined = call_per_image(lambda images: ([image + 1 for image in images],), PAIRS)(gathered[0])
    assert [each[0].item() for each in joined[0]] == [1, 4, 2, 5, 3, 6]


def test_inside_the_denoiser_the_shape_says_whether_a_tensor_has_parts():
    """There may be as many positions as rows, and the patches of all images may be one tensor."""
    layout = replace(PAIRS, shapes=frozenset({(6, 1), (12, 2)}))
    positions, patches = torch.arange(6.0), torch.arange(24.0).view(12, 2)
    assert layout.take((STACKED, positions), 2)[0].flatten().tolist() == [21, 22]
    assert layout.take((STACKED, positions), 2)[1] is positions
    assert layout.take(patches, 1).flatten().tolist() == [8, 9, 10, 11, 12, 13, 14, 15]
    assert call_per_image(Shape().forward, layout)(patches).flatten().tolist() == [4] * 24
