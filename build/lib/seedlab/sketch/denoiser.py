"""The denoiser's training: captions and noisy latents in, the velocity out; UNet and text encoder learn together.

They also learn to say the composition, by which the noise was paired (`coupling.py`), of what is in the UNet's middle.
The velocity alone teaches that slowly: of thousands of numbers that it gets right, few depend on where a horizon is.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import fields

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from seedlab.sketch.autoencoder import Latents
from seedlab.sketch.corpus import make_caption
from seedlab.sketch.coupling import Coupling
from seedlab.sketch.scene import Composition
from seedlab.sketch.training import LossAt, seed_step

READING = 0.2
"""What a misread composition weighs beside a wrong velocity."""

_middle: ContextVar[Tensor] = ContextVar("_middle")
"""What the UNet's middle gave in this thread: shards of a step run side by side through the same network."""


def _keep_middle(_part: nn.Module, _inputs: tuple[Tensor, ...], middle: Tensor) -> None:
    _middle.set(middle)


class Denoiser(nn.Module):
    """The two networks that learn together, and a reader of compositions that is only there while they do."""

    def __init__(self, text_encoder: CLIPTextModel, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.text_encoder = text_encoder
        self.unet = unet
        unet.mid_block.register_forward_hook(_keep_middle)
        self.reader = nn.Linear(unet.config.block_out_channels[-1], len(fields(Composition)))
        for weight in self.reader.parameters():
            nn.init.zeros_(weight)

    def forward(self, noisy: Tensor, timesteps: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The velocity (n, channels, h, w) of noisy latents of that shape, with token numbers (n, max_tokens).

        And the scores (n, 17) of the compositions, as they are read in the noise.
        """
        states = self.text_encoder(tokens).last_hidden_state
        velocity: Tensor = self.unet(noisy, timesteps, states).sample
        scores: Tensor = self.reader(_middle.get().mean((2, 3)))
        return velocity, scores


def borrow_weights(denoiser: Denoiser, tokenizer: CLIPTokenizer, elder: StableDiffusionPipeline) -> int:
    """Takes over the weights of an earlier Sketch wherever shapes agree, and its words; gives how many agreed.

    Its latents may have been others, or smaller, so that its levels are the lower ones here: what it learned of
    shapes and words is worth having all the same.
    """
    own = denoiser.state_dict()
    deeper = len(denoiser.unet.down_blocks) - len(elder.unet.down_blocks)
    theirs = {
        re.sub(r"(?<=down_blocks\.)\d", lambda level: str(int(level[0]) + deeper), name): weight
        for name, weight in Denoiser(elder.text_encoder, elder.unet).state_dict().items()
    }
    agreed = {name: weight for name, weight in theirs.items() if name in own and own[name].shape == weight.shape}
    denoiser.load_state_dict(agreed, strict=False)
    _borrow_words(denoiser.text_encoder, tokenizer, elder.text_encoder, elder.tokenizer)
    return len(agreed)


@torch.no_grad()
def _borrow_words(
    encoder: CLIPTextModel, tokenizer: CLIPTokenizer, elder: CLIPTextModel, elder_tokenizer: CLIPTokenizer
) -> None:
    words, elder_words = tokenizer.get_vocab(), elder_tokenizer.get_vocab()
    both = sorted(words.keys() & elder_words.keys())
    tokens, elder_tokens = encoder.get_input_embeddings().weight, elder.get_input_embeddings().weight
    tokens[[words[word] for word in both]] = elder_tokens[[elder_words[word] for word in both]]
    places, elder_places = (each.embeddings.position_embedding.weight for each in (encoder, elder))
    places.copy_(elder_places[: len(places)])


def make_loss(
    denoiser: Denoiser,
    latents: Latents,
    scaling_factor: float,
    tokenizer: CLIPTokenizer,
    scheduler: DPMSolverMultistepScheduler,
    coupling: Coupling,
    seed: int,
    batch: int,
) -> LossAt:
    """The loss of a step: the mean square error of the velocity at a noise level for each picture, and the reader's."""
    levels = scheduler.config.num_train_timesteps

    def loss_at(step: int, shard: int) -> Tensor:
        generator = seed_step(seed, "denoiser", step, shard)
        indices = torch.randint(len(latents), (batch,), generator=generator).tolist()
        clean = torch.from_numpy(latents[indices]).float() * scaling_factor
        noise = coupling.pair(torch.randn(clean.shape, generator=generator), indices)
        timesteps = sample_timesteps(batch, levels, generator)
        kept = scheduler.alphas_cumprod[timesteps]
        tokens = tokenize([make_caption(seed, index, step) for index in indices], tokenizer)
        noisy, velocity = diffuse(clean, noise, kept)
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            predicted, read = denoiser(noisy, timesteps, tokens)
        misread = (read.float() - coupling.scores[indices]).square().mean(1)
        # where little noise is left, little can be read in it
        off: Tensor = functional.mse_loss(predicted.float(), velocity) + READING * ((1 - kept) * misread).mean()
        return off

    return loss_at


def sample_timesteps(batch: int, levels: int, generator: torch.Generator) -> Tensor:
    """One noise level for each picture, of 0...levels - 1, spread so that the loss is steadier.

    The highest is three times as likely as the lowest: it is where much noise is left that compositions are decided.
    """
    shares = (torch.arange(batch) + torch.rand(batch, generator=generator)) / batch
    spread = (0.25 + 2 * shares).sqrt() - 0.5  # the inverse of the distribution whose density rises from 0.5 to 1.5
    return (spread * levels).long().clamp_max(levels - 1)


def diffuse(clean: Tensor, noise: Tensor, alphas_cumprod: Tensor) -> tuple[Tensor, Tensor]:
    """Noisy latents and their velocity (Salimans & Ho 2022, appendix D)."""
    signal = alphas_cumprod.sqrt().view(-1, 1, 1, 1)
    sigma = (1 - alphas_cumprod).sqrt().view(-1, 1, 1, 1)
    return signal * clean + sigma * noise, signal * noise - sigma * clean


def tokenize(captions: list[str], tokenizer: CLIPTokenizer) -> Tensor:
    """Token numbers (n, max_tokens), padded as the pipeline pads them."""
    encoded = tokenizer(
        captions, padding="max_length", truncation=True, max_length=tokenizer.model_max_length, return_tensors="pt"
    )
    tokens: Tensor = encoded.input_ids
    return tokens
