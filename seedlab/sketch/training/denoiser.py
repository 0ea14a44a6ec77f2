"""Denoiser training: the UNet and the text encoder learn v-prediction together.

An auxiliary head also predicts the composition, by which the noise was paired (`coupling.py`), from the output of the
UNet's middle block. The velocity loss alone teaches that slowly, because only few of the thousands of values that it
covers depend on, say, the position of the horizon.
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

from seedlab.sketch.scene import Composition
from seedlab.sketch.training.autoencoder import Latents
from seedlab.sketch.training.coupling import Coupling
from seedlab.sketch.training.dataset import make_caption
from seedlab.sketch.training.trainer import LossFunction, make_generator

COMPOSITION_LOSS_WEIGHT = 0.2
"""Weight of the composition loss relative to the velocity loss."""

_mid_block_output: ContextVar[Tensor] = ContextVar("_mid_block_output")
"""The middle block's output in this thread. The shards of a step share one network and run in parallel threads."""


def _store_mid_block_output(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
    _mid_block_output.set(output)


class Denoiser(nn.Module):
    """The text encoder and the UNet, with a composition head that is only used in training."""

    def __init__(self, text_encoder: CLIPTextModel, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.text_encoder = text_encoder
        self.unet = unet
        unet.mid_block.register_forward_hook(_store_mid_block_output)
        self.composition_head = nn.Linear(unet.config.block_out_channels[-1], len(fields(Composition)))
        for parameter in self.composition_head.parameters():
            nn.init.zeros_(parameter)

    def forward(self, noisy: Tensor, timesteps: Tensor, input_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Predict the velocity and the composition.

        Args:
            noisy: Noisy latents (n, channels, h, w).
            timesteps: Timesteps (n,).
            input_ids: Token ids (n, max_tokens).

        Returns:
            The velocity (n, channels, h, w) and the normal scores (n, 17) of the compositions.
        """
        hidden_states = self.text_encoder(input_ids).last_hidden_state
        velocity: Tensor = self.unet(noisy, timesteps, hidden_states).sample
        scores: Tensor = self.composition_head(_mid_block_output.get().mean((2, 3)))
        return velocity, scores


def load_matching_weights(denoiser: Denoiser, tokenizer: CLIPTokenizer, source: StableDiffusionPipeline) -> int:
    """Initialize a denoiser from an earlier Sketch: weights of equal shape, and the embeddings of shared tokens.

    The source may have other latents, and fewer UNet levels: its levels then map to the lowest ones here. What it
    learned about shapes and words is still useful.

    Returns:
        The number of weights that were loaded.
    """
    own = denoiser.state_dict()
    level_offset = len(denoiser.unet.down_blocks) - len(source.unet.down_blocks)
    renamed = {
        re.sub(r"(?<=down_blocks\.)\d", lambda level: str(int(level[0]) + level_offset), name): weight
        for name, weight in Denoiser(source.text_encoder, source.unet).state_dict().items()
    }
    matching = {name: weight for name, weight in renamed.items() if name in own and own[name].shape == weight.shape}
    denoiser.load_state_dict(matching, strict=False)
    _copy_embeddings(denoiser.text_encoder, tokenizer, source.text_encoder, source.tokenizer)
    return len(matching)


@torch.no_grad()
def _copy_embeddings(
    encoder: CLIPTextModel, tokenizer: CLIPTokenizer, source: CLIPTextModel, source_tokenizer: CLIPTokenizer
) -> None:
    """Copy token embeddings by token, not by id, and the position embeddings."""
    vocab, source_vocab = tokenizer.get_vocab(), source_tokenizer.get_vocab()
    shared = sorted(vocab.keys() & source_vocab.keys())
    embeddings, source_embeddings = encoder.get_input_embeddings().weight, source.get_input_embeddings().weight
    embeddings[[vocab[token] for token in shared]] = source_embeddings[[source_vocab[token] for token in shared]]
    positions, source_positions = (each.embeddings.position_embedding.weight for each in (encoder, source))
    positions.copy_(source_positions[: len(positions)])


def make_loss(
    denoiser: Denoiser,
    latents: Latents,
    scaling_factor: float,
    tokenizer: CLIPTokenizer,
    scheduler: DPMSolverMultistepScheduler,
    coupling: Coupling,
    seed: int,
    batch_size: int,
) -> LossFunction:
    """Return the loss: the mean squared error of the velocity plus the weighted composition loss."""
    num_train_timesteps = scheduler.config.num_train_timesteps

    def loss_function(step: int, shard: int) -> Tensor:
        generator = make_generator(seed, "denoiser", step, shard)
        indices = torch.randint(len(latents), (batch_size,), generator=generator).tolist()
        clean = torch.from_numpy(latents[indices]).float() * scaling_factor
        noise = coupling.pair(torch.randn(clean.shape, generator=generator), indices)
        timesteps = sample_timesteps(batch_size, num_train_timesteps, generator)
        alphas_cumprod = scheduler.alphas_cumprod[timesteps]
        input_ids = tokenize([make_caption(seed, index, step) for index in indices], tokenizer)
        noisy, velocity = add_noise(clean, noise, alphas_cumprod)
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            predicted, scores = denoiser(noisy, timesteps, input_ids)
        score_error = (scores.float() - coupling.scores[indices]).square().mean(1)
        # At low noise levels, little of the composition can be read from the noise.
        composition_loss = ((1 - alphas_cumprod) * score_error).mean()
        loss: Tensor = functional.mse_loss(predicted.float(), velocity) + COMPOSITION_LOSS_WEIGHT * composition_loss
        return loss

    return loss_function


def sample_timesteps(batch_size: int, num_train_timesteps: int, generator: torch.Generator) -> Tensor:
    """Sample one timestep per image from 0...num_train_timesteps - 1, stratified over the batch to steady the loss.

    The highest noise level is three times as likely as the lowest, because compositions are decided at high noise.
    """
    uniform = (torch.arange(batch_size) + torch.rand(batch_size, generator=generator)) / batch_size
    skewed = (0.25 + 2 * uniform).sqrt() - 0.5  # inverse CDF of a density that rises from 0.5 to 1.5
    return (skewed * num_train_timesteps).long().clamp_max(num_train_timesteps - 1)


def add_noise(clean: Tensor, noise: Tensor, alphas_cumprod: Tensor) -> tuple[Tensor, Tensor]:
    """Return the noisy latents and their velocity (Salimans & Ho 2022, appendix D)."""
    alpha = alphas_cumprod.sqrt().view(-1, 1, 1, 1)
    sigma = (1 - alphas_cumprod).sqrt().view(-1, 1, 1, 1)
    return alpha * clean + sigma * noise, alpha * noise - sigma * clean


def tokenize(captions: list[str], tokenizer: CLIPTokenizer) -> Tensor:
    """Return token ids (n, max_tokens), padded and truncated as the pipeline does it."""
    encoded = tokenizer(
        captions, padding="max_length", truncation=True, max_length=tokenizer.model_max_length, return_tensors="pt"
    )
    input_ids: Tensor = encoded.input_ids
    return input_ids
