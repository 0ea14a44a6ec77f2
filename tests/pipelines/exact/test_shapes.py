"""Which tensors inside a denoiser have parts for all images."""

import torch
from torch import nn
from torch.nn import functional

from seedlab.pipelines.exact.layout import BatchCall, BatchLayout
from seedlab.pipelines.exact.search.shapes import find_shapes

LAYOUT = BatchLayout(images=4, rows_per_image=1)


class Positions(nn.Module):
    """Turns each token by its position, of which there are as many as images."""

    def forward(self, rows, positions):
        return rows * positions


class Transformer(nn.Module):
    """Joins the tokens of all images for its first layer, as Z-Image does."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3, 5)
        self.turn = Positions()

    def forward(self, rows):
        tokens = self.embed(rows.flatten(0, 1)).view(len(rows), 4, 5)
        tokens = self.turn(tokens, positions=torch.ones(4, 5))
        query = tokens.view(len(rows), 1, 4, 5)
        return functional.scaled_dot_product_attention(query, query, query)


def find(denoiser: nn.Module) -> frozenset | None:
    with torch.no_grad():
        return find_shapes(BatchCall(denoiser, denoiser.forward, (torch.randn(4, 4, 3),), {}, LAYOUT))


def test_tensors_that_grow_with_the_images_have_parts_and_others_are_shared():
    assert find(Transformer()) == {(16, 3), (4, 4, 5), (4, 1, 4, 5)}


def test_a_shape_that_is_used_in_both_ways_is_not_decided():
    class Ambiguous(Transformer):
        def forward(self, rows):
            self.embed(torch.ones(16, 3))
            return super().forward(rows)

    assert find(Ambiguous()) is None


def test_a_batch_that_calls_other_modules_than_a_single_image_is_not_decided():
    class Eager(Transformer):
        def forward(self, rows):
            return super().forward(self.turn(rows, 1) if len(rows) > 1 else rows)

    assert find(Eager()) is None
