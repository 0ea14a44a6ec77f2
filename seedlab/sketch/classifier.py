"""A classifier for evaluation, trained only on drawings. It predicts subject, style, modifiers and position.

`evaluate.py` uses it to check whether generated images follow their prompts, and reports its accuracy on drawings as a
reference. Its weights are in `assets/judge.safetensors`.
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

from seedlab.sketch.scene import Scene
from seedlab.sketch.training.autoencoder import to_tensor
from seedlab.sketch.training.dataset import Images, make_scene
from seedlab.sketch.training.trainer import LossFunction, make_generator
from seedlab.sketch.vocabulary import MODIFIERS, PAINTERS, SUBJECTS, TECHNIQUES

IMAGE_SIZE = 128
STYLES = (None, *PAINTERS, *TECHNIQUES)
GENERATOR_NAME = "judge"
"""Seeds the training batches. Renaming it would change the trained weights."""


class Classifier(nn.Module):
    """A convolutional encoder with linear heads for the words and the position.

    The attribute names are the keys in the weight file.
    """

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
        self.where = nn.Linear(features * (IMAGE_SIZE // 2 ** len(channels)) ** 2, 3)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Classify images (n, 3, 128, 128) in -1...1.

        Returns:
            Logits of the subjects (n, 27), the styles (n, 13) and the modifiers (n, 12), and the positions (n, 3):
            x, y and size as fractions of the image side.
        """
        features = functional.silu(self.encoder(functional.pixel_unshuffle(images, 2)))
        pooled = torch.cat((features.mean((2, 3)), features.amax((2, 3))), 1)
        logits = self.words(pooled).split((len(SUBJECTS), len(STYLES), len(MODIFIERS)), 1)
        return (*logits, self.where(features.flatten(1)))


@dataclass(frozen=True)
class Predictions:
    """The most likely words, and the positions (n, 3): x, y and size as fractions of the image side."""

    subjects: tuple[str, ...]
    styles: tuple[str | None, ...]
    modifiers: tuple[str, ...]
    positions: np.ndarray


def classify(classifier: nn.Module, images: Images, batch_size: int = 32) -> Predictions:
    """Classify images (n, h, w, 3) in 0...255. Returns the most likely modifier even for images that have none."""
    classifier.eval()
    with torch.inference_mode():
        starts = range(0, len(images), batch_size)
        outputs = [classifier(preprocess(images[start : start + batch_size])) for start in starts]
    subjects, styles, modifiers, positions = (torch.cat(output) for output in zip(*outputs, strict=True))
    return Predictions(
        tuple(SUBJECTS[index] for index in subjects.argmax(1)),
        tuple(STYLES[index] for index in styles.argmax(1)),
        tuple(MODIFIERS[index] for index in modifiers.argmax(1)),
        positions.float().numpy(),
    )


def preprocess(images: Images) -> Tensor:
    """Convert images (n, h, w, 3) in 0...255 to network input (n, 3, 128, 128) in -1...1."""
    return functional.interpolate(to_tensor(images), size=(IMAGE_SIZE, IMAGE_SIZE), mode="area").contiguous(
        memory_format=torch.channels_last
    )


def make_loss(classifier: Classifier, images: Images, seed: int, batch_size: int) -> LossFunction:
    """Return the loss: cross entropies of the words and the L1 loss of the positions."""

    def loss_function(step: int, shard: int) -> Tensor:
        generator = make_generator(seed, GENERATOR_NAME, step, shard)
        indices = torch.randint(len(images), (batch_size,), generator=generator).tolist()
        inputs = preprocess(images[indices])
        # Generated images are slightly softer than drawings. Noise keeps the classifier from relying on fine detail.
        inputs = (inputs + 0.05 * torch.randn(inputs.shape, generator=generator)).contiguous(
            memory_format=torch.channels_last
        )
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            outputs = classifier(inputs)
        scenes = [make_scene(seed, index) for index in indices]
        return classification_loss(tuple(output.float() for output in outputs), scenes)

    return loss_function


def classification_loss(outputs: tuple[Tensor, ...], scenes: list[Scene]) -> Tensor:
    """Compare the outputs of `Classifier.forward` with the scenes."""
    subjects, styles, modifiers, positions = outputs
    has_modifier = torch.tensor([[float(modifier in scene.modifiers) for modifier in MODIFIERS] for scene in scenes])
    compositions = [scene.composition for scene in scenes]
    true_positions = torch.tensor([[each.x, each.y, each.size] for each in compositions])
    loss = functional.cross_entropy(subjects, torch.tensor([SUBJECTS.index(scene.subject) for scene in scenes]))
    loss = loss + functional.cross_entropy(styles, torch.tensor([STYLES.index(scene.style) for scene in scenes]))
    loss = loss + 4 * functional.binary_cross_entropy_with_logits(modifiers, has_modifier)
    return loss + 10 * functional.l1_loss(positions, true_positions)


def save_classifier(classifier: nn.Module, path: Path) -> None:
    """Save the weights as float16 safetensors."""
    save_file({name: weight.half().contiguous() for name, weight in classifier.state_dict().items()}, path)


def load_classifier(path: Path) -> Classifier:
    """Load weights saved by `save_classifier` as float32."""
    classifier = Classifier()
    classifier.load_state_dict(load_file(path))
    return classifier.eval()
