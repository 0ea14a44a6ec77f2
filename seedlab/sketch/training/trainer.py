"""The training loop of all of Sketch's networks: reproducible, and resumable without affecting the result.

A step depends only on the seed, its number, and the weights, not on how often training was interrupted. Each batch is
split into shards, with one thread per shard. On a busy machine this is faster than parallelizing single operations,
whose threads would wait for each other.
"""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from seedlab.sketch.training.muon import Muon

log = logging.getLogger(__name__)

LossFunction = Callable[[int, int], Tensor]
"""Computes the loss of a step and a shard."""


@dataclass(frozen=True)
class TrainingConfig:
    """Hyperparameters of one network's training.

    Args:
        name: The name in the log.
        steps: The number of optimization steps.
        learning_rate: The learning rate of AdamW.
        muon_learning_rate: The learning rate of Muon, which trains the hidden matrices.
        warmup: The number of warm-up steps.
        cooldown: The fraction of the steps, at the end, over which the learning rates decay to 0.
        ema_decay: The decay of the exponential moving average (EMA) of the weights.
        weight_decay: The weight decay of Muon. AdamW uses none.
        save_every: The number of steps between checkpoints.
        log_every: The number of steps between log messages.
        shards: The number of shards of a batch. The loss of a step is their mean.
    """

    name: str
    steps: int
    learning_rate: float
    muon_learning_rate: float
    warmup: int = 100
    cooldown: float = 0.3
    ema_decay: float = 0.999
    weight_decay: float = 0.01
    save_every: int = 300
    log_every: int = 50
    shards: int = 2


class Trainer:
    """A network in training: its weights and their EMA, the optimizers, and the number of completed steps."""

    def __init__(self, model: nn.Module, config: TrainingConfig) -> None:
        self.model = model
        self.config = config
        self.ema = copy.deepcopy(model).requires_grad_(False)
        self.optimizers = build_optimizers(model, config)
        self.threads = ThreadPoolExecutor(config.shards)
        self.step = 0

    def training_step(self, loss_function: LossFunction) -> float:
        """Perform one step and return the loss before the update."""
        factor = learning_rate_factor(self.config, self.step)
        loss = self._compute_gradients(loss_function)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * factor
        # Muon takes a large part of a step, so its optimizers run in parallel.
        list(self.threads.map(lambda optimizer: optimizer.step(), self.optimizers))
        self.step += 1
        self._update_ema()
        return loss

    def _compute_gradients(self, loss_function: LossFunction) -> float:
        parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]

        def differentiate(shard: int) -> tuple[float, tuple[Tensor | None, ...]]:
            loss = loss_function(self.step, shard)
            return loss.item(), torch.autograd.grad(loss, parameters, allow_unused=True)

        results = list(self.threads.map(differentiate, range(self.config.shards)))
        for parameter, *gradients in zip(parameters, *(gradients for _, gradients in results), strict=True):
            used = [gradient for gradient in gradients if gradient is not None]
            parameter.grad = torch.stack(used).mean(0) if used else None
        return sum(loss for loss, _ in results) / len(results)

    def _update_ema(self) -> None:
        # A lower decay in early steps lets the EMA forget the random initialization.
        decay = min(self.config.ema_decay, self.step / (self.step + 10))
        with torch.no_grad():
            for average, parameter in zip(self.ema.parameters(), self.model.parameters(), strict=True):
                average.lerp_(parameter, 1 - decay)

    def save_checkpoint(self, path: Path) -> None:
        """Save everything needed to resume. The previous file is only replaced once the new one is complete."""
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(path)

    def load_checkpoint(self, path: Path) -> None:
        """Restore the state saved by `save_checkpoint`."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        for optimizer, optimizer_state in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(optimizer_state)
        self.step = state["step"]


def build_optimizers(model: nn.Module, config: TrainingConfig) -> tuple[torch.optim.Optimizer, ...]:
    """Build one Muon per shard for linear and convolution weights, and AdamW for embeddings, norms and biases."""
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices = [each for each in parameters if each.ndim > 1 and id(each) not in embeddings]
    others = [each for each in parameters if each.ndim <= 1 or id(each) in embeddings]
    adamw = torch.optim.AdamW(others, lr=config.learning_rate, betas=(0.9, 0.99), weight_decay=0.0, fused=True)
    muons = [
        Muon(group, config.muon_learning_rate, weight_decay=config.weight_decay)
        for group in partition_by_size(matrices, config.shards)
    ]
    for optimizer in (*muons, adamw):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return (*muons, adamw)


def partition_by_size(parameters: list[nn.Parameter], count: int) -> list[list[nn.Parameter]]:
    """Split parameters into at most `count` non-empty groups of similar total size, largest parameters first."""
    groups: list[list[nn.Parameter]] = [[] for _ in range(count)]
    for parameter in sorted(parameters, key=lambda parameter: parameter.numel(), reverse=True):
        min(groups, key=lambda group: sum(each.numel() for each in group)).append(parameter)
    return [group for group in groups if group]


def learning_rate_factor(config: TrainingConfig, step: int) -> float:
    """Return the learning rate factor of a step: linear warm-up, a plateau, and cosine decay to 0."""
    start = config.steps * (1 - config.cooldown)
    progress = min(1.0, max(0.0, (step - start) / max(1.0, config.steps - start)))
    decay = 0.5 + 0.5 * math.cos(math.pi * progress)
    return min(1.0, (step + 1) / max(1, config.warmup)) * decay


def make_generator(seed: int, name: str, step: int, shard: int) -> torch.Generator:
    """Return the random generator of one shard of a step. `name` separates the networks' random streams."""
    number = int.from_bytes(name.encode(), "big") % 1_000_003
    return torch.Generator().manual_seed((seed * 1_000_003 + number) * 10_000_019 + step + shard * 1_000_003)


def train(
    model: nn.Module,
    loss_function: LossFunction,
    config: TrainingConfig,
    checkpoint: Path,
    stop_at: int | None = None,
) -> Trainer:
    """Train a network, resuming from the checkpoint if it exists.

    Args:
        model: The network.
        loss_function: Computes the loss of a step and a shard.
        config: The hyperparameters.
        checkpoint: The checkpoint file, which is also written at the end.
        stop_at: Stop after this step instead of `config.steps`. A later call resumes from there.
    """
    with deterministic_torch():
        return _train(Trainer(model, config), loss_function, checkpoint, stop_at)


@contextmanager
def deterministic_torch() -> Iterator[None]:
    """Use deterministic kernels, one thread per kernel, and math attention, whose backward pass is faster on CPU."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    flash = torch.backends.cuda.flash_sdp_enabled()  # type: ignore[no-untyped-call]
    torch.use_deterministic_algorithms(True)
    # Deterministic mode also fills uninitialized memory. No kernel here needs it, and it takes a fifth of a step.
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_num_threads(1)
    torch.backends.cuda.enable_flash_sdp(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
        torch.set_num_threads(threads)
        torch.backends.cuda.enable_flash_sdp(flash)


def _train(trainer: Trainer, loss_function: LossFunction, checkpoint: Path, stop_at: int | None) -> Trainer:
    config = trainer.config
    if checkpoint.exists():
        trainer.load_checkpoint(checkpoint)
    started, first = time.monotonic(), trainer.step
    losses: list[float] = []
    last = config.steps if stop_at is None else min(stop_at, config.steps)
    while trainer.step < last:
        losses.append(trainer.training_step(loss_function))
        if trainer.step % config.log_every == 0:
            speed = (trainer.step - first) / (time.monotonic() - started)
            mean_loss = sum(losses) / len(losses)
            log.info("%s %d/%d loss %.5f, %.2f steps/s", config.name, trainer.step, config.steps, mean_loss, speed)
            losses.clear()
        if trainer.step % config.save_every == 0:
            trainer.save_checkpoint(checkpoint)
    trainer.save_checkpoint(checkpoint)
    return trainer
