"""A judge of pictures, trained on drawings alone: what is drawn, in whose manner, with which suffixes, and where.

It is how `evaluate.py` tells whether Sketch draws what is asked; its own accuracy on drawings is reported beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.models.autoencoders.vae import Encoder
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from seedlab.sketch.autoencoder import to_tensor
from seedlab.sketch.corpus import Pictures, make_scene
from seedlab.sketch.scene import Scene
from seedlab.sketch.training import LossAt, seed_step
from seedlab.sketch.vocabulary import MANNERS, MODIFIERS, PAINTERS, SUBJECTS

SIDE = 128
STYLES = (None, *PAINTERS, *MANNERS)


class Judge(nn.Module):
    """Pictures (n, 3, 128, 128), -1...1, to logits of subject, style and each modifier, and x, y and size."""

    def __init__(self, channels: tuple[int, ...] = (32, 64, 128, 160), features: int = 128) -> None:
        super().__init__()
        self.encoder = Encoder(
            in_channels=3 * 4,
            out_channels=features,
            down_block_types=("DownEncoderBlock2D",) * len(channels),
            block_out_channels=channels,
            layers_per_block=1,
            norm_num_groups=8,
            double_z=False,
            mid_block_add_attention=False,
        )
        self.words = nn.Linear(2 * features, len(SUBJECTS) + len(STYLES) + len(MODIFIERS))
        self.where = nn.Linear(features * (SIDE // 2 ** len(channels)) ** 2, 3)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Subjects (n, 27), styles (n, 13), modifiers (n, 12), and (n, 3): x, y and size in picture sides."""
        seen = functional.silu(self.encoder(functional.pixel_unshuffle(pictures, 2)))
        pooled = torch.cat((seen.mean((2, 3)), seen.amax((2, 3))), 1)
        words = self.words(pooled).split((len(SUBJECTS), len(STYLES), len(MODIFIERS)), 1)
        return (*words, self.where(seen.flatten(1)))


@dataclass(frozen=True)
class Judgement:
    """What the judge saw in pictures: the likeliest words, and (n, 3) x, y, size in picture sides."""

    subjects: tuple[str, ...]
    styles: tuple[str | None, ...]
    modifiers: tuple[str, ...]
    where: np.ndarray


def judge_pictures(judge: Judge, pictures: Pictures, batch: int = 32) -> Judgement:
    """Judges pictures (n, h, w, 3), 0...255; a picture's modifier is the likeliest one, whether it has any or not."""
    judge.eval()
    with torch.inference_mode():
        parts = [judge(shrink(pictures[start : start + batch])) for start in range(0, len(pictures), batch)]
    subjects, styles, modifiers, where = (torch.cat(part) for part in zip(*parts, strict=True))
    return Judgement(
        tuple(SUBJECTS[index] for index in subjects.argmax(1)),
        tuple(STYLES[index] for index in styles.argmax(1)),
        tuple(MODIFIERS[index] for index in modifiers.argmax(1)),
        where.float().numpy(),
    )


def shrink(pictures: Pictures) -> Tensor:
    """Pictures (n, h, w, 3), 0...255, as the judge wants them: (n, 3, 128, 128), -1...1."""
    return functional.interpolate(to_tensor(pictures), size=(SIDE, SIDE), mode="area").contiguous(
        memory_format=torch.channels_last
    )


def make_loss(judge: Judge, pictures: Pictures, seed: int, batch: int) -> LossAt:
    """The loss of a step: cross entropies of the words, and the absolute difference of the places."""

    def loss_at(step: int, shard: int) -> Tensor:
        generator = seed_step(seed, "judge", step, shard)
        indices = torch.randint(len(pictures), (batch,), generator=generator).tolist()
        seen = shrink(pictures[indices])
        # Generated pictures are a little softer than drawings, and no brighter or darker: it must not judge by that.
        seen = (seen + 0.05 * torch.randn(seen.shape, generator=generator)).contiguous(
            memory_format=torch.channels_last
        )
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            said = judge(seen)
        return compare(tuple(part.float() for part in said), [make_scene(seed, index) for index in indices])

    return loss_at


def compare(said: tuple[Tensor, ...], scenes: list[Scene]) -> Tensor:
    """How far the judge's words and places are from the scenes."""
    subjects, styles, modifiers, where = said
    told = torch.tensor([[float(modifier in scene.modifiers) for modifier in MODIFIERS] for scene in scenes])
    places = torch.tensor([[place.x, place.y, place.size] for place in (scene.composition for scene in scenes)])
    loss = functional.cross_entropy(subjects, torch.tensor([SUBJECTS.index(scene.subject) for scene in scenes]))
    loss = loss + functional.cross_entropy(styles, torch.tensor([STYLES.index(scene.painter) for scene in scenes]))
    loss = loss + 4 * functional.binary_cross_entropy_with_logits(modifiers, told)
    return loss + 10 * functional.l1_loss(where, places)


def save_judge(judge: nn.Module, path: Path) -> None:
    """Writes the weights as float16 safetensors."""
    save_file({name: weight.half().contiguous() for name, weight in judge.state_dict().items()}, path)


def load_judge(path: Path) -> Judge:
    """The judge that `save_judge` wrote, as float32."""
    judge = Judge()
    judge.load_state_dict(load_file(path))
    return judge.eval()
